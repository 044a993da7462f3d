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
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on


def additive(p: Point) -> Tensor:
    return torch.cos(math.pi * p.coords).sum()


def additive_source(p: Point) -> Tensor:
    return math.pi**2 * torch.cos(math.pi * p.coords).sum()


def bell(p: Point) -> Tensor:
    return torch.exp(-((p.coords - 0.5) ** 2).sum())


def mixed(p: Point) -> Tensor:
    return torch.sin(p.coords.sum()) + bell(p)


def mixed_source(p: Point) -> Tensor:
    return 5 * torch.sin(p.coords.sum()) - (4 * ((p.coords - 0.5) ** 2).sum() - 10) * bell(p)


SOLUTIONS = {"additive": (additive, additive_source), "mixed": (mixed, mixed_source)}


def problem(solution: Literal["additive", "mixed"] = "additive") -> Problem:
    """Poisson's equation in a five-dimensional cube with an exact solution.

    Args:
        solution: "additive", a sum of functions of one coordinate; "mixed", not such a sum.
    """
    box = Box(a=(0, 1), b=(0, 1), c=(0, 1), d=(0, 1), e=(0, 1))
    u = Field("u", box)
    exact, source = SOLUTIONS[solution]

    @on(box, samples=6000)
    def poisson(p: Point) -> Tensor:
        """-Δu = f"""
        return -laplacian(u)(p) - source(p)

    @on(box.boundary(), samples=4000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(poisson, walls, reference={u: exact})
