"""Helmholtz' equation in n x n cells, with six radians in each of them along each axis.

    Δu + (k² (1 + v xy) + 1) u = f   on (0, 1)²,   k = 6 n,      u given on the boundary,

with f such that u = cos(0.8 kx) sin(0.6 ky + 0.3).
"""

import torch
from torch import Tensor

from sirenpde import Box, Field, Pieces, Point, Problem, SineFeatures, laplacian, on


def problem(cells: int = 4, variation: float = 0.0, features: int = 250) -> Problem:
    """More waves and more cells, as many waves in each.

    Args:
        cells: n, along each axis.
        variation: v; zero leaves most cells alike.
        features: sines in each cell.
    """
    square = Box(x=(0, 1), y=(0, 1))
    x, y = square.axes
    u = Field("u", square, Pieces(SineFeatures(features), cells=(cells, cells)))
    k = 6.0 * cells

    def exact(p: Point) -> Tensor:
        return torch.cos(0.8 * k * x(p)) * torch.sin(0.6 * k * y(p) + 0.3)

    def coefficient(p: Point) -> Tensor:
        return k**2 * (1 + variation * x(p) * y(p)) + 1

    @on(square, samples=1000)
    def helmholtz(p: Point) -> Tensor:
        """Δu + (k² (1 + v xy) + 1) u = f"""
        return laplacian(u)(p) + coefficient(p) * (u(p) - exact(p)) + k**2 * exact(p)

    @on(square.boundary(), samples=400)
    def sides(p: Point) -> Tensor:
        """u given"""
        return u(p) - exact(p)

    return Problem(helmholtz, sides, reference={u: exact})
