"""Lines through the domains of constraints, and what these say along them where fields vanish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Powers
from ..geometry import can
from ..geometry.domain import Domain
from ..problem.constraint import Constraint
from ..problem.probe import Requests
from ..problem.problem import Problem
from ..problem.scaling import natural_size, residuals, scales_of
from .pieces import Piece, pieces

LINES = 5  # along each axis of a constraint's domain
TRIED = 129  # places of a line at which one looks whether they lie inside
SHORT = 0.02  # of an axis: pieces of lines that say nothing about it
INSIDE = 1e-6  # of a line: so far from its ends, where a function may not be finite

Term = tuple[Field, Powers]


@dataclass(frozen=True)
class Line:
    """A straight or curved line through a constraint's domain: [-1, 1] -> points (n, d) and their data.

    One unit of the line is ``half`` units along the axis, or along a curve.
    """

    constraint: Constraint
    requests: Requests
    axis: str
    half: float
    middle: float  # coordinate along the axis of a straight line
    at: Callable[[Tensor], tuple[Tensor, Mapping[str, Tensor]]]
    straight: bool = True

    def place(self, s: float) -> float:
        """The coordinate along the axis."""
        return self.middle + s * self.half


@dataclass(frozen=True)
class Told:
    """What a constraint says at points: its residual for vanishing fields, and its slopes by what it reads."""

    source: Tensor  # (n, m)
    slopes: Mapping[Term, Tensor]  # (n, m * outputs)

    def columns(self) -> Tensor:
        """All side by side, (n, columns), the source first."""
        return torch.cat([self.source, *self.slopes.values()], 1)


def lines_of(problem: Problem) -> list[Line]:
    """Some lines along every axis of every constraint that is declared as a function of a point."""
    return [
        line
        for constraint, requests in zip(problem.constraints, problem.requests, strict=True)
        if not set(requests.data) - {"normal"} and requests.is_plain
        for line in _lines(constraint, requests)
    ]


def told(
    problem: Problem, constraint: Constraint, requests: Requests, points: Tensor, data: Mapping[str, Tensor]
) -> Told:
    """A constraint at points: without fields, and its slopes about constant ones."""
    used = {key: data[key] for key in requests.data}
    sizes, random = scales_of(problem).sizes, torch.Generator().manual_seed(6)
    jets = {}
    for d in requests.derivatives:
        value = 0.5 + torch.rand(d.jet_shape, dtype=torch.float64, generator=random)
        jets[d] = (sizes[d.field] * natural_size(d) * value).expand(len(points), *d.jet_shape).clone()
    zero = {d: torch.zeros_like(jet) for d, jet in jets.items()}
    source = residuals(constraint, requests, points, used, zero)
    leaves = {d: jet.requires_grad_() for d, jet in jets.items()}
    with torch.enable_grad():
        values = residuals(constraint, requests, points, used, leaves)
    slopes: dict[Term, list[Tensor]] = {}
    for component in values.unbind(1):
        if not component.requires_grad:
            continue
        by_jet = torch.autograd.grad(
            component.sum(), list(leaves.values()), retain_graph=True, allow_unused=True
        )
        for d, slope in zip(leaves, by_jet, strict=True):
            given = torch.zeros_like(leaves[d]) if slope is None else slope
            for powers, factor in d.symbol.terms:
                slopes.setdefault((d.field, powers), []).append(factor * given)
    if not bool(source.isfinite().all()):
        source = values.detach()
    return Told(source, {term: torch.cat(each, 1) for term, each in slopes.items()})


def _lines(constraint: Constraint, requests: Requests) -> Iterator[Line]:
    random = torch.Generator().manual_seed(5)
    straight = [piece for piece in _pieces(constraint, requests) if piece.points is None]
    for column, axis in enumerate(constraint.domain.axes):
        along = [
            p
            for p in straight
            if p.intervals[column][1] - p.intervals[column][0] > SHORT * (axis.high - axis.low)
        ]
        if len(along) > LINES:
            along = [along[i] for i in torch.randperm(len(along), generator=random)[:LINES]]
        for piece in along:
            for _ in range(max(1, LINES // len(along))):
                line = _through(piece, column, requests, random)
                yield from [] if line is None else [line]
    if not straight:
        for face in can.faces_of(constraint.domain):
            yield from _curves(constraint, requests, face, random)


def _pieces(constraint: Constraint, requests: Requests) -> list[Piece]:
    found, domain = pieces(constraint, requests.data), constraint.domain
    if found or domain.size is not None or not isinstance(domain, can.Contain) or requests.data:
        return found
    whole = can.dimension_of(domain) == len(domain.axes)
    return [Piece(constraint, can.bounds_of(domain), holds=(domain.contains,))] if whole else []


def _through(piece: Piece, column: int, requests: Requests, random: torch.Generator) -> Line | None:
    """The longest part inside of a line through a random point of a piece; of some lines, the first that has one."""
    low, high = torch.tensor(piece.intervals, dtype=torch.float64).T
    for _ in range(8 if piece.holds else 1):
        base = piece.inward(low + (high - low) * torch.rand(len(low), dtype=torch.float64, generator=random))
        first, last = float(low[column]), float(high[column])
        if piece.holds:
            places = torch.linspace(first, last, TRIED, dtype=torch.float64)
            first, last = _longest(places, piece.contains(_on_line(base, column, places)))
        if last - first > SHORT * float(high[column] - low[column]):
            return _straight(piece, requests, base, column, (first, last))
    return None


def _straight(piece: Piece, requests: Requests, base: Tensor, column: int, ends: tuple[float, float]) -> Line:
    middle, half = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2 * (1 - INSIDE)

    def at(s: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        points = _on_line(base, column, middle + half * s)
        return points, piece.data_at(torch.zeros(len(s), dtype=torch.int64), len(s))

    return Line(piece.constraint, requests, piece.names[column], half, middle, at)


def _on_line(base: Tensor, column: int, places: Tensor) -> Tensor:
    points = base.expand(len(places), -1).clone()
    points[:, column] = places
    return points


def _longest(places: Tensor, inside: Tensor) -> tuple[float, float]:
    """The ends of the longest run of places inside; the same twice for none."""
    best, start = (0.0, 0.0), None
    for place, holds in zip(places.tolist(), inside.tolist(), strict=True):
        start = (place if start is None else start) if holds else None
        if start is not None and place - start > best[1] - best[0]:
            best = start, place
    return best


def _curves(
    constraint: Constraint, requests: Requests, face: Domain, random: torch.Generator
) -> Iterator[Line]:
    """Lines along each direction of a face that is the image of a cube, for each axis that it runs along."""
    if not isinstance(face, can.FromUnit):
        return
    dimension = can.dimension_of(face)
    for direction in range(dimension):
        base = torch.rand(dimension, dtype=torch.float64, generator=random)

        def at(
            s: Tensor, base: Tensor = base, direction: int = direction
        ) -> tuple[Tensor, Mapping[str, Tensor]]:
            return face.from_unit(_on_line(base, direction, (s + 1) / 2))

        points, _ = at(torch.linspace(-1, 1, TRIED, dtype=torch.float64))
        length = float((points[1:] - points[:-1]).norm(dim=1).sum())
        for column, axis in enumerate(constraint.domain.axes):
            extent = float(points[:, column].max() - points[:, column].min())
            if extent > 0.1 * length > 0:
                middle = float(points[:, column].mean())
                yield Line(constraint, requests, axis.name, length / 2, middle, at, straight=False)
