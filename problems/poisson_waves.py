"""Poisson's equation with many waves in a square or a cube, one of them in a direction of its own.

    -Δu + r u³ = f   in (0, 1)ᵈ,      u known on the boundary,

with u = Π sin nπx_i + cos nπ(x_1 + 0.7 x_2 - 0.5 x_3), which is no product.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on

OBLIQUE = (1.0, 0.7, -0.5)


def problem(frequency: float = 64, dimensions: int = 2, reaction: float = 0) -> Problem:
    """Poisson's equation with an exact solution of many waves.

    Args:
        frequency: n, half waves along each axis.
        dimensions: two or three.
        reaction: r.
    """
    box = Box(**{name: (0, 1) for name in "xyz"[:dimensions]})
    u, k = Field("u", box), frequency * math.pi
    direction = OBLIQUE[:dimensions]

    def product(p: Point) -> Tensor:
        return torch.sin(k * p.coords).prod()

    def oblique(p: Point) -> Tensor:
        return torch.cos(
            k * sum((c * a(p) for c, a in zip(direction, box.axes, strict=True)), torch.zeros(()))
        )

    def exact(p: Point) -> Tensor:
        return product(p) + oblique(p)

    def source(p: Point) -> Tensor:
        turned = sum(c * c for c in direction) * oblique(p)
        return k**2 * (dimensions * product(p) + turned) + reaction * exact(p) ** 3

    @on(box, samples=6000)
    def poisson(p: Point) -> Tensor:
        """-Δu + r u³ = f"""
        return -laplacian(u)(p) + reaction * u(p) ** 3 - source(p)

    @on(box.boundary(), samples=4000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(poisson, walls, reference={u: exact})
