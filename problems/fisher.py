"""Fisher's equation: a favourable gene spreads as a front.

    u_t = u_xx + ρ u (1 - u)   for x in (0, 1), t in (0, 1/100),

with the values at t = 0 and at both ends of the front that runs to the right and solves it,

    u = (1 + exp(√(ρ/6) (x - x₀ - ct)))⁻²,   c = 5 √(ρ/6).

The larger ρ, the thinner and faster it is.

Source: Ablowitz and Zeppetella, Explicit solutions of Fisher's equation for a special wave speed, 1979.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on


def problem(rate: float = 600.0, place: float = 0.2) -> Problem:
    """A front with an exact solution.

    Args:
        rate: ρ.
        place: x₀, where it is at first.
    """
    steepness = math.sqrt(rate / 6)
    spacetime = Box(t=(0, 0.01), x=(0, 1))
    t, x = spacetime.axes
    u = Field("u", spacetime)

    def exact(p: Point) -> Tensor:
        return torch.sigmoid(-steepness * (x(p) - place - 5 * steepness * t(p))) ** 2

    @on(spacetime, samples=8000)
    def growth(p: Point) -> Tensor:
        """u_t = u_xx + ρ u (1 - u)"""
        return D(u, t)(p) - D(u, x, x)(p) - rate * u(p) * (1 - u(p))

    @on(spacetime.at(t=0), samples=800, weight=100)
    def start(p: Point) -> Tensor:
        """u is the front"""
        return u(p) - exact(p)

    @on(spacetime.boundary("x"), samples=800, weight=100)
    def ends(p: Point) -> Tensor:
        """u is the front"""
        return u(p) - exact(p)

    return Problem(growth, start, ends, reference={u: exact})
