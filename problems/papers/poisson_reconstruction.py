"""A photograph from its derivatives alone, by a SIREN.

    ∇u = ∇f, as Sobel has it,   or   Δu = Δf, by five points,

on minibatches of the pixels of a picture f, measured after the best affine fit, since a constant is free.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.1.
"""

from typing import Literal

from torch import Tensor

from sirenpde import Adam, Field, PixelGrid, Point, Problem, Reference, Siren, grad, laplacian, on


def problem(
    image: str = "camera",
    size: int = 256,
    supervise: Literal["gradient", "laplacian"] = "gradient",
) -> Problem:
    """Reconstruct a picture from its gradient or its Laplacian.

    Args:
        image: a file, or one of scikit-image's; taken in grey.
        size: pixels along its longer side, to which it is scaled down.
        supervise: what is known of it.
    """
    grid = PixelGrid.read(f=image, longest=size, grey=True)
    u = Field("u", grid, Siren())

    @on(grid, samples=2048)
    def gradient(p: Point) -> Tensor:
        """∇u = ∇f, as Sobel has it"""
        return grad(u)(p) - grid.gradient("f", "sobel")(p)

    @on(grid, samples=2048)
    def curvature(p: Point) -> Tensor:
        """Δu = Δf"""
        return laplacian(u)(p) - grid.laplacian("f")(p)

    return Problem(
        {"gradient": gradient, "laplacian": curvature}[supervise],
        reference={u: Reference(grid["f"], grid, fit="affine", peak=1)},
        using=[Adam(steps=2000, lr=2e-4)],
    )
