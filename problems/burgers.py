"""Burgers' equation: a wave steepens into a layer as thin as the viscosity.

    u_t + u u_x = ν u_xx   for x in (-1, 1), periodic,      u = -sin πx   at t = 0,

with a layer of width 2ν at x = 0 from t = 1/π on. By symmetry u = 0 at x = -1, 1. Tables differ in ν: 0.01/π is the
usual one, and 0.01 is much easier.

Source: Raissi, Perdikaris and Karniadakis, Physics-informed neural networks, 2019, with ν = 0.01/π.
"""

import math
from typing import Literal

import torch
from sirenpde import Box, D, Field, March, Point, Problem, SineLattice, Siren, on
from sirenpde.references.burgers import burgers_from_sine
from torch import Tensor


def problem(viscosity: float = 0.01 / math.pi, network: Literal["auto", "siren"] = "auto") -> Problem:
    """Burgers' equation until t = 1, measured against the Cole-Hopf formula.

    Args:
        viscosity: ν.
        network: "auto", a lattice of frozen sines, slab after slab; "siren", a trained one.
    """
    spacetime = Box(t=(0, 1), x=(-1, 1))
    t, x = spacetime.axes
    trained = network == "siren"
    u = Field(
        "u",
        spacetime,
        Siren(24, depth=3, omega=6, omega_hidden=1) if trained else SineLattice(),
        periodic=(x,),
    )

    @on(spacetime, samples=8000)
    def burgers(p: Point) -> Tensor:
        """u_t + u u_x = ν u_xx"""
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u = -sin πx"""
        return u(p) + torch.sin(math.pi * x(p))

    exact = burgers_from_sine(viscosity, (t, x))
    return Problem(burgers, start, reference={u: exact}, using=None if trained else [March(t)])
