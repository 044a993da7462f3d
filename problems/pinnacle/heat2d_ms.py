"""Heat with waves twenty times shorter along one side than along the other (Heat2d-MS).

    u_t = u_xx / (500π)² + u_yy / π²   on (0, 1)², t < 5,      u = 0   on the sides,
    u = sin nπx sin πy   at t = 0,      so that   u = sin nπx sin πy exp(-(1 + (n/500)²) t),

with n = 20, and 5, 10, 40 in the suite's variants. Measured against this formula, as in the suite; a file of values
that comes with the suite is 1.3e-2 from it.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on


def problem(waves: int = 20) -> Problem:
    """Heat at two scales until t = 5, with an exact solution.

    Args:
        waves: n, half waves along x.
    """
    spacetime = Box(t=(0, 5), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime)

    def exact(p: Point) -> Tensor:
        shape = torch.sin(waves * math.pi * x(p)) * torch.sin(math.pi * y(p))
        return shape * torch.exp(-(1 + (waves / 500) ** 2) * t(p))

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t = u_xx / (500π)² + u_yy / π²"""
        return D(u, t)(p) - D(u, x, x)(p) / (500 * math.pi) ** 2 - D(u, y, y)(p) / math.pi**2

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u = sin nπx sin πy"""
        return u(p) - torch.sin(waves * math.pi * x(p)) * torch.sin(math.pi * y(p))

    @on(spacetime.boundary("x", "y"), samples=2000, weight=100)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(heat, start, walls, reference={u: exact})
