"""A field on its carrier as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..plots import Shown, cells_views, field_figure, grid_views
from .grid import Grid
from .mesh import Mesh
from .sampled import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def shown_on(
    name: str,
    carrier: Grid | Mesh,
    values: Array,
    reference: Array | None = None,
    *,
    components: Sequence[str] = (),
    unit: str = "",
    units: Mapping[str, str] | None = None,
) -> Shown:
    """A field on a grid or mesh, beside its reference where there is one, ready to be drawn."""
    if isinstance(carrier, Mesh):
        views = cells_views(carrier.axes, carrier.cells)
    else:
        views = grid_views(carrier.axes, carrier.coordinates)
    space = [axis.name for axis in carrier.axes if not axis.is_time]
    return Shown(name, views, values, reference, len(carrier.shape), space, components, unit, units or {})


def panels(name: str, carrier: Grid | Mesh, values: Array, title: str = "") -> Figure:
    """A figure of a field on a grid or mesh."""
    return field_figure(shown_on(name, carrier, values), title)
