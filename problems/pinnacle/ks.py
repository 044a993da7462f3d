"""Chaos in space and time: the Kuramoto-Sivashinsky equation (KS).

    u_t + 100/16 u u_x + 100/16² u_xx + 100/16⁴ u_xxxx = 0   for x in (0, 2π), periodic, t < 1,
    u = cos x (1 + sin x)   at t = 0.

The suite's program imposes no conditions at the ends, its reference is periodic. It is measured against a Fourier
solution, which rounding alone changes by 1e-9 until t = 1.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Reference, on
from sirenpde.references.periodic import evolved

A, B, C = 100 / 16, 100 / 16**2, 100 / 16**4


def first(x: Tensor) -> Tensor:
    return torch.cos(x) * (1 + torch.sin(x))


def problem() -> Problem:
    """A chaotic evolution until t = 1, measured against a Fourier solution."""
    spacetime = Box(t=(0, 1), x=(0, 2 * math.pi))
    t, x = spacetime.axes
    u = Field("u", spacetime, periodic=(x,))

    @on(spacetime, samples=8000)
    def motion(p: Point) -> Tensor:
        """u_t + 100/16 u u_x + 100/16² u_xx + 100/16⁴ u_xxxx = 0"""
        return D(u, t)(p) + A * u(p) * D(u, x)(p) + B * D(u, x, x)(p) + C * D(u, x, x, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u = cos x (1 + sin x)"""
        return u(p) - first(x(p))

    known = evolved(spacetime, first, {2: -B, 4: -C}, {2: -A / 2}, outer=1, modes=192, steps=40_000)
    return Problem(motion, start, reference={u: Reference(known["u"], known)})
