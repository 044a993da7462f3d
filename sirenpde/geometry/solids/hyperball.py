"""Balls of more than three dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain import check_count, is_finite, quasi_random
from ..point import Axis, axes_about
from ..shape import Shape


@dataclass(frozen=True)
class Hyperball(Shape):
    """The points of a space of ``dimensions`` axes x1, x2, ... within ``radius`` of its origin.

    Points are quasi-random and uniform, inside and on the sphere. Raises ValueError for fewer than four dimensions,
    whose balls are ``Disk`` and ``Ball``, and for a radius that is not above 0.

    >>> import math, torch
    >>> from sirenpde import Hyperball
    >>> ball = Hyperball(dimensions=4, radius=2)
    >>> round(ball.measure / math.pi**2, 12), round(ball.boundary().measure / math.pi**2, 12)  # r⁴ / 2, 2 r³
    (8.0, 16.0)
    >>> points, data = ball.boundary().draw(100, torch.Generator().manual_seed(0))
    >>> bool((points - 2 * data["normal"]).abs().max() < 1e-15)
    True
    """

    dimensions: int
    radius: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.dimensions, bool) or not isinstance(self.dimensions, int) or self.dimensions < 4:
            raise ValueError(
                f"A hyperball was given dimensions={self.dimensions!r}; expected a whole number from 4. In the plane "
                f"write Disk(radius=1), in space Ball(radius=1)."
            )
        if not (is_finite(self.radius) and self.radius > 0):
            raise ValueError(
                f"A hyperball was given radius={self.radius!r}; expected a finite number above 0. Write "
                f"Hyperball(dimensions=5, radius=1)."
            )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes x1, x2, ..., each over the ball's width."""
        names = tuple(f"x{i + 1}" for i in range(self.dimensions))
        return axes_about(names, (0.0,) * self.dimensions, (self.radius,) * self.dimensions)

    @property
    def name(self) -> str:
        return f"ball in {self.dimensions} dimensions"

    @property
    def measure(self) -> float:
        """The volume π^(d/2) radius^d / Γ(d/2 + 1)."""
        d = self.dimensions
        return float(math.pi ** (d / 2) / math.gamma(d / 2 + 1) * self.radius**d)

    @property
    def sides(self) -> tuple[Hypersphere, ...]:
        """The sphere."""
        return (Hypersphere(self),)

    def level(self, points: Tensor) -> Tensor:
        """The signed distance to the sphere."""
        distance: Tensor = points.norm(dim=1) - self.radius
        return distance

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points."""
        unit = quasi_random(check_count(n, self.name), self.dimensions + 1, generator)
        return self.radius * unit[:, :1] ** (1 / self.dimensions) * _direction(unit[:, 1:]), {}


@dataclass(frozen=True)
class Hypersphere:
    """The boundary of a ball of more than three dimensions."""

    ball: Hyperball

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.ball.axes

    @property
    def size(self) -> int | None:
        return None

    @property
    def name(self) -> str:
        return "sphere"

    @property
    def dimension(self) -> int:
        return self.ball.dimensions - 1

    @property
    def measure(self) -> float:
        """The area, the volume's derivative by the radius."""
        return self.ball.dimensions * self.ball.measure / self.ball.radius

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points and their outward unit ``normal``."""
        normal = _direction(quasi_random(check_count(n, self.name), self.ball.dimensions, generator))
        return self.ball.radius * normal, {"normal": normal}


def _direction(unit: Tensor) -> Tensor:
    """Points of the unit cube (n, d) -> unit vectors (n, d), uniform: those of normally distributed numbers."""
    numbers = torch.special.ndtri(unit)
    direction: Tensor = numbers / numbers.norm(dim=1, keepdim=True)
    return direction
