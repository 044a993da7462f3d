"""A square with a crack, sheared out of its plane.

    Δu = 0    on (-1, 1)² without 0 <= x < 1, y = 0,
    u = ±1    on y = ±1,      u_n = 0   on x = ±1 and on both sides of the crack.

u is the displacement across the plane. It jumps across the crack, and at its tip behaves like r^(1/2): the stress
there is not bounded, and its intensity is what one asks for. The reference is a sum of such powers, fitted
on the edge.

Source: Westergaard, Bearing pressures and cracks, 1939, for the field at the tip.
"""

from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Slit, dot, grad, laplacian, on
from sirenpde.references.corners import sheared_crack


def problem() -> Problem:
    """A crack in antiplane shear, measured against a sum of singular powers."""
    square = Box(x=(-1, 1), y=(-1, 1))
    cracked = Slit(square, start=(1, 0), tip=(0, 0))
    x, y = cracked.axes
    u = Field("u", cracked)
    crack = cracked.faces

    @on(cracked, samples=4000)
    def balance(p: Point) -> Tensor:
        """Δu = 0"""
        return laplacian(u)(p)

    @on(crack, samples=1000, weight=100)
    def free(p: Point) -> Tensor:
        """u_n = 0"""
        return dot(crack.normal(p), grad(u)(p))

    @on(square.boundary("x"), samples=1000, weight=100)
    def sides(p: Point) -> Tensor:
        """u_x = 0"""
        return D(u, x)(p)

    @on(square.boundary("y"), samples=1000, weight=1000)
    def pulled(p: Point) -> Tensor:
        """u = y"""
        return u(p) - y(p)

    return Problem(balance, free, sides, pulled, reference={u: sheared_crack})
