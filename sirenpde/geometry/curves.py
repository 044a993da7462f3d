"""Curves of the plane, parametrised over [0, 1]: line segments and arcs of ellipses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .motion import Motion

Pair = tuple[float, float]


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
        start, along = points.new_tensor(self.start), self.velocity(points[:1, 0])[0]
        return ((points - start) @ along) / (along @ along)

    def turning(self) -> tuple[float, ...]:
        return ()

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


def _pairs(points: Tensor) -> list[Pair]:
    return [(x, y) for x, y in points.tolist()]
