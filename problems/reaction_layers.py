"""Diffusion against a reaction: layers at two sides of a square, where the values are far from balance.

    -w² Δu + u = f,     u given on the boundary,

with f such that u = cos(3x + y) + 2 cos(y) exp(-x / w) - cos(2x) exp(-y / w).
"""

import torch
from torch import Tensor

from sirenpde import Box, Field, Pieces, Point, Problem, laplacian, on


def problem(width: float = 0.01) -> Problem:
    """Values on two sides that the reaction forgets within a layer.

    Args:
        width: w, of the layers.
    """
    square = Box(x=(0, 1), y=(0, 1))
    x, y = square.axes
    u = Field("u", square, Pieces())

    def parts(p: Point) -> tuple[Tensor, Tensor, Tensor]:
        smooth = torch.cos(3 * x(p) + y(p))
        left = 2 * torch.cos(y(p)) * torch.exp(-x(p) / width)
        return smooth, left, -torch.cos(2 * x(p)) * torch.exp(-y(p) / width)

    def exact(p: Point) -> Tensor:
        smooth, left, below = parts(p)
        return smooth + left + below

    def source(p: Point) -> Tensor:
        smooth, left, below = parts(p)
        return (1 + 10 * width**2) * smooth + width**2 * (left + 4 * below)

    @on(square, samples=4000)
    def balance(p: Point) -> Tensor:
        """-w² Δu + u = f"""
        return -(width**2) * laplacian(u)(p) + u(p) - source(p)

    @on(square.boundary(), samples=1000)
    def walls(p: Point) -> Tensor:
        """u given"""
        return u(p) - exact(p)

    return Problem(balance, walls, reference={u: exact})
