"""Bessel and Hankel functions of whole orders, differentiable to any order by every mode of torch.

torch's own have seven digits, and none that is of use in a wave equation has a derivative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

SMALL = 2.0  # below it power series, which cancel little there; above it a quadrature
TERMS = 15  # of the power series: the next is 1e-24 of the first at 2
STEP, STEPS = 0.25, 30  # of the quadrature, whose error at 2 is exp(-2π √3 / STEP)
EULER = 0.57721566490153286061


def bessel(z: Tensor, highest: int) -> tuple[Tensor, Tensor]:
    """J_n(z) and Y_n(z) for n = 0 ... highest, each of the shape (..., highest + 1), for z > 0 of any shape.

    To 1e-14 of |H_n|, and of J_n itself where n ≥ z, in float64. Made of torch operations alone, so that derivatives
    by ``backward``, ``torch.func.jvp`` and ``vmap`` of each other are right, and on any device; single precision is
    computed in double. A Y_n beyond 1e308 is not a number, nor are those of higher order: at z = 0.001 they begin
    beyond n = 64.

    Orders 0 and 1 are power series below 2, and above it a trapezoid rule. Y_n follows by
    Y_{n+1} = 2n/z Y_n - Y_{n-1}, as does J_n while n < z. From there on that would amplify rounding, and J_n follows
    from ρ = J_{n+1}/J_n, a continued fraction, and J_{n+1} Y_n - J_n Y_{n+1} = 2/(πz).

    Source: NIST Digital Library of Mathematical Functions, 10.5.2, 10.6.1, 10.8.1, 10.10.1 and 10.74(iv).

    >>> import torch
    >>> j, y = bessel(torch.tensor(5.0, dtype=torch.float64), 1)
    >>> [round(float(value), 12) for value in (*j, *y)]
    [-0.177596771314, -0.327579137591, -0.308517625249, 0.147863143391]
    """
    if highest < 0:
        raise ValueError(f"Bessel functions up to order {highest} were asked for; expected 0 or more.")
    dtype, z = z.dtype, z.double()
    j0, y0, j1, y1 = (
        torch.where(z < SMALL, low, high) for low, high in zip(_series(z), _quadrature(z), strict=True)
    )
    ratios = _ratios(z, highest) if highest > 1 else []
    y, j = [y0, y1], [j0, j1]
    for n in range(1, highest + 1):
        y.append(2 * n / z * y[n] - y[n - 1])
    for n in range(2, highest + 1):
        above = 2 / (math.pi * z) / (ratios[n] * y[n] - y[n + 1])
        j.append(torch.where(z > n, 2 * (n - 1) / z * j[n - 1] - j[n - 2], above))
    return (
        torch.stack(j[: highest + 1], dim=-1).to(dtype),
        torch.stack(y[: highest + 1], dim=-1).to(dtype),
    )


def bessel_j(n: int, z: Tensor) -> Tensor:
    """J_n(z) of one whole order, of the shape of z > 0; see ``bessel``."""
    return _signed(n, bessel(z, abs(n))[0][..., abs(n)])


def bessel_y(n: int, z: Tensor) -> Tensor:
    """Y_n(z) of one whole order, of the shape of z > 0; see ``bessel``."""
    return _signed(n, bessel(z, abs(n))[1][..., abs(n)])


def hankel1(n: int, z: Tensor) -> Tensor:
    """H_n⁽¹⁾(z) = J_n(z) + i Y_n(z), complex, of the shape of z > 0: a wave that leaves if time goes as e^(-iωt).

    >>> import torch
    >>> value = complex(hankel1(0, torch.tensor(5.0, dtype=torch.float64)))
    >>> abs(value - (-0.177596771314338 - 0.308517625249034j)) < 1e-14
    True
    """
    j, y = bessel(z, abs(n))
    return _signed(n, torch.complex(j[..., abs(n)], y[..., abs(n)]))


def hankel2(n: int, z: Tensor) -> Tensor:
    """H_n⁽²⁾(z) = J_n(z) - i Y_n(z), complex, of the shape of z > 0: a wave that leaves if time goes as e^(+iωt)."""
    j, y = bessel(z, abs(n))
    return _signed(n, torch.complex(j[..., abs(n)], -y[..., abs(n)]))


def _signed(n: int, value: Tensor) -> Tensor:
    """Functions of the order -n are those of n, with the sign (-1)^n."""
    return -value if n < 0 and n % 2 else value


def _series(z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """J₀, Y₀, J₁, Y₁ for z < 2 by their power series in z²/4."""
    z = torch.where(z < SMALL, z, SMALL / 2)
    q, log = z**2 / 4, torch.log(z / 2)
    harmonic = [math.fsum(1 / i for i in range(1, k + 1)) for k in range(TERMS + 1)]
    first = [(-1) ** k / math.factorial(k) ** 2 for k in range(TERMS)]
    second = [a / (k + 1) for k, a in enumerate(first)]
    j0, j1 = _polynomial(first, q), z / 2 * _polynomial(second, q)
    rest0 = _polynomial([(harmonic[k] - EULER) * a for k, a in enumerate(first)], q)
    rest1 = _polynomial([(harmonic[k] + harmonic[k + 1] - 2 * EULER) * a for k, a in enumerate(second)], q)
    y0 = 2 / math.pi * (log * j0 - rest0)
    y1 = 2 / math.pi * (log * j1 - 1 / z - z / 4 * rest1)
    return j0, y0, j1, y1


def _polynomial(coefficients: Sequence[float], q: Tensor) -> Tensor:
    value = torch.zeros_like(q)
    for c in reversed(coefficients):
        value = value * q + c
    return value


def _quadrature(z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """J₀, Y₀, J₁, Y₁ for z ≥ 2 by the trapezoid rule, which converges exponentially, for

        H_ν⁽¹⁾(z) = √(2/πz) exp(i(z - νπ/2 - π/4)) / Γ(ν + ½) ∫ exp(-s²) s^2ν (1 + is²/2z)^(ν-½) ds,

    with s = t √(z/(1 + z)) over all t.

    Source: Watson, A Treatise on the Theory of Bessel Functions, 1944, section 6.12, with u = s².
    """
    z = torch.where(z < SMALL, SMALL, z)
    t = STEP * torch.arange(STEPS + 1, dtype=z.dtype, device=z.device)
    each = 2 * STEP * torch.ones_like(t)
    each[0] = STEP
    turn = t**2 / (2 + 2 * z[..., None])  # s² / 2z
    length = torch.sqrt(1 + turn**2)
    root = torch.sqrt((length + 1) / 2)  # (1 + i turn)^½ is this plus i turn / (2 root)
    bell = each * torch.exp(-2 * z[..., None] * turn)
    a, b = (bell * root / length).sum(-1), -(bell * turn / (2 * root * length)).sum(-1)
    bell = 2 * bell * (2 * z[..., None] * turn)
    c, d = (bell * root).sum(-1), (bell * turn / (2 * root)).sum(-1)
    size = torch.sqrt(1 / (1 + z)) / math.pi  # of √(2/πz) √(z/(1 + z)) / √π, and 1/√2 of the eighth of a turn
    cos, sin = size * torch.cos(z), size * torch.sin(z)
    near, far = cos + sin, sin - cos  # exp(i(z - π/4))
    return near * a - far * b, near * b + far * a, far * c + near * d, far * d - near * c


def _ratios(z: Tensor, highest: int) -> list[Tensor]:
    """J_{n+1} / J_n for n = 0 ... highest where z ≤ n, from an order at which their size is 1e-8 of the last."""
    start = highest + 30 + math.ceil(8 * highest ** (1 / 3))
    ratio, found = torch.zeros_like(z), []
    for n in range(start, 0, -1):
        bounded = z.clamp(max=n)  # beyond, where it is not used
        ratio = bounded / (2 * n - bounded * ratio)
        if n - 1 <= highest:
            found.append(ratio)
    return found[::-1]
