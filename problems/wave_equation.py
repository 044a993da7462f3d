"""A pulse released in a uniform medium, from rest (Sitzmann et al. 2020, section 4.3) or struck.

    u_tt = c² Δu,     u = A g,  u_t = B g  at t = 0,     g(x) = exp(-|x|² / 2σ²),  σ² = 5e-4, A = 0.02, B = 0.

The network is a cosine series in space whose every term solves the equation exactly, so that only the start is left
to fit, by transforms.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Reference, WaveSeries, on
from sirenpde.references.waves import released_gaussian


def problem(
    speed: float = 1.0, width: float = math.sqrt(5e-4), modes: int = 256, velocity: float = 0.0
) -> Problem:
    """A Gaussian pulse that spreads as a ring, until t = 0.25 / speed.

    Args:
        speed: c, of the waves.
        width: σ, of the pulse.
        modes: of the series, along each axis.
        velocity: B, of the pulse at the start.
    """
    end = 0.25 / speed
    spacetime = Box(t=(0, end), x=(-1, 1), y=(-1, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime, WaveSeries(modes, speed))
    nodes = spacetime.at(t=0).nodes(modes + 1)

    def bell(p: Point) -> Tensor:
        return torch.exp(-(x(p) ** 2 + y(p) ** 2) / (2 * width**2))

    @on(nodes)
    def pulse(p: Point) -> Tensor:
        """u = A g"""
        return u(p) - 0.02 * bell(p)

    @on(nodes)
    def rest(p: Point) -> Tensor:
        """u_t = B g"""
        return D(u, t)(p) - velocity * bell(p)

    exact = released_gaussian(speed, width, 0.02, (t, x, y), velocity)
    middle = Box(t=(0, end), x=(-0.5, 0.5), y=(-0.5, 0.5))
    times = {f"t = {s * end:.3g}": middle.at(t=s * end).nodes(101) for s in (0, 0.2, 0.4, 0.6, 1)}
    return Problem(pulse, rest, reference={u: Reference(exact, times)})
