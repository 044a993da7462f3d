"""Heat in a plate of sixteen squares of two materials, as on a checkerboard.

    -∇·(a ∇u) = 1,     u = 0 on the boundary,     a = 1 or k in turn.

The flux a ∂u/∂n is continuous across the sides of the squares, and ∂u/∂n is not. Where four squares meet, the
solution behaves like r^λ, λ = (4/π) atan(1/√k). The reference is a sum of such functions about every corner of the
squares, certified on the lines between these.

Source: Kellogg, On the Poisson equation with intersecting interfaces, 1975.
"""

import torch
from torch import Tensor

from sirenpde import Box, Field, Pieces, Point, Problem, div, grad, on
from sirenpde.references.checkerboard import checkerboard


def problem(contrast: float = 10.0) -> Problem:
    """The temperature of a heated checkerboard, held at zero on its boundary.

    Args:
        contrast: k, the conductivity of every other square.
    """
    plate = Box(x=(0, 1), y=(0, 1))
    x, y = plate.axes
    u = Field("u", plate, Pieces())

    def conductivity(p: Point) -> Tensor:
        square = torch.floor(4 * x(p)) + torch.floor(4 * y(p))
        return torch.where(square % 2 == 0, 1.0, contrast)

    def flux(p: Point) -> Tensor:
        return conductivity(p) * grad(u)(p)

    @on(plate, samples=4000)
    def heat(p: Point) -> Tensor:
        """-∇·(a ∇u) = 1"""
        return -div(flux)(p) - 1

    @on(plate.boundary(), samples=800)
    def edge(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(heat, edge, reference={u: lambda p: checkerboard(p, contrast)})
