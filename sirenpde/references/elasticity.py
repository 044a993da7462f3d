"""Closed forms of plane elasticity."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..geometry.point import Axis, Point


def kirsch_displacement(axes: tuple[Axis, ...], poisson_ratio: float) -> Callable[[Point], Tensor]:
    """The displacement (2,) of an infinite plate with the hole r < 1, pulled along the first axis by a stress 1.

    In plane stress, with the shear modulus 1 and κ = (3 - ν) / (1 + ν),

        8 u = r (κ + 1) cos θ + 2 ((1 + κ) cos θ + cos 3θ) / r - 2 cos 3θ / r³,
        8 v = r (κ - 3) sin θ + 2 ((1 - κ) sin θ + sin 3θ) / r - 2 sin 3θ / r³.

    Source: Kirsch, Die Theorie der Elastizität und die Bedürfnisse der Festigkeitslehre, 1898.

    >>> import torch
    >>> from sirenpde import Box
    >>> from sirenpde.problem.reference import exact_values
    >>> plane = Box(x=(-2, 2), y=(-2, 2))
    >>> u = kirsch_displacement(plane.axes, 0.3)
    >>> exact_values(u, plane.axes, torch.tensor([[1.0, 0.0]]), {}).round(decimals=12).tolist()  # 3 / 2 (1 + ν)
    [[1.153846153846, 0.0]]
    """
    x, y = axes
    kappa = (3 - poisson_ratio) / (1 + poisson_ratio)

    def displacement(p: Point) -> Tensor:
        r2, a, b = _polar(x(p), y(p))
        cos3, sin3 = (4 * a * a - 3 * r2) * a / r2, (3 * r2 - 4 * b * b) * b / r2  # r cos 3θ, r sin 3θ
        u = (kappa + 1) * a + 2 * ((1 + kappa) * a + cos3) / r2 - 2 * cos3 / r2**2
        v = (kappa - 3) * b + 2 * ((1 - kappa) * b + sin3) / r2 - 2 * sin3 / r2**2
        return torch.stack([u, v]) / 8

    return displacement


def kirsch_stress(axes: tuple[Axis, ...]) -> Callable[[Point], Tensor]:
    """The stress (2, 2) of that plate, which does not depend on its material.

    In polar coordinates,

        2 σ_rr = 1 - r⁻² + (1 - 4 r⁻² + 3 r⁻⁴) cos 2θ,
        2 σ_θθ = 1 + r⁻² - (1 + 3 r⁻⁴) cos 2θ,
        2 σ_rθ = -(1 + 2 r⁻² - 3 r⁻⁴) sin 2θ.

    >>> import torch
    >>> from sirenpde import Box
    >>> from sirenpde.problem.reference import exact_values
    >>> plane = Box(x=(-2, 2), y=(-2, 2))
    >>> top = exact_values(kirsch_stress(plane.axes), plane.axes, torch.tensor([[0.0, 1.0]]), {})[0]
    >>> [round(v, 12) + 0 for v in top.flatten().tolist()]
    [3.0, 0.0, 0.0, 0.0]
    """
    x, y = axes

    def stress(p: Point) -> Tensor:
        r2, a, b = _polar(x(p), y(p))
        cos2, sin2, q = (a * a - b * b) / r2, 2 * a * b / r2, 1 / r2
        radial = (1 - q + (1 - 4 * q + 3 * q * q) * cos2) / 2
        hoop = (1 + q - (1 + 3 * q * q) * cos2) / 2
        shear = -(1 + 2 * q - 3 * q * q) * sin2 / 2
        outward = torch.stack([a, b]) / r2.sqrt()
        around = torch.stack([-outward[1], outward[0]])
        both = torch.outer(outward, around)
        return (
            radial * torch.outer(outward, outward)
            + hoop * torch.outer(around, around)
            + shear * (both + both.mT)
        )

    return stress


def _polar(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return a * a + b * b, a, b
