"""Diffusion through a plate with a round inclusion of another material.

    Δu = 0   outside,   Δv = 0   inside,      u = v   and   ∂u/∂n = k ∂v/∂n   on the circle r = 1/2,

two fields with domains of their own. With u = x far away the exact solution is v = 2x / (1 + k) inside and
u = x + (1 - k) / (1 + k) x / (4 r²) outside, which is prescribed on the square.
"""

import torch
from torch import Tensor

from sirenpde import Box, Disk, Field, Point, Problem, dot, grad, laplacian, on


def problem(conductivity: float = 10.0) -> Problem:
    """Two fields joined by value and flux on a circle.

    Args:
        conductivity: k, of the inclusion; that of the plate is 1.
    """
    k = conductivity
    square, inside = Box(x=(-1, 1), y=(-1, 1)), Disk(radius=0.5)
    outside = square - inside
    x, y = square.axes
    u, v = Field("u", outside), Field("v", inside)
    circle = inside.boundary()

    def around(p: Point) -> Tensor:
        return x(p) + (1 - k) / (1 + k) * x(p) / (4 * (x(p) ** 2 + y(p) ** 2))

    def within(p: Point) -> Tensor:
        return 2 / (1 + k) * x(p)

    def temperature(p: Point) -> Tensor:
        return torch.where(x(p) ** 2 + y(p) ** 2 > 0.25, u(p), v(p))

    def exact(p: Point) -> Tensor:
        return torch.where(x(p) ** 2 + y(p) ** 2 > 0.25, around(p), within(p))

    @on(outside, samples=3000)
    def plate(p: Point) -> Tensor:
        """Δu = 0"""
        return laplacian(u)(p)

    @on(inside, samples=1000)
    def inclusion(p: Point) -> Tensor:
        """Δv = 0"""
        return laplacian(v)(p)

    @on(circle, samples=400, weight=1000)
    def value(p: Point) -> Tensor:
        """u = v"""
        return u(p) - v(p)

    @on(circle, samples=400, weight=100)
    def flux(p: Point) -> Tensor:
        """∂u/∂n = k ∂v/∂n"""
        return dot(circle.normal(p), grad(u)(p)) - k * dot(circle.normal(p), grad(v)(p))

    @on(outside.boundary_of(square), samples=800, weight=1000)
    def far(p: Point) -> Tensor:
        """u as in an infinite plate"""
        return u(p) - around(p)

    return Problem(
        plate,
        inclusion,
        value,
        flux,
        far,
        outputs=(temperature,),
        reference={temperature: exact, u: around, v: within},
    )
