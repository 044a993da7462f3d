"""A plane wave that meets a second medium at an angle: one part is thrown back, one goes on in another direction.

    u_tt = c² Δu,   c = c₁ for x < 0,  c₂ for x > 0,

u and its slope continuous. The walls let the exact wave in and out, u = w, with Snell's law for its direction and
Fresnel's formula for its height.

Source: Born and Wolf, Principles of Optics, 1999, section 1.5.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, SpectralElements, laplacian, on
from sirenpde.references.media import two_layers


def problem(
    first: float = 1.0, second: float = 0.5, angle: float = 30.0, width: float = 0.12, duration: float = 1.6
) -> Problem:
    """Reflection and refraction at a jump of the speed, with an exact solution.

    Args:
        first: c₁, the speed in x < 0.
        second: c₂, the speed in x > 0.
        angle: of the wave against the normal, in degrees.
        width: of the pulse, on its way.
        duration: until which time.
    """
    spacetime = Box(t=(0, duration), x=(-1, 1), y=(-1, 1))
    t, x, y = spacetime.axes
    start, walls = spacetime.at(t=0), spacetime.boundary("x", "y")
    u = Field("u", spacetime)
    exact = two_layers((first, second), math.radians(angle), 0.8, width, (t, x, y))

    def speed(p: Point) -> Tensor:
        return torch.where(x(p) < 0, first, second)

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt = c² Δu"""
        return D(u, t, t)(p) - speed(p) ** 2 * laplacian(u, x, y)(p)

    @on(walls, samples=2000, weight=1000)
    def let_through(p: Point) -> Tensor:
        """u = w"""
        return u(p) - exact(p)

    @on(start, samples=2000, weight=1000)
    def pulse(p: Point) -> Tensor:
        """u = w"""
        return u(p) - exact(p)

    @on(start, samples=2000, weight=100)
    def motion(p: Point) -> Tensor:
        """u_t = w_t"""
        return D(u, t)(p) - D(exact, t)(p)

    return Problem(wave, let_through, pulse, motion, reference={u: exact}, using=[SpectralElements(t)])
