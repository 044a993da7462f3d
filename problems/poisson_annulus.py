"""A membrane between two circles, under pressure, its outer edge bent.

    -Δu = 4   in ρ < r < 1,      u = 0   at r = ρ,      u = cos 3θ   at r = 1,

solved by u = 1 - r² - (1 - ρ²) log r / log ρ + (s³ - s⁻³) / (ρ⁻³ - ρ³) cos 3θ, s = r/ρ.
"""

import math

import torch
from torch import Tensor

from sirenpde import Disk, Field, Point, Problem, laplacian, on


def problem(inner: float = 0.3) -> Problem:
    """Poisson's equation on an annulus with an exact solution.

    Args:
        inner: ρ, the radius of the hole; that of the disc is 1.
    """
    disk, hole = Disk(radius=1), Disk(radius=inner)
    annulus = disk - hole
    x, y = annulus.axes
    u = Field("u", annulus)

    def bent(p: Point) -> Tensor:
        """r³ cos 3θ"""
        return x(p) ** 3 - 3 * x(p) * y(p) ** 2

    def exact(p: Point) -> Tensor:
        squared = x(p) ** 2 + y(p) ** 2
        bulge = 1 - squared - (1 - inner**2) * torch.log(squared) / (2 * math.log(inner))
        return bulge + bent(p) * (1 - inner**6 / squared**3) / (1 - inner**6)

    @on(annulus, samples=4000)
    def poisson(p: Point) -> Tensor:
        """-Δu = 4"""
        return -laplacian(u)(p) - 4

    @on(annulus.boundary_of(hole), samples=400, weight=1000)
    def inside(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(annulus.boundary_of(disk), samples=800, weight=1000)
    def outside(p: Point) -> Tensor:
        """u = cos 3θ"""
        return u(p) - bent(p)

    return Problem(poisson, inside, outside, reference={u: exact})
