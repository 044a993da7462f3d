"""A plate with a round hole under tension: Kirsch's solution.

    div σ = 0,   σ = 2μ ε + λ' (tr ε) I,   ε = (∇u + ∇uᵀ) / 2,   λ' = 2μν / (1 - ν)   (plane stress),

on a square without the disc r < 1, with σ·n = 0 on the circle, and on the square the displacements of the infinite
plate that is pulled along x by a stress 1. At the hole's top the stress along x is three times as large.

Source: Kirsch, Die Theorie der Elastizität und die Bedürfnisse der Festigkeitslehre, 1898.
"""

import torch
from torch import Tensor

from sirenpde import Box, Disk, Field, Point, Problem, div, grad, on
from sirenpde.references.elasticity import kirsch_displacement, kirsch_stress


def problem(poisson_ratio: float = 0.3) -> Problem:
    """A plate with a hole under tension, displacements and stresses, in units of the shear modulus.

    Args:
        poisson_ratio: ν.
    """
    square, hole = Box(x=(-3, 3), y=(-3, 3)), Disk(radius=1)
    plate = square - hole
    u = Field("u", plate, shape=(2,))
    rim = plate.boundary_of(hole)
    known = kirsch_displacement(plate.axes, poisson_ratio)

    def stress(p: Point) -> Tensor:
        slopes = grad(u)(p)
        pressure = 2 * poisson_ratio / (1 - poisson_ratio) * slopes.trace()
        return slopes + slopes.mT + pressure * torch.eye(2).to(slopes)

    @on(plate, samples=6000)
    def equilibrium(p: Point) -> Tensor:
        """div σ = 0"""
        return div(stress)(p)

    @on(rim, samples=600, weight=100)
    def free(p: Point) -> Tensor:
        """σ·n = 0"""
        return stress(p) @ rim.normal(p)

    @on(plate.boundary_of(square), samples=1000, weight=100)
    def held(p: Point) -> Tensor:
        """u as in the infinite plate"""
        return u(p) - known(p)

    exact = {u: known, stress: kirsch_stress(plate.axes)}
    names = {u: ("ux", "uy"), stress: ("σxx", "σxy", "σyx", "σyy")}
    return Problem(equilibrium, free, held, outputs=(u, stress), reference=exact, components=names)
