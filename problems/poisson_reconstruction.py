"""A photograph from its derivatives alone.

    ∇u = ∇f   or   Δu = Δf

on the pixels of a picture f: Poisson reconstruction (Sitzmann et al. 2020, section 4.1), measured after the
best affine fit, since a constant is free. The network is a half-period cosine lattice, one perceptron on integer
frequencies (Benbarka et al. 2021); its slope at the midpoint of two pixels matches their difference.
"""

from typing import Literal

from torch import Tensor

from sirenpde import (
    Axis,
    Constraint,
    D,
    Field,
    FourierSeries,
    PixelGrid,
    Point,
    Problem,
    Reference,
    laplacian,
    on,
)


def problem(
    picture: str = "camera",
    size: int = 256,
    supervise: Literal["gradient", "laplacian"] = "gradient",
) -> Problem:
    """Reconstruct a picture from its gradient or its Laplacian.

    Args:
        picture: a file, or one of scikit-image's; taken in grey.
        size: pixels along its longer side, to which it is scaled down.
        supervise: what is known of it.
    """
    grid = PixelGrid.read(f=picture, longest=size, grey=True)
    u = Field("u", grid, FourierSeries(half_period=True))

    def slope(axis: Axis) -> Constraint:
        edges = grid.edges(axis)

        @on(edges, name=f"slope_{axis}")
        def match(p: Point) -> Tensor:
            """∇u = ∇f, as differences"""
            return D(u, axis)(p) - edges.difference("f")(p)

        return match

    @on(grid)
    def curvature(p: Point) -> Tensor:
        """Δu = Δf"""
        return laplacian(u)(p) - grid.laplacian("f")(p)

    constraints = {"gradient": [slope(axis) for axis in grid.axes], "laplacian": [curvature]}[supervise]
    return Problem(*constraints, reference={u: Reference(grid["f"], grid, fit="affine", peak=1)})
