"""A pulse that is carried across a square.

    u_t + c · ∇u = 0   in (-1, 1)² for 0 < t < 1,      u known at the start and where the stream enters,

with u a bell of width 1/√30 that travels with c = (1, 1/2).
"""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on

SPEEDS, CENTRE = (1.0, 0.5), (-0.5, -0.2)


def problem(sharpness: float = 30) -> Problem:
    """Advection of a bell across a square, with the exact solution.

    Args:
        sharpness: s of the bell exp(-s r²).
    """
    box = Box(t=(0, 1), x=(-1, 1), y=(-1, 1))
    t, x, y = box.axes
    u = Field("u", box)

    def exact(p: Point) -> Tensor:
        along, across = x(p) - CENTRE[0] - SPEEDS[0] * t(p), y(p) - CENTRE[1] - SPEEDS[1] * t(p)
        return torch.exp(-sharpness * (along**2 + across**2))

    @on(box, samples=6000)
    def advection(p: Point) -> Tensor:
        """u_t + c · ∇u = 0"""
        return D(u, t)(p) + SPEEDS[0] * D(u, x)(p) + SPEEDS[1] * D(u, y)(p)

    @on(box.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u is known at t = 0"""
        return u(p) - exact(p)

    @on(box.boundary("x", "y", side="low"), samples=2000, weight=100)
    def inflow(p: Point) -> Tensor:
        """u is known where the stream enters"""
        return u(p) - exact(p)

    return Problem(advection, start, inflow, reference={u: exact})
