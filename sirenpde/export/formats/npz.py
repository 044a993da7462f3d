"""Grids and meshes as arrays (``.npz``), for numpy."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..format import Format, register

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh


def write_npz(path: str | PathLike[str], grid: Grid | Mesh) -> Path:
    """Write a grid as NPZ: one array per field, one per axis, and ``axes`` with their names in order.

    Of a mesh there are its ``points``, the corners of its ``cells``, and one array for each line.
    """
    import numpy as np

    from ..mesh import Mesh

    if isinstance(grid, Mesh):
        lines = zip(
            grid.names[-len(grid.cells.lines) :] if grid.cells.lines else (), grid.cells.lines, strict=True
        )
        coordinates = {"points": grid.cells.points.numpy(), "cells": grid.cells.corners.numpy()}
        coordinates |= {name: line.numpy() for name, line in lines}
    else:
        coordinates = dict(zip(grid.names, grid.coordinates, strict=True))
    clash = set(grid.values) & {*coordinates, "axes"}
    if clash:
        raise ValueError(
            f"A field is called {clash.pop()}, like an axis or part of a mesh; NPZ needs different names. Rename it."
        )
    arrays = coordinates | dict(grid.values)
    with whole(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, axes=np.array(grid.names), **arrays)
    return Path(path)


register(Format("npz", "arrays for numpy, of any number of axes", "grid", write_npz))
