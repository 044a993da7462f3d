"""Burgers' equation between walls (Burgers1d-C).

    u_t + u u_x = ν u_xx   for x in (-1, 1),      u = -sin πx   at t = 0,      u = 0   at x = -1, 1,

with ν = 0.01/π. By symmetry it is the periodic problem of `burgers`; here the walls are conditions, as in the suite.
Measured at the nodes of the suite's file against the Cole-Hopf formula, from which that file itself is 1.3e-2.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, PointCloud, Problem, Reference, bundled, on

VISCOSITY = 0.01 / math.pi


def problem() -> Problem:
    """Burgers' equation between walls until t = 1."""
    spacetime = Box(t=(0, 1), x=(-1, 1))
    t, x = spacetime.axes
    u = Field("u", spacetime)

    @on(spacetime, samples=8000)
    def burgers(p: Point) -> Tensor:
        """u_t + u u_x = ν u_xx"""
        return D(u, t)(p) + u(p) * D(u, x)(p) - VISCOSITY * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u = -sin πx"""
        return u(p) + torch.sin(math.pi * x(p))

    @on(spacetime.boundary("x"), samples=500, weight=100)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    known = PointCloud.open(bundled("pinnacle/burgers1d_c.npz"), spacetime)
    return Problem(burgers, start, walls, reference={u: Reference(known["certified"], known)})
