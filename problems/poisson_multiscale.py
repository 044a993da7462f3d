"""Poisson's equation with waves of several lengths at once.

    -Δu = f   on (0, 1)²,      u = 0   on the boundary,      u = 1/n Σ_w sin wπx sin wπy,

a sum over n whole numbers w. Networks learn the long waves first, and the short ones late or never.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on


def problem(waves: tuple[int, ...] = (4, 8, 12, 16)) -> Problem:
    """Poisson's equation with an exact solution of many scales.

    Args:
        waves: w, the half waves along a side.
    """
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box)
    w = math.pi * torch.tensor(waves, dtype=torch.float64)

    def exact(p: Point) -> Tensor:
        return (torch.sin(w * x(p)) * torch.sin(w * y(p))).mean()

    @on(box, samples=6000)
    def poisson(p: Point) -> Tensor:
        """-Δu = f"""
        f = (2 * w**2 * torch.sin(w * x(p)) * torch.sin(w * y(p))).mean()
        return -laplacian(u)(p) - f

    @on(box.boundary(), samples=1200, weight=float((2 * w**2).mean()) ** 2)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(poisson, walls, reference={u: exact})
