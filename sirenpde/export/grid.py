"""Functions sampled on a tensor grid: what every file of a field is written from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..geometry.frame import Frame
from ..geometry.pictures.surroundings import Surroundings
from ..geometry.point import Axis
from .sampled import CHUNK, Array, Function, Sampled

_POINTS_PER_AXIS = {1: 1001, 2: 257, 3: 65}
SHOWN = 3  # axes; of more, a section through the middle of the others is


@dataclass(frozen=True, eq=False)
class Grid:
    """Values on a tensor grid, the last axis running fastest.

    ``coordinates`` has one array per axis; each entry of ``values`` has the grid's shape, then the field's.
    """

    axes: tuple[Axis, ...]
    coordinates: tuple[Array, ...]
    values: Mapping[str, Array]
    is_picture: bool = False  # whose values are colours of pixels
    around: Surroundings | None = None  # the picture that these are a part of, if they are

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(c) for c in self.coordinates)

    @property
    def points(self) -> Array:
        """All points, (N, d)."""
        return lattice(self.coordinates)

    def blocks(self) -> Iterator[Array]:
        """The points, some at a time and in order; space-time and volumes slice by slice of the first axis."""
        first, *rest = self.coordinates
        sliced = len(self.axes) > 2 or self.axes[0].is_time
        rows = 1 if sliced else max(1, CHUNK // math.prod(map(len, rest)))
        for i in range(0, len(first), rows):
            yield from rows_of(lattice([first[i : i + rows], *rest]))

    def restored(self, frame: Frame) -> Grid:
        """The same with the coordinates of the file that its domain was scaled from."""
        pairs = zip(self.coordinates, frame.centre, strict=True)
        return replace(self, coordinates=tuple(c / frame.scale + middle for c, middle in pairs))


def lattice(coordinates: Sequence[Array]) -> Array:
    """The points (N, d) of a tensor grid, the last axis running fastest."""
    return np.stack(np.meshgrid(*coordinates, indexing="ij"), axis=-1).reshape(-1, len(coordinates))


def coordinates_of(axes: Sequence[Axis], resolution: int = 0) -> tuple[Array, ...]:
    """Equally spaced coordinates, ends included: ``resolution`` per axis, 0 for a number that fits the dimension.

    From the fourth axis on it is the middle alone. Raises ValueError for one point along an axis.
    """
    count = resolution or points_per_axis(len(axes))
    if count < 2:
        raise ValueError(f"A resolution of {count} was given; expected 2 points per axis or more. Raise it.")
    wide = [np.linspace(axis.low, axis.high, count) for axis in axes[:SHOWN]]
    return (*wide, *middles(axes[SHOWN:]))


def points_per_axis(dimension: int) -> int:
    """A number of points along each axis that fits the dimension."""
    return _POINTS_PER_AXIS[min(dimension, SHOWN)]


def middles(axes: Sequence[Axis]) -> list[Array]:
    """One coordinate on each axis."""
    return [np.array([(axis.low + axis.high) / 2]) for axis in axes]


def sample(functions: Mapping[str, Function], axes: Sequence[Axis], coordinates: Sequence[Array]) -> Grid:
    """Functions of points (N, d) evaluated on the tensor grid, some points at a time.

    >>> import numpy as np
    >>> from sirenpde import Box
    >>> plane = Box(x=(0, 1), y=(0, 2)).axes
    >>> grid = sample({"r": lambda p: (p**2).sum(1)}, plane, [np.arange(2.0), np.arange(3.0)])
    >>> grid.values["r"].tolist()
    [[0.0, 1.0, 4.0], [1.0, 2.0, 5.0]]
    """
    lazy = on_lattice(functions, axes, coordinates)
    return replace(lazy, values=dict(lazy.values))


def on_lattice(functions: Mapping[str, Function], axes: Sequence[Axis], coordinates: Sequence[Array]) -> Grid:
    """Functions of points (N, d) on a tensor grid, evaluated when a writer asks for them.

    Space-time and volumes go slice by slice: a series is cheap where many points share their coordinates.
    """
    lines = tuple(np.asarray(c, dtype=np.float64) for c in coordinates)
    empty = Grid(tuple(axes), lines, {})
    return replace(empty, values=Sampled(functions, empty.shape, empty.blocks))


def rows_of(points: Array) -> Iterator[Array]:
    """Points (N, d), some at a time."""
    return (points[i : i + CHUNK] for i in range(0, len(points), CHUNK))


def in_chunks(function: Function, points: Array) -> Array:
    """A function of points (N, d), some points at a time."""
    return np.concatenate([np.asarray(function(some)) for some in rows_of(points)])
