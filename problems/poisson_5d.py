"""Poisson's equation in five dimensions.

    -Δu = f   on (0, 1)⁵,      u known on the boundary,

solved by a sum of functions of one coordinate each, u = Σ cos πx_i, or by u = sin(Σ x_i) + exp(-|x - ½|²), which is
no such sum.

Source: Müller and Zeinhofer, Achieving high accuracy with PINNs via energy natural gradients, 2023, for
the first, with cosines as in later work.
"""

import math
from typing import Literal

import torch
from sirenpde import Box, Field, Point, Problem, Siren, laplacian, on
from torch import Tensor


def problem(
    solution: Literal["additive", "mixed"] = "additive", network: Literal["auto", "siren"] = "auto"
) -> Problem:
    """Poisson's equation in a five-dimensional cube with an exact solution.

    Args:
        solution: "additive", a sum of functions of one coordinate; "mixed", not such a sum.
        network: "auto", chosen by the toolkit; "siren", a trained one.
    """
    box = Box(a=(0, 1), b=(0, 1), c=(0, 1), d=(0, 1), e=(0, 1))
    u = Field("u", box, Siren(width=48, depth=2, omega=2.5) if network == "siren" else None)
    mixed = solution == "mixed"

    def bell(p: Point) -> Tensor:
        return torch.exp(-((p.coords - 0.5) ** 2).sum())

    def exact(p: Point) -> Tensor:
        return torch.sin(p.coords.sum()) + bell(p) if mixed else torch.cos(math.pi * p.coords).sum()

    def source(p: Point) -> Tensor:
        curved = (4 * ((p.coords - 0.5) ** 2).sum() - 10) * bell(p) - 5 * torch.sin(p.coords.sum())
        return -curved if mixed else math.pi**2 * torch.cos(math.pi * p.coords).sum()

    @on(box, samples=6000)
    def poisson(p: Point) -> Tensor:
        """-Δu = f"""
        return -laplacian(u)(p) - source(p)

    @on(box.boundary(), samples=4000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(poisson, walls, reference={u: exact})
