"""A picture of which few pixels are known, by a SIREN with a prior on its derivatives.

    u = f at the known pixels,        λ |∇u| or λ |Hess u| small everywhere,

all known pixels at every step and half as many points as there are pixels, new ones each time: total variation, or
the Frobenius norm of the Hessian, added up without squares.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, supplement 3.
"""

from typing import Literal

from torch import Tensor

from sirenpde import (
    Adam,
    Box,
    Field,
    PixelGrid,
    Point,
    Problem,
    Reference,
    Siren,
    grad,
    hessian,
    l1,
    norm,
    on,
)


def problem(
    image: str = "camera",
    size: int = 512,
    colours: Literal["grey", "rgb"] = "grey",
    keep: float = 0.1,
    mask: str | None = None,
    prior: Literal["none", "variation", "hessian"] = "variation",
    strength: float = 1e-3,
    draw: int = 0,
) -> Problem:
    """Fill in the pixels of a picture that are not known.

    Args:
        image: a file, or one of scikit-image's.
        size: pixels along its longer side, to which it is scaled down.
        colours: "grey", or "rgb" for those of a picture in colour.
        keep: the share of pixels that are known, chosen at random.
        mask: a picture of the same size in its place, white where pixels are known.
        prior: what is small everywhere: "variation" the gradient, "hessian" the second derivatives.
        strength: λ, with derivatives per pixel.
        draw: the number of the random choice.
    """
    sources = {"f": image} if mask is None else {"f": image, "mask": mask}
    grid = PixelGrid.read(longest=size, grey=colours == "grey", **sources)
    chosen = grid.drawn(keep, draw) if mask is None else grid.mask("mask")
    known = grid.where(chosen, "known")
    anywhere = Box(**{axis.name: (axis.low, axis.high) for axis in grid.axes})
    u = Field("u", grid, Siren(), shape=grid.images["f"].shape[2:])

    @on(known)
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - grid["f"](p)

    @on(anywhere, samples=grid.size // 2, weight=strength * grid.spacing, loss=l1, prior=True)
    def variation(p: Point) -> Tensor:
        """∇u = 0, in its norm"""
        return norm(grad(u)(p))

    @on(anywhere, samples=grid.size // 2, weight=strength * grid.spacing**2, loss=l1, prior=True)
    def bending(p: Point) -> Tensor:
        """∂²u = 0, all second derivatives in their norm"""
        return norm(hessian(u)(p).flatten(-2))

    priors = {"none": [], "variation": [variation], "hessian": [bending]}
    masks = {"known": chosen, "filled in": ~chosen}
    parts = {part: grid.where(mask, part) for part, mask in masks.items() if mask.any()}
    return Problem(
        match,
        *priors[prior],
        reference={u: Reference(grid["f"], on=parts, peak=1)},
        using=[Adam(steps=10_000, lr=1e-4, schedule="constant")],
    )
