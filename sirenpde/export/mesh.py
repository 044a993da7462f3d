"""Functions sampled on a mesh: where no tensor grid fills the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..geometry.frame import Frame
from ..geometry.meshes.cells import Cells
from ..geometry.point import Axis
from .grid import rows_of
from .sampled import Array, Function, Sampled


@dataclass(frozen=True, eq=False)
class Mesh:
    """Values on cells: simplices in the first axes, times lines along the others.

    The simplices may be of fewer dimensions than their points: the triangles of a boundary in space, or with one
    corner each the bare points of a table. Each entry of ``values`` has the shape of the cells, the number of
    their points and those of the lines, then the field's.
    """

    axes: tuple[Axis, ...]
    cells: Cells
    values: Mapping[str, Array]

    @property
    def is_picture(self) -> bool:
        return False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.cells.shape

    @property
    def points(self) -> Array:
        """All points, (N, d)."""
        points: Array = self.cells.all_points.numpy()
        return points

    def blocks(self) -> Iterator[Array]:
        """The points, some at a time and in order."""
        return rows_of(self.points)

    def restored(self, frame: Frame) -> Mesh:
        """The same with the coordinates of the file that its domain was scaled from."""
        k = self.cells.points.shape[1]
        lines = zip(self.cells.lines, frame.centre[k:], strict=True)
        cells = Cells(
            self.cells.points / frame.scale + self.cells.points.new_tensor(frame.centre[:k]),
            self.cells.corners,
            tuple(line / frame.scale + middle for line, middle in lines),
        )
        return replace(self, cells=cells)


def sample_cells(functions: Mapping[str, Function], axes: tuple[Axis, ...], cells: Cells) -> Mesh:
    """Functions of points (N, d) evaluated at the vertices of cells."""
    lazy = on_vertices(functions, axes, cells)
    return replace(lazy, values=dict(lazy.values))


def on_vertices(functions: Mapping[str, Function], axes: tuple[Axis, ...], cells: Cells) -> Mesh:
    """Functions of points (N, d) at the vertices of cells, evaluated when a writer asks for them."""
    empty = Mesh(axes, cells, {})
    return replace(empty, values=Sampled(functions, cells.shape, empty.blocks))
