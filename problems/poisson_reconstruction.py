"""A photograph from its derivatives alone.

    ∇u = ∇f   or   Δu = Δf

on the pixels of a picture f: Poisson reconstruction (Sitzmann et al. 2020, section 4.1), measured after the
best affine fit, since a constant is free. The default network is a half-period cosine lattice, one perceptron
on integer frequencies (Benbarka et al. 2021); its slope at the midpoint of two pixels matches their difference.
A SIREN is given what the paper gives it: the Sobel gradient, or the 5-point Laplacian, at the pixels.
"""

from typing import Literal

from sirenpde import Adam, Axis, Constraint, D, Field, FourierSeries, PixelGrid, Point, Problem, Reference
from sirenpde import Siren, grad, laplacian, on
from torch import Tensor


def problem(
    picture: str = "camera",
    size: int = 256,
    supervise: Literal["gradient", "laplacian"] = "gradient",
    network: Literal["auto", "siren"] = "auto",
) -> Problem:
    """Reconstruct a picture from its gradient or its Laplacian.

    Args:
        picture: a file, or one of scikit-image's; taken in grey.
        size: pixels along its longer side, to which it is scaled down.
        supervise: what is known of it.
        network: "auto", a cosine series and a direct solve; "siren", trained on minibatches.
    """
    grid = PixelGrid.read(f=picture, longest=size, grey=True)
    u = Field("u", grid, Siren() if network == "siren" else FourierSeries(half_period=True))
    batch = 2048 if network == "siren" else None

    def slope(axis: Axis) -> Constraint:
        edges = grid.edges(axis)

        @on(edges, name=f"slope_{axis}")
        def match(p: Point) -> Tensor:
            """∇u = ∇f, as differences"""
            return D(u, axis)(p) - edges.difference("f")(p)

        return match

    @on(grid, samples=batch)
    def gradient(p: Point) -> Tensor:
        """∇u = ∇f, as Sobel has it"""
        return grad(u)(p) - grid.gradient("f", "sobel")(p)

    @on(grid, samples=batch)
    def curvature(p: Point) -> Tensor:
        """Δu = Δf"""
        return laplacian(u)(p) - grid.laplacian("f")(p)

    slopes = [gradient] if network == "siren" else [slope(axis) for axis in grid.axes]
    constraints = slopes if supervise == "gradient" else [curvature]
    using = [Adam(steps=2000, lr=2e-4)] if network == "siren" else None
    reference = {u: Reference(grid["f"], grid, fit="affine", peak=1)}
    return Problem(*constraints, reference=reference, using=using)
