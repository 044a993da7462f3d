"""Heat in a cube over time: four axes.

    u_t = Δu + f   in (0, 1)³ for 0 < t < 0.05,      u known at the start and on the sides,

with u = exp(-π² (a² + b² + c²) t) sin aπx sin bπy sin cπz + x sin(y + t).
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, laplacian, on


def problem(half_waves: tuple[int, int, int] = (2, 3, 3), end: float = 0.05) -> Problem:
    """Heat in a cube with an exact solution.

    Args:
        half_waves: of what decays, along each axis of space.
        end: of the time.
    """
    box = Box(t=(0, end), x=(0, 1), y=(0, 1), z=(0, 1))
    t, *space = box.axes
    x, y, _ = space
    u = Field("u", box)
    rate = math.pi**2 * sum(n**2 for n in half_waves)

    def exact(p: Point) -> Tensor:
        waves = torch.stack([torch.sin(n * math.pi * a(p)) for n, a in zip(half_waves, space, strict=True)])
        return torch.exp(-rate * t(p)) * waves.prod(0) + x(p) * torch.sin(y(p) + t(p))

    def source(p: Point) -> Tensor:
        return x(p) * (torch.cos(y(p) + t(p)) + torch.sin(y(p) + t(p)))

    @on(box, samples=6000)
    def heat(p: Point) -> Tensor:
        """u_t - Δu = f"""
        return D(u, t)(p) - laplacian(u, *space)(p) - source(p)

    @on(box.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u is known at t = 0"""
        return u(p) - exact(p)

    @on(box.boundary(*space), samples=4000, weight=100)
    def sides(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(heat, start, sides, reference={u: exact})
