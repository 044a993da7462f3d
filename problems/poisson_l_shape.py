"""Poisson's equation on an L-shape: a re-entrant corner, and data that do not fit at the others.

    -Δu = 1   on (-1, 1)² without x > 0, y < 0,      u = 0   on the edge.

At the re-entrant corner u behaves like r^(2/3) sin 2θ/3, and at each of the others like r² log r, since both second
derivatives along the sides vanish there and their sum does not. The reference is a sum of such functions and a
polynomial, certified on the edge by the maximum principle.

Source: Fox, Henrici and Moler, Approximations and bounds for eigenvalues of elliptic operators, 1967, for the shape.
"""

from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on
from sirenpde.references.corners import l_shape


def problem() -> Problem:
    """Poisson's equation on an L-shape, measured against a certified sum of singular functions."""
    shape = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
    u = Field("u", shape)

    @on(shape, samples=4000)
    def poisson(p: Point) -> Tensor:
        """-Δu = 1"""
        return -laplacian(u)(p) - 1

    @on(shape.boundary(), samples=2000, weight=1000)
    def edge(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(poisson, edge, reference={u: l_shape})
