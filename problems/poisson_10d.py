"""Laplace's equation in ten dimensions.

    Δu = 0   on (0, 1)¹⁰,      u known on the boundary,      u = x_1 x_2 + x_3 x_4 + ... + x_9 x_10.

Source: E and Yu, The deep Ritz method, 2018.
"""

from torch import Tensor

from sirenpde import Box, Field, Point, Problem, laplacian, on


def problem() -> Problem:
    """A harmonic function in a ten-dimensional cube."""
    box = Box(
        a=(0, 1), b=(0, 1), c=(0, 1), d=(0, 1), e=(0, 1), f=(0, 1), g=(0, 1), h=(0, 1), i=(0, 1), j=(0, 1)
    )
    u = Field("u", box)

    def exact(p: Point) -> Tensor:
        return (p.coords[0::2] * p.coords[1::2]).sum()

    @on(box, samples=6000)
    def laplace(p: Point) -> Tensor:
        """Δu = 0"""
        return laplacian(u)(p)

    @on(box.boundary(), samples=6000, weight=100)
    def walls(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(laplace, walls, reference={u: exact})
