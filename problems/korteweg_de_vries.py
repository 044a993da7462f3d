"""The Korteweg-de Vries equation: waves that steepen fall apart into solitons.

    u_t + u u_x + δ² u_xxx = 0,   δ = 0.022,  for x in (-1, 1), periodic,  u = cos πx at t = 0,   or
    u_t + 6 u u_x + u_xxx = 0   for x in (0, 20),   a fast soliton that overtakes a slow one, known exactly.

Source: Zabusky and Kruskal, Interaction of "solitons" in a collisionless plasma and the recurrence of initial states,
1965, for the cosine.
"""

import math
from typing import Literal

import torch
from sirenpde import Box, D, Field, March, Point, Problem, Reference, SineLattice, Siren, on
from sirenpde.references.periodic import evolved
from sirenpde.references.solitons import solitons
from torch import Tensor


def problem(
    start: Literal["cosine", "solitons"] = "cosine", network: Literal["auto", "siren"] = "auto"
) -> Problem:
    """The Korteweg-de Vries equation, measured against a Fourier solution or an exact one.

    Args:
        start: "cosine", until t = 1; "solitons", of speeds 6 and 2, until t = 5.
        network: "auto", a lattice of frozen sines, slab after slab; "siren", a trained one.
    """
    wave, trained = start == "cosine", network == "siren"
    spacetime = Box(t=(0, 1), x=(-1, 1)) if wave else Box(t=(0, 5), x=(0, 20))
    t, x = spacetime.axes
    recipe, period = (
        Siren(24, depth=3, omega=6, omega_hidden=1) if trained else SineLattice(),
        (x,) if wave else (),
    )
    u = Field("u", spacetime, recipe, periodic=period)
    steepening, dispersion = (1.0, 0.022**2) if wave else (6.0, 1.0)
    known = evolved(
        spacetime, lambda s: torch.cos(math.pi * s), {3: -dispersion}, {2: -0.5}, outer=1, steps=20_000
    )
    exact = solitons((6, 2), (-2, 2), (t, x))

    def motion(p: Point) -> Tensor:
        """u_t + a u u_x + δ² u_xxx = 0"""
        return D(u, t)(p) + steepening * u(p) * D(u, x)(p) + dispersion * D(u, x, x, x)(p)

    def beginning(p: Point) -> Tensor:
        """u = u0"""
        return u(p) - (torch.cos(math.pi * x(p)) if wave else exact(p))

    def ends(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    def outflow(p: Point) -> Tensor:
        """u_x is known"""
        return D(u, x)(p) - D(exact, x)(p)

    rows = [on(spacetime, 8000)(motion), on(spacetime.at(t=0), 500, weight=100)(beginning)]
    if not wave:
        rows += [on(spacetime.boundary("x"), 400, weight=100)(ends), on(spacetime.at(x=20), 200)(outflow)]
    reference = {u: Reference(known["u"], known) if wave else Reference(exact)}
    return Problem(*rows, reference=reference, using=None if trained else [March(t)])
