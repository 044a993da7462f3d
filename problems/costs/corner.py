"""A re-entrant corner, in as many functions as asked for.

    Δu = 0   on (-1, 1)² without x > 0, y < 0,      u given on the edge,

with u = r^(2/3) sin 2θ/3 + eˣ sin y, θ from the x-axis.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, SineFeatures, Singular, laplacian, on


def problem(features: int = 100) -> Problem:
    """A singular function that is declared, and sines for the rest.

    Args:
        features: sines on the whole shape.
    """
    shape = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
    x, y = shape.axes
    corner = Singular("corner", at=(0.0, 0.0), between=(0.0, 1.5 * math.pi))
    u = Field("u", shape, SineFeatures(features, singular=(corner,)))

    def exact(p: Point) -> Tensor:
        angle = torch.remainder(torch.atan2(y(p), x(p)), 2 * math.pi)
        power = torch.hypot(x(p), y(p)) ** (2 / 3) * torch.sin(2 / 3 * angle)
        return power + torch.exp(x(p)) * torch.sin(y(p))

    @on(shape, samples=4000)
    def laplace(p: Point) -> Tensor:
        """Δu = 0"""
        return laplacian(u)(p)

    @on(shape.boundary(), samples=2000, weight=1000)
    def edge(p: Point) -> Tensor:
        """u given"""
        return u(p) - exact(p)

    return Problem(laplace, edge, reference={u: exact})
