"""Waves in a random medium of two materials (Wave2d-CG).

    u_tt = c Δu   or   u_tt = div(c grad u)   on (-1, 1)², t < 5,      ∂u/∂n = 0   on the sides,
    u = exp(-((x + 1/2)² + y²) / 0.18)   and   u_t = 0   at t = 0.

The first form is that of the suite's program, c between 1 and c₁ and linear between 256 × 256 nodes; the second that
of the model which its file came from, c = 1 or c₁, that of the nearest node. There, as in `heat2d_vc`, the flux
q = c grad u is a field of its own. The table of c and the file of values are not to be had: c₁ = 12 is that of the
program that drew the medium. The solutions are 1.15 times their size apart for c₁ = 12, and 0.37 for c₁ = 2. Measured
against finite volumes, which change by some hundredths where they are made finer.

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
    Sampled,
    bundled,
    div,
    dot,
    grad,
    laplacian,
    on,
)
from sirenpde.references.pinnacle.two_valued import coefficient, nearest


def problem(form: Literal["code", "flux"] = "code", high: Literal["12", "2"] = "12") -> Problem:
    """A bell that is let go, and scattered.

    Args:
        form: "code", u_tt = c Δu; "flux", u_tt = div(c grad u).
        high: c₁, the larger value of c.
    """
    spacetime, square = Box(t=(0, 5), x=(-1, 1), y=(-1, 1)), Box(x=(-1, 1), y=(-1, 1))
    sides = spacetime.boundary("x", "y")
    t, x, y = spacetime.axes
    u, flux_x, flux_y = Field("u", spacetime), Field("flux_x", spacetime), Field("flux_y", spacetime)
    between = Sampled(coefficient(1.0, float(high)), square, degree=1, name="c")
    stepped = nearest(1.0, float(high), spacetime)

    def flux(p: Point) -> Tensor:
        return torch.stack([flux_x(p), flux_y(p)])

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt / c = Δu"""
        return D(u, t, t)(p) / between(p) - laplacian(u, x, y)(p)

    @on(sides, samples=2000, weight=10)
    def free(p: Point) -> Tensor:
        """∂u/∂n = 0"""
        return dot(sides.normal(p), grad(u)(p))

    @on(spacetime, samples=8000)
    def balance(p: Point) -> Tensor:
        """u_tt = div q"""
        return D(u, t, t)(p) - div(flux, x, y)(p)

    @on(spacetime, samples=8000, weight=100)
    def push(p: Point) -> Tensor:
        """q / √c = √c grad u"""
        root = torch.sqrt(stepped(p))
        return flux(p) / root - root * grad(u, x, y)(p)

    @on(sides, samples=2000, weight=10)
    def tight(p: Point) -> Tensor:
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

    inside = {"code": (wave, free), "flux": (balance, push, tight)}[form]
    known = PointCloud.open(bundled("pinnacle/wave2d_cg.npz"), spacetime)
    certified = Reference(known[f"{form}_{high}"], known)
    return Problem(*inside, shape, rest, reference={u: certified})
