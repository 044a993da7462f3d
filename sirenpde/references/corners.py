"""Solutions of Laplace problems with corners: sums of the functions singular there, certified on the edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ..geometry.point import Point

TERMS = 90  # powers of r at the singular point
DEGREE = 40  # of the polynomial beside them, on the L-shape
EDGE = 400  # places on each side, denser towards its ends
REACH = math.sqrt(2)  # the farthest point of either domain


@dataclass(frozen=True)
class Fitted:
    """A harmonic function, and by how much it misses its conditions on the edge."""

    coefficients: Tensor
    edge_error: float


def motz(p: Point) -> Tensor:
    """The solution of Motz's problem at points of [-1, 1] x [0, 1].

    u = Σ a_m r^(m + 1/2) cos((m + 1/2) θ) satisfies Laplace's equation and both conditions at y = 0; the coefficients
    are fitted to those on the other sides, which they miss by ``motz_fit().edge_error``.

    Source: Motz, The treatment of singularities of partial differential equations by relaxation methods, 1947; Li,
    Mathon and Sermer, Boundary methods for solving elliptic problems with singularities and interfaces, 1987.

    >>> from sirenpde.references.corners import motz_fit
    >>> fit = motz_fit()
    >>> round(float(fit.coefficients[0]) / 2**0.25, 9), fit.edge_error < 1e-9
    (401.162453745, True)
    """
    x, y = p.coords[0], p.coords[1]
    return (_halves(x[..., None], y[..., None], 0) * motz_fit().coefficients.to(x)).sum(-1)


@lru_cache(maxsize=1)
def motz_fit() -> Fitted:
    s = _even_to_the_ends()
    right = torch.stack([torch.ones_like(s), (1 + s) / 2], dim=1)
    left = torch.stack([-torch.ones_like(s), (1 + s) / 2], dim=1)
    top = torch.stack([s, torch.ones_like(s)], dim=1)
    rows = [(right, 0), (left, 1), (top, 2)]
    matrix = torch.cat([_halves(edge[:, :1], edge[:, 1:], kind) for edge, kind in rows])
    target = torch.cat([torch.full_like(s, 500.0), torch.zeros_like(s), torch.zeros_like(s)])
    return _fit(matrix, target)


def _halves(x: Tensor, y: Tensor, derivative: int) -> Tensor:
    """(r / R)^λ cos λθ, λ = m + 1/2, or its derivative by x (1) or y (2), as Re, Re and -Im of λ z^(λ - 1)."""
    power = torch.arange(TERMS, dtype=x.dtype) + 0.5
    r, angle = torch.sqrt(x * x + y * y) / REACH, torch.atan2(y, x)
    if derivative == 0:
        return r**power * torch.cos(power * angle)
    wave = torch.cos((power - 1) * angle) if derivative == 1 else -torch.sin((power - 1) * angle)
    return power / REACH * r ** (power - 1) * wave


def l_shape(p: Point) -> Tensor:
    """The solution of -Δu = 1 on the L-shape [-1, 1]² without x > 0, y < 0, and u = 0 on its edge.

    u = h - r²/4 with a harmonic h: powers r^(2m/3) sin 2mθ/3 at the re-entrant corner, the function z² log z there
    and at the five others, where data of second order do not fit, and a polynomial. By the maximum principle its
    error is at most ``l_shape_fit().edge_error``.

    >>> from sirenpde.references.corners import l_shape_fit
    >>> l_shape_fit().edge_error < 1e-12
    True
    """
    x, y = p.coords[0], p.coords[1]
    h = (_harmonics(x[..., None], y[..., None]) * l_shape_fit().coefficients.to(x)).sum(-1)
    return h - (x * x + y * y) / 4


@lru_cache(maxsize=1)
def l_shape_fit() -> Fitted:
    corners = [(-1.0, -1.0), (0.0, -1.0), (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (-1.0, 1.0)]
    s = (1 + _even_to_the_ends()[:, None]) / 2
    ends = torch.tensor(corners, dtype=torch.float64)
    edge = torch.cat([a + s * (b - a) for a, b in zip(ends, ends.roll(-1, 0), strict=True)])
    return _fit(_harmonics(edge[:, :1], edge[:, 1:]), edge.square().sum(1) / 4)


def sheared_crack(p: Point) -> Tensor:
    """A square [-1, 1]² with a crack from (1, 0) to (0, 0), its sides free, pulled by 1 at y = 1 and -1 at y = -1.

    Δu = 0, u_x = 0 at x = ±1 and u_y = 0 on the crack: u is odd in y, and above a sum of powers
    a_m r^(m + 1/2) sin((m + 1/2) φ), φ the angle to the line ahead of the tip.
    It misses the other conditions by ``sheared_crack_fit().edge_error``.

    >>> from sirenpde.references.corners import sheared_crack_fit
    >>> sheared_crack_fit().edge_error < 1e-11
    True
    """
    x, y = p.coords[0], p.coords[1]
    # With θ = π - φ from the crack, sin λφ = (-1)^m cos λθ: the powers of Motz's problem, their signs in turn.
    above = (_halves(x[..., None], y.abs()[..., None], 0) * sheared_crack_fit().coefficients.to(x)).sum(-1)
    return torch.where(y < 0, -above, above)


@lru_cache(maxsize=1)
def sheared_crack_fit() -> Fitted:
    s = _even_to_the_ends()
    one, up = torch.ones_like(s), (1 + s) / 2
    right, left = torch.stack([one, up], dim=1), torch.stack([-one, up], dim=1)
    top = torch.stack([s, one], dim=1)
    matrix = torch.cat(
        [_halves(edge[:, :1], edge[:, 1:], kind) for edge, kind in ((right, 1), (left, 1), (top, 0))]
    )
    return _fit(matrix, torch.cat([0 * one, 0 * one, one]))


def _harmonics(x: Tensor, y: Tensor) -> Tensor:
    n = torch.arange(DEGREE + 1, dtype=x.dtype)
    r, angle = torch.sqrt(x * x + y * y) / REACH, torch.atan2(y, x)
    smooth = [r**n * torch.cos(n * angle), r[..., :1] ** n[1:] * torch.sin(n[1:] * angle)]
    power = 2 * (torch.arange(TERMS, dtype=x.dtype) + 1) / 3
    around = torch.remainder(angle, 2 * math.pi)
    singular = r**power * torch.sin(power * around)
    # Directions of the middle of the shape at each corner, opposite to which the logarithm jumps.
    corners = ((0, 0, 3), (-1, -1, 1), (0, -1, 3), (1, 0, 3), (1, 1, 5), (-1, 1, 7))
    logs = [_log(x - a, y - b, eighths * math.pi / 4) for a, b, eighths in corners]
    return torch.cat([*smooth, singular, *logs], dim=-1)


def _log(x: Tensor, y: Tensor, middle: float) -> Tensor:
    """Re and Im of (z / R)² log(z / R)."""
    r = torch.sqrt(x * x + y * y).clamp(min=1e-300) / REACH
    turned = torch.atan2(
        y * math.cos(middle) - x * math.sin(middle), x * math.cos(middle) + y * math.sin(middle)
    )
    angle = turned + middle
    c, s, log = torch.cos(2 * angle), torch.sin(2 * angle), torch.log(r)
    return torch.cat([r**2 * (c * log - s * angle), r**2 * (s * log + c * angle)], dim=-1)


def _even_to_the_ends() -> Tensor:
    """Places in (-1, 1), much denser towards both ends."""
    t = (torch.arange(EDGE, dtype=torch.float64) + 0.5) / EDGE * 2 - 1
    return torch.tanh(1.2 * torch.sinh(2.6 * t))


def _fit(matrix: Tensor, target: Tensor) -> Fitted:
    scale = matrix.norm(dim=0)
    solved = torch.linalg.lstsq(matrix / scale, target[:, None], rcond=1e-15, driver="gelsd").solution[:, 0]
    coefficients = solved / scale
    return Fitted(coefficients, float((matrix @ coefficients - target).abs().max()))
