"""A field on its carrier as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..plots import field_panels, mesh_panels
from .grid import Grid
from .mesh import Mesh
from .sampled import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def panels(name: str, carrier: Grid | Mesh, values: Array, reference: Array | None = None) -> Figure:
    """A figure of a field on a grid or mesh, beside its reference where there is one."""
    if isinstance(carrier, Mesh):
        return mesh_panels(name, carrier.axes, carrier.cells, values, reference)
    return field_panels(name, carrier.axes, carrier.coordinates, values, reference)
