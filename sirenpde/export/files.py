"""Grids as files, by the ending of the name."""

from __future__ import annotations

import hashlib
import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..files.whole import whole
from .grid import Array, Grid
from .mesh import Mesh
from .picture import write_picture
from .vtu import write_vtu

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def write_grid(path: str | PathLike[str], grid: Grid | Mesh, *, picture: bool = False) -> Path:
    """Write a grid or mesh as ``.vtu``, ``.npz`` or ``.png``.

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
    from ..plots import save_figure

    return save_figure(path, panels(name, grid, values))


def panels(name: str, carrier: Grid | Mesh, values: Array, reference: Array | None = None) -> Figure:
    """A figure of a field on a grid or mesh, beside its reference where there is one."""
    from ..plots import field_panels, mesh_panels

    if isinstance(carrier, Mesh):
        return mesh_panels(name, carrier.axes, carrier.cells, values, reference)
    return field_panels(name, carrier.axes, carrier.coordinates, values, reference)


def write_npz(path: str | PathLike[str], grid: Grid | Mesh) -> Path:
    """Write a grid as NPZ: one array per field, one per axis, and ``axes`` with their names in order.

    Of a mesh there are its ``points``, the corners of its ``cells``, and one array for each line.
    """
    if isinstance(grid, Mesh):
        lines = zip(
            grid.names[-len(grid.cells.lines) :] if grid.cells.lines else (), grid.cells.lines, strict=True
        )
        places = {"points": grid.cells.points.numpy(), "cells": grid.cells.corners.numpy()}
        places |= {name: line.numpy() for name, line in lines}
    else:
        places = dict(zip(grid.names, grid.coordinates, strict=True))
    clash = set(grid.values) & {*places, "axes"}
    if clash:
        raise ValueError(
            f"A field is called {clash.pop()}, like an axis or part of a mesh; NPZ needs different names. Rename it."
        )
    arrays = places | dict(grid.values)
    with whole(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, axes=np.array(grid.names), **arrays)
    return Path(path)


def as_rows(values: np.ndarray) -> np.ndarray:
    """Values on a grid (x, y) with y upwards as a picture's rows, from the top."""
    return np.flip(values.swapaxes(0, 1), 0)
