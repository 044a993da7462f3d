"""The Allen-Cahn equation: two phases separate, with thin walls between them.

    u_t = ε u_xx + 5 u - 5 u³   for x in (-1, 1), periodic,      u = u0   at t = 0.

The usual start x² cos πx has a kink where the period closes, so that no solver converges fast near t = 0; its smooth
companion ½ (1 - cos πx) cos πx has none.

Source: Raissi, Perdikaris and Karniadakis, Physics-informed neural networks, 2019, with ε = 1e-4 and the kink.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from sirenpde import Box, D, Field, March, Point, Problem, Reference, SineLattice, on
from sirenpde.references.periodic import evolved

STARTS: dict[str, Callable[[Tensor], Tensor]] = {
    "kink": lambda s: s**2 * torch.cos(math.pi * s),
    "smooth": lambda s: (1 - torch.cos(math.pi * s)) / 2 * torch.cos(math.pi * s),
}


def problem(start: Literal["kink", "smooth"] = "kink", width: float = 1e-4) -> Problem:
    """The Allen-Cahn equation until t = 1, measured against a Fourier solution.

    Args:
        start: "kink", x² cos πx; "smooth", ½ (1 - cos πx) cos πx.
        width: ε, the square of the walls' width, more or less.
    """
    spacetime = Box(t=(0, 1), x=(-1, 1))
    t, x = spacetime.axes
    u = Field("u", spacetime, SineLattice(), periodic=(x,))
    first = STARTS[start]

    @on(spacetime, samples=8000)
    def phases(p: Point) -> Tensor:
        """u_t = ε u_xx + 5 u - 5 u³"""
        return D(u, t)(p) - width * D(u, x, x)(p) - 5 * u(p) + 5 * u(p) ** 3

    @on(spacetime.at(t=0), samples=500, weight=100)
    def beginning(p: Point) -> Tensor:
        """u = u0"""
        return u(p) - first(x(p))

    known = evolved(spacetime, first, {2: width, 0: 5.0}, {3: -5.0}, modes=1536, steps=2000)
    return Problem(phases, beginning, reference={u: Reference(known["u"], known)}, using=[March(t)])
