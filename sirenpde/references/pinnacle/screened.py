"""The screened Poisson equation around four discs in a square, by functions that solve it and least squares."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, ive, kve

Array = NDArray[np.float64]

K = 8.0  # the square root of the factor of u
DISCS = ((0.5, 0.5, 0.2), (0.4, -0.4, 0.4), (-0.2, -0.7, 0.1), (-0.6, 0.5, 0.3))  # centre and radius
ON_SIDES, ON_DISCS = 0.2, 1.0  # the values of u there
REGULAR, ABOUT, MIRRORED, CORNER = 50, 24, 12, (2, 4, 6, 8, 10)  # orders
FAR = 1.4  # the regular functions are 1 at about this radius


def around_warm_discs(points: Array) -> Array:
    """The solution of PINNacle's Poisson2d-CG at points (n, 2), float64.

        -Δu + 64 u = 10 (17 + x² + y²) sin(πx) sin(4πy)   on (-1, 1)² without four discs,
        u = 0.2  on the square's sides,     u = 1  on the circles.

    To a particular solution in closed form are added I_n(8r) about the middle and K_n(8r) about the discs and their
    mirror images in the sides, times cos nθ and sin nθ, and about each corner ∂/∂ν I_ν(8r) sin νθ at ν = 2, 4, ..,
    which are like r^ν log r: with constant values on two sides Δu is not zero in a corner. The coefficients are those
    that fit the boundary values best. By the maximum principle the error is nowhere larger than on the boundary: 5e-8
    on the circles, 1e-6 beside the corners, from where it falls like exp(-8 r); inside 1e-9. The fit takes 10 s, once
    per process.

    Source: Hao et al., PINNacle, 2024.
    """
    x, y = points[:, 0], points[:, 1]
    fitted: Array = _particular(x, y) + _functions(x, y) @ _coefficients()
    return fitted


@lru_cache(maxsize=1)
def _coefficients() -> Array:
    points, values = boundary_values(500, 300, 0.5)
    matrix = _functions(*points.T)
    size = np.linalg.norm(matrix, axis=0)
    found: Array = np.linalg.lstsq(matrix / size, values - _particular(*points.T), rcond=1e-15)[0]
    found /= size
    return found


def boundary_values(on_a_side: int, on_a_circle: int, shift: float) -> tuple[Array, Array]:
    """Places on the square and on the circles (n, 2), and the values there (n,).

    ``on_a_circle`` is the number on one of radius 0.2, larger ones have more; ``shift`` in 0..1 moves them all.
    """
    along = np.cos(np.pi * (np.arange(on_a_side) + shift) / on_a_side)
    end = np.ones(on_a_side)
    sides = np.concatenate([[along, end], [along, -end], [end, along], [-end, along]], axis=1)
    circles = []
    for a, b, radius in DISCS:
        count = round(on_a_circle * max(radius / 0.2, 1))
        turn = 2 * np.pi * (np.arange(count) + shift) / count
        circles.append(np.array([a + radius * np.cos(turn), b + radius * np.sin(turn)]))
    points = np.concatenate([sides, *circles], axis=1).T
    return points, np.where(np.arange(len(points)) < 4 * on_a_side, ON_SIDES, ON_DISCS)


def _particular(x: Array, y: Array) -> Array:
    """(a + b r²) sin πx sin 4πy + g x cos πx sin 4πy + d y sin πx cos 4πy with the right source."""
    k = 17 * np.pi**2 + K**2
    b = 10 / k
    g, d = 4 * np.pi * b / k, 16 * np.pi * b / k
    a = (170 + 4 * b - 2 * np.pi * g - 8 * np.pi * d) / k
    sines = np.sin(np.pi * x), np.sin(4 * np.pi * y)
    value: Array = (a + b * (x**2 + y**2)) * sines[0] * sines[1]
    return value + g * x * np.cos(np.pi * x) * sines[1] + d * y * sines[0] * np.cos(4 * np.pi * y)


def _functions(x: Array, y: Array) -> Array:
    """All functions that are added, at n points: (n, columns)."""
    columns = [_regular(x, y)]
    for a, b, radius in DISCS:
        columns.append(_about(x - a, y - b, ABOUT, radius))
        images = [(2 * side - a, b) for side in (1, -1)] + [(a, 2 * side - b) for side in (1, -1)]
        columns += [_about(x - c, y - d, MIRRORED, radius) for c, d in images]
    columns += [_in_corner(1 - right * x, 1 - up * y) for right in (1, -1) for up in (1, -1)]
    return np.hstack(columns)


def _regular(x: Array, y: Array) -> Array:
    r, n = np.hypot(x, y)[:, None], np.arange(REGULAR + 1)
    return _turned(ive(n, K * r) * np.exp(K * (r - FAR)) / ive(n, K * FAR), x, y)


def _about(x: Array, y: Array, order: int, unit: float) -> Array:
    r, n = np.hypot(x, y)[:, None], np.arange(order + 1)
    return _turned(kve(n, K * r) * np.exp(-K * (r - unit)) / kve(n, K * unit), x, y)


def _turned(radial: Array, x: Array, y: Array) -> Array:
    turn = np.arange(radial.shape[1]) * np.arctan2(y, x)[:, None]
    return np.hstack([radial * np.cos(turn), (radial * np.sin(turn))[:, 1:]])


def _in_corner(a: Array, b: Array) -> Array:
    """∂/∂ν I_ν(8r) sin νθ about the corner of two sides at distances a and b, over I_ν(8)."""
    r, turn = np.maximum(np.hypot(a, b), 1e-12), np.arctan2(b, a)
    columns = [
        (_by_order(nu, K * r) * np.sin(nu * turn) + ive(nu, K * r) * turn * np.cos(nu * turn))
        * (np.exp(K * (r - 1)) / ive(nu, K))
        for nu in CORNER
    ]
    return np.stack(columns, axis=1)


def _by_order(nu: int, z: Array) -> Array:
    """∂/∂ν I_ν(z) exp(-z), by the power series, whose terms have one sign but for the logarithm."""
    k, log = np.arange(70), np.log(z / 2)[:, None]
    terms = np.exp((nu + 2 * k) * log - gammaln(k + 1) - gammaln(nu + k + 1) - z[:, None])
    total: Array = (terms * (log - digamma(nu + k + 1))).sum(1)
    return total
