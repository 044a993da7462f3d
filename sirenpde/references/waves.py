"""Closed forms of waves, to measure fields against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..geometry.point import Axis, Point

TINY = 1e-300  # torch has the slope of exp(-|z|) I0(z) at zero from the wrong side
NODES = 400  # of the quadrature: enough for a ring of radius 20 σ


def released_gaussian(
    speed: float, width: float, amplitude: float, axes: tuple[Axis, Axis, Axis], velocity: float = 0.0
) -> Callable[[Point], Tensor]:
    """The exact wave of u_tt = c² Δu in the plane, at t = 0 u = A exp(-r² / 2σ²) and u_t = B exp(-r² / 2σ²).

    By Poisson's formula, with M(ρ) the mean of the bell over the circle of radius ρ about the point,

        u = (A ∂_t + B) ( t ∫_0^{π/2} sin φ M(c t sin φ) dφ ),   M(ρ) = exp(-(r² + ρ²) / 2σ²) I0(r ρ / σ²),

    by Gauss-Legendre quadrature, to rounding while c t stays below some 20 σ.

    Args:
        speed: c. width: σ. amplitude: A.
        axes: time, and the two axes of the plane. velocity: B.

    Returns:
        A function of a point, differentiable away from r = 0; use float64.

    >>> from sirenpde import Box
    >>> u = released_gaussian(1.0, 0.02, 1.0, Box(t=(0, 1), x=(-1, 1), y=(-1, 1)).axes)
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    phi, weight = torch.from_numpy((nodes + 1) * np.pi / 4), torch.from_numpy(weights * np.pi / 4)
    t, x, y = axes

    def u(p: Point) -> Tensor:
        r = torch.sqrt(x(p) ** 2 + y(p) ** 2)
        rho = speed * t(p) * torch.sin(phi)
        z = r * rho / width**2 + TINY
        bell = torch.exp(-((r - rho) ** 2) / (2 * width**2))  # the factor exp(z) of I0 is taken into it
        mean, slope = (
            bell * torch.special.i0e(z),
            bell * (r * torch.special.i1e(z) - rho * torch.special.i0e(z)),
        )
        each = amplitude * (mean + rho * slope / width**2) + velocity * t(p) * mean
        value: Tensor = (weight * torch.sin(phi) * each).sum()
        return value

    return u
