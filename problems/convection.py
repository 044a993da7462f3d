"""A wave carried along many times its length.

    u_t + β u_x = 0   for x in (0, 2π), periodic,      u = sin x   at t = 0,

solved by u = sin(x - βt). Known for networks that stay near zero when β is large.

Source: Krishnapriyan et al., Characterizing possible failure modes in physics-informed neural networks, 2021,
with β up to 40.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on


def problem(speed: float = 40.0) -> Problem:
    """Convection with an exact solution, until t = 1.

    Args:
        speed: β.
    """
    spacetime = Box(t=(0, 1), x=(0, 2 * math.pi))
    t, x = spacetime.axes
    u = Field("u", spacetime, periodic=(x,))

    def exact(p: Point) -> Tensor:
        return torch.sin(x(p) - speed * t(p))

    @on(spacetime, samples=4000)
    def convection(p: Point) -> Tensor:
        """u_t + β u_x = 0"""
        return D(u, t)(p) + speed * D(u, x)(p)

    @on(spacetime.at(t=0), samples=400, weight=max(1.0, speed**2))
    def start(p: Point) -> Tensor:
        """u = sin x"""
        return u(p) - torch.sin(x(p))

    return Problem(convection, start, reference={u: exact})
