"""Closed forms of waves in media and from sources, to measure fields against."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..geometry.point import Axis, Point
from .waves import TINY

Wave = Callable[[Point], Tensor]
Axes = tuple[Axis, Axis, Axis]

DIGITS = 40.0  # exp(-DIGITS) is no part of a float64


def fish_eye(source: tuple[float, float], width: float, axes: Axes) -> Wave:
    """The exact wave of u_tt = c² Δu with c = (1 + r²) / 2 in r < 1, a mirror ∂u/∂n = 0 at r = 1, released from rest.

    Seen from the north pole the plane is a sphere, on which this is the equation of waves of speed 1; the mirror is
    the equator. So u = U(γ) + U(γ'), with the angles γ and γ' on the sphere to the source and its mirror image, and

        U(γ) = ½ Σ (2l + 1) exp(-l (l + 1) w² / 2) w² P_l(cos γ) cos √(l (l + 1)) t,

    at the start a bell of height 1 and width w there, 1/2 (1 + r²) w in the plane.

    Args:
        source: where, in the unit disk. width: w, from 0.03 on.
        axes: time, and the two axes of the plane.

    Returns:
        A function of a point, to rounding; use float64. It has slopes away from the source and its images.

    Source: Luneburg, Mathematical Theory of Optics, 1944, section 28.

    >>> from sirenpde import Box
    >>> u = fish_eye((0.5, 0.0), 0.1, Box(t=(0, 1), x=(-1, 1), y=(-1, 1)).axes)
    """
    count = math.ceil(math.sqrt(2 * DIGITS) / width) + 1
    t, x, y = axes
    order = torch.arange(count, dtype=torch.float64)
    strength = (order + 0.5) * width**2 * torch.exp(-order * (order + 1) * width**2 / 2)
    frequency = torch.sqrt(order * (order + 1))
    legendre = _as_cosines(count)
    a, b = source
    far = (a * a + b * b - 1) / (a * a + b * b + 1)
    places = torch.tensor(
        [[2 * a / (1 + a * a + b * b), 2 * b / (1 + a * a + b * b), far * side] for side in (1, -1)],
        dtype=torch.float64,
    )

    def u(p: Point) -> Tensor:
        square = x(p) ** 2 + y(p) ** 2
        there = torch.stack([2 * x(p), 2 * y(p), square - 1]) / (1 + square)
        cosines = places.to(there) @ there
        waves = torch.cos(order.to(there)[:, None] * torch.acos(cosines.clamp(-1, 1))).sum(1)
        swing = strength.to(there) * torch.cos(frequency.to(there) * t(p))
        total: Tensor = swing @ (legendre.to(there) @ waves)
        return total

    return u


def _as_cosines(count: int) -> Tensor:
    """The matrix of P_l(cos γ) = Σ p_k p_(l - k) cos (l - 2k) γ with p_k = (2k)! / (2^k k!)²."""
    k = torch.arange(count, dtype=torch.float64)
    p = torch.exp(torch.lgamma(2 * k + 1) - 2 * torch.lgamma(k + 1) - 2 * k * math.log(2))
    matrix = torch.zeros(count, count, dtype=torch.float64)
    for degree in range(count):
        columns = (degree - 2 * torch.arange(degree + 1)).abs()
        matrix[degree].index_add_(0, columns, p[: degree + 1] * p[: degree + 1].flip(0))
    return matrix


def two_layers(speeds: tuple[float, float], angle: float, start: float, width: float, axes: Axes) -> Wave:
    """The exact plane wave of u_tt = c² Δu that meets the line x = 0 between two speeds, at an angle.

        u = f(t - (x cos α + y sin α) / c₁) + R f(t - (-x cos α + y sin α) / c₁)    for x < 0,
        u = (1 + R) f(t - (x cos β + y sin α c₂ / c₁) / c₂)                         for x > 0,

    with f(s) = exp(-(c₁ s - d)² / 2σ²), sin β = sin α c₂ / c₁, and R = (k₁ - k₂) / (k₁ + k₂), k₁ = cos α / c₁,
    k₂ = cos β / c₂: u and its slope are continuous.

    Args:
        speeds: c₁ and c₂. angle: α, below that of total reflection. start: d, where the wave is at t = 0.
        width: σ. axes: time, and the two axes of the plane.

    Raises:
        ValueError: where the wave is totally reflected, which makes waves of another kind.

    >>> from sirenpde import Box
    >>> u = two_layers((1.0, 0.5), 0.5, -0.5, 0.1, Box(t=(0, 1), x=(-1, 1), y=(-1, 1)).axes)
    """
    first, second = speeds
    sine = math.sin(angle) * second / first
    if not (first > 0 and second > 0 and abs(sine) < 1 and abs(angle) < math.pi / 2):
        raise ValueError(
            f"A plane wave at {angle:.3g} radians from speed {first:g} to speed {second:g} was asked for; expected "
            f"positive speeds, and an angle below {math.asin(min(1.0, max(first, 0) / max(second, 1e-300))):.3g}, "
            f"beyond which all is reflected."
        )
    t, x, y = axes
    into, on = math.cos(angle) / first, math.sqrt(1 - sine**2) / second
    along, back = math.sin(angle) / first, (into - on) / (into + on)

    def bell(s: Tensor) -> Tensor:
        return torch.exp(-((first * s - start) ** 2) / (2 * width**2))

    def u(p: Point) -> Tensor:
        s = t(p) - along * y(p)
        before = bell(s - into * x(p)) + back * bell(s + into * x(p))
        return torch.where(x(p) < 0, before, (1 + back) * bell(s - on * x(p)))

    return u


@dataclass(frozen=True)
class Ricker:
    """s(t) = (1 - 2a) exp(-a), a = (π f (t - d))²: the wavelet of the peak frequency f, at its height at t = d.

    >>> import torch
    >>> float(Ricker(frequency=4.0, delay=0.35)(torch.tensor(0.35)))
    1.0
    """

    frequency: float
    delay: float

    def __call__(self, t: Tensor) -> Tensor:
        a = (math.pi * self.frequency * (t - self.delay)) ** 2
        return (1 - 2 * a) * torch.exp(-a)


def driven_gaussian(
    signal: Callable[[Tensor], Tensor],
    speed: float,
    width: float,
    axes: Axes,
    centre: tuple[float, float] = (0.0, 0.0),
    nodes: int = 96,
) -> Wave:
    """The exact wave of u_tt = c² Δu + s(t) exp(-r² / 2σ²) in the plane, at rest before t = 0; r from the centre.

    By Duhamel's and Poisson's formulas, with M the mean of the bell over circles as in ``released_gaussian``,

        u = ∫ s(t - τ) τ ∫ sin φ M(c τ sin φ) dφ dτ,    τ from 0 to t, φ from 0 to π/2,

    by Gauss-Legendre quadrature in both.

    Args:
        signal: s, of times. speed: c. width: σ. axes: time, and the two axes of the plane.
        centre: of the source. nodes: of each rule.

    Raises:
        ValueError: for a speed or a width that is not positive.

    >>> import torch
    >>> from sirenpde import Box
    >>> u = driven_gaussian(torch.sin, 1.0, 0.1, Box(t=(0, 1), x=(-1, 1), y=(-1, 1)).axes)
    """
    if not (speed > 0 and width > 0):
        raise ValueError(
            f"Waves of the speed {speed:g} from a source of the width {width:g} were asked for; expected positive "
            f"numbers. Check the speed, and the frequency if the width follows from it."
        )
    line, weight = np.polynomial.legendre.leggauss(nodes)
    unit, share = torch.from_numpy((line + 1) / 2), torch.from_numpy(weight / 2)
    t, x, y = axes
    sine, by_angle = torch.sin(unit * math.pi / 2), share * math.pi / 2

    def u(p: Point) -> Tensor:
        r, tau = torch.hypot(x(p) - centre[0], y(p) - centre[1]), t(p) * unit
        rho = speed * tau[:, None] * sine
        bell = torch.exp(-((r - rho) ** 2) / (2 * width**2)) * torch.special.i0e(r * rho / width**2 + TINY)
        velocity = tau * (bell @ (by_angle * sine))
        total: Tensor = t(p) * (share * signal(t(p) - tau)) @ velocity
        return total

    return u


def echoes_in_a_cube(speed: float, width: float, reach: float, axes: tuple[Axis, Axis, Axis, Axis]) -> Wave:
    """The exact wave of u_tt = c² Δu in [-1, 1]³ between rigid walls, released from rest as exp(-|x|² / 2σ²).

    The sum over the images of the middle in the walls, at all points of even coordinates, of waves in open space,

        r u = ½ ((r - ct) g(r - ct) + (r + ct) g(r + ct)),    g(s) = exp(-s² / 2σ²).

    Args:
        speed: c. width: σ. reach: c t at most. axes: time, and the three of space.

    >>> from sirenpde import Box
    >>> u = echoes_in_a_cube(1.0, 0.2, 1.0, Box(t=(0, 1), x=(-1, 1), y=(-1, 1), z=(-1, 1)).axes)
    """
    t, *space = axes
    count = math.ceil((1 + reach + width * math.sqrt(2 * DIGITS)) / 2)
    line = [2.0 * k for k in range(-count, count + 1)]
    images = torch.tensor(list(itertools.product(line, repeat=3)), dtype=torch.float64)

    def u(p: Point) -> Tensor:
        place = torch.stack([axis(p) for axis in space])
        r = (place - images.to(place)).norm(dim=1).clamp(min=1e-9)
        ways = r - speed * t(p), r + speed * t(p)
        each = torch.stack([s * torch.exp(-(s**2) / (2 * width**2)) / (2 * r) for s in ways])
        total: Tensor = each.sum()
        return total

    return u
