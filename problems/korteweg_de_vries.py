"""The Korteweg-de Vries equation: a wave that steepens falls apart into solitons.

    u_t + u u_x + δ² u_xxx = 0   for x in (-1, 1), periodic,      u = cos πx   at t = 0,

with δ = 0.022.

Source: Zabusky and Kruskal, Interaction of "solitons" in a collisionless plasma and the recurrence of initial states,
1965.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Reference, on
from sirenpde.references.periodic import evolved


def problem() -> Problem:
    """The Korteweg-de Vries equation until t = 1, measured against a Fourier solution."""
    dispersion = 0.022**2
    spacetime = Box(t=(0, 1), x=(-1, 1))
    t, x = spacetime.axes
    u = Field("u", spacetime, periodic=(x,))

    def first(s: Tensor) -> Tensor:
        return torch.cos(math.pi * s)

    @on(spacetime, samples=8000)
    def motion(p: Point) -> Tensor:
        """u_t + u u_x + δ² u_xxx = 0"""
        return D(u, t)(p) + u(p) * D(u, x)(p) + dispersion * D(u, x, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u = cos πx"""
        return u(p) - first(x(p))

    known = evolved(spacetime, first, {3: -dispersion}, {2: -0.5}, outer=1, steps=20_000)
    return Problem(motion, start, reference={u: Reference(known["u"], known)})
