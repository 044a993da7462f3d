"""A pulse that drifts across a square and spreads.

    u_t + b·∇u = κ Δu   in (0, 1)²,  t in (0, 1),      u = pulse   at t = 0 and on the walls,

with u = σ² / s² exp(-|x - a - bt|² / 2s²), s² = σ² + 2κt, which spreads as it goes from one corner towards the other.
"""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, laplacian, on


def problem(width: float = 0.06, diffusivity: float = 1e-4) -> Problem:
    """Convection with little diffusion on a square over time, with an exact solution.

    Args:
        width: σ, of the pulse at first.
        diffusivity: κ.
    """
    spacetime = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime)
    along, across = 0.5, 0.4  # b

    def exact(p: Point) -> Tensor:
        spread = width**2 + 2 * diffusivity * t(p)
        a = x(p) - 0.25 - along * t(p)
        b = y(p) - 0.3 - across * t(p)
        return width**2 / spread * torch.exp(-(a**2 + b**2) / (2 * spread))

    @on(spacetime, samples=12000)
    def carried(p: Point) -> Tensor:
        """u_t + b·∇u = κ Δu"""
        wind = along * D(u, x)(p) + across * D(u, y)(p)
        return D(u, t)(p) + wind - diffusivity * laplacian(u, x, y)(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u is the pulse"""
        return u(p) - exact(p)

    @on(spacetime.boundary("x", "y"), samples=4000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is the pulse, which is nearly nothing there"""
        return u(p) - exact(p)

    return Problem(carried, start, walls, reference={u: exact})
