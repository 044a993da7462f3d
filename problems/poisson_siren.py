"""A photograph from its gradient, by a trained SIREN that is held to the classical solution.

    ∇u = ∇f,      u = u₀,

where u₀ is what the five-point equations give from the Laplacian of f (one cosine transform). A SIREN trained on the
gradient alone learns short waves first and long ones hardly at all (Sitzmann et al. 2020, section 4.1, and
``papers/poisson_reconstruction``); the values u₀ hold these from the first step to the last. The gradient is that of
the cosine series through all pixels. Measured after the best affine fit, since a constant is free.
"""

from torch import Tensor

from sirenpde import Adam, Field, PixelGrid, Point, Problem, Reference, Siren, grad, on
from sirenpde.references.integrated import integrated


def problem(image: str = "camera", size: int = 256, anchor: float = 10.0) -> Problem:
    """Train a SIREN on a picture's gradient.

    Args:
        image: a file, or one of scikit-image's; taken in grey.
        size: pixels along its longer side, to which it is scaled down.
        anchor: what a squared deviation from u₀ counts, where one of the slopes per pixel counts 1.
    """
    picture = PixelGrid.read(f=image, longest=size, grey=True)
    known = picture.data["laplacian of f"].reshape(picture.shape)
    grid = PixelGrid({**picture.images, "known": integrated(known.numpy(), picture.spacing)})
    u = Field("u", grid, Siren())

    @on(grid, samples=2048, weight=grid.spacing**2)
    def gradient(p: Point) -> Tensor:
        """∇u = ∇f"""
        return grad(u)(p) - grid.gradient("f", "spectral")(p)

    @on(grid, samples=2048, weight=anchor)
    def hold(p: Point) -> Tensor:
        """u = u₀"""
        return u(p) - grid["known"](p)

    return Problem(
        gradient,
        hold,
        reference={u: Reference(grid["f"], grid, fit="affine", peak=1)},
        using=[Adam(steps=1200, lr=4e-4)],
    )
