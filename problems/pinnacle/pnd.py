"""Poisson's equation in a cube of five dimensions (PNd).

    Δu = -π²/4 Σ sin(π x_i / 2)   on (0, 1)⁵,      u known on the boundary,

with u = Σ sin(π x_i / 2), a sum of functions of one coordinate each.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on


def exact(p: Point) -> Tensor:
    return torch.sin(math.pi / 2 * p.coords).sum()


def problem() -> Problem:
    """Poisson's equation in a five-dimensional cube with an additive solution."""
    box = Box(a=(0, 1), b=(0, 1), c=(0, 1), d=(0, 1), e=(0, 1))
    u = Field("u", box)

    @on(box, samples=6000)
    def poisson(p: Point) -> Tensor:
        """Δu = -π²/4 Σ sin(π x_i / 2)"""
        return laplacian(u)(p) + math.pi**2 / 4 * exact(p)

    @on(box.boundary(), samples=4000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(poisson, walls, reference={u: exact})
