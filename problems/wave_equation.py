"""A pulse released from rest in a uniform medium (Sitzmann et al. 2020, section 4.3).

    u_tt = c² Δu,     u = g,  u_t = 0  at t = 0,     g(x) = A exp(-|x|² / 2σ²),  σ² = 5e-4, A = 0.02.

The default network is a cosine series in space whose every term solves the equation exactly, so that only the
start is left to fit, by transforms. A SIREN is trained on all of it, as in the paper.
"""

import math
from typing import Literal

import torch
from sirenpde import Adam, Box, D, Field, Point, Problem, Reference, Siren, WaveSeries, l1, laplacian, on
from sirenpde.references.waves import released_gaussian
from torch import Tensor


def problem(
    speed: float = 1.0,
    width: float = math.sqrt(5e-4),
    modes: int = 256,
    network: Literal["auto", "siren"] = "auto",
) -> Problem:
    """A Gaussian pulse that spreads as a ring, until t = 0.25 / speed.

    Args:
        speed: c, of the waves.
        width: σ, of the pulse.
        modes: of the series, along each axis.
        network: "auto", a series of waves and a direct solve; "siren", trained on minibatches.
    """
    end = 0.25 / speed
    spacetime = Box(t=(0, end), x=(-1, 1), y=(-1, 1))
    t, x, y = spacetime.axes
    trained = network == "siren"
    u = Field("u", spacetime, Siren(width=512) if trained else WaveSeries(modes, speed))
    start = spacetime.at(t=0)
    near = start.where(lambda q: q[:, 1:].norm(dim=1) < 10 * width, "near the pulse")

    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    def pulse(p: Point) -> Tensor:
        """u = g"""
        return u(p) - 0.02 * torch.exp(-(x(p) ** 2 + y(p) ** 2) / (2 * width**2))

    def wave(p: Point) -> Tensor:
        """u_tt = c² Δu"""
        return D(u, t, t)(p) - speed**2 * laplacian(u, x, y)(p)

    exact = released_gaussian(speed, width, 0.02, (t, x, y))
    middle = Box(t=(0, end), x=(-0.5, 0.5), y=(-0.5, 0.5))
    times = {f"t = {s * end:.3g}": middle.at(t=s * end).nodes(101) for s in (0, 0.2, 0.4, 0.6, 1)}
    reference = {u: Reference(exact, times)}
    if trained:
        paper = [on(spacetime, 1024, loss=l1)(wave), on(near, 512, weight=200, loss=l1)(pulse)]
        return Problem(
            *paper,
            on(near, 512, weight=20, loss=l1)(rest),
            reference=reference,
            using=[Adam(steps=2000, lr=2e-4)],
        )
    nodes = start.nodes(modes + 1)
    return Problem(on(nodes)(pulse), on(nodes)(rest), reference=reference)
