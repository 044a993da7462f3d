"""A standing wave that is driven off resonance.

    Δu + k² u = (k² - (a² + b²) π²) sin aπx sin bπy   on (-1, 1)²,      u = 0   on the boundary,

solved by u = sin aπx sin bπy. Singular where k² = (m² + n²) π² / 4 for whole m, n > 0: a wave fits the square.

Source: Wang, Teng and Perdikaris, Understanding and mitigating gradient flow pathologies in physics-informed neural
networks, 2021, with a = 1, b = 4, k = 1; (6, 6) and (10, 10) are the usual harder ones.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on


def problem(modes: tuple[int, int] = (1, 4), wavenumber: float = 1.0) -> Problem:
    """The Helmholtz equation with an exact solution.

    Args:
        modes: a and b, the half waves along half a side.
        wavenumber: k.
    """
    (a, b), k = modes, wavenumber
    box = Box(x=(-1, 1), y=(-1, 1))
    x, y = box.axes
    u = Field("u", box)
    bending = (a**2 + b**2) * math.pi**2

    def exact(p: Point) -> Tensor:
        return torch.sin(a * math.pi * x(p)) * torch.sin(b * math.pi * y(p))

    @on(box, samples=4000)
    def helmholtz(p: Point) -> Tensor:
        """Δu + k² u = f"""
        return laplacian(u)(p) + k**2 * u(p) - (k**2 - bending) * exact(p)

    @on(box.boundary(), samples=800, weight=bending**2)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(helmholtz, walls, reference={u: exact})
