"""Kovasznay's flow: the wake behind a row of obstacles, an exact solution of the Navier-Stokes equations.

    (u·∇) u = -∇p + Δu / Re,      ∇·u = 0   on (-½, 1) × (-½, 3/2),      u known on the boundary,

solved by u = 1 - exp(λx) cos 2πy, v = λ/2π exp(λx) sin 2πy, p = (1 - exp(2λx)) / 2 with
λ = Re/2 - √(Re²/4 + 4π²). The pressure is known up to a constant, which is fixed in a corner.

Source: Kovasznay, Laminar flow behind a two-dimensional grid, 1948.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, div, grad, laplacian, on


def problem(reynolds: float = 40.0) -> Problem:
    """Steady flow with an exact solution.

    Args:
        reynolds: Re.
    """
    box = Box(x=(-0.5, 1), y=(-0.5, 1.5))
    x, y = box.axes
    u = Field("u", box, shape=(2,))
    p_ = Field("p", box)
    rate = reynolds / 2 - math.sqrt(reynolds**2 / 4 + 4 * math.pi**2)

    def velocity(p: Point) -> Tensor:
        wake, phase = torch.exp(rate * x(p)), 2 * math.pi * y(p)
        return torch.stack([1 - wake * torch.cos(phase), rate / (2 * math.pi) * wake * torch.sin(phase)])

    def pressure(p: Point) -> Tensor:
        return (1 - torch.exp(2 * rate * x(p))) / 2

    @on(box, samples=3000)
    def momentum(p: Point) -> Tensor:
        """(u·∇) u = -∇p + Δu / Re"""
        return grad(u)(p) @ u(p) + grad(p_)(p) - laplacian(u)(p) / reynolds

    @on(box, samples=3000)
    def continuity(p: Point) -> Tensor:
        """∇·u = 0"""
        return div(u)(p)

    @on(box.boundary(), samples=600, weight=100)
    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - velocity(p)

    @on(box.at(x=-0.5, y=-0.5))
    def level(p: Point) -> Tensor:
        """p is known in a corner"""
        return p_(p) - pressure(p)

    exact = {u: velocity, p_: pressure}
    return Problem(momentum, continuity, walls, level, reference=exact, components={u: ("ux", "uy")})
