"""A warm spot that is carried round a ring.

    u_t = κ Δu + f   in 1/2 < r < 1,
    u = g at t = 0 and on the inner circle,      ∂u/∂n = h   on the outer circle,

with the source f and the data g, h for which the spot keeps its shape, u = exp(-|x - c(t)|² / 2σ²), as its centre
c(t) = 3/4 (cos πt/2, sin πt/2) goes a quarter round.
"""

import math

import torch
from torch import Tensor

from sirenpde import D, Disk, Field, Interval, Point, Problem, dot, grad, laplacian, on


def problem(diffusivity: float = 0.1, width: float = 0.5) -> Problem:
    """Heat in an annulus with a source that moves, and an exact solution.

    Args:
        diffusivity: κ.
        width: σ, of the spot.
    """
    disk, hole, time = Disk(radius=1), Disk(radius=0.5), Interval(t=(0, 1))
    ring = disk - hole
    spacetime = ring * time
    inner, outer = ring.boundary_of(hole) * time, ring.boundary_of(disk) * time
    x, y, t = spacetime.axes
    u = Field("u", spacetime)

    def exact(p: Point) -> Tensor:
        a = x(p) - 0.75 * torch.cos(math.pi / 2 * t(p))
        b = y(p) - 0.75 * torch.sin(math.pi / 2 * t(p))
        return torch.exp(-(a**2 + b**2) / (2 * width**2))

    def source(p: Point) -> Tensor:
        return D(exact, t)(p) - diffusivity * laplacian(exact, x, y)(p)

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t = κ Δu + f"""
        return D(u, t)(p) - diffusivity * laplacian(u, x, y)(p) - source(p)

    @on(spacetime.at(t=0), samples=1500, weight=100)
    def start(p: Point) -> Tensor:
        """u = g"""
        return u(p) - exact(p)

    @on(inner, samples=1500, weight=100)
    def prescribed(p: Point) -> Tensor:
        """u = g"""
        return u(p) - exact(p)

    @on(outer, samples=1500, weight=1)
    def flux(p: Point) -> Tensor:
        """∂u/∂n = h"""
        return dot(outer.normal(p), grad(u)(p) - grad(exact, x, y, t)(p))

    return Problem(heat, start, prescribed, flux, reference={u: exact})
