"""Sides of shapes in space: what is left of a side of an operand, and a side that was moved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from .boundary import Side
from .domain import check_count
from .motion import Motion
from .nodes import WeightedNodes
from .point import Axis
from .quadrature import cubature
from .unrolled import Moments, Unroll, moments, unroll

LOOKED_AT = 2**10  # points of a side, by which it is found that something is left of it
MEASURED_AT = 2**14  # points of a side, of which the fraction kept gives the measure


class Keeping(Protocol):
    """A combination of shapes, which tells what of its operands' sides bounds it."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...
    def keeps(self, points: Tensor, normals: Tensor, on_second: bool) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Trimmed:
    """The part of an operand's side that bounds a combination, drawn by rejection; turned round where cut out."""

    side: Side
    whole: Keeping
    turned: bool
    on_second: bool
    unrolls: bool = True  # whether its measure is worth more than a sample, since that of all other sides is

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.whole.axes

    @property
    def name(self) -> str:
        return self.side.name

    @property
    def size(self) -> int | None:
        return None

    @property
    def dimension(self) -> int:
        return len(self.axes) - 1

    @cached_property
    def measure(self) -> float:
        """The area, to 1e-9 where the side is unrolled.

        Of the facets of a mesh it is their area times the fraction of its points that is kept, good to about three
        digits.
        """
        if self.moments is not None:
            return self.moments.area
        points, _ = self._kept(MEASURED_AT, torch.Generator().manual_seed(0))
        return self.side.measure * len(points) / MEASURED_AT

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` points of the side that are kept, and their normals."""
        count, kept, found = check_count(n, self.name), list[tuple[Tensor, Tensor]](), 0
        share = max(self.fraction, 1e-4)
        while found < count:
            kept.append(self._kept(math.ceil(1.1 * (count - found) / share) + 16, generator))
            found += len(kept[-1][0])
        points, normals = (torch.cat([pair[i] for pair in kept])[:count] for i in (0, 1))
        return points, {"normal": normals}

    def cubature(self, count: int) -> WeightedNodes | None:
        """The nodes of the side, if all of it is kept."""
        if self.measure < self.side.measure:
            return None
        nodes = cubature(self.side, count)
        sign = -1 if self.turned else 1
        return nodes and WeightedNodes(nodes.points, nodes.weights, {"normal": sign * nodes.data["normal"]})

    @cached_property
    def moments(self) -> Moments | None:
        unrolled = self.unroll() if self.unrolls else None
        return None if unrolled is None else moments(unrolled)

    @property
    def is_there(self) -> bool:
        """Whether anything is kept, as some points tell, or the measure."""
        return self.fraction > 0 or self.measure > 0

    @cached_property
    def fraction(self) -> float:
        """How much of the side is kept, as some points tell."""
        return len(self._kept(LOOKED_AT, torch.Generator().manual_seed(0))[0]) / LOOKED_AT

    def unroll(self) -> Unroll | None:
        side = unroll(self.side)
        if side is None:
            return None

        def at(unit: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            points, normals, stretch, kept = side(unit)
            normals = -normals if self.turned else normals
            return points, normals, stretch, kept & self.whole.keeps(points, normals, self.on_second)

        return at

    def _kept(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        points, data = self.side.draw(n, generator)
        normals = -data["normal"] if self.turned else data["normal"]
        kept = self.whole.keeps(points, normals, self.on_second)
        return points[kept], normals[kept]


@dataclass(frozen=True, eq=False)
class PlacedSide:
    """A side where a motion takes it."""

    side: Side
    motion: Motion
    axes: tuple[Axis, ...]

    @property
    def name(self) -> str:
        return self.side.name

    @property
    def size(self) -> int | None:
        return self.side.size

    @property
    def dimension(self) -> int:
        return len(self.axes) - 1

    @property
    def measure(self) -> float:
        return self.motion.factor**self.dimension * self.side.measure

    def unroll(self) -> Unroll | None:
        side = unroll(self.side)
        if side is None:
            return None

        def at(unit: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            points, normals, stretch, kept = side(unit)
            motion = self.motion
            return motion.points(points), motion.directions(normals), motion.factor**2 * stretch, kept

        return at

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, data = self.side.draw(n, generator)
        return self.motion.points(points), {"normal": self.motion.directions(data["normal"])}

    def cubature(self, count: int) -> WeightedNodes | None:
        nodes = cubature(self.side, count)
        if nodes is None:
            return None
        weights = self.motion.factor**self.dimension * nodes.weights
        normals = self.motion.directions(nodes.data["normal"])
        return WeightedNodes(self.motion.points(nodes.points), weights, {"normal": normals})


def moments_of(side: Side) -> Moments | None:
    """The moments of a side in space; None where it is not unrolled."""
    if isinstance(side, Trimmed):
        return side.moments
    unrolled = unroll(side)
    return None if unrolled is None else moments(unrolled)
