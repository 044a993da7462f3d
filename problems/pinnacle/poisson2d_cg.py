"""A screened Poisson equation on a square with four discs cut out (Poisson2d-CG).

    -Δu + 64 u = 10 (17 + x² + y²) sin πx sin 4πy   on (-1, 1)² without four discs,
    u = 1/5   on the square's sides,      u = 1   on the circles.

At the square's corners Δu is not zero though u is constant on both sides: there u has a term like r² log r. Measured
against functions that solve the equation and meet the boundary values to 1e-6 in the corners, 5e-8 on the circles.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Disk, Field, Point, PointCloud, Problem, Reference, bundled, laplacian, on


def problem() -> Problem:
    """A square around four warm discs of different size."""
    square = Box(x=(-1, 1), y=(-1, 1))
    upper = Disk(center=(0.5, 0.5), radius=0.2) | Disk(center=(-0.6, 0.5), radius=0.3)
    lower = Disk(center=(0.4, -0.4), radius=0.4) | Disk(center=(-0.2, -0.7), radius=0.1)
    holes = upper | lower
    plate = square - holes
    x, y = plate.axes
    u = Field("u", plate)

    def source(p: Point) -> Tensor:
        waves = torch.sin(math.pi * x(p)) * torch.sin(4 * math.pi * y(p))
        return 10 * (17 + x(p) ** 2 + y(p) ** 2) * waves

    @on(plate, samples=8000)
    def balance(p: Point) -> Tensor:
        """-Δu + 64 u = f"""
        return -laplacian(u)(p) + 64 * u(p) - source(p)

    @on(plate.boundary_of(square), samples=1000, weight=1000)
    def sides(p: Point) -> Tensor:
        """u = 1/5"""
        return u(p) - 0.2

    @on(plate.boundary_of(holes), samples=1000, weight=1000)
    def circles(p: Point) -> Tensor:
        """u = 1"""
        return u(p) - 1

    known = PointCloud.open(bundled("pinnacle/poisson2d_cg.npz"), plate)
    return Problem(balance, sides, circles, reference={u: Reference(known["certified"], known)})
