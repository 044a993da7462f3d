"""Logistic growth from a bump, at every place by itself.

    u_t = ρ u (1 - u)   for x in (0, 2π),      u = h = exp(-(x - π)² / 2σ²),  σ = π/4   at t = 0,

solved by u = h exp(ρt) / (h exp(ρt) + 1 - h). Known for networks that stay near zero, where the equation holds too.

Source: Krishnapriyan et al., Characterizing possible failure modes in physics-informed neural networks, 2021, with ρ
up to 10.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, LeastSquares, Point, Problem, SineFeatures, on


def problem(rate: float = 5.0) -> Problem:
    """Reaction with an exact solution, until t = 1.

    Args:
        rate: ρ.
    """
    spacetime = Box(t=(0, 1), x=(0, 2 * math.pi))
    t, x = spacetime.axes
    u = Field("u", spacetime, SineFeatures())

    def bump(p: Point) -> Tensor:
        return torch.exp(-((x(p) - math.pi) ** 2) / (2 * (math.pi / 4) ** 2))

    def exact(p: Point) -> Tensor:
        grown = bump(p) * torch.exp(rate * t(p))
        return grown / (grown + 1 - bump(p))

    @on(spacetime, samples=8000)
    def reaction(p: Point) -> Tensor:
        """u_t = ρ u (1 - u)"""
        return D(u, t)(p) - rate * u(p) * (1 - u(p))

    @on(spacetime.at(t=0), samples=800, weight=math.exp(2 * rate))  # errors grow by exp(ρ)
    def start(p: Point) -> Tensor:
        """u = h"""
        return u(p) - bump(p)

    return Problem(reaction, start, reference={u: exact}, using=[LeastSquares()])
