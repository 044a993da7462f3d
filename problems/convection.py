"""A wave carried along many times its length.

    u_t + β u_x = 0   for x in (0, 2π), periodic,      u = sin x   at t = 0,

solved by u = sin(x - βt). Known for networks that stay near zero when β is large.

Source: Krishnapriyan et al., Characterizing possible failure modes in physics-informed neural networks, 2021,
with β up to 40.
"""

import math
from typing import Literal

import torch
from sirenpde import Box, D, Field, Point, Problem, Siren, on
from torch import Tensor


def problem(speed: float = 40.0, network: Literal["auto", "siren"] = "auto") -> Problem:
    """Convection with an exact solution, until t = 1.

    Args:
        speed: β.
        network: "auto", chosen by the toolkit; "siren", a trained one.
    """
    spacetime = Box(t=(0, 1), x=(0, 2 * math.pi))
    t, x = spacetime.axes
    recipe = Siren(24, depth=3, omega=max(6.0, speed / 4), omega_hidden=1) if network == "siren" else None
    u = Field("u", spacetime, recipe, periodic=(x,))

    def exact(p: Point) -> Tensor:
        return torch.sin(x(p) - speed * t(p))

    @on(spacetime, samples=4000)
    def convection(p: Point) -> Tensor:
        """u_t + β u_x = 0"""
        return D(u, t)(p) + speed * D(u, x)(p)

    @on(spacetime.at(t=0), samples=400, weight=max(1.0, speed**2))
    def start(p: Point) -> Tensor:
        """u = sin x"""
        return u(p) - torch.sin(x(p))

    return Problem(convection, start, reference={u: exact})
