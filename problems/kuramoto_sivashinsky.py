"""The Kuramoto-Sivashinsky equation: chaos in space and time.

    u_t + a/16 u u_x + a/16² u_xx + a/16⁴ u_xxxx = 0   for x in (0, 2π), periodic,
    u = cos x (1 + sin x)   at t = 0,

with a = 100. Small errors grow: from t = 0 to 1 rounding alone becomes 1e-9, and errors are given per quarter.

Source: Wang, Sankaran, Wang and Perdikaris, An expert's guide to training physics-informed neural networks, 2023.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Reference, on
from sirenpde.references.periodic import evolved


def problem(drive: float = 100.0) -> Problem:
    """A chaotic evolution until t = 1, measured against a Fourier solution.

    Args:
        drive: a.
    """
    spacetime = Box(t=(0, 1), x=(0, 2 * math.pi))
    t, x = spacetime.axes
    u = Field("u", spacetime, periodic=(x,))
    a, b, c = drive / 16, drive / 16**2, drive / 16**4

    def first(s: Tensor) -> Tensor:
        return torch.cos(s) * (1 + torch.sin(s))

    @on(spacetime, samples=8000)
    def motion(p: Point) -> Tensor:
        """u_t + a/16 u u_x + a/16² u_xx + a/16⁴ u_xxxx = 0"""
        return D(u, t)(p) + a * u(p) * D(u, x)(p) + b * D(u, x, x)(p) + c * D(u, x, x, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u = cos x (1 + sin x)"""
        return u(p) - first(x(p))

    known = evolved(spacetime, first, {2: -b, 4: -c}, {2: -a / 2}, outer=1, modes=192, steps=40_000)
    quarters = (4 * known.points[:, 0]).ceil().clamp(min=1)
    windows = {f"t <= {n / 4:g}": known.where(quarters == n) for n in range(1, 5)}
    return Problem(motion, start, reference={u: Reference(known["u"], windows)})
