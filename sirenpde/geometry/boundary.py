"""The faces of a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from .domain import Data, Domain, check_count, read, subset
from .point import Axis
from .region import Predicate, Region


class Slices(Domain, Protocol):
    """A box, or a slice of one, as its faces see it."""

    @property
    def fixed(self) -> tuple[tuple[str, float], ...]: ...
    @property
    def free(self) -> tuple[Axis, ...]: ...
    @property
    def measure(self) -> float: ...
    def within(self, axis: Axis, low: float, high: float) -> Slices | None: ...


@dataclass(frozen=True)
class Face:
    """One face of a box: the slice at one end of an axis."""

    slice: Slices
    axis: str
    side: str

    @property
    def normal(self) -> Tensor:  # (d,)
        outward = 1.0 if self.side == "high" else -1.0
        return torch.tensor([outward * (a.name == self.axis) for a in self.slice.axes], dtype=torch.float64)


@dataclass(frozen=True)
class Boundary:
    """Faces of a box, with the outward unit ``normal`` as data.

    Points are drawn quasi-random on each face, in numbers proportional to the faces' measures, and shuffled.
    The boundary of an interval is finite: its two ends.

    >>> import torch
    >>> from sirenpde import Box
    >>> ends = Box(x=(0, 3)).boundary()
    >>> points, data = ends.draw(None, torch.Generator())
    >>> points.tolist(), data["normal"].tolist()
    ([[0.0], [3.0]], [[-1.0], [1.0]])
    """

    box: Slices
    faces: tuple[Face, ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.box.axes

    @property
    def name(self) -> str:
        held = [f"{name} = {value:g}" for name, value in self.box.fixed]
        across: dict[str, list[str]] = {}
        for face in self.faces:
            across.setdefault(face.axis, []).append(f"{dict(face.slice.fixed)[face.axis]:g}")
        return ", ".join(held + [f"{axis} = {', '.join(ends)}" for axis, ends in across.items()])

    @property
    def measure(self) -> float:
        return sum(face.slice.measure for face in self.faces)

    @property
    def size(self) -> int | None:
        """None, or the number of ends where the faces are single points."""
        return None if self.faces[0].slice.free else len(self.faces)

    @property
    def normal(self) -> Data:
        """The outward unit normal (d,) as a function of a point."""
        return Data("normal")

    def __getitem__(self, key: str) -> Data:
        """``boundary["normal"]`` is ``boundary.normal``; ValueError for data of another name."""
        return read(("normal",), key, f"The boundary '{self.name}'")

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points on the faces; of single points all, or ``n`` of them."""
        if self.size is not None:
            counts, order = [1] * len(self.faces), subset(self.size, n, generator)
        else:
            counts = _shares(
                [face.slice.measure for face in self.faces], check_count(n, self.name), generator
            )
            order = torch.randperm(sum(counts), generator=generator)
        drawn = [
            (face, face.slice.draw(m, generator)[0]) for face, m in zip(self.faces, counts, strict=True) if m
        ]
        points = torch.cat([p for _, p in drawn])
        normals = torch.cat([face.normal.expand_as(p) for face, p in drawn])
        return (points, {"normal": normals}) if order is None else (points[order], {"normal": normals[order]})

    def instant(self, axis: Axis) -> float | None:
        values = {dict(face.slice.fixed).get(axis.name) for face in self.faces}
        return values.pop() if len(values) == 1 else None

    def within(self, axis: Axis, low: float, high: float) -> Boundary | None:
        box = self.box.within(axis, low, high)
        parts = [(face, face.slice.within(axis, low, high)) for face in self.faces]
        faces = tuple(replace(face, slice=part) for face, part in parts if part is not None)
        return Boundary(box, faces) if box is not None and faces else None

    def where(self, predicate: Predicate, name: str = "part of the boundary") -> Region:
        """The part in which ``predicate``, a function of points (n, d) giving booleans (n,), holds."""
        return Region(self, predicate, name)


def _shares(measures: Sequence[float], n: int, generator: torch.Generator) -> list[int]:
    """How many of n points fall to each face: its share rounded down or up, unbiased."""
    ends = torch.tensor(measures, dtype=torch.float64).cumsum(0)
    ticks = (torch.arange(n) + torch.rand((), dtype=torch.float64, generator=generator)) / n * ends[-1]
    face = torch.searchsorted(ends, ticks, right=True).clamp(max=len(measures) - 1)
    return torch.bincount(face, minlength=len(measures)).tolist()
