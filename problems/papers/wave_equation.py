"""A pulse released from rest in a uniform medium, by a SIREN.

    u_tt = c² Δu,     u = g,  u_t = 0  at t = 0,     g(x) = A exp(-|x|² / 2σ²),  σ² = 5e-4, A = 0.02.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3.
"""

import math

import torch
from torch import Tensor

from sirenpde import Adam, Box, D, Field, Point, Problem, Reference, Siren, l1, laplacian, on
from sirenpde.references.waves import released_gaussian


def problem(speed: float = 1.0, width: float = math.sqrt(5e-4)) -> Problem:
    """A Gaussian pulse that spreads as a ring, until t = 0.25 / speed.

    Args:
        speed: c, of the waves.
        width: σ, of the pulse.
    """
    end = 0.25 / speed
    spacetime = Box(t=(0, end), x=(-1, 1), y=(-1, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime, Siren(width=512))
    near = spacetime.at(t=0).where(lambda q: q[:, 1:].norm(dim=1) < 10 * width, "near the pulse")

    @on(spacetime, samples=1024, loss=l1)
    def wave(p: Point) -> Tensor:
        """u_tt = c² Δu"""
        return D(u, t, t)(p) - speed**2 * laplacian(u, x, y)(p)

    @on(near, samples=512, weight=200, loss=l1)
    def pulse(p: Point) -> Tensor:
        """u = g"""
        return u(p) - 0.02 * torch.exp(-(x(p) ** 2 + y(p) ** 2) / (2 * width**2))

    @on(near, samples=512, weight=20, loss=l1)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    exact = released_gaussian(speed, width, 0.02, (t, x, y))
    middle = Box(t=(0, end), x=(-0.5, 0.5), y=(-0.5, 0.5))
    times = {f"t = {s * end:.3g}": middle.at(t=s * end).nodes(101) for s in (0, 0.2, 0.4, 0.6, 1)}
    return Problem(
        wave,
        pulse,
        rest,
        reference={u: Reference(exact, times)},
        using=[Adam(steps=2000, lr=2e-4)],
    )
