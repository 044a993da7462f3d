"""Where curves of the plane meet."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .curves import Bezier, Curve, EllipticArc, Segment, real_roots


def crossings(curve: Curve, other: Curve, slack: float) -> tuple[list[float], list[float]]:
    """The parameters at which one curve crosses or touches another, and those of the other's ends that lie on it.

    The second begin or end a stretch along which both run together. ``slack`` is a length: so near, curves meet.
    Where they touch, two roots may be found beside the one, apart by the root of rounding.
    """
    ends = other.at(torch.tensor([0.0, 1.0], dtype=torch.float64))
    return _met(curve, other, _roots(curve, other), slack), _met(
        curve, other, curve.nearest(ends).tolist(), slack
    )


def _met(curve: Curve, other: Curve, tried: Sequence[float], slack: float) -> list[float]:
    inside = torch.tensor([s for s in tried if 0 < s < 1], dtype=torch.float64)
    if not len(inside):
        return []
    points = curve.at(inside)
    there = other.at(other.nearest(points).clamp(0, 1))
    met: list[float] = inside[(points - there).norm(dim=1) <= slack].tolist()
    return met


def _roots(curve: Curve, other: Curve) -> Sequence[float]:
    """Parameters of ``curve`` at which it meets what ``other`` is a part of: a line, an ellipse, a Bézier curve."""
    if isinstance(other, Bezier):
        if isinstance(curve, Bezier):
            return _by_chords(curve, other)
        there = torch.tensor(list(_roots(other, curve)), dtype=torch.float64)
        found: list[float] = curve.nearest(other.at(there)).tolist()
        return found
    if isinstance(other, Segment):
        normal = _turned(other.velocity(torch.zeros(1, dtype=torch.float64)))[0]
        offset = float(normal @ torch.tensor(other.start, dtype=torch.float64))
        return _on_line(curve, normal, offset)
    assert isinstance(other, EllipticArc)
    return _on_ellipse(curve, other)


def _on_line(curve: Curve, normal: Tensor, offset: float) -> Sequence[float]:
    """Where normal · p = offset."""
    if isinstance(curve, Segment):
        a, b = (
            float(normal @ torch.tensor(end, dtype=torch.float64)) - offset
            for end in (curve.start, curve.end)
        )
        return [a / (a - b)] if a != b else []
    if isinstance(curve, Bezier):
        polynomial = curve.coefficients @ normal
        polynomial[0] -= offset
        return real_roots(polynomial)
    assert isinstance(curve, EllipticArc)
    center = float(normal @ torch.tensor(curve.center, dtype=torch.float64))
    a, b = (normal @ curve.frame).tolist()
    return _parameters(curve, _sine_roots(a, b, offset - center))


def _on_ellipse(curve: Curve, other: EllipticArc) -> Sequence[float]:
    """Where the curve, seen from the frame in which the other is the unit circle, has distance 1 from 0."""
    inverse = torch.linalg.inv(other.frame)
    center = torch.tensor(other.center, dtype=torch.float64)
    if isinstance(curve, Segment):
        start, end = (
            inverse @ (torch.tensor(q, dtype=torch.float64) - center) for q in (curve.start, curve.end)
        )
        along = end - start
        size = float(along @ along)
        middle = -float(start @ along) / size  # of the line, nearest to 0
        nearest = start + middle * along
        left = 1 - float(nearest @ nearest)
        half = math.sqrt(max(left, 0.0) / size)
        return [middle - half, middle + half] if left > -1e-9 else []
    if isinstance(curve, Bezier):
        x, y = (
            inverse @ (curve.coefficients.T - torch.nn.functional.pad(center[:, None], (0, curve.degree)))
        ).numpy()
        squared = np.convolve(x, x) + np.convolve(y, y)
        squared[0] -= 1
        return real_roots(torch.from_numpy(squared))
    assert isinstance(curve, EllipticArc)
    c = inverse @ (torch.tensor(curve.center, dtype=torch.float64) - center)
    u, v = (inverse @ curve.frame).T
    return _parameters(curve, _trigonometric_roots(c, u, v))


def _trigonometric_roots(c: Tensor, u: Tensor, v: Tensor) -> list[float]:
    """The angles with |c + u cos θ + v sin θ| = 1: roots of a trigonometric polynomial of degree two."""
    uu, vv, uv, cu, cv, cc = (float(a @ b) for a, b in ((u, u), (v, v), (u, v), (c, u), (c, v), (c, c)))
    mean, scale = cc + (uu + vv) / 2 - 1, cc + uu + vv + 1
    double = complex((uu - vv) / 4, -uv / 2)  # of exp(2iθ)
    single = complex(cu, -cv)  # of exp(iθ)
    if abs(double) < 1e-14 * scale:
        return [] if abs(single) < 1e-14 * scale else _sine_roots(2 * cu, 2 * cv, -mean)
    roots = np.roots([double, single, mean, single.conjugate(), double.conjugate()])
    angles = [cmath.phase(z) for z in roots if abs(abs(z) - 1) < 1e-3]
    return [_polished(angle, double, single, mean) for angle in angles]


def _polished(angle: float, double: complex, single: complex, mean: float) -> float:
    """A root of 2 Re(double exp(2iθ) + single exp(iθ)) + mean, to rounding, by Newton's method."""
    for _ in range(40):  # where two roots fell together, each step halves the error
        once, twice = single * cmath.exp(1j * angle), double * cmath.exp(2j * angle)
        value, slope = 2 * (once + twice).real + mean, -2 * (once + 2 * twice).imag
        if abs(value) > 0.5 * abs(slope) or abs(value) <= 1e-16 * abs(slope):
            break
        angle -= value / slope
    return angle


