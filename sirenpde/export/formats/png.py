"""The first field of a grid or mesh as a picture (``.png``)."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh


def write_png(path: str | PathLike[str], carrier: Grid | Mesh, about: About = NOTHING) -> Path:
    """Write the first field, as it is where it is a picture, at the grid's resolution, and else a plot of it."""
    from ...plots import save_figure
    from ..grid import Grid
    from ..panels import panels
    from ..picture import drawn, write_picture

    name, values = next(iter(carrier.values.items()))
    if isinstance(carrier, Grid) and carrier.is_picture:
        return write_picture(path, drawn(carrier, name))
    return save_figure(path, panels(name, carrier, values))


register(Format("png", "a picture, or a plot, of one output", "grid", write_png, single=True))
