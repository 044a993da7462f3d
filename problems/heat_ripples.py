"""Heat on a square over time, its waves many times shorter along one axis than along the other.

    u_t = κ Δu + f   in (0, 1)² for 0 < t < 1,      u known at the start and on the sides,

with κ = 2.5e-4 and u = exp(-κπ² (1 + n²) t) sin πx sin nπy + x sin(y + t).
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, laplacian, on

DIFFUSIVITY = 2.5e-4


def problem(ripples: float = 20.0) -> Problem:
    """Heat that varies fast along one axis, with an exact solution.

    Args:
        ripples: n, half waves along y for each along x.
    """
    box = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    t, x, y = box.axes
    u = Field("u", box)
    rate = DIFFUSIVITY * math.pi**2 * (1 + ripples**2)

    def exact(p: Point) -> Tensor:
        waves = torch.sin(math.pi * x(p)) * torch.sin(ripples * math.pi * y(p))
        return torch.exp(-rate * t(p)) * waves + x(p) * torch.sin(y(p) + t(p))

    def source(p: Point) -> Tensor:
        return x(p) * (torch.cos(y(p) + t(p)) + DIFFUSIVITY * torch.sin(y(p) + t(p)))

    @on(box, samples=6000)
    def heat(p: Point) -> Tensor:
        """u_t - κ Δu = f"""
        return D(u, t)(p) - DIFFUSIVITY * laplacian(u, x, y)(p) - source(p)

    @on(box.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u is known at t = 0"""
        return u(p) - exact(p)

    @on(box.boundary("x", "y"), samples=4000, weight=100)
    def sides(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(heat, start, sides, reference={u: exact})
