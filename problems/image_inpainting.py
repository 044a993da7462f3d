"""A picture of which few pixels are known.

    u = f at the known pixels,        ∫ |Hess u|² as small as that allows,

image in-painting by least squares: the second derivatives of u, as rows of a small weight on all pixels, choose among
the pictures that meet the known ones the smoothest, which is biharmonic between them. The network is a half-period
cosine lattice of as many numbers as there are pixels. What papers train in its place is ``papers/image_inpainting``.
"""

from typing import Literal

import numpy as np
from torch import Tensor

from sirenpde import Field, FourierSeries, PixelGrid, Point, Problem, Reference, hessian, on


def problem(
    picture: str = "camera",
    size: int = 256,
    colours: Literal["grey", "rgb"] = "grey",
    keep: float = 0.1,
    mask: str | None = None,
    smoothness: float = 1e-6,
    draw: int = 0,
) -> Problem:
    """Fill in the pixels of a picture that are not known.

    Args:
        picture: a file, or one of scikit-image's.
        size: pixels along its longer side, to which it is scaled down.
        colours: "grey", or "rgb" for those of a picture in colour.
        keep: the share of pixels that are known, chosen at random.
        mask: a picture of the same size in its place, white where pixels are known.
        smoothness: the weight of second derivatives, per pixel: larger ones smooth known pixels too.
        draw: the number of the random choice.
    """
    sources = {"f": picture} if mask is None else {"f": picture, "mask": mask}
    grid = PixelGrid.read(longest=size, grey=colours == "grey", **sources)
    chosen = (
        np.random.default_rng(draw).random(grid.shape) < keep if mask is None else grid.mask("mask").numpy()
    )
    known = grid.where(chosen, "known")
    u = Field("u", grid, FourierSeries(half_period=True), shape=grid.images["f"].shape[2:])

    @on(known)
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - grid["f"](p)

    @on(grid, weight=smoothness * grid.spacing**4, prior=True)
    def smooth(p: Point) -> Tensor:
        """∂²u = 0, all second derivatives"""
        return hessian(u)(p)

    masks = {"known": chosen, "filled in": ~chosen}
    parts = {part: grid.where(mask, part) for part, mask in masks.items() if mask.any()}
    return Problem(match, smooth, reference={u: Reference(grid["f"], on=parts, peak=1)})
