"""Curves of the plane, parametrised over [0, 1]: line segments, arcs of ellipses and Bézier curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..motion import Motion

Pair = tuple[float, float]

TRIED = 128  # places on a Bézier curve, from the nearest of which the nearest point is found


class Curve(Protocol):
    """A smooth curve, run through once as the parameter goes from 0 to 1."""

    @property
    def even(self) -> bool:
        """Whether the speed is constant, so that equal steps of the parameter are equal lengths."""
        ...

    def at(self, s: Tensor) -> Tensor:
        """Parameters (n,) -> points (n, 2)."""
        ...

    def velocity(self, s: Tensor) -> Tensor:
        """The derivative of ``at`` (n, 2)."""
        ...

    def nearest(self, points: Tensor) -> Tensor:
        """The parameters (n,) of points (n, 2) that lie on the curve or on its continuation."""
        ...

    def turning(self) -> tuple[float, ...]:
        """The parameters between 0 and 1 at which the tangent is parallel to an axis."""
        ...

    def across(self, values: Tensor, column: int) -> Tensor:
        """The parameters (n,) at which a coordinate has these values; on a curve along which it is monotone."""
        ...

    def part(self, low: float, high: float) -> Curve: ...
    def reversed(self) -> Curve: ...
    def mapped(self, motion: Motion) -> Curve: ...


@dataclass(frozen=True)
class Segment:
    """The straight line from ``start`` to ``end``."""

    start: Pair
    end: Pair

    @property
    def even(self) -> bool:
        return True

    def at(self, s: Tensor) -> Tensor:
        start, end = s.new_tensor(self.start), s.new_tensor(self.end)
        return start + s[:, None] * (end - start)  # where a coordinate is constant, exactly so

    def velocity(self, s: Tensor) -> Tensor:
        return (s.new_tensor(self.end) - s.new_tensor(self.start)).expand(len(s), 2)

    def nearest(self, points: Tensor) -> Tensor:
        start, along = points.new_tensor(self.start), self.velocity(points.new_zeros(1))[0]
        return ((points - start) @ along) / (along @ along)

    def turning(self) -> tuple[float, ...]:
        return ()

    def across(self, values: Tensor, column: int) -> Tensor:
        low, high = self.start[column], self.end[column]
        return (values - low) / (high - low)

    def part(self, low: float, high: float) -> Segment:
        start, end = _pairs(self.at(torch.tensor([low, high], dtype=torch.float64)))
        return Segment(self.start if low == 0 else start, self.end if high == 1 else end)

    def reversed(self) -> Segment:
        return Segment(self.end, self.start)

    def mapped(self, motion: Motion) -> Segment:
        start, end = _pairs(motion.points(torch.tensor([self.start, self.end], dtype=torch.float64)))
        return Segment(start, end)


@dataclass(frozen=True)
class EllipticArc:
    """c + u cos θ + v sin θ for θ from ``low`` to ``high``: part of an ellipse with conjugate half-axes u and v."""

    center: Pair
    u: Pair
    v: Pair
    low: float = 0.0
    high: float = 2 * math.pi

    @staticmethod
    def circle(center: Pair, radius: float, low: float = 0.0, high: float = 2 * math.pi) -> EllipticArc:
        return EllipticArc(center, (radius, 0.0), (0.0, radius), low, high)

    @property
    def even(self) -> bool:
        """Whether it belongs to a circle."""
        (a, b), (c, d) = self.u, self.v
        size = a * a + b * b
        return abs(size - c * c - d * d) <= 1e-15 * size and abs(a * c + b * d) <= 1e-15 * size

    @property
    def frame(self) -> Tensor:  # (2, 2), columns u and v
        return torch.tensor([self.u, self.v], dtype=torch.float64).T

    def angles(self, s: Tensor) -> Tensor:
        return self.low + s * (self.high - self.low)

    def at(self, s: Tensor) -> Tensor:
        angle = self.angles(s)
        return s.new_tensor(self.center) + torch.stack([angle.cos(), angle.sin()], dim=1) @ self.frame.T

    def velocity(self, s: Tensor) -> Tensor:
        angle = self.angles(s)
        turned = torch.stack([-angle.sin(), angle.cos()], dim=1) @ self.frame.T
        return (self.high - self.low) * turned

    def nearest(self, points: Tensor) -> Tensor:
        unit = torch.linalg.solve(self.frame, (points - points.new_tensor(self.center)).T)
        angle, turn = torch.atan2(unit[1], unit[0]), self.high - self.low
        # Of the angles that mean the same, the one nearest to the middle of the arc.
        middle = self.low + turn / 2
        angle = angle + 2 * math.pi * ((middle - angle) / (2 * math.pi)).round()
        return (angle - self.low) / turn

    def turning(self) -> tuple[float, ...]:
        found = []
        for a, b in zip(self.u, self.v, strict=True):
            first, turn = math.atan2(b, a), self.high - self.low  # where -a sin θ + b cos θ = 0
            for k in range(-5, 6):
                s = (first + k * math.pi - self.low) / turn
                if 1e-12 < s < 1 - 1e-12:
                    found.append(s)
        return tuple(sorted(found))

    def across(self, values: Tensor, column: int) -> Tensor:
        a, b = self.u[column], self.v[column]
        first, turn = math.atan2(b, a), self.high - self.low
        half = ((values - self.center[column]) / math.hypot(a, b)).clamp(-1, 1).arccos()
        middle = self.low + turn / 2
        candidates = torch.stack([first - half, first + half])
        candidates = candidates + 2 * math.pi * ((middle - candidates) / (2 * math.pi)).round()
        nearest = (candidates - middle).abs().argmin(0)
        angle = candidates.gather(0, nearest[None])[0]
        return ((angle - self.low) / turn).clamp(0, 1)

    def part(self, low: float, high: float) -> EllipticArc:
        turn = self.high - self.low
        first = self.low if low == 0 else self.low + low * turn
        last = self.high if high == 1 else self.low + high * turn
        return EllipticArc(self.center, self.u, self.v, first, last)

    def reversed(self) -> EllipticArc:
        return EllipticArc(self.center, self.u, self.v, self.high, self.low)

    def mapped(self, motion: Motion) -> EllipticArc:
        (center,) = _pairs(motion.points(torch.tensor([self.center], dtype=torch.float64)))
        u, v = _pairs(motion.vectors(torch.tensor([self.u, self.v], dtype=torch.float64)))
        return EllipticArc(center, u, v, self.low, self.high)


@dataclass(frozen=True)
class Bezier:
    """Σ of C(n, i) sⁱ (1 - s)ⁿ⁻ⁱ pᵢ over the control points p₀ to pₙ."""

    points: tuple[Pair, ...]

    @property
    def degree(self) -> int:
        return len(self.points) - 1

    @property
    def even(self) -> bool:
        return False

    @property
    def coefficients(self) -> Tensor:
        """The polynomials of both coordinates (degree + 1, 2), in ascending powers."""
        n, p = self.degree, torch.tensor(self.points, dtype=torch.float64)
        rows = [
            sum((-1) ** (j - i) * math.comb(n, j) * math.comb(j, i) * p[i] for i in range(j + 1))
            for j in range(n + 1)
        ]
        return torch.stack([row for row in rows if isinstance(row, Tensor)])

    def at(self, s: Tensor) -> Tensor:
        points = s.new_tensor(self.points)[:, None].expand(-1, len(s), 2)
        while len(points) > 1:  # de Casteljau's steps
            points = points[:-1] + s[:, None] * (points[1:] - points[:-1])
        return points[0]

    def velocity(self, s: Tensor) -> Tensor:
        return self.degree * Bezier(self._steps(self.points)).at(s)

    def nearest(self, points: Tensor) -> Tensor:
        tried = torch.linspace(0, 1, TRIED, dtype=torch.float64)
        start = tried[torch.cdist(points, self.at(tried)).argmin(1)]
        s, low, high = start, start - 2 / TRIED, start + 2 / TRIED
        for _ in range(8):  # Gauss and Newton's, exact for points on the curve
            away, velocity = self.at(s) - points, self.velocity(s)
            step = (away * velocity).sum(1) / ((velocity * velocity).sum(1) + 1e-300)
            s = torch.minimum(torch.maximum(s - step, low), high)
        return s

    def turning(self) -> tuple[float, ...]:
        found = list[float]()
        for column in (self.coefficients * torch.arange(self.degree + 1)[:, None]).T:
            found += real_roots(column[1:])
        return tuple(sorted(s for s in found if 1e-12 < s < 1 - 1e-12))

    def across(self, values: Tensor, column: int) -> Tensor:
        low, high = torch.zeros_like(values), torch.ones_like(values)
        rises = self.points[-1][column] > self.points[0][column]
        first, *others = self.coefficients[:, column].flip(0).tolist()
        for _ in range(54):
            middle = (low + high) / 2
            value = torch.full_like(middle, first)
            for coefficient in others:
                value = value * middle + coefficient
            before = (value < values) == rises
            low, high = torch.where(before, middle, low), torch.where(before, high, middle)
        return (low + high) / 2

    def part(self, low: float, high: float) -> Bezier:
        first = self._until(high) if high < 1 else self
        return Bezier(first.reversed()._until(1 - low / high).points[::-1]) if low > 0 else first

    def reversed(self) -> Bezier:
        return Bezier(self.points[::-1])

    def mapped(self, motion: Motion) -> Bezier:
        return Bezier(tuple(_pairs(motion.points(torch.tensor(self.points, dtype=torch.float64)))))

    def _until(self, s: float) -> Bezier:
        points, kept = list(self.points), [self.points[0]]
        while len(points) > 1:
            points = [(a + s * (c - a), b + s * (d - b)) for (a, b), (c, d) in pairwise(points)]
            kept.append(points[0])
        return Bezier(tuple(kept))

    @staticmethod
    def _steps(points: Sequence[Pair]) -> tuple[Pair, ...]:
        return tuple((c - a, d - b) for (a, b), (c, d) in pairwise(points))


def real_roots(coefficients: Tensor) -> list[float]:
    """The real roots of a polynomial in ascending powers, and real parts of those that are nearly real."""
    array = coefficients.numpy()
    large = np.flatnonzero(np.abs(array) > 1e-14 * np.abs(array).max(initial=0))
    if not len(large):
        return []
    roots = np.polynomial.polynomial.polyroots(array[: large[-1] + 1])
    return [float(root.real) for root in roots if abs(root.imag) < 1e-6]


def _pairs(points: Tensor) -> list[Pair]:
    return [(x, y) for x, y in points.tolist()]
