"""Waves in a random medium of two materials, as in the model that the suite's file came from (Wave2d-CG).

    u_tt = div(c grad u)   on (-1, 1)², t < 5,      ∂u/∂n = 0   on the sides,
    u = exp(-((x + 1/2)² + y²) / 0.18)   and   u_t = 0   at t = 0,

with c = 1 or c₁, that of the nearest of 256 × 256 nodes. As in `heat2d_vc` the flux q = c grad u is a field of its
own. Measured against finite volumes, which change by some hundredths where they are made finer.

Source: Hao et al., PINNacle, 2024.
"""

from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Field,
    Point,
    PointCloud,
    Problem,
    Reference,
    bundled,
    div,
    grad,
    on,
)
from sirenpde.references.pinnacle.two_valued import nearest

KNOWN = {"12": "flux_12", "2": "flux_2"}


def problem(high: Literal["12", "2"] = "12") -> Problem:
    """A bell that is let go, and scattered.

    Args:
        high: c₁, the larger value of c.
    """
    spacetime = Box(t=(0, 5), x=(-1, 1), y=(-1, 1))
    sides = spacetime.boundary("x", "y")
    t, x, y = spacetime.axes
    u, flux_x, flux_y = Field("u", spacetime), Field("flux_x", spacetime), Field("flux_y", spacetime)
    c = nearest(1.0, float(high), spacetime)

    def flux(p: Point) -> Tensor:
        return torch.stack([flux_x(p), flux_y(p)])

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt = div q"""
        return D(u, t, t)(p) - div(flux, x, y)(p)

    @on(spacetime, samples=8000, weight=100)
    def push(p: Point) -> Tensor:
        """q / √c = √c grad u"""
        return flux(p) / torch.sqrt(c(p)) - torch.sqrt(c(p)) * grad(u, x, y)(p)

    @on(sides, samples=2000, weight=10)
    def free(p: Point) -> Tensor:
        """q·n = 0"""
        return sides.normal(p)[1:] @ flux(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def shape(p: Point) -> Tensor:
        """u = exp(-((x + 1/2)² + y²) / 0.18)"""
        return u(p) - torch.exp(-((x(p) + 0.5) ** 2 + y(p) ** 2) / 0.18)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    known = PointCloud.open(bundled("pinnacle/wave2d_cg.npz"), spacetime)
    return Problem(wave, free, shape, rest, reference={u: Reference(known[KNOWN[high]], known)})
