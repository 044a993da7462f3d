"""A photograph from its derivatives alone.

    ∇u = ∇f   or   Δu = Δf

on a picture f of pixels: Poisson reconstruction (Sitzmann et al. 2020, section 4.1), measured after the best affine
fit, since a constant is free. The network is a half-period cosine lattice, one perceptron on integer frequencies
(Benbarka et al. 2021). How f is differentiated decides what can come back: with differences across edges as means of
the field's slope, and with derivatives of the lattice's own series, all of it does.
"""

from typing import Any, Literal

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
    grad,
    jump,
    laplacian,
    on,
)


def problem(
    image: str = "camera",
    size: int | None = None,
    supervise: Literal["gradient", "laplacian"] = "gradient",
    operator: Literal["edge-mean", "mid-edge", "central", "sobel", "spectral"] | None = None,
) -> Problem:
    """Reconstruct a picture from its gradient or its Laplacian.

    Args:
        image: a file, or one of scikit-image's.
        size: pixels along its longer side, to which it is scaled down; its own if left out.
        supervise: what is known of it.
        operator: how it is differentiated: by differences across edges, taken for the mean of the slope along them or
            for the slope at their middles; by central differences, of five points for the Laplacian; by Sobel's; or
            as the cosine series through all pixels. Edge means if left out, and the series for the Laplacian, which
            is known by central differences or as the series alone.
    """
    grid = PixelGrid.read(f=image, longest=size)
    u = Field("u", grid, FourierSeries(half_period=True), shape=grid.images["f"].shape[2:])

    def mean(axis: Axis) -> Constraint:
        @on(grid.edges(axis), name=f"mean_{axis}")
        def match(p: Point) -> Tensor:
            """∇u = ∇f, as means along the edges"""
            return jump(u)(p) - jump(grid["f"])(p)

        return match

    def middle(axis: Axis) -> Constraint:
        edges = grid.edges(axis)

        @on(edges, name=f"middle_{axis}")
        def match(p: Point) -> Tensor:
            """∇u = ∇f, at the middles of the edges"""
            return D(u, axis)(p) - edges.difference("f")(p)

        return match

    def at_pixels(stencil: Literal["central", "sobel", "spectral"]) -> Constraint:
        known = grid.gradient("f", stencil)

        @on(grid, name="slope")
        def match(p: Point) -> Tensor:
            """∇u = ∇f"""
            return grad(u)(p) - known(p)

        return match

    def bent(stencil: Literal["central", "spectral"]) -> Constraint:
        known = grid.laplacian("f", stencil)

        @on(grid, name="bending")
        def match(p: Point) -> Tensor:
            """Δu = Δf"""
            return laplacian(u)(p) - known(p)

        return match

    gradients = {
        "edge-mean": lambda: [mean(axis) for axis in grid.axes],
        "mid-edge": lambda: [middle(axis) for axis in grid.axes],
        "central": lambda: [at_pixels("central")],
        "sobel": lambda: [at_pixels("sobel")],
        "spectral": lambda: [at_pixels("spectral")],
    }
    best = {"gradient": "edge-mean", "laplacian": "spectral"}
    how: Any = best[supervise] if operator is None else operator
    constraints = {"gradient": lambda: gradients[how](), "laplacian": lambda: [bent(how)]}[supervise]()

    def gradient(p: Point) -> Tensor:
        return grad(u)(p)

    def curvature(p: Point) -> Tensor:
        return laplacian(u)(p)

    known = {
        u: Reference(grid["f"], grid, fit="affine", peak=1),
        gradient: Reference(grid.gradient("f", "spectral"), grid),
        curvature: Reference(grid.laplacian("f", "spectral"), grid),
    }
    return Problem(*constraints, reference=known, outputs=(u, gradient, curvature))
