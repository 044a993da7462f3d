"""Heat with a reaction over a long time (Heat2d-LT).

    u_t = Δu / 1000 + 5 sin(u²) (1 + 2 sin πt/4) sin 4πx sin 2πy   on (0, 1)², t < 100,      u = 0   on the sides,
    u = sin 4πx sin 3πy   at t = 0.

Where the source is positive u saturates at √π, where not it falls off slowly; soon all has period 8 in time. It is
measured against a sine series of 159 × 159 waves, within 2e-5.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, PointCloud, Problem, Reference, bundled, laplacian, on

PI = math.pi


def problem(duration: float = 100.0) -> Problem:
    """Heat with a reaction that comes and goes.

    Args:
        duration: until which time; it is measured until then.
    """
    spacetime = Box(t=(0, duration), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime)

    def source(p: Point) -> Tensor:
        waves = torch.sin(4 * PI * x(p)) * torch.sin(2 * PI * y(p))
        return 5 * torch.sin(u(p) ** 2) * (1 + 2 * torch.sin(PI * t(p) / 4)) * waves

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t = Δu / 1000 + 5 sin(u²) (1 + 2 sin πt/4) sin 4πx sin 2πy"""
        return D(u, t)(p) - laplacian(u, x, y)(p) / 1000 - source(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u = sin 4πx sin 3πy"""
        return u(p) - torch.sin(4 * PI * x(p)) * torch.sin(3 * PI * y(p))

    @on(spacetime.boundary("x", "y"), samples=2000, weight=100)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    century = Box(t=(0, 100), x=(0, 1), y=(0, 1))
    table = PointCloud.open(bundled("pinnacle/heat2d_lt.npz"), century)
    known = table.where(table.points[:, 0] <= duration)
    return Problem(heat, start, walls, reference={u: Reference(known["certified"], known)})
