"""A pulse released from rest in a uniform medium, by a SIREN.

    u_tt = c² Δu,     u = g,  u_t = 0  at t = 0,     g(x) = A exp(-|x|² / 2σ²),  σ² = 5e-4, A = 0.02.

Half of the points at t = 0 are in a disc about the pulse, half anywhere. The network sees time in units in which
waves have speed 1, as in the paper: on a box of its own, t = 0 ... 0.25 taken for a whole side, its first waves
would be far too fast in time.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3.
"""

import math

import torch
from torch import Tensor

from sirenpde import Adam, Box, Constraint, D, Field, Point, Problem, Reference, Siren, l1, laplacian, on
from sirenpde.references.waves import released_gaussian


def problem(
    speed: float = 1.0,
    width: float = math.sqrt(5e-4),
    height: float = 0.02,
    reach: float = 0.25,
    units: int = 512,
    omega: float = 30.0,
) -> Problem:
    """A Gaussian pulse that spreads as a ring, until t = 0.25 / speed.

    Args:
        speed: c, of the waves.
        width: σ, of the pulse.
        height: A, of the pulse.
        reach: radius of the disc.
        units: of each of the network's layers.
        omega: the factor of its first layer.
    """
    end = 0.25 / speed
    whole = Box(t=(-1 / speed, 1 / speed), x=(-1, 1), y=(-1, 1))
    spacetime = Box(t=(0, end), x=(-1, 1), y=(-1, 1))
    t, x, y = whole.axes
    u = Field("u", whole, Siren(units, omega=omega))
    start, discs = spacetime.at(t=0), {"near the pulse": reach, "everywhere": 2.0}

    @on(spacetime, samples=1024, loss=l1)
    def wave(p: Point) -> Tensor:
        """u_tt = c² Δu"""
        return D(u, t, t)(p) - speed**2 * laplacian(u, x, y)(p)

    def pulse(where: str) -> Constraint:
        disc = start.where(lambda q: q[:, 1:].norm(dim=1) < discs[where], where)

        @on(disc, samples=256, weight=100, loss=l1, name=f"pulse, {where}")
        def released(p: Point) -> Tensor:
            """u = g"""
            return u(p) - height * torch.exp(-(x(p) ** 2 + y(p) ** 2) / (2 * width**2))

        return released

    def rest(where: str) -> Constraint:
        disc = start.where(lambda q: q[:, 1:].norm(dim=1) < discs[where], where)

        @on(disc, samples=256, weight=10, loss=l1, name=f"rest, {where}")
        def still(p: Point) -> Tensor:
            """u_t = 0"""
            return D(u, t)(p)

        return still

    exact = released_gaussian(speed, width, height, (t, x, y))
    middle = Box(t=(0, end), x=(-0.5, 0.5), y=(-0.5, 0.5))
    times = {f"t = {s * end:.3g}": middle.at(t=s * end).nodes(101) for s in (0, 0.2, 0.4, 0.6, 1)}
    return Problem(
        wave,
        *map(pulse, discs),
        *map(rest, discs),
        reference={u: Reference(exact, times)},
        using=[Adam(steps=2000, lr=2e-4)],
    )
