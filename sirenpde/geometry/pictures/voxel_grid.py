"""Values on all points of a tensor grid, as they are stored: volumes, and films."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor

from ..arrays import check_share
from ..data.cloud import Cloud
from ..domain import Data, Deferred, HasAxes, read_data, subset
from ..point import Axis
from ..tensor_grid import TensorGrid

AT_ONCE = 2**20  # points at which a function is evaluated
LISTED = 2**25  # voxels, up to which all of them together are a lattice that a direct solver works on


@dataclass(frozen=True, eq=False, repr=False)
class VoxelGrid:
    """Values (n1, ..., nd) or (n1, ..., nd, 3) on the points of a tensor grid, one line of coordinates per axis.

    They are kept as they come, bytes as bytes: a draw reads no more than the voxels that it chooses. Whole numbers
    are values from 0 to 1, as those of pictures.

    >>> import torch
    >>> from sirenpde import Box, VoxelGrid
    >>> axes = Box(x=(0, 1), y=(0, 1), z=(0, 2)).axes
    >>> lines = [torch.tensor([0.25, 0.75]), torch.tensor([0.5]), torch.tensor([0.5, 1.5])]
    >>> volume = VoxelGrid({"m": torch.tensor([[[0, 51]], [[102, 255]]], dtype=torch.uint8)}, lines, axes)
    >>> points, data = volume.draw(None, torch.Generator())
    >>> points[1].tolist(), data["m"].tolist()
    ([0.25, 0.5, 1.5], [0.0, 0.2, 0.4, 1.0])
    """

    values: Mapping[str, Tensor]
    lines: Sequence[Tensor]
    axes: tuple[Axis, ...]
    name: str = "voxels"

    def __post_init__(self) -> None:
        shape = tuple(len(line) for line in self.lines)
        for key, values in self.values.items():
            if tuple(values.shape[: len(shape)]) != shape or len(shape) != len(self.axes):
                raise ValueError(
                    f"The values '{key}' have shape {tuple(values.shape)}, and the grid {shape} points along "
                    f"the axes {', '.join(axis.name for axis in self.axes)}; expected a value for each of them."
                )

    @staticmethod
    def of(
        box: HasAxes, resolution: int, *, name: str = "voxels", **functions: Callable[[Tensor], Tensor]
    ) -> VoxelGrid:
        """Functions of points (n, d) at the middles of cells, cubes as far as the sides of the box allow it.

        ``resolution`` cells lie along its longest side, and in proportion along the others.

        >>> from sirenpde import Ball, Box, VoxelGrid
        >>> ball = Ball(radius=0.5)
        >>> VoxelGrid.of(Box(x=(-1, 1), y=(-1, 1), z=(-1, 0)), 16, distance=ball.level)
        VoxelGrid(16×16×8, distance)
        """
        if resolution < 1:
            raise ValueError(f"A grid of resolution={resolution} was asked for; expected 1 cell at least.")
        longest = max(axis.high - axis.low for axis in box.axes)
        lines = [
            _middles(axis, max(1, round(resolution * (axis.high - axis.low) / longest))) for axis in box.axes
        ]
        shape, points = [len(line) for line in lines], torch.cartesian_prod(*lines).reshape(-1, len(lines))
        values = {key: _at(function, points).reshape(shape) for key, function in functions.items()}
        return VoxelGrid(values, lines, tuple(box.axes), name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'×'.join(map(str, self.shape))}, {', '.join(self.values)})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(line) for line in self.lines)

    def orders(self, share: float = 1.0) -> tuple[int, ...]:
        """Of a series of cosines with this share of the waves that the points tell apart, those of low frequency.

        Raises ValueError for a share that is not above 0 and at most 1.

        >>> from sirenpde import Box, VoxelGrid
        >>> grid = VoxelGrid.of(Box(x=(0, 1), y=(0, 1), z=(0, 2)), 16, f=lambda q: q[:, 0])
        >>> grid.orders(), grid.orders(0.125)
        ((8, 8, 16), (4, 4, 8))
        """
        check_share(share, "share", "the waves")
        return tuple(max(1, round(n * share ** (1 / len(self.lines)))) for n in self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def lattice(self) -> TensorGrid | None:
        """All points, the last axis running fastest; None for more than 33 million."""
        return self.voxels.lattice if self.size <= LISTED else None

    @cached_property
    def voxels(self) -> Cloud:
        """All points with their data, as a cloud."""
        return self._cloud(self.lines, self.values, self.name)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All voxels, or ``n`` of them without replacement, and their data."""
        chosen = subset(self.size, n, generator)
        if chosen is None:
            return self.voxels.points, self.voxels.data
        at = torch.unravel_index(chosen, self.shape)
        points = torch.stack([line[i].double() for line, i in zip(self.lines, at, strict=True)], dim=1)
        recipes = {key: partial(_gathered, values, at) for key, values in self.values.items()}
        return points, Deferred(recipes)

    def __getitem__(self, key: str) -> Data:
        """The values of this name as a function of a point: shape () or (3,)."""
        return read_data(self.values, key, "The voxel grid")

    def _cloud(self, lines: Sequence[Tensor], values: Mapping[str, Tensor], name: str) -> Cloud:
        lattice = TensorGrid.full([line.double() for line in lines])
        recipes: dict[str, Callable[[], Tensor]] = {
            key: partial(_all, kept, len(self.axes)) for key, kept in values.items()
        }
        return Cloud(lattice.points, self.axes, Deferred(recipes), name, lattice=lattice)


def _middles(axis: Axis, count: int) -> Tensor:
    return axis.low + (axis.high - axis.low) * (torch.arange(count, dtype=torch.float64) + 0.5) / count


def _at(function: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    return torch.cat([function(some) for some in points.split(AT_ONCE)])


def _gathered(values: Tensor, at: Sequence[Tensor]) -> Tensor:
    return _real(values[tuple(at)])


def _all(values: Tensor, dimension: int) -> Tensor:
    return _real(values.flatten(0, dimension - 1))


def _real(values: Tensor) -> Tensor:
    """Float64; whole numbers from 0 to 1."""
    if values.is_floating_point():
        return values.double()
    return values.double() / np.iinfo(str(values.dtype).removeprefix("torch.")).max
