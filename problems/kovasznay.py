"""Kovasznay's flow: the wake behind a row of obstacles, an exact solution of the Navier-Stokes equations.

    (u·∇) u = -∇p + Δu / Re,      ∇·u = 0   on (-½, 1) × (-½, 3/2),      u known on the boundary,

solved by u = 1 - exp(λx) cos 2πy, v = λ/2π exp(λx) sin 2πy, p = (1 - exp(2λx)) / 2 with
λ = Re/2 - √(Re²/4 + 4π²). The pressure is known up to a constant, which is fixed in a corner.

Source: Kovasznay, Laminar flow behind a two-dimensional grid, 1948.
"""

import math
from typing import Literal

import torch
from sirenpde import Box, Field, LeastSquares, Point, Problem, SineFeatures, Siren, div, grad, laplacian, on
from torch import Tensor


def problem(reynolds: float = 40.0, network: Literal["auto", "siren"] = "auto") -> Problem:
    """Steady flow with an exact solution.

    Args:
        reynolds: Re.
        network: "auto", frozen sines and Newton's method; "siren", trained ones.
    """
    box = Box(x=(-0.5, 1), y=(-0.5, 1.5))
    x, y = box.axes
    recipe = Siren(24, depth=3, omega=6, omega_hidden=1) if network == "siren" else SineFeatures()
    u, p_ = Field("u", box, recipe, shape=(2,)), Field("p", box, recipe)
    rate = reynolds / 2 - math.sqrt(reynolds**2 / 4 + 4 * math.pi**2)

    def velocity(p: Point) -> Tensor:
        wake, phase = torch.exp(rate * x(p)), 2 * math.pi * y(p)
        return torch.stack([1 - wake * torch.cos(phase), rate / (2 * math.pi) * wake * torch.sin(phase)])

    def pressure(p: Point) -> Tensor:
        return (1 - torch.exp(2 * rate * x(p))) / 2

    def momentum(p: Point) -> Tensor:
        """(u·∇) u = -∇p + Δu / Re"""
        return grad(u)(p) @ u(p) + grad(p_)(p) - laplacian(u)(p) / reynolds

    def continuity(p: Point) -> Tensor:
        """∇·u = 0"""
        return div(u)(p)

    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - velocity(p)

    def level(p: Point) -> Tensor:
        """p is known in a corner"""
        return p_(p) - pressure(p)

    inside = on(box, 3000)(momentum), on(box, 3000)(continuity)
    edge = on(box.boundary(), 600, weight=100)(walls), on(box.at(x=-0.5, y=-0.5))(level)
    using = None if network == "siren" else [LeastSquares()]
    return Problem(*inside, *edge, reference={u: velocity, p_: pressure}, using=using)