def _sine_roots(a: float, b: float, c: float) -> list[float]:
    """The angles with a cos θ + b sin θ = c, and the one where it is nearly so."""
    size = math.hypot(a, b)
    if size == 0 or abs(c) > (1 + 1e-9) * size:
        return []
    first, half = math.atan2(b, a), math.acos(max(-1.0, min(1.0, c / size)))
    return [first - half, first + half]


def _parameters(curve: EllipticArc, angles: Sequence[float]) -> list[float]:
    turn = curve.high - curve.low
    return [(angle + 2 * math.pi * k - curve.low) / turn for angle in angles for k in range(-3, 4)]


def _by_chords(curve: Bezier, other: Bezier) -> list[float]:
    """Where chords of both cross, by Newton's method from there."""
    knots = torch.linspace(0, 1, 129, dtype=torch.float64)
    a, b = curve.at(knots), other.at(knots)
    u, v, w = a[1:] - a[:-1], b[1:] - b[:-1], b[None, :-1] - a[:-1, None]
    cross = u[:, None, 0] * v[None, :, 1] - u[:, None, 1] * v[None, :, 0]
    s, t = ((w[..., 0] * d[..., 1] - w[..., 1] * d[..., 0]) / cross for d in (v[None], u[:, None]))
    # Half a chord more at either end: a curve bulges over its chord.
    i, j = ((s > -0.5) & (s < 1.5) & (t > -0.5) & (t < 1.5)).nonzero().T
    places = torch.stack([(i + s[i, j]) / 128, (j + t[i, j]) / 128]).clamp(0, 1)
    for _ in range(12):
        away = curve.at(places[0]) - other.at(places[1])
        slopes = torch.stack([curve.velocity(places[0]), -other.velocity(places[1])], dim=2)
        step = (torch.linalg.pinv(slopes) @ away[:, :, None])[..., 0]
        places = (places - step.T).clamp(0, 1)
    met = (curve.at(places[0]) - other.at(places[1])).norm(dim=1) < 1e-9 * float(
        (a.amax(0) - a.amin(0)).norm()
    )
    found: list[float] = places[0][met].tolist()
    return found


def _turned(vectors: Tensor) -> Tensor:
    """Vectors (n, 2), turned clockwise by a right angle and made unit."""
    turned = torch.stack([vectors[:, 1], -vectors[:, 0]], dim=1)
    return torch.nn.functional.normalize(turned, dim=1)
