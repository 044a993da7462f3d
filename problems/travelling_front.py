"""A front between two phases that travels across a square.

    u_t = ε² Δu + u (1 - u) (u - a)   in (0, 1)²,      u = front   at t = 0 and on the walls,

solved by u = 1 / (1 + exp(s)), s = (n·x - d - ct) / (√2 ε), for any unit vector n, with the speed c = √2 ε (1/2 - a):
the bistable equation of Nagumo, where the phase u = 1 takes over the phase u = 0 for a < 1/2.

Source: Murray, Mathematical Biology I, 2002, section 13.3.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, laplacian, on


def problem(
    width: float = 0.05, threshold: float = 0.25, angle: float = 30.0, until: float = 10.0
) -> Problem:
    """A front in two dimensions, with an exact solution.

    Args:
        width: ε; the front is about six times as wide.
        threshold: a, from which on u grows.
        angle: of n with the x axis, in degrees.
        until: the last time.
    """
    spacetime = Box(t=(0, until), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime)
    speed = math.sqrt(2) * width * (0.5 - threshold)
    across, along = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def exact(p: Point) -> Tensor:
        ahead = across * x(p) + along * y(p) - 0.4 - speed * t(p)
        return torch.sigmoid(-ahead / (math.sqrt(2) * width))

    @on(spacetime, samples=12000)
    def reaction(p: Point) -> Tensor:
        """u_t = ε² Δu + u (1 - u) (u - a)"""
        source = u(p) * (1 - u(p)) * (u(p) - threshold)
        return D(u, t)(p) - width**2 * laplacian(u, x, y)(p) - source

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u is the front"""
        return u(p) - exact(p)

    @on(spacetime.boundary("x", "y"), samples=4000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is the front"""
        return u(p) - exact(p)

    return Problem(reaction, start, walls, reference={u: exact})
