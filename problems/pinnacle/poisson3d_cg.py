"""A screened Poisson equation in a cube of two layers with four balls cut out (Poisson3d-CG).

    -Δu + k² u = f   in (0, 1)³ without four balls,      ∂u/∂n = 0   on the cube and on the balls,
    f = 20 exp(sin πx + sin 10πy + sin 5πz) (r² - 1) / (r² + 1) + 100 sin πx sin 10πy sin 5πz,   r² = x² + y² + z²,

with k = 8 below z = 1/2 and k = 10 above. There u and its slopes are continuous, and its second derivatives jump. The
suite's file is not to be had. Measured against the solution in the whole cube and point sources within the
balls, which together meet the condition on the balls; functions fewer by a third are 5e-5 away.
Cells are short along y, where the waves are; left open, they ask for 8 GB.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import (
    Ball,
    Box,
    Field,
    LeastSquares,
    Pieces,
    Point,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    bundled,
    dot,
    grad,
    laplacian,
    on,
)


def problem() -> Problem:
    """Heat that is made and lost in a cube, around four balls."""
    cube = Box(x=(0, 1), y=(0, 1), z=(0, 1))
    large = Ball(center=(0.4, 0.3, 0.6), radius=0.2) | Ball(center=(0.6, 0.7, 0.6), radius=0.2)
    small = Ball(center=(0.2, 0.8, 0.7), radius=0.1) | Ball(center=(0.6, 0.2, 0.3), radius=0.1)
    solid = cube - (large | small)
    skin = solid.boundary()
    x, y, z = solid.axes
    u = Field("u", solid, Pieces(SineFeatures(330), cells=(2, 10, (0.25, 0.5, 0.75))))

    def k(p: Point) -> Tensor:
        return torch.where(z(p) < 0.5, 8.0, 10.0)

    def source(p: Point) -> Tensor:
        a, b, c = torch.sin(math.pi * x(p)), torch.sin(10 * math.pi * y(p)), torch.sin(5 * math.pi * z(p))
        square = x(p) ** 2 + y(p) ** 2 + z(p) ** 2
        return 20 * torch.exp(a + b + c) * (square - 1) / (square + 1) + 100 * a * b * c

    @on(solid, samples=16000)
    def balance(p: Point) -> Tensor:
        """-Δu + k² u = f"""
        return -laplacian(u)(p) + k(p) ** 2 * u(p) - source(p)

    @on(skin, samples=6000, weight=100)
    def insulated(p: Point) -> Tensor:
        """∂u/∂n = 0"""
        return dot(skin.normal(p), grad(u)(p))

    known = PointCloud.open(bundled("pinnacle/poisson3d_cg.npz"), solid)
    return Problem(
        balance, insulated, reference={u: Reference(known["certified"], known)}, using=[LeastSquares()]
    )
