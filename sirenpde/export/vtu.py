"""Grids as VTK unstructured grids (``.vtu``), for ParaView and other mesh viewers."""

from __future__ import annotations

import contextlib
import io
from os import PathLike
from pathlib import Path

import numpy as np

from ..files.whole import whole
from .grid import Array, Grid, real_parts

_CORNERS: dict[int, tuple[str, list[tuple[int, ...]]]] = {
    1: ("line", [(0,), (1,)]),
    2: ("quad", [(0, 0), (1, 0), (1, 1), (0, 1)]),
    3: (
        "hexahedron",
        [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
    ),
}
_TIME = ("t", "time")


def write_vtu(path: str | PathLike[str], grid: Grid) -> Path:
    """Write a grid of one to three axes, its values as point data; axes with a single point do not count.

    Complex values become three arrays, ``_real``, ``_imag`` and ``_abs``; vectors get three components
    and square matrices nine, filled up with zeros. A time axis becomes the last spatial one, so that a
    field of (t, x, y) is a stack of pictures. Raises ValueError for more than three axes.
    """
    import meshio

    held = [i for i, n in enumerate(grid.shape) if n == 1]
    wide = [i for i in range(len(grid.axes)) if i not in held] or held[:1]
    dimension = len(wide)
    if dimension not in _CORNERS:
        raise ValueError(
            f"A field of the {dimension} axes {', '.join(grid.axes)} was to be written as VTU, which shows one to "
            f"three. Write NPZ, or export a slice: an output that holds one of them fixed."
        )
    order = sorted(wide, key=lambda i: (grid.axes[i] in _TIME, i))
    first = (*order, *(i for i in range(len(grid.axes)) if i not in order))
    shape = tuple(grid.shape[i] for i in order)
    points = np.zeros((int(np.prod(shape)), 3))
    points[:, :dimension] = np.stack(
        np.meshgrid(*(grid.coordinates[i] for i in order), indexing="ij"), axis=-1
    ).reshape(-1, dimension)
    data: dict[str, Array] = {}
    for name, values in grid.values.items():
        moved = np.transpose(values, (*first, *range(len(first), values.ndim)))
        for label, part in real_parts(name, moved).items():
            data[label] = _point_data(part.reshape(len(points), *part.shape[len(first) :]))
    mesh = meshio.Mesh(points, [_cells(shape)], point_data=data)
    with whole(path) as beside, contextlib.redirect_stdout(io.StringIO()):  # meshio prints blank lines
        meshio.write(beside, mesh, file_format="vtu")
    return Path(path)


def _point_data(values: Array) -> Array:
    """Scalars (N,), vectors (N, 3) or matrices (N, 9), filled up with zeros; anything else as it is, flat."""
    shape = values.shape[1:]
    filled = values.astype(np.float64)
    if len(shape) == 1 and shape[0] < 3:
        filled = np.pad(filled, ((0, 0), (0, 3 - shape[0])))
    elif len(shape) == 2 and shape[0] == shape[1] and shape[0] < 3:
        filled = np.pad(filled, ((0, 0), (0, 3 - shape[0]), (0, 3 - shape[0])))
    return np.ascontiguousarray(filled.reshape(len(values), -1) if len(shape) > 1 else filled)


def _cells(shape: tuple[int, ...]) -> tuple[str, Array]:
    """Every cell of the grid by its corners, counterclockwise as VTK wants them."""
    kind, corners = _CORNERS[len(shape)]
    index = np.arange(int(np.prod(shape))).reshape(shape)
    parts = [
        index[tuple(slice(offset, n - 1 + offset) for offset, n in zip(corner, shape, strict=True))].ravel()
        for corner in corners
    ]
    return kind, np.stack(parts, axis=1)
