"""Heat in a ball of several dimensions, its flux given on the sphere (HNd).

    u_t = Δu / d - |x|² / d exp(|x|²/2 + t)   in |x| < 1, t < 1,      ∂u/∂n = exp(1/2 + t)   on the sphere,
    u = exp(|x|²/2)   at t = 0,      so that   u = exp(|x|²/2 + t),

with d = 5, and 4, 6, 8, 10 in the suite's variants. Source and conditions change over lengths beyond the ball, so
that its sines are slow: together they are nearly polynomials.

Source: Hao et al., PINNacle, 2024.
"""

import torch
from torch import Tensor

from sirenpde import (
    D,
    Field,
    Hyperball,
    Interval,
    Point,
    Problem,
    SineFeatures,
    dot,
    grad,
    laplacian,
    on,
)


def problem(dimensions: int = 5) -> Problem:
    """Heat in a ball until t = 1, with an exact solution.

    Args:
        dimensions: d.
    """
    ball, duration = Hyperball(dimensions), Interval(t=(0, 1))
    spacetime, sphere = ball * duration, ball.boundary() * duration
    *space, t = spacetime.axes
    u = Field("u", spacetime, SineFeatures(3500, bandwidth=0.4))

    def square(p: Point) -> Tensor:
        return (p.coords[:dimensions] ** 2).sum()

    def exact(p: Point) -> Tensor:
        return torch.exp(square(p) / 2 + t(p))

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t = Δu / d - |x|² / d exp(|x|²/2 + t)"""
        return D(u, t)(p) - laplacian(u, *space)(p) / dimensions + square(p) / dimensions * exact(p)

    @on(sphere, samples=4000, weight=100)
    def flux(p: Point) -> Tensor:
        """∂u/∂n = exp(1/2 + t)"""
        return dot(sphere.normal(p), grad(u)(p)) - torch.exp(0.5 + t(p))

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u = exp(|x|²/2)"""
        return u(p) - torch.exp(square(p) / 2)

    return Problem(heat, flux, start, reference={u: exact})
