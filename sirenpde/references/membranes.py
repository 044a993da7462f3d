"""Standing waves of round membranes."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..geometry.point import Axis, Point

DIRECTIONS = (
    64  # of plane waves, whose sum is a Bessel function to rounding while k r and n together are below 30
)


def bessel_root(order: int, number: int) -> float:
    """The root ``number`` (from 1) of the Bessel function J of a whole order: a frequency of the unit drum.

    >>> round(bessel_root(0, 1), 6)
    2.404826
    """
    from scipy.special import jn_zeros

    return float(jn_zeros(order, number)[-1])


def round_wave(order: int, wavenumber: float, axes: tuple[Axis, Axis]) -> Callable[[Point], Tensor]:
    """J_n(kr) cos nθ as a function of a point of the plane, which solves Δu + k² u = 0.

    A mean of plane waves over all directions φ, J_n(kr) cos nθ = mean of cos(nφ) cos(k (x cos φ + y sin φ) - nπ/2),
    so that it has derivatives of every order, at r = 0 too.

    Args:
        order: n. wavenumber: k. axes: of the plane.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 9.1.21.

    >>> import torch
    >>> from sirenpde import Disk
    >>> from sirenpde.problem.reference import exact_values
    >>> disk = Disk()
    >>> u = round_wave(0, bessel_root(0, 1), disk.axes)
    >>> rim = torch.tensor([[0.6, 0.8]], dtype=torch.float64)
    >>> abs(float(exact_values(u, disk.axes, rim, {}))) < 1e-15
    True
    """
    x, y = axes
    phi = 2 * math.pi * torch.arange(DIRECTIONS, dtype=torch.float64) / DIRECTIONS

    def u(p: Point) -> Tensor:
        along = wavenumber * (x(p) * torch.cos(phi) + y(p) * torch.sin(phi))
        return (torch.cos(order * phi) * torch.cos(along - order * math.pi / 2)).mean()

    return u
