"""Torsion of a bar whose section is an L with rounded corners.

    -Δφ = 2   in the section,      φ = 0   on its edge,

Prandtl's stress function for a unit twist and shear modulus: the shear stresses are (φ_y, -φ_x), largest at the inner
corner, and twice the integral of φ is the torsion constant J. The section has arms of length 1 and thickness 0.3, and
corners of radius 0.1. No closed form is known: φ + r²/2 is measured against a harmonic function, a sum of poles near
the ends of the arcs, where the curvature jumps. By the maximum principle its error is at most that on the edge.

Source: Prandtl, Zur Torsion von prismatischen Stäben, 1903.
"""

import torch
from torch import Tensor

from sirenpde import D, Field, LeastSquares, Point, Polygon, Problem, laplacian, on
from sirenpde.references.torsion import stress_function


def problem(radius: float = 0.1) -> Problem:
    """Torsion of an L-section, measured against a certified sum of poles.

    Args:
        radius: of the corners.
    """
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.3, 0.3), (0.3, 1.0), (0.0, 1.0)]
    section = Polygon(corners, rounded=radius)
    x, y = section.axes
    phi = Field("phi", section)

    def stress(p: Point) -> Tensor:
        return torch.stack([D(phi, y)(p), -D(phi, x)(p)])

    @on(section, samples=6000)
    def twist(p: Point) -> Tensor:
        """-Δφ = 2"""
        return -laplacian(phi)(p) - 2

    @on(section.boundary(), samples=2000, weight=1000)
    def edge(p: Point) -> Tensor:
        """φ = 0"""
        return phi(p)

    return Problem(
        twist,
        edge,
        outputs=(phi, stress),
        reference={phi: stress_function(section)},
        using=[LeastSquares()],
    )
