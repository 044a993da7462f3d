"""Convection with little diffusion: layers at both sides of a square through which the flow leaves.

    -w Δu + u_x + u_y = f,     u = 0 on the boundary,

with f such that u = g(x) g(y), g(s) = s (1 - E(s)), E(s) = exp(-(1 - s) / w): two layers of width w and a corner.
"""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Pieces, Point, Problem, laplacian, on


def problem(width: float = 0.01) -> Problem:
    """A flow that has to vanish where it leaves.

    Args:
        width: w, of the layers.
    """
    square = Box(x=(0, 1), y=(0, 1))
    x, y = square.axes
    u = Field("u", square, Pieces())

    def layer(s: Tensor) -> Tensor:
        return torch.exp((s - 1) / width)

    def profile(s: Tensor) -> Tensor:
        return -s * torch.expm1((s - 1) / width)

    def exact(p: Point) -> Tensor:
        return profile(x(p)) * profile(y(p))

    def source(p: Point) -> Tensor:
        return profile(y(p)) * (1 + layer(x(p))) + profile(x(p)) * (1 + layer(y(p)))

    @on(square, samples=4000)
    def transport(p: Point) -> Tensor:
        """-w Δu + u_x + u_y = f"""
        return -width * laplacian(u)(p) + D(u, x)(p) + D(u, y)(p) - source(p)

    @on(square.boundary(), samples=1000)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(transport, walls, reference={u: exact})
