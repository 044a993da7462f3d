"""Diffusion through 5 x 5 materials, whose conductivity varies 700-fold (Poisson2d-MS).

    flux:   -div(a grad u) = f   on (-10, 10)²,      ∂u/∂n = -u   on the boundary,
    code:         -a Δu = f,

a and f given on each block of side 4, f = c + w sin πξ sin πη with ξ, η in (0, 1) across the block. The paper states
the first form; its program drops the flux and solves the second. The two solutions differ by 1.47 of the first.
Measured against finite elements of degree 8 and 12, graded to the blocks' corners: 1e-6 and 1e-9.

Source: Hao et al., PINNacle, 2024; the coefficients are the suite's.
"""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sirenpde import (
    Box,
    Field,
    LeastSquares,
    Pieces,
    Point,
    PointCloud,
    Problem,
    Reference,
    bundled,
    div,
    dot,
    grad,
    laplacian,
    on,
)

with np.load(bundled("pinnacle/poisson2d_ms_coefficients.npz")) as tables:
    A, CONSTANT, WAVE = (torch.from_numpy(tables[name]) for name in ("a", "constant", "wave"))

square = Box(x=(-10, 10), y=(-10, 10))
x, y = square.axes


def block(values: Tensor, p: Point) -> Tensor:
    """What a table holds for the block of a point."""
    i, j = (((axis(p) + 10) / 4).floor().clamp(0, 4).long() for axis in (x, y))
    return values.to(x(p)).flatten().index_select(0, (5 * i + j).reshape(1))[0]


def source(p: Point) -> Tensor:
    waves = torch.sin(math.pi * (x(p) + 10) / 4).abs() * torch.sin(math.pi * (y(p) + 10) / 4).abs()
    return block(CONSTANT, p) + block(WAVE, p) * waves


def problem(form: Literal["flux", "code"] = "flux") -> Problem:
    """Diffusion on 25 blocks of different materials.

    Args:
        form: "flux", -div(a grad u) = f; "code", -a Δu = f.
    """
    u = Field("u", square, Pieces())
    boundary = square.boundary()

    def conducted(p: Point) -> Tensor:
        return div(lambda q: block(A, q) * grad(u)(q), x, y)(p)

    def dropped(p: Point) -> Tensor:
        return block(A, p) * laplacian(u)(p)

    operator = {"flux": conducted, "code": dropped}[form]

    @on(square, samples=16000)
    def balance(p: Point) -> Tensor:
        """-div(a grad u) = f"""
        return operator(p) + source(p)

    @on(boundary, samples=2000, weight=100)
    def leaving(p: Point) -> Tensor:
        """∂u/∂n = -u"""
        return dot(boundary.normal(p), grad(u)(p)) + u(p)

    known = PointCloud.open(bundled("pinnacle/poisson2d_ms.npz"), square)
    known_form = {u: Reference(known[form], known)}
    return Problem(balance, leaving, reference=known_form, using=[LeastSquares()])
