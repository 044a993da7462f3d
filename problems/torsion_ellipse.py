"""Torsion of an elliptic bar.

    -Δφ = 2   in the section,      φ = 0   on its edge,

Prandtl's stress function for a unit twist and shear modulus: the shear stresses are (φ_y, -φ_x), and twice the
integral of φ is the torsion constant J. On an ellipse with the half axes a and b,

    φ = a² b² / (a² + b²) (1 - x²/a² - y²/b²),      J = π a³ b³ / (a² + b²).

Source: de Saint-Venant, De la torsion des prismes, 1855; Prandtl, Zur Torsion von prismatischen Stäben, 1903.
"""

import torch
from torch import Tensor

from sirenpde import D, Ellipse, Field, Point, Problem, laplacian, on


def problem(a: float = 1.0, b: float = 0.5) -> Problem:
    """Torsion of an ellipse with an exact solution.

    Args:
        a: half of the axis along x.
        b: half of the axis along y.
    """
    section = Ellipse(radii=(a, b))
    x, y = section.axes
    phi = Field("phi", section)

    def stress(p: Point) -> Tensor:
        return torch.stack([D(phi, y)(p), -D(phi, x)(p)])

    def exact(p: Point) -> Tensor:
        return (1 - x(p) ** 2 / a**2 - y(p) ** 2 / b**2) / (1 / a**2 + 1 / b**2)

    @on(section, samples=2000)
    def twist(p: Point) -> Tensor:
        """-Δφ = 2"""
        return -laplacian(phi)(p) - 2

    @on(section.boundary(), samples=400, weight=1000)
    def edge(p: Point) -> Tensor:
        """φ = 0"""
        return phi(p)

    return Problem(twist, edge, outputs=(phi, stress), reference={phi: exact})
