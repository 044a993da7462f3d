"""Pairs of points that a condition joins: both ends of an axis, or both sides of an interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .domain import Data, Domain
from .instants import held_at, instant
from .point import Axis
from .region import within

OTHER = "the other end"  # the data of a sample that are its second point
ONE = "the one end"  # and those that are its first, where the sample's own point lies between the two


def at_end(key: str, end: str) -> str:
    """The data that are those of the name ``key`` at an end of a sample."""
    return f"{key} at {end}"


@dataclass(frozen=True)
class Pairs:
    """Samples of two points each, which differ along one axis alone: ``first`` and ``second`` on it.

    A sample's own point is the first; ``jump(f)`` is f at the second minus f at the first. The unit vector along the
    axis, from the first to the second side of an interface, is its ``normal``. Made by ``box.pairs("x")`` and
    ``box.interface(x=0.5)``.

    >>> import torch
    >>> from sirenpde import Box
    >>> ends = Box(t=(0, 1), x=(0, 2)).pairs("x")
    >>> points, data = ends.draw(4, torch.Generator().manual_seed(0))
    >>> ends.name, points[:, 1].tolist(), data["normal"][0].tolist()
    ('x = 0 and x = 2', [0.0, 0.0, 0.0, 0.0], [0.0, 1.0])
    """

    slice: Domain  # what draws the other coordinates
    axis: Axis
    first: float
    second: float
    name: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.slice.axes

    @property
    def size(self) -> int | None:
        return self.slice.size

    @property
    def normal(self) -> Data:
        """The unit vector (d,) from the first point to the second."""
        return Data("normal")

    def instant(self, axis: Axis) -> float | None:
        return None if axis.name == self.axis.name else instant(self.slice, axis)

    def within(self, axis: Axis, low: float, high: float) -> Domain | None:
        """The pairs in a slab of an axis; along their own, all of them where the slab has both points."""
        if axis.name == self.axis.name:
            return (
                self if low <= min(self.first, self.second) and max(self.first, self.second) <= high else None
            )
        cut = within(self.slice, axis, low, high)
        return None if cut is None else replace(self, slice=cut)

    def held_at(self, axis: Axis, value: float) -> Pairs:
        return replace(self, slice=held_at(self.slice, axis, value))

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` samples: the points (n, d) at the first end; the others and the normals as data."""
        points, data = self.slice.draw(n, generator)
        column = self.axes.index(self.axis)
        first, second, normal = points.clone(), points.clone(), torch.zeros_like(points)
        first[:, column], second[:, column], normal[:, column] = self.first, self.second, 1.0
        return first, {**data, OTHER: second, "normal": normal}
