"""Waves in a random medium of two materials (Wave2d-CG).

    u_tt = c Δu   on (-1, 1)², t < 5,      ∂u/∂n = 0   on the sides,
    u = exp(-((x + 1/2)² + y²) / 0.18)   and   u_t = 0   at t = 0,

with c between 1 and c₁, linear between 256 × 256 nodes: the form of the suite's program. Its table of c and its file
of values are not to be had: c₁ = 12 is that of the program that drew the medium. The model that the file came from is
another problem, `wave2d_cg_flux`: as far apart are the solutions as 1.15 times their size for c₁ = 12, and 0.37 for
c₁ = 2. Measured against finite volumes.

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
    dot,
    grad,
    laplacian,
    on,
)
from sirenpde.references.pinnacle.two_valued import coefficient

KNOWN = {"12": "code_12", "2": "code_2"}


def problem(high: Literal["12", "2"] = "12") -> Problem:
    """A bell that is let go, and scattered.

    Args:
        high: c₁, the larger value of c.
    """
    spacetime, square = Box(t=(0, 5), x=(-1, 1), y=(-1, 1)), Box(x=(-1, 1), y=(-1, 1))
    sides = spacetime.boundary("x", "y")
    t, x, y = spacetime.axes
    u = Field("u", spacetime)
    c = Sampled(coefficient(1.0, float(high)), square, degree=1, name="c")

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt / c = Δu"""
        return D(u, t, t)(p) / c(p) - laplacian(u, x, y)(p)

    @on(sides, samples=2000, weight=10)
    def free(p: Point) -> Tensor:
        """∂u/∂n = 0"""
        return dot(sides.normal(p), grad(u)(p))

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
