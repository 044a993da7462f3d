"""A photograph from its derivatives, by a trained SIREN that is held to the classical solution.

    ∇u = ∇f   or   Δu = Δf,      u = u₀,

where u₀ is what the five-point equations give from the same Laplacian (one cosine transform). A SIREN trained on
derivatives alone learns short waves first and long ones hardly at all (Sitzmann et al. 2020, section 4.1, and
``papers/poisson_reconstruction``); the values u₀ hold these from the first step to the last. Derivatives are those of
the cosine series through all pixels. Measured after the best affine fit, since a constant is free.
"""

from typing import Literal

from torch import Tensor

from sirenpde import Adam, Field, PixelGrid, Point, Problem, Reference, Siren, grad, laplacian, on
from sirenpde.references.integrated import integrated


def problem(
    image: str = "camera",
    size: int = 256,
    supervise: Literal["gradient", "laplacian"] = "gradient",
    anchor: float = 10.0,
) -> Problem:
    """Train a SIREN on a picture's gradient or Laplacian.

    Args:
        image: a file, or one of scikit-image's; taken in grey.
        size: pixels along its longer side, to which it is scaled down.
        supervise: what is known of it.
        anchor: what a squared deviation from u₀ counts, where one of the derivatives per pixel counts 1.
    """
    picture = PixelGrid.read(f=image, longest=size, grey=True)
    known = picture.data["laplacian of f"].reshape(picture.shape)
    grid = PixelGrid({**picture.images, "known": integrated(known.numpy(), picture.spacing)})
    shape = {"gradient": Siren(), "laplacian": Siren(width=128)}[supervise]
    samples = {"gradient": 2048, "laplacian": 1024}[supervise]
    u = Field("u", grid, shape)

    @on(grid, samples=samples, weight=grid.spacing**2)
    def gradient(p: Point) -> Tensor:
        """∇u = ∇f"""
        return grad(u)(p) - grid.gradient("f", "spectral")(p)

    @on(grid, samples=samples, weight=grid.spacing**4)
    def curvature(p: Point) -> Tensor:
        """Δu = Δf"""
        return laplacian(u)(p) - grid.laplacian("f", "spectral")(p)

    @on(grid, samples=samples, weight=anchor)
    def hold(p: Point) -> Tensor:
        """u = u₀"""
        return u(p) - grid["known"](p)

    return Problem(
        {"gradient": gradient, "laplacian": curvature}[supervise],
        hold,
        reference={u: Reference(grid["f"], grid, fit="affine", peak=1)},
        using=[Adam(steps=1200, lr={"gradient": 4e-4, "laplacian": 5e-4}[supervise])],
    )
