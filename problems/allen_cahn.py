"""The Allen-Cahn equation: two phases separate, with thin walls between them.

    u_t = ε u_xx + 5 u - 5 u³   for x in (-1, 1), periodic,      u = u0   at t = 0.

The usual start x² cos πx has a kink where the period closes, so that no solver converges fast near t = 0; its smooth
companion ½ (1 - cos πx) cos πx has none.

Source: Raissi, Perdikaris and Karniadakis, Physics-informed neural networks, 2019, with ε = 1e-4 and the kink.
"""

import math
from typing import Literal

import torch
from sirenpde import Box, D, Field, March, Point, Problem, Reference, SineLattice, Siren, on
from sirenpde.references.periodic import evolved
from torch import Tensor


def problem(
    start: Literal["kink", "smooth"] = "kink",
    width: float = 1e-4,
    network: Literal["auto", "siren"] = "auto",
) -> Problem:
    """The Allen-Cahn equation until t = 1, measured against a Fourier solution.

    Args:
        start: "kink", x² cos πx; "smooth", ½ (1 - cos πx) cos πx.
        width: ε, the square of the walls' width, more or less.
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

    def first(s: Tensor) -> Tensor:
        wave = torch.cos(math.pi * s)
        return (s**2 if start == "kink" else (1 - wave) / 2) * wave

    @on(spacetime, samples=8000)
    def phases(p: Point) -> Tensor:
        """u_t = ε u_xx + 5 u - 5 u³"""
        return D(u, t)(p) - width * D(u, x, x)(p) - 5 * u(p) + 5 * u(p) ** 3

    @on(spacetime.at(t=0), samples=500, weight=100)
    def beginning(p: Point) -> Tensor:
        """u = u0"""
        return u(p) - first(x(p))

    known = evolved(spacetime, first, {2: width, 0: 5.0}, {3: -5.0}, modes=1536, steps=2000)
    reference = {u: Reference(known["u"], known)}
    return Problem(phases, beginning, reference=reference, using=None if trained else [March(t)])
