"""Boundaries: faces with outward unit normals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard

import torch
from torch import Tensor

from . import can
from .domain import Data, Domain, check_count, column_of, read_data, subset
from .instants import instant
from .nodes import WeightedNodes
from .patch import Patch
from .point import Axis
from .quadrature import cubature
from .region import Predicate, Region, within
from .slab import Slab
from .unrolled import Unroll, unroll
from .verified import verify


class Solid(Domain, can.Measure, Protocol):
    """A slice of a domain, or the domain itself."""


class Side(Domain, can.Measure, Protocol):
    """A part of a boundary, whose points carry the outward unit normal."""


class Slice(Solid, can.Instant, Protocol):
    """What has a face: a domain on which one axis has one value."""

    def within(self, axis: Axis, low: float, high: float) -> Slice | None: ...


@dataclass(frozen=True)
class Face:
    """The side at one end of an axis: a slice, with the normal along the axis."""

    slice: Slice
    axis: str
    side: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.slice.axes

    @property
    def size(self) -> int | None:
        return self.slice.size

    @property
    def name(self) -> str:
        return self.slice.name

    @property
    def measure(self) -> float:
        return self.slice.measure

    @property
    def dimension(self) -> int:
        return can.dimension_of(self.slice)

    @property
    def normal(self) -> Tensor:  # (d,)
        outward = 1.0 if self.side == "high" else -1.0
        return torch.tensor([outward * (a.name == self.axis) for a in self.axes], dtype=torch.float64)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, _ = self.slice.draw(n, generator)
        return points, {"normal": self.normal.expand_as(points)}

    def instant(self, axis: Axis) -> float | None:
        return self.slice.instant(axis)

    def within(self, axis: Axis, low: float, high: float) -> Face | None:
        cut = self.slice.within(axis, low, high)
        return None if cut is None else replace(self, slice=cut)

    def patches(self) -> tuple[Patch, ...] | None:
        patches = can.patches_of(self.slice)
        return None if patches is None else tuple(replace(patch, normal=self.normal) for patch in patches)

    def unroll(self) -> Unroll | None:
        flat = unroll(self.slice)
        if flat is None:
            return None

        def at(unit: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            points, _, stretch, kept = flat(unit)
            return points, self.normal.expand_as(points), stretch, kept

        return at

    def cubature(self, count: int) -> WeightedNodes | None:
        nodes = cubature(self.slice, count)
        return nodes and replace(nodes, data={"normal": self.normal.expand_as(nodes.points)})


@dataclass(frozen=True)
class Boundary:
    """Faces of a domain, with the outward unit ``normal`` as data.

    Points are drawn quasi-random on each face, in numbers proportional to the faces' measures, and shuffled.
    The boundary of an interval is finite: its two ends.

    >>> import torch
    >>> from sirenpde import Box
    >>> ends = Box(x=(0, 3)).boundary()
    >>> points, data = ends.draw(None, torch.Generator())
    >>> points.tolist(), data["normal"].tolist()
    ([[0.0], [3.0]], [[-1.0], [1.0]])
    """

    whole: Solid
    faces: tuple[Side, ...]
    label: str | None = None  # None: named after its faces

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.whole.axes

    @property
    def name(self) -> str:
        if self.label is not None:
            return self.label
        held = {axis.name: instant(self.whole, axis) for axis in self.axes}
        names = [f"{name} = {value:g}" for name, value in held.items() if value is not None]
        across: dict[str, list[str]] = {}
        for face in self.faces:
            if isinstance(face, Face):
                (axis,) = (a for a in self.axes if a.name == face.axis)
                across.setdefault(f"{axis} = ", []).append(f"{face.slice.instant(axis):g}")
            else:
                across[face.name] = []
        return ", ".join(names + [start + ", ".join(ends) for start, ends in across.items()])

    @property
    def measure(self) -> float:
        return sum(face.measure for face in self.faces)

    @property
    def size(self) -> int | None:
        """None, or the number of ends where the faces are single points."""
        return None if self.faces[0].size is None else len(self.faces)

    @property
    def dimension(self) -> int:
        return max(can.dimension_of(face) for face in self.faces)

    @property
    def normal(self) -> Data:
        """The outward unit normal (d,) as a function of a point."""
        return Data("normal")

    def __getitem__(self, key: str) -> Data:
        """``boundary["normal"]`` is ``boundary.normal``; ValueError for data of another name."""
        return read_data(("normal",), key, f"The boundary '{self.name}'")

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points on the faces; of single points all, or ``n`` of them."""
        if self.size is not None:
            counts, order = [1] * len(self.faces), subset(self.size, n, generator)
        else:
            counts = _shares([face.measure for face in self.faces], check_count(n, self.name), generator)
            order = torch.randperm(sum(counts), generator=generator)
        drawn = [face.draw(m, generator) for face, m in zip(self.faces, counts, strict=True) if m]
        points = torch.cat([p for p, _ in drawn])
        normals = torch.cat([data["normal"] for _, data in drawn])
        if isinstance(self.whole, can.Level) and can.dimension_of(self.whole) == len(self.axes):
            verify(self.whole, points, normals)
        return (points, {"normal": normals}) if order is None else (points[order], {"normal": normals[order]})

    def instant(self, axis: Axis) -> float | None:
        values = {instant(face, axis) for face in self.faces}
        return values.pop() if len(values) == 1 else None

    def within(self, axis: Axis, low: float, high: float) -> Domain | None:
        whole = within(self.whole, axis, low, high)
        cuts = [within(face, axis, low, high) for face in self.faces]
        if whole is None or all(cut is None for cut in cuts):
            return None
        faces = [cut for cut in cuts if _is_measured(cut)]
        if _is_measured(whole) and len(faces) == sum(cut is not None for cut in cuts):
            return Boundary(whole, tuple(faces), self.label)
        slab, column = Slab(axis, low, high), column_of(self, axis)
        return Region(self, lambda points: slab.holds(points[:, column]), self.name)

    def patches(self) -> tuple[Patch, ...] | None:
        by_face = [can.patches_of(face) for face in self.faces]
        shares = [face.measure / self.measure for face in self.faces]
        if any(patches is None for patches in by_face):
            return None
        return tuple(
            replace(patch, share=share * patch.share)
            for patches, share in zip(by_face, shares, strict=True)
            for patch in patches or ()
        )

    def cubature(self, count: int) -> WeightedNodes | None:
        """The nodes of all faces."""
        by_face = [nodes for face in self.faces if (nodes := cubature(face, count)) is not None]
        if len(by_face) < len(self.faces):
            return None
        return WeightedNodes(
            torch.cat([rule.points for rule in by_face]),
            torch.cat([rule.weights for rule in by_face]),
            {"normal": torch.cat([rule.data["normal"] for rule in by_face])},
        )

    def where(self, predicate: Predicate, name: str = "part of the boundary") -> Region:
        """The part in which ``predicate``, a function of points (n, d) giving booleans (n,), holds."""
        return Region(self, predicate, name)


def _is_measured(domain: Domain | None) -> TypeGuard[Side]:
    return isinstance(domain, can.Measure)


def _shares(measures: Sequence[float], n: int, generator: torch.Generator) -> list[int]:
    """How many of n points fall to each face: its share rounded down or up, unbiased."""
    ends = torch.tensor(measures, dtype=torch.float64).cumsum(0)
    ticks = (torch.arange(n) + torch.rand((), dtype=torch.float64, generator=generator)) / n * ends[-1]
    face = torch.searchsorted(ends, ticks, right=True).clamp(max=len(measures) - 1)
    return torch.bincount(face, minlength=len(measures)).tolist()
