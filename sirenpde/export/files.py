"""Grids as files, by the ending of the name."""

from __future__ import annotations

import hashlib
import re
from os import PathLike
from pathlib import Path

import numpy as np

from ..files.whole import whole
from .grid import Grid
from .picture import write_picture
from .vtu import write_vtu

_LONGEST_NAME = 120  # bytes; file systems take 255, with an ending and a mark while it is written
FORMATS = ("vtu", "ply", "stl", "png", "npz")


def file_name(name: str) -> str:
    """A name as that of a file, which stays in its directory: other characters become _, and an end marks the change.

    >>> file_name("u-v"), file_name("../u")
    ('u-v', '_u-ffab3b70')
    """
    kept = re.sub(r'[/\\:*?"<>|\x00-\x1f\x7f]+', "_", name).lstrip(". ")
    if kept == name and len(name.encode()) <= _LONGEST_NAME:
        return name
    cut = kept.encode()[: _LONGEST_NAME - 9].decode(errors="ignore")
    return f"{cut}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"


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
