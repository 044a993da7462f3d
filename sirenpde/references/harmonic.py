"""Harmonic functions in a square with round holes, by least squares on the boundary."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ..geometry.point import Axis, Point

Place = tuple[float, float]

POLYNOMIALS, POWERS, MIRRORED = 40, 22, 10  # orders: of the square, about a hole, about its mirror images
ON_A_SIDE, ON_A_CIRCLE = 400, 200  # places on the boundary
OFF_CENTRE = 1e-9  # where the angle of polynomials has no value: not at the middle, where one looks


@dataclass(frozen=True)
class _Terms:
    """About a centre: 1 or log r, and (r / unit)^±n times cos nθ and sin nθ."""

    centre: Place
    unit: float
    order: int
    sign: int  # 1 for polynomials, -1 for negative powers

    def at(self, points: Tensor) -> Tensor:
        """Points (..., 2) -> the functions (..., 1 + 2 order)."""
        x, y = ((points[..., axis] - self.centre[axis]) / self.unit for axis in (0, 1))
        log, angle = torch.log(x**2 + y**2)[..., None] / 2, torch.atan2(y, x)[..., None]
        n = torch.arange(1, self.order + 1, dtype=points.dtype)
        power = torch.exp(self.sign * n * log)
        first = torch.ones_like(log) if self.sign > 0 else log
        return torch.cat([first, power * torch.cos(n * angle), power * torch.sin(n * angle)], dim=-1)


def around_cold_circles(
    axes: tuple[Axis, ...], half: float, place: float, radius: float
) -> Callable[[Point], Tensor]:
    """The harmonic function that is 1 on the sides of a square and 0 on four circles in it.

    The square is (-half, half)², the circles are those of the radius about (±place, ±place). It is a sum of
    polynomials, and of logarithms and negative powers about the circles and about their mirror images in the sides
    and corners, fitted to the boundary values; by the maximum principle nothing inside is farther off than the fit,
    2e-13 for half 0.5, place 0.3, radius 0.1. It is computed when first used, in a second.

    >>> import torch
    >>> from sirenpde import Box
    >>> from sirenpde.problem.reference import exact_values
    >>> square = Box(x=(-0.5, 0.5), y=(-0.5, 0.5))
    >>> u = around_cold_circles(square.axes, 0.5, 0.3, 0.1)
    >>> points = torch.tensor([[0.0, 0.0], [0.3, 0.0]], dtype=torch.float64)
    >>> [round(v, 8) for v in exact_values(u, square.axes, points, {}).tolist()]
    [0.23358492, 0.37987067]
    """
    x, y = axes

    def u(p: Point) -> Tensor:
        terms, coefficients = _fitted(half, place, radius)
        return _features(terms, torch.stack([x(p), y(p)])) @ coefficients

    return u


def _features(terms: tuple[_Terms, ...], points: Tensor) -> Tensor:
    return torch.cat([each.at(points) for each in terms], dim=-1)


@lru_cache(maxsize=4)
def _fitted(half: float, place: float, radius: float) -> tuple[tuple[_Terms, ...], Tensor]:
    image = 2 * half - place
    holes = _pairs(-place, place)
    near = _pairs(-place, place, -image, image)
    images = [centre for centre in near if centre not in holes]
    terms = (
        _Terms((0.0, OFF_CENTRE * half), math.sqrt(2) * half, POLYNOMIALS, 1),
        *(_Terms(centre, radius, POWERS, -1) for centre in holes),
        *(_Terms(centre, radius, MIRRORED, -1) for centre in images),
    )
    points, values = boundary_values(half, place, radius, ON_A_SIDE, ON_A_CIRCLE)
    matrix = _features(terms, points)
    scale = matrix.norm(dim=0)
    solved = torch.linalg.lstsq(matrix / scale, values[:, None], driver="gelsd", rcond=1e-15).solution[:, 0]
    return terms, solved / scale


def _pairs(*places: float) -> list[Place]:
    return [(a, b) for a in places for b in places]


def boundary_values(
    half: float, place: float, radius: float, on_a_side: int, on_a_circle: int
) -> tuple[Tensor, Tensor]:
    """Places on the square and on the circles (n, 2), and the values there (n,)."""
    along = half * torch.cos(math.pi * (torch.arange(on_a_side, dtype=torch.float64) + 0.5) / on_a_side)
    end = torch.full_like(along, half)
    sides = [torch.stack(pair, dim=1) for pair in ((along, end), (along, -end), (end, along), (-end, along))]
    turn = 2 * math.pi * torch.arange(on_a_circle, dtype=torch.float64) / on_a_circle
    circle = radius * torch.stack([turn.cos(), turn.sin()], dim=1)
    holes = [circle + circle.new_tensor(c) for c in _pairs(-place, place)]
    warm, cold = torch.cat(sides), torch.cat(holes)
    return torch.cat([warm, cold]), torch.cat([torch.ones(len(warm)), torch.zeros(len(cold))]).double()
