"""Heat in a random medium of two materials, as the suite's program has it (Heat2d-VC).

    u_t = a Δu + f   on (0, 1)², t < 5,      u = 0   on the sides and at t = 0,
    f = 200 sin πx sin 5πy sin πt,      a = 1 or 2, that of the nearest of 256 × 256 nodes.

The paper and the suite's file have u_t = div(a grad u) + f, `heat2d_vc`. Here u and its slopes are continuous, and Δu
jumps with a. Measured against finite volumes.

Source: Hao et al., PINNacle, 2024, program.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, PointCloud, Problem, Reference, bundled, laplacian, on
from sirenpde.references.pinnacle.two_valued import nearest


def problem() -> Problem:
    """Heat that spreads faster in some cells than in others."""
    spacetime = Box(t=(0, 5), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime)
    a = nearest(1.0, 2.0, spacetime)

    def source(p: Point) -> Tensor:
        waves = torch.sin(math.pi * x(p)) * torch.sin(5 * math.pi * y(p))
        return 200 * waves * torch.sin(math.pi * t(p))

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t / a = Δu + f / a"""
        return (D(u, t)(p) - source(p)) / a(p) - laplacian(u, x, y)(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(spacetime.boundary("x", "y"), samples=2000, weight=1000)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    known = PointCloud.open(bundled("pinnacle/heat2d_vc.npz"), spacetime)
    return Problem(heat, start, walls, reference={u: Reference(known["code"], known)})
