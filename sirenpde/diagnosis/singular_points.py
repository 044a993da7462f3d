"""Where a solution is not smooth: corners of shapes and of changing conditions, with the exponents of r there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..calculus.field import Field
from ..geometry import can
from ..geometry.corners import Corner, corners_of, lies_on, plane_arcs
from ..geometry.instants import instant
from ..geometry.plane.arc import Arc
from ..geometry.plane.outline import Outline
from ..geometry.product import Product
from ..networks.singular import HIGHEST, Kind, Pair, Singular, is_whole, mapped, opening
from ..problem.constraint import Constraint
from ..problem.probe import Requests
from ..problem.problem import Problem
from ..problem.scaling import scales_of
from .local import Key, keys_of, stacked

NEAR = 1e-4  # of a side: so far from a corner the conditions on it are looked at
AT = 1e-7  # of a side: and values, which layers change so fast that they seem to jump otherwise
PLACES = 128  # along a side, between which conditions may change
HALVES = 45  # of a step, to where they do
SNAP = 1e-7  # of the field's longest axis, from a change found to the end of a part of the boundary
RAY = 400  # places along a line out of the domain
TURNS = (0.0, 0.2, -0.2, 0.4, -0.4)  # of a gap, from its middle, in which a way out is looked for
SAME = 1e-9  # angles, and derivatives beside values
NOTHING = 1e-9  # of a field's size: values given that are as small all the way round are none
JUMP = 1e-3  # of the largest values given, above which given values jump
ROUGH = 2.0  # powers that are not whole count always up to this exponent; the data may not ask for others
ELSEWHERE = 0.37  # of other axes, where conditions are looked at

# 0 no condition, 1 a value, 2 a derivative; the angle from the side's normal to its direction, so that it stays the
# same along a curve; the value given.
Look = tuple[int, float, float]


def singular_points(problem: Problem, u: Field) -> tuple[Singular, ...]:
    """The points of the plane at which a field is singular, known from its shape and its conditions.

    They are looked for where one equation has second derivatives of the field in the plane, elliptic at the point,
    and none higher. With coordinates in which it is a Laplacian, opening ω and directions θ₀, θ₁ of the sides, powers
    Re(C z^λ) satisfy a condition on the value or on a derivative along a direction δ at a side where
    Re(C e^{i(λθ + γ)}) = 0, γ = 0 or γ = δ - θ: so λω = mπ + γ₀ - γ₁.

    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.diagnosis.singular_points import singular_points
    >>> l_shape = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
    >>> u = Field("u", l_shape)
    >>> equation = on(l_shape, samples=100, name="equation")(lambda p: laplacian(u)(p) + 1)
    >>> edge = on(l_shape.boundary(), samples=100, name="edge")(lambda p: u(p))
    >>> [s.describe() for s in singular_points(Problem(equation, edge), u) if not s.tried]
    ['corner at (0, 0), r^0.6667']
    """
    return tuple(point.singular for point in found_points(problem, u))


@dataclass(frozen=True)
class Found:
    """A singular point, and the conditions seen on the two sides that meet there."""

    singular: Singular
    sides: tuple[Look, Look]


def corners_of_holes(problem: Problem, u: Field) -> tuple[Singular, ...]:
    """Further points, from which every straight line comes back into the domain: those of holes.

    The angle about them jumps in the middle of the hole's corner, so that their functions are of use as far as that
    direction stays in the hole.
    """
    return tuple(point.singular for point in _remembered(problem, u)[1])


# Those with a way out of the domain, and those without.
_known: WeakKeyDictionary[Problem, dict[Field, tuple[tuple[Found, ...], tuple[Found, ...]]]] = (
    WeakKeyDictionary()
)


def found_points(problem: Problem, u: Field) -> tuple[Found, ...]:
    """Those of ``singular_points``, each with what makes it one; remembered for as long as the problem lives."""
    return _remembered(problem, u)[0]


def _remembered(problem: Problem, u: Field) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    known = _known.setdefault(problem, {})
    if u not in known:
        known[u] = _found(problem, u)
    return known[u]


def _found(problem: Problem, u: Field) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    if u.components != 1 or len(u.axes) < 2 or plane_arcs(u.domain) is None:
        return (), ()
    conditions = _Conditions(problem, u)
    if not conditions.equations:
        return (), ()
    corners = list(corners_of(u.domain))
    if not conditions.is_elliptic_somewhere(corners):
        return (), ()
    places = [corner.at for corner in corners]
    # Where a slit starts two corners share a place, and functions at it would not jump across the slit.
    found = [conditions.at_corner(corner) for corner in corners if places.count(corner.at) == 1]
    for arc in conditions.sides:
        found += [conditions.on_side(arc, s) for s in conditions.changes(arc)]
    cut = {point: conditions.cut(point) for point in found if point is not None}
    enclosed = tuple(_cut_inside(point) for point, way in cut.items() if way is None)
    return tuple(way for way in cut.values() if way is not None), enclosed


@dataclass(frozen=True)
class _Conditions:
    """What the constraints of a problem ask of one field at points of its shape."""

    problem: Problem
    u: Field

    @cached_property
    def asked(self) -> list[tuple[Constraint, Requests]]:
        """The constraints that read the field at the samples' own points, and no data but normals."""
        pairs = zip(self.problem.constraints, self.problem.requests, strict=True)
        return [
            (c, r)
            for c, r in pairs
            if self.u in r.fields
            and r.is_plain
            and set(r.data) <= {"normal"}
            and c.domain.axes == self.u.axes
        ]

    @cached_property
    def equations(self) -> list[tuple[Constraint, Requests]]:
        """Those inside, where none has derivatives beyond the second in the plane."""
        inside = [(c, r) for c, r in self.asked if can.dimension_of(c.domain) == len(self.u.axes)]
        orders = [
            powers[0] + powers[1] for _, r in inside for d in r.of(self.u) for powers, _ in d.symbol.terms
        ]
        return inside if max(orders, default=0) == 2 else []

    @cached_property
    def edges(self) -> list[tuple[Constraint, Requests]]:
        """Those on the boundary, not at an instant."""
        others = [axis for axis in self.u.axes[2:]]
        return [
            (c, r)
            for c, r in self.asked
            if can.dimension_of(c.domain) == len(self.u.axes) - 1
            and all(instant(c.domain, axis) is None for axis in others)
        ]

    @cached_property
    def sides(self) -> dict[Arc, list[Look]]:
        """The conditions at even steps along each side."""
        return {arc: self.look(arc, _places()) for arc in plane_arcs(self.u.domain) or ()}

    @cached_property
    def largest(self) -> float:
        """The largest value given, and no less than what rounding leaves of values that cancel."""
        values = (abs(v) for looks in self.sides.values() for kind, _, v in looks if kind == 1)
        return max(NOTHING * scales_of(self.problem).sizes[self.u], *values, 0.0)

    def is_elliptic_somewhere(self, corners: Sequence[Corner]) -> bool:
        """Whether the equation is so at a corner or at the middle of a side, as waves and heat nowhere are."""
        if any(self.metric(corner.at, _middle(corner.between)) for corner in corners):
            return True
        half = torch.tensor([0.5], dtype=torch.float64)
        for arc in plane_arcs(self.u.domain) or ():
            ((x, y),), ((nx, ny),) = arc.at(half).tolist(), arc.normals(half).tolist()
            if self.metric((x, y), math.atan2(-ny, -nx)):
                return True
        return False

    def at_corner(self, corner: Corner) -> Found | None:
        metric = self.metric(corner.at, _middle(corner.between))
        if metric is None:
            return None
        first, second = self.sides[corner.after][0], self.sides[corner.before][-1]
        if first[0] == second[0] == 1:
            first, second = self._at_end(corner.after, 0, first), self._at_end(corner.before, 1, second)
        return _singular(corner.at, corner.between, metric, first, second, self.largest)

    def _at_end(self, arc: Arc, end: int, look: Look) -> Look:
        """With the value that is given at an end of a side, on a line through two looks much closer to it."""
        near, next_to = self.look(arc, [abs(end - AT), abs(end - 2 * AT)])
        return (*look[:2], 2 * near[2] - next_to[2]) if _alike(near, look) and _alike(next_to, look) else look

    def on_side(self, arc: Arc, s: float) -> Found | None:
        """Where conditions change on a side."""
        ((x, y),) = arc.at(torch.tensor([s], dtype=torch.float64)).tolist()
        at = self._rounded((x, y))
        corner = Corner(replace(arc, end=at), replace(arc, start=at))
        ((nx, ny),) = arc.normals(torch.tensor([s], dtype=torch.float64)).tolist()
        along = math.atan2(nx, -ny)
        between = (along, along + math.pi)
        metric = self.metric(corner.at, along + math.pi / 2)
        if metric is None:
            return None
        step = NEAR * min(s, 1 - s)
        before, after = self.look(arc, [s - step, s + step])
        return _singular(at, between, metric, after, before, self.largest)

    def cut(self, point: Found) -> Found | None:
        """With a direction in which a straight line leaves the domain; None where it would come back into it."""
        singular = point.singular
        if singular.between is None:
            return point
        first, second = singular.between
        gap = 2 * math.pi - ((second - first) % (2 * math.pi) or 2 * math.pi)
        if gap < SAME:
            return replace(point, singular=replace(singular, cut=second))  # along a crack
        steps = self._size * torch.linspace(NEAR, 2, RAY, dtype=torch.float64)
        middle = second + gap / 2
        for away in TURNS:
            angle = middle + away * gap
            line = torch.stack([steps * math.cos(angle), steps * math.sin(angle)], dim=1)
            points = self._lifted(line + line.new_tensor(singular.at))
            inside = points[((points[:, :2] >= self._low) & (points[:, :2] <= self._high)).all(1)]
            if not bool(can.contains(self.u.domain, inside).any()):
                return replace(point, singular=replace(singular, cut=angle))
        return None

    @property
    def _low(self) -> Tensor:
        return torch.tensor([axis.low for axis in self.u.axes[:2]], dtype=torch.float64)

    @property
    def _high(self) -> Tensor:
        return torch.tensor([axis.high for axis in self.u.axes[:2]], dtype=torch.float64)

    def changes(self, arc: Arc) -> list[float]:
        """Fractions of a side's length at which the kind of its conditions changes, or given values jump."""
        s = _places()
        looks = self.sides[arc]
        steps = [abs(b[2] - a[2]) for a, b in pairwise(looks)]
        usual = sorted(steps)[len(steps) // 2]
        found = []
        for i, (a, b) in enumerate(pairwise(looks)):
            if 0 in (a[0], b[0]):
                continue
            leaps = a[0] == b[0] == 1 and steps[i] > max(JUMP * self.largest, 4 * usual)
            if not _alike(a, b) or leaps:
                place = self._where(arc, s[i], s[i + 1], a, b)
                if place is not None:
                    found.append(place)
        return found

    def _where(self, arc: Arc, low: float, high: float, a: Look, b: Look) -> float | None:
        """The place of a change between two fractions; None where values do not jump after all."""
        leap = abs(b[2] - a[2])
        for _ in range(HALVES):
            middle = (low + high) / 2
            (look,) = self.look(arc, [middle])
            if look[0] == 0:  # neither part has the place where they meet
                return middle
            first = _alike(look, b) if not _alike(a, b) else abs(look[2] - a[2]) > abs(look[2] - b[2])
            low, high, a, b = (low, middle, a, look) if first else (middle, high, look, b)
            if _alike(a, b) and abs(b[2] - a[2]) < 0.5 * leap:  # a smooth rise falls so at once
                return None
        return (low + high) / 2

    def metric(self, at: Pair, along: float) -> tuple[Pair, Pair] | None:
        """The matrix of the second derivatives at a point, looked at a little inside; None if it is not definite."""
        step = NEAR * self._size
        point = (at[0] + step * math.cos(along), at[1] + step * math.sin(along))
        points = self._lifted(torch.tensor([point], dtype=torch.float64))
        for constraint, requests in self.equations:
            if not bool(lies_on(constraint.domain, points)):
                continue
            keys = keys_of([requests])
            slopes = self._slopes(constraint, keys, points, {})
            if slopes is None:
                continue
            here = dict(zip(keys, slopes[1][0].T, strict=True))
            others = (
                v
                for k, v in here.items()
                if isinstance(k, tuple) and k[0] is not self.u and sum(k[1][:2]) >= 2
            )
            a, b, c = (self._of(here, pair) for pair in ((2, 0), (1, 1), (0, 2)))
            if any(bool(v.abs().max() > 0) for v in others) or not a * c - b * b / 4 > SAME * (a * a + c * c):
                continue
            scale = math.copysign(math.sqrt(a * c - b * b / 4), a)
            unit = (round(a / scale, 9), round(b / 2 / scale, 9), round(c / scale, 9))
            return (unit[0], unit[1]), (unit[1], unit[2])
        return None

    def look(self, arc: Arc, fractions: Sequence[float]) -> list[Look]:
        """The first condition at each of some places of a side."""
        s = torch.tensor(list(fractions), dtype=torch.float64)
        points, normals = self._lifted(arc.at(s)), arc.normals(s)
        normals = torch.nn.functional.pad(normals, (0, len(self.u.axes) - 2))
        looks: list[Look] = [(0, 0.0, 0.0)] * len(s)
        for constraint, requests in self.edges:
            rows = [
                i for i in lies_on(constraint.domain, points).nonzero()[:, 0].tolist() if looks[i][0] != 1
            ]
            if not rows:
                continue
            keys = keys_of([requests])
            read = self._slopes(constraint, keys, points[rows], {"normal": normals[rows]})
            if read is None:
                continue
            for i, residual, slopes in zip(rows, *read, strict=True):
                look = self._read(residual, dict(zip(keys, slopes.T, strict=True)), normals[i])
                looks[i] = look if look[0] and (look[0] == 1 or not looks[i][0]) else looks[i]
        return looks

    def _read(self, residual: Tensor, slopes: dict[Key, Tensor], normal: Tensor) -> Look:
        value, along, across = (self._of(slopes, pair) for pair in ((0, 0), (1, 0), (0, 1)))
        if math.hypot(along, across) * self._size > SAME * abs(value):
            turned = math.atan2(across, along) - math.atan2(float(normal[1]), float(normal[0]))
            return 2, _halfway(turned), 0.0
        return (1, 0.0, -float(residual[0]) / value) if value else (0, 0.0, 0.0)

    def _of(self, slopes: dict[Key, Tensor], plane: tuple[int, int]) -> float:
        """How a condition depends on a derivative of the field; its first component that does."""
        powers = (*plane, *(0,) * (len(self.u.axes) - 2))
        values = slopes.get((self.u, powers))
        if values is None:
            return 0.0
        return float(values[int(values.abs().argmax())])

    def _slopes(
        self, constraint: Constraint, keys: Sequence[Key], points: Tensor, data: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor] | None:
        """Residuals (n, m) of vanishing fields and their slopes (n, m, keys); None where they cannot be evaluated."""
        try:
            both = stacked([(constraint, points, data)], keys)(
                torch.zeros(len(points), len(keys), dtype=torch.float64)
            )
        except (RuntimeError, ValueError, TypeError, KeyError, IndexError):
            return None
        return both if all(bool(part.isfinite().all()) for part in both) else None

    def _lifted(self, plane: Tensor) -> Tensor:
        """Points of the plane (n, 2) somewhere along the other axes."""
        others = [a.low + ELSEWHERE * (a.high - a.low) for a in self.u.axes[2:]]
        return torch.cat([plane, plane.new_tensor(others).expand(len(plane), -1)], dim=1)

    @property
    def _size(self) -> float:
        return max(axis.high - axis.low for axis in self.u.axes[:2])

    def _rounded(self, at: Pair) -> Pair:
        """The end of a part of the boundary so near; else without the digits that halving leaves."""
        ends = {end for c, _ in self.edges for arc in _arcs(c.domain) for end in (arc.start, arc.end)}
        for end in ends:
            if math.dist(end, at) < SNAP * self._size:
                return end
        x, y = (round(c / self._size, 11) * self._size + 0.0 for c in at)
        return x, y


def _arcs(domain: object) -> tuple[Arc, ...]:
    if isinstance(domain, Product):
        return _arcs(domain.shape)
    return domain.arcs if isinstance(domain, Outline) else ()


def _places() -> list[float]:
    places: list[float] = torch.linspace(NEAR, 1 - NEAR, PLACES, dtype=torch.float64).tolist()
    return places


def _alike(a: Look, b: Look) -> bool:
    return a[0] == b[0] and abs(_halfway(a[1] - b[1])) < 1e-3


def _halfway(angle: float) -> float:
    """The angle between directions without a sense, in [-π/2, π/2)."""
    return (angle + math.pi / 2) % math.pi - math.pi / 2


def _cut_inside(point: Found) -> Found:
    """With the direction opposite to the middle of the domain's."""
    assert point.singular.between is not None
    return replace(point, singular=replace(point.singular, cut=_middle(point.singular.between) + math.pi))


def _middle(between: Pair) -> float:
    return between[0] + ((between[1] - between[0]) % (2 * math.pi) or 2 * math.pi) / 2


def _singular(
    at: Pair, between: Pair, metric: tuple[Pair, Pair], first: Look, second: Look, largest: float
) -> Found | None:
    """A corner with these conditions on its sides, given values at most so large; None where solutions are smooth."""
    if 0 in (first[0], second[0]):
        return None
    angle = opening(between, metric)
    turns = [_turn(look, side, metric) for look, side in zip((first, second), between, strict=True)]
    offset = ((turns[0] - turns[1]) / math.pi) % 1.0
    start = 1.0 if min(offset, 1 - offset) < SAME else offset
    step = math.pi / angle
    powers = tuple((start + m) * step for m in range(int(HIGHEST / step)))
    jumps = first[0] == second[0] == 1 and abs(first[2] - second[2]) > JUMP * largest
    if not jumps and abs(step - 1) < SAME and start == 1.0:
        return None  # a side that goes straight on
    kind: Kind = "crack" if abs(angle - 2 * math.pi) < SAME else "corner"
    powers = tuple(round(power) * 1.0 if is_whole(power) else power for power in powers)
    rough = jumps or any(power < ROUGH and not is_whole(power) for power in powers)
    exponents = (0.0, *powers) if jumps else powers
    singular = Singular(kind, at, between, exponents, metric=metric, tried=not rough)
    return Found(singular, (first, second))


def _turn(look: Look, side: float, metric: tuple[Pair, Pair]) -> float:
    """γ of a condition at a side."""
    if look[0] == 1:
        return 0.0
    return mapped(look[1] + side + math.pi / 2, metric) - mapped(side, metric)
