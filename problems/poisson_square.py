"""Poisson's equation on the unit square.

    -Δu = 2π² sin πx sin πy   on (0, 1)²,      u = 0   on the boundary,

solved by u = sin πx sin πy. The simplest problem there is, to try a solver on.

Source: Müller and Zeinhofer, Achieving high accuracy with PINNs via energy natural gradients, 2023.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on


def problem() -> Problem:
    """Poisson's equation with an exact solution."""
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box)

    def exact(p: Point) -> Tensor:
        return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    @on(box, samples=2000)
    def poisson(p: Point) -> Tensor:
        """-Δu = f"""
        return -laplacian(u)(p) - 2 * math.pi**2 * exact(p)

    @on(box.boundary(), samples=400, weight=1000)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(poisson, walls, reference={u: exact})
