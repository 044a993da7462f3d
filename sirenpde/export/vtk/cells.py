"""Grids and meshes as VTK's cells: points in space and the corners of what joins them, some at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..grid import Grid
from ..mesh import Mesh
from ..sampled import CHUNK, Array

VERTEX, LINE, TRIANGLE, QUAD, TETRA, HEXAHEDRON, WEDGE = 1, 3, 5, 9, 10, 12, 13
_SIMPLEX = (VERTEX, LINE, TRIANGLE, TETRA)
_PRISM = {1: QUAD, 2: WEDGE}  # a simplex times a line, by the simplex's dimension
_CUBE: dict[int, tuple[int, list[tuple[int, ...]]]] = {
    0: (VERTEX, [()]),
    1: (LINE, [(0,), (1,)]),
    2: (QUAD, [(0, 0), (1, 0), (1, 1), (0, 1)]),
    3: (
        HEXAHEDRON,
        [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
    ),
}


@dataclass(frozen=True, eq=False)
class Unstructured:
    """Cells of one VTK type among points, in the order of the carrier's values; neither is kept in memory whole."""

    carrier: Grid | Mesh
    kind: int
    corners_per_cell: int
    point_count: int
    cell_count: int

    def points(self) -> Iterator[Array]:
        """The points (n, 3), some at a time; axes with a single coordinate are left out."""
        shown = shown_axes(self.carrier)
        for points in self.carrier.blocks():
            yield np.pad(points[:, shown], ((0, 0), (0, 3 - len(shown))))

    def cells(self) -> Iterator[Array]:
        """The corners (m, corners_per_cell) of cells, some at a time."""
        return _cubes(self.carrier) if isinstance(self.carrier, Grid) else _prisms(self.carrier)


def unstructured(carrier: Grid | Mesh) -> Unstructured:
    """The cells of a grid or mesh that shows one to three axes. Raises ValueError for a mesh times two lines."""
    points = math.prod(carrier.shape)
    if isinstance(carrier, Grid):
        wide = [n for n in carrier.shape if n > 1]
        kind, corners = _CUBE[len(wide)]
        return Unstructured(carrier, kind, len(corners), points, math.prod(n - 1 for n in wide))
    simplex, simplices = carrier.cells.corners.shape[1] - 1, len(carrier.cells.corners)
    lines = [n for n in carrier.shape[1:] if n > 1]
    if not lines:
        return Unstructured(carrier, _SIMPLEX[simplex], simplex + 1, points, simplices)
    if len(lines) > 1 or simplex not in _PRISM:
        raise ValueError(
            f"A field of the axes {', '.join(carrier.names)} on a mesh was to be written as cells, and viewers know "
            f"none of such a shape. Write NPZ or CSV, or export a slice: an output that holds one of them fixed."
        )
    kind = _PRISM[simplex]
    return Unstructured(carrier, kind, 2 * (simplex + 1), points, simplices * (lines[0] - 1))


def shown_axes(carrier: Grid | Mesh) -> list[int]:
    """The axes that a viewer sees: all but those with a single coordinate."""
    if isinstance(carrier, Grid):
        return [i for i, n in enumerate(carrier.shape) if n > 1]
    k = carrier.cells.points.shape[1]
    return [*range(k), *(k + i for i, n in enumerate(carrier.shape[1:]) if n > 1)]


def _cubes(grid: Grid) -> Iterator[Array]:
    shape = tuple(n for n in grid.shape if n > 1)
    _, corners = _CUBE[len(shape)]
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    offsets = np.array([sum(o * s for o, s in zip(corner, strides, strict=True)) for corner in corners])
    sides = tuple(n - 1 for n in shape)
    for i in range(0, math.prod(sides), CHUNK):
        places = np.unravel_index(np.arange(i, min(i + CHUNK, math.prod(sides))), sides or (1,))
        first = sum(place * stride for place, stride in zip(places, strides, strict=False))
        yield (first + np.zeros_like(places[0]))[:, None] + offsets


def _prisms(mesh: Mesh) -> Iterator[Array]:
    corners = mesh.cells.corners.numpy()
    simplex = corners.shape[1] - 1
    length = next((n for n in mesh.shape[1:] if n > 1), 1)
    if length == 1:
        yield from (corners[i : i + CHUNK] for i in range(0, len(corners), CHUNK))
        return
    for level in range(length - 1):  # the line runs fastest
        below = corners * length + level
        if simplex == 1:  # around a quad
            yield np.concatenate([below, below[:, ::-1] + 1], axis=1)
        else:  # the two ends of a wedge, so that VTK finds its volume positive
            yield np.concatenate([below, below + 1], axis=1)


def offsets(count: int, width: int) -> Iterator[Array]:
    """Where the corners of each cell end, some at a time."""
    return ((np.arange(i, min(i + CHUNK, count)) + 1) * width for i in range(0, count, CHUNK))


def constant(count: int, value: int) -> Iterator[Array]:
    """The same number so often, some at a time."""
    return (np.full(min(CHUNK, count - i), value) for i in range(0, count, CHUNK))
