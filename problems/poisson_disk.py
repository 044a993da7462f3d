"""Poisson's equation on a disc.

    -Δu = f   in r < 1,      u = 0   on the circle,

with f such that u = (1 - r²) eˣ cos 2y. The simplest domain that is no box.
"""

import torch
from torch import Tensor

from sirenpde import Disk, Field, Point, Problem, laplacian, on


def problem() -> Problem:
    """Poisson's equation on the unit disc with an exact solution."""
    disk = Disk(radius=1)
    x, y = disk.axes
    u = Field("u", disk)

    def exact(p: Point) -> Tensor:
        return (1 - x(p) ** 2 - y(p) ** 2) * torch.exp(x(p)) * torch.cos(2 * y(p))

    @on(disk, samples=2000)
    def poisson(p: Point) -> Tensor:
        """-Δu = f"""
        return -laplacian(u)(p) + laplacian(exact, x, y)(p)

    @on(disk.boundary(), samples=400, weight=1000)
    def rim(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(poisson, rim, reference={u: exact})
