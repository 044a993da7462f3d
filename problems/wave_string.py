"""A string between two fixed ends, plucked in two of its modes.

    u_tt = c² u_xx,      u = 0  at x = 0, 1,      u = sin πx + ½ sin aπx,  u_t = 0  at t = 0,

solved by u = sin πx cos cπt + ½ sin aπx cos acπt.

Source: Wang, Yu and Perdikaris, When and why PINNs fail to train: a neural tangent kernel perspective, 2022,
with c = 2 and a = 4; PINNacle calls it Wave1d-C.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on


def problem(speed: float = 2.0, mode: int = 4) -> Problem:
    """A vibrating string with an exact solution, until t = 1.

    Args:
        speed: c, of the waves.
        mode: a, of the second vibration.
    """
    spacetime = Box(t=(0, 1), x=(0, 1))
    t, x = spacetime.axes
    start = spacetime.at(t=0)
    fastest = mode * speed * math.pi
    u = Field("u", spacetime)

    def exact(p: Point) -> Tensor:
        slow = torch.sin(math.pi * x(p)) * torch.cos(speed * math.pi * t(p))
        return slow + torch.sin(mode * math.pi * x(p)) * torch.cos(fastest * t(p)) / 2

    @on(spacetime, samples=4000)
    def wave(p: Point) -> Tensor:
        """u_tt = c² u_xx"""
        return D(u, t, t)(p) - speed**2 * D(u, x, x)(p)

    @on(spacetime.boundary("x"), samples=400, weight=fastest**4)
    def ends(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(start, samples=400, weight=fastest**4)
    def pluck(p: Point) -> Tensor:
        """u = sin πx + ½ sin aπx"""
        return u(p) - exact(p)

    @on(start, samples=400, weight=fastest**2)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    return Problem(wave, ends, pluck, rest, reference={u: exact})
