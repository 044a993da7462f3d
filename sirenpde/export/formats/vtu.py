"""Grids as VTK unstructured grids (``.vtu``), for ParaView and other mesh viewers."""

from __future__ import annotations

import contextlib
import io
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...files.whole import whole
from ..format import Format, register

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh
    from ..sampled import Array

    # points, cells, and the order of the values' axes
    Unstructured = tuple[Array, tuple[str, Array], tuple[int, ...]]

_CORNERS: dict[int, tuple[str, list[tuple[int, ...]]]] = {
    1: ("line", [(0,), (1,)]),
    2: ("quad", [(0, 0), (1, 0), (1, 1), (0, 1)]),
    3: (
        "hexahedron",
        [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
    ),
}
_SIMPLEX = {1: "line", 2: "triangle", 3: "tetra"}
_PRISM = {1: "quad", 2: "wedge"}  # a simplex times a line


def write_vtu(path: str | PathLike[str], carrier: Grid | Mesh) -> Path:
    """Write a grid or mesh of one to three axes, its values as point data; axes with a single point do not count.

    Complex values become three arrays, ``_real``, ``_imag`` and ``_abs``; vectors get three components
    and square matrices nine, filled up with zeros. A time axis becomes the last spatial one, so that a
    field of (t, x, y) is a stack of pictures. Raises ValueError for more than three axes.
    """
    import meshio

    from ..grid import real_parts
    from ..mesh import Mesh

    points, cells, first = _prisms(carrier) if isinstance(carrier, Mesh) else _cubes(carrier)
    data: dict[str, Array] = {}
    for name, values in carrier.values.items():
        moved = np.transpose(values, (*first, *range(len(first), values.ndim)))
        for label, real in real_parts(name, moved).items():
            data[label] = _point_data(real.reshape(len(points), *real.shape[len(first) :]))
    mesh = meshio.Mesh(np.pad(points, ((0, 0), (0, 3 - points.shape[1]))), [cells], point_data=data)
    with whole(path) as beside, contextlib.redirect_stdout(io.StringIO()):  # meshio prints blank lines
        meshio.write(beside, mesh, file_format="vtu")
    return Path(path)


def _cubes(grid: Grid) -> Unstructured:
    from ..grid import lattice

    held = [i for i, n in enumerate(grid.shape) if n == 1]
    wide = [i for i in range(len(grid.axes)) if i not in held] or held[:1]
    _check_shown(len(wide), grid.names)
    order = sorted(wide, key=lambda i: (grid.axes[i].is_time, i))
    shape = tuple(grid.shape[i] for i in order)
    points = lattice([grid.coordinates[i] for i in order])
    return points, _cells(shape), (*order, *(i for i in range(len(grid.axes)) if i not in order))


def _prisms(mesh: Mesh) -> Unstructured:
    k, lines = mesh.cells.points.shape[1], mesh.shape[1:]
    wide = [i for i, n in enumerate(lines) if n > 1]
    _check_shown(k + len(wide), mesh.names)
    points = mesh.points[:, [*range(k), *(k + i for i in wide)]]
    corners = mesh.cells.corners.numpy()
    if not wide:
        return points, (_SIMPLEX[k], corners), tuple(range(len(mesh.shape)))
    if len(wide) > 1 or k not in _PRISM:
        raise ValueError(
            f"A field of the axes {', '.join(mesh.names)} on a mesh was to be written as VTU, which knows no such "
            f"cells. Write NPZ, or export a slice: an output that holds one of them fixed."
        )
    length = lines[wide[0]]
    below = corners[None] * length + np.arange(length - 1)[:, None, None]  # the line runs fastest
    below = below.reshape(-1, k + 1)
    if k == 1:  # around a quad
        around = np.concatenate([below, below[:, ::-1] + 1], axis=1)
    else:  # the two ends of a wedge, the first seen from outside
        around = np.concatenate([below[:, ::-1], below[:, ::-1] + 1], axis=1)
    return points, (_PRISM[k], around), tuple(range(len(mesh.shape)))


def _check_shown(dimension: int, names: tuple[str, ...]) -> None:
    if not 1 <= dimension <= 3:
        raise ValueError(
            f"A field of the {dimension} axes {', '.join(names)} was to be written as VTU, which shows one to "
            f"three. Write NPZ, or export a slice: an output that holds one of them fixed."
        )


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
    corner_indices = [
        index[tuple(slice(offset, n - 1 + offset) for offset, n in zip(corner, shape, strict=True))].ravel()
        for corner in corners
    ]
    return kind, np.stack(corner_indices, axis=1)


register(Format("vtu", "for ParaView and other mesh viewers, of one to three axes", "grid", write_vtu))
