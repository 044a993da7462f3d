"""Grids as files, by the ending of the name."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from ..atomic import whole
from .grid import Grid
from .picture import write_picture
from .vtu import write_vtu

FORMATS = ("vtu", "ply", "stl", "png", "npz")


def write_grid(path: str | PathLike[str], grid: Grid, *, picture: bool = False) -> Path:
    """Write a grid as ``.vtu``, ``.npz`` or ``.png``.

    A PNG is the first field as a picture where it is one, at the grid's resolution, and else a plot of it.
    """
    kind = Path(path).suffix
    if kind == ".vtu":
        return write_vtu(path, grid)
    if kind == ".npz":
        return write_npz(path, grid)
    name, values = next(iter(grid.values.items()))
    if picture:
        return write_picture(path, as_rows(values))
    from ..plots import field_panels, save_figure

    return save_figure(path, field_panels(name, grid.axes, grid.coordinates, values))


def write_npz(path: str | PathLike[str], grid: Grid) -> Path:
    """Write a grid as NPZ: one array per field, one per axis, and ``axes`` with their names in order."""
    clash = set(grid.values) & {*grid.axes, "axes"}
    if clash:
        raise ValueError(
            f"A field is called {clash.pop()}, like an axis; NPZ needs different names. Rename it."
        )
    arrays = dict(zip(grid.axes, grid.coordinates, strict=True)) | dict(grid.values)
    with whole(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, axes=np.array(grid.axes), **arrays)
    return Path(path)


def as_rows(values: np.ndarray) -> np.ndarray:
    """Values on a grid (x, y) with y upwards as a picture's rows, from the top."""
    return np.flip(values.swapaxes(0, 1), 0)
