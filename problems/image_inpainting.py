"""A picture of which few pixels are known.

    u = f at the known pixels,        ∫ |Hess u|² as small as that allows,

image in-painting by least squares: the second derivatives of u, as rows of a small weight on all pixels, choose among
the pictures that meet the known ones the smoothest, which is biharmonic between them. The network is a half-period
cosine lattice of as many numbers as there are pixels. With a ``guide``, a picture that has the edges in about the
same places, such as what was found without one, second derivatives across its edges count little, so that edges are
filled in as lines. What papers train in its place is ``papers/image_inpainting``.
"""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sirenpde import (
    Field,
    FourierSeries,
    PixelGrid,
    Point,
    Problem,
    Reference,
    along_edges,
    hessian,
    on,
    read_picture,
    resize,
)


def problem(
    image: str = "camera",
    size: int = 256,
    colours: Literal["grey", "rgb"] = "grey",
    keep: float = 0.1,
    mask: str | None = None,
    guide: str | None = None,
    smoothness: float = 1e-6,
    draw: int = 0,
) -> Problem:
    """Fill in the pixels of a picture that are not known.

    Args:
        image: a file, or one of scikit-image's.
        size: pixels along its longer side, to which it is scaled down.
        colours: "grey", or "rgb" for those of a picture in colour.
        keep: the share of pixels that are known, chosen at random.
        mask: a picture of the same size in its place, white where pixels are known.
        guide: a picture with edges in about the same places, scaled to the same size.
        smoothness: the weight of second derivatives, per pixel: larger ones smooth known pixels too.
        draw: the number of the random choice.
    """
    sources = {"f": image} if mask is None else {"f": image, "mask": mask}
    pixels = PixelGrid.read(longest=size, grey=colours == "grey", **sources)
    even = np.tile([1.0, 0.0, 1.0], (*pixels.shape, 1))
    counting = even if guide is None else along_edges(resize(read_picture(guide), pixels.shape))
    grid = PixelGrid({**pixels.images, "counting": counting})
    chosen = grid.drawn(keep, draw) if mask is None else grid.mask("mask")
    known = grid.where(chosen, "known")
    u = Field("u", grid, FourierSeries(half_period=True), shape=grid.images["f"].shape[2:])

    @on(known)
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - grid["f"](p)

    @on(grid, weight=smoothness * grid.spacing**4, prior=True)
    def smooth(p: Point) -> Tensor:
        """A ∂²u A = 0, all second derivatives, of which A takes those across edges for less"""
        xx, xy, yy = grid["counting"](p)
        a = torch.stack([xx, xy, xy, yy]).reshape(2, 2)
        return a @ hessian(u)(p) @ a

    masks = {"known": chosen, "filled in": ~chosen}
    parts = {part: grid.where(mask, part) for part, mask in masks.items() if mask.any()}
    return Problem(match, smooth, reference={u: Reference(grid["f"], on=parts, peak=1)})
