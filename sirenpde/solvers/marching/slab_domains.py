"""Domains cut to a slab of an axis, moved to its start, and given values of the slab before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ...geometry.boundary import Boundary, Face
from ...geometry.box import Box
from ...geometry.cloud import PointCloud, assemble
from ...geometry.domain import Domain, Lattice
from ...geometry.point import Axis
from ...geometry.region import Region

SLACK = 1e-9  # of the axis: ends computed in other ways are still the same


@dataclass(frozen=True)
class Interval:
    """A slab of an axis."""

    axis: Axis
    low: float
    high: float

    @property
    def length(self) -> float:
        return self.high - self.low

    @property
    def is_first(self) -> bool:
        return abs(self.low - self.axis.low) <= self._slack

    def holds(self, t: Tensor) -> Tensor:
        """Which coordinates lie in the slab; those on its low end belong to the slab before, if there is one."""
        low = self.low - self._slack if self.is_first else self.low + self._slack
        return (t >= low) & (t <= self.high + self._slack)

    def holds_instant(self, t: float) -> bool:
        return bool(self.holds(torch.tensor(t, dtype=torch.float64)))

    @property
    def _slack(self) -> float:
        return SLACK * (self.axis.high - self.axis.low)


def instant(domain: Domain, axis: Axis) -> float | None:
    """The one coordinate along the axis that all points of a domain have; None where they have several."""
    if isinstance(domain, Box):
        return dict(domain.fixed).get(axis.name)
    if isinstance(domain, Boundary):
        found = {instant(face.slice, axis) for face in domain.faces}
        return found.pop() if len(found) == 1 else None
    if isinstance(domain, Region):
        return instant(domain.whole, axis)
    count = None if domain.size is not None else 8
    t = domain.draw(count, torch.Generator().manual_seed(0))[0][:, _column(domain, axis)]
    return float(t[0]) if bool((t == t[0]).all()) else None


def within(domain: Domain, slab: Interval) -> Domain | None:
    """The part of a domain in a slab; None where nothing is left.

    Boxes, faces and regions are cut; so is any other infinite domain. A finite lattice without data that
    spans the axis is squeezed into the slab, all of it; of other finite domains the points of the slab stay.
    """
    axis = slab.axis
    if isinstance(domain, Box):
        fixed = dict(domain.fixed).get(axis.name)
        if fixed is not None:
            return domain if slab.holds_instant(fixed) else None
        return _cut(domain, slab)
    if isinstance(domain, Boundary):
        box = _cut(domain.box, slab)
        kept = [(face, within(face.slice, slab)) for face in domain.faces]
        faces = tuple(Face(part, face.axis, face.side) for face, part in kept if isinstance(part, Box))
        return Boundary(box, faces) if box is not None and faces else None
    if isinstance(domain, Region):
        whole = within(domain.whole, slab)
        return None if whole is None else Region(whole, domain.predicate, domain.name)
    column = _column(domain, axis)
    if isinstance(domain, PointCloud):
        return _squeezed(domain, slab, column) or _chosen(domain, slab, column)
    if domain.size is None:
        return Region(domain, lambda points: slab.holds(points[:, column]), domain.name)
    points = domain.draw(None, torch.Generator())[0]
    inside = slab.holds(points[:, column])
    return Region(domain, lambda points: slab.holds(points[:, column]), domain.name) if inside.any() else None


def moved(domain: Domain, axis: Axis, value: float) -> Domain:
    """A domain of one instant at another."""
    if isinstance(domain, Box):
        fixed = {**dict(domain.fixed), axis.name: value}
        return Box(**{a.name: (a.low, a.high) for a in domain.axes}).at(**fixed)
    column = _column(domain, axis)
    if isinstance(domain, PointCloud):
        points = domain.points.clone()
        points[:, column] = value
        lattice = domain.lattice
        if lattice is not None:
            lines = list(lattice.coordinates)
            lines[column] = torch.full_like(lines[column], value)
            lattice = Lattice(tuple(lines), lattice.index)
        return assemble(points, domain.axes, domain.data, domain.name, domain.frame, lattice)
    return Moved(domain, column, value)


@dataclass(frozen=True)
class Moved:
    """The points of a domain with another coordinate along one axis."""

    domain: Domain
    column: int
    value: float

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.domain.axes

    @property
    def size(self) -> int | None:
        return self.domain.size

    @property
    def name(self) -> str:
        return self.domain.name

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, data = self.domain.draw(n, generator)
        points = points.clone()
        points[:, self.column] = self.value
        return points, data


def _column(domain: Domain, axis: Axis) -> int:
    return [a.name for a in domain.axes].index(axis.name)


def _cut(box: Box, slab: Interval) -> Box | None:
    ends = {a.name: (a.low, a.high) for a in box.axes}
    if slab.axis.name not in dict(box.fixed):
        low, high = ends[slab.axis.name]
        low, high = max(low, slab.low), min(high, slab.high)
        if low >= high:
            return None
        ends[slab.axis.name] = low, high
    whole = Box(**ends)
    return whole.at(**dict(box.fixed)) if box.fixed else whole


def _squeezed(cloud: PointCloud, slab: Interval, column: int) -> PointCloud | None:
    """The whole lattice squeezed into the slab, where it spans the axis and carries no data."""
    lattice, axis = cloud.lattice, slab.axis
    if lattice is None or len(cloud.data) or len(lattice.index) != math.prod(lattice.shape):
        return None
    t = lattice.coordinates[column]
    slack = SLACK * (axis.high - axis.low)
    if len(t) < 2 or float(t.min()) > axis.low + slack or float(t.max()) < axis.high - slack:
        return None
    lines = list(lattice.coordinates)
    lines[column] = slab.low + (t - axis.low) / (axis.high - axis.low) * slab.length
    part = Lattice(tuple(lines), lattice.index)
    return assemble(part.points, cloud.axes, {}, cloud.name, cloud.frame, part)


def _chosen(cloud: PointCloud, slab: Interval, column: int) -> PointCloud | None:
    inside = slab.holds(cloud.points[:, column])
    return cloud.where(inside, cloud.name) if inside.any() else None
