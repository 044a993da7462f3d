"""Outlines: boundaries of shapes in the plane, and their parts, made of arcs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from ..arrays import as_mask
from ..domain import Data, Domain, check_count, column_of, quasi_random, read_data
from ..nodes import WeightedNodes
from ..point import Axis
from ..region import Predicate
from ..slab import SLACK, Slab
from ..verified import Levelled, verify
from .arc import Arc

LOOKED_AT = 256  # places on an arc where a predicate may change
CHANGES = 32  # of a predicate on one arc; more are noise


class Plane(Domain, Levelled, Protocol):
    """A shape in the plane, as its outline sees it."""


@dataclass(frozen=True)
class Outline:
    """The boundary of a shape in the plane, or a part of it: arcs, with the outward unit ``normal`` as data.

    Points are drawn quasi-random and uniform by length over all arcs, and verified: they lie on the boundary, and
    their normals are unit and point out of the shape.

    >>> import torch
    >>> from sirenpde import Box, Disk
    >>> plate = Box(x=(0, 2), y=(0, 1)) - Disk(center=(1, 0), radius=0.5)
    >>> edge = plate.boundary()
    >>> round(edge.measure, 12)  # 6 - 1 + π / 2
    6.570796326795
    >>> inlet = edge.where(lambda points: points[:, 0] == 0, name="inlet")
    >>> inlet.draw(2, torch.Generator())[1]["normal"].tolist(), inlet.measure
    ([[-1.0, 0.0], [-1.0, 0.0]], 1.0)
    """

    whole: Plane
    arcs: tuple[Arc, ...]
    name: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.whole.axes

    @property
    def size(self) -> None:
        return None

    @property
    def dimension(self) -> int:
        return 1

    @property
    def measure(self) -> float:
        """The length."""
        return sum(arc.measure for arc in self.arcs)

    @property
    def faces(self) -> tuple[Arc, ...]:
        return self.arcs

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        by_axis = zip(*(arc.bounds for arc in self.arcs), strict=True)
        return tuple((min(low for low, _ in ends), max(high for _, high in ends)) for ends in by_axis)

    @property
    def normal(self) -> Data:
        """The outward unit normal (2,) as a function of a point."""
        return Data("normal")

    def __getitem__(self, key: str) -> Data:
        """``outline["normal"]`` is ``outline.normal``; ValueError for data of another name."""
        return read_data(("normal",), key, f"The boundary '{self.name}'")

    def contains(self, points: Tensor) -> Tensor:
        """Which of the points (n, 2) lie on it, rounding forgiven."""
        scale = max(high - low for low, high in self.bounds)
        near = torch.stack([distances(arc, points) for arc in self.arcs]).amin(0)
        inside: Tensor = near <= SLACK * scale
        return inside

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points and their normals, verified."""
        points, data = self.from_unit(quasi_random(check_count(n, self.name), 1, generator))
        order = torch.randperm(len(points), generator=generator)
        points, normals = points[order], data["normal"][order]
        verify(self.whole, points, normals)
        return points, {"normal": normals}

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit interval (n, 1) -> points of the arcs, one after another, and their normals."""
        ends = self._ends
        along = unit[:, 0] * ends[-1]
        which = (torch.searchsorted(ends, along, right=True) - 1).clamp(0, len(self.arcs) - 1)
        points, normals = torch.empty(len(unit), 2).double(), torch.empty(len(unit), 2).double()
        for k in which.unique().tolist():
            rows = which == k
            fraction = (along[rows] - ends[k]) / (ends[k + 1] - ends[k])
            points[rows], data = self.arcs[k].from_unit(fraction[:, None])
            normals[rows] = data["normal"]
        return points, {"normal": normals}

    def cubature(self, count: int) -> WeightedNodes:
        """The nodes of all arcs."""
        rules = [arc.cubature(count) for arc in self.arcs]
        return WeightedNodes(
            torch.cat([rule.points for rule in rules]),
            torch.cat([rule.weights for rule in rules]),
            {"normal": torch.cat([rule.data["normal"] for rule in rules])},
        )

    def instant(self, axis: Axis) -> float | None:
        """The one coordinate along an axis that all its points have; None where they have several."""
        low, high = self.bounds[column_of(self, axis)]
        return low if low == high else None

    def within(self, axis: Axis, low: float, high: float) -> Outline | None:
        slab, column = Slab(axis, low, high), column_of(self, axis)
        arcs = self.kept(lambda points: slab.holds(points[:, column]))
        return replace(self, arcs=arcs) if arcs else None

    def where(self, predicate: Predicate, name: str | None = None) -> Outline:
        """The part in which ``predicate``, a function of points (n, 2) giving booleans (n,), holds.

        Arcs are cut where it changes, to rounding. Raises ValueError where it holds nowhere.
        """
        named = name or f"part of {self.name}"
        arcs = self.kept(predicate)
        if not arcs:
            raise ValueError(
                f"'{named}' is empty: its predicate holds nowhere on '{self.name}', which runs "
                f"{_ranges(self.axes, self.bounds)}. Check the predicate, and compare coordinates that are computed "
                f"with a tolerance, as in (points[:, 0] - 1).abs() < 1e-9."
            )
        return Outline(self.whole, arcs, named)

    def kept(self, predicate: Predicate) -> tuple[Arc, ...]:
        """The parts of the arcs in which a predicate holds; ValueError where it changes all along an arc."""

        def holds(arc: Arc, s: Tensor) -> Tensor:
            return as_mask(predicate(arc.curve.at(s)), (len(s),), f"the predicate of '{self.name}'")

        kept = []
        for arc in self.arcs:
            # Between the ends, at places that are no simple fraction of the arc.
            s = (torch.arange(LOOKED_AT, dtype=torch.float64) + 0.4871) / LOOKED_AT
            there = holds(arc, s)
            changes = (there[1:] != there[:-1]).nonzero()[:, 0]
            if len(changes) > CHANGES:
                raise ValueError(
                    f"A part of '{self.name}' was asked for by a predicate that changes {len(changes)} times along "
                    f"'{arc.name}', as rounding does where coordinates are compared for equality. Compare them with "
                    f"a tolerance, as in (points.norm(dim=1) - 1).abs() < 1e-9."
                )
            low, high, first = s[changes], s[changes + 1], there[changes]
            for _ in range(60 if len(changes) else 0):
                middle = (low + high) / 2
                same = holds(arc, middle) == first
                low, high = torch.where(same, middle, low), torch.where(same, high, middle)
            cuts = [0.0, *((low + high) / 2).tolist(), 1.0]
            keeps = bool(there[0])
            for a, b in pairwise(cuts):
                if keeps:
                    kept.append(arc.part(a, b))
                keeps = not keeps
        return tuple(kept)

    @cached_property
    def _ends(self) -> Tensor:
        lengths = torch.tensor([0.0, *(arc.measure for arc in self.arcs)], dtype=torch.float64)
        return lengths.cumsum(0)


def distances(arc: Arc, points: Tensor) -> Tensor:
    nearest = arc.curve.at(arc.curve.nearest(points).clamp(0, 1))
    distances: Tensor = (points - nearest).norm(dim=1)
    return distances


def _ranges(axes: tuple[Axis, ...], bounds: tuple[tuple[float, float], ...]) -> str:
    return ", ".join(
        f"{a.name} from {low:g} to {high:g}" for a, (low, high) in zip(axes, bounds, strict=True)
    )
