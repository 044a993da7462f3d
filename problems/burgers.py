"""Burgers' equation: a wave steepens into a layer as thin as the viscosity.

    u_t + u u_x = ν u_xx   for x in (-1, 1), periodic,      u = -sin πx   at t = 0,

with a layer of width 2ν at x = 0 from t = 1/π on. By symmetry u = 0 at x = -1, 1. Tables differ in ν: 0.01/π is the
usual one, and 0.01 is much easier.

Source: Raissi, Perdikaris and Karniadakis, Physics-informed neural networks, 2019, with ν = 0.01/π.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on
from sirenpde.references.burgers import burgers_from_sine


def problem(viscosity: float = 0.01 / math.pi) -> Problem:
    """Burgers' equation until t = 1, measured against the Cole-Hopf formula.

    Args:
        viscosity: ν.
    """
    spacetime = Box(t=(0, 1), x=(-1, 1))
    t, x = spacetime.axes
    u = Field("u", spacetime, periodic=(x,))

    @on(spacetime, samples=8000)
    def burgers(p: Point) -> Tensor:
        """u_t + u u_x = ν u_xx"""
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u = -sin πx"""
        return u(p) + torch.sin(math.pi * x(p))

    exact = burgers_from_sine(viscosity, (t, x))
    return Problem(burgers, start, reference={u: exact})
