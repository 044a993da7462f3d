"""A string that swings at two frequencies (Wave1d-C).

    u_tt = 4 u_xx   on (0, 1), t < 1,      u = sin πx + ½ sin aπx   and   u_t = 0   at t = 0,
    u = 0   at x = 0, 1,      so that   u = sin πx cos 2πt + ½ sin aπx cos 2aπt,

with a = 4, and 2, 6, 8, 10 in the suite's variants.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on


def problem(harmonic: int = 4) -> Problem:
    """A string with two harmonics until t = 1, with an exact solution.

    Args:
        harmonic: a, of the second wave.
    """
    spacetime = Box(t=(0, 1), x=(0, 1))
    t, x = spacetime.axes
    u = Field("u", spacetime)

    def exact(p: Point) -> Tensor:
        first = torch.sin(math.pi * x(p)) * torch.cos(2 * math.pi * t(p))
        second = torch.sin(harmonic * math.pi * x(p)) * torch.cos(2 * harmonic * math.pi * t(p))
        return first + second / 2

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt = 4 u_xx"""
        return D(u, t, t)(p) - 4 * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def shape(p: Point) -> Tensor:
        """u = sin πx + ½ sin aπx"""
        return u(p) - torch.sin(math.pi * x(p)) - torch.sin(harmonic * math.pi * x(p)) / 2

    @on(spacetime.at(t=0), samples=500, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    @on(spacetime.boundary("x"), samples=500, weight=100)
    def ends(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(wave, shape, rest, ends, reference={u: exact})
