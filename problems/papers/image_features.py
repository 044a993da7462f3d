"""A picture as a function, by a perceptron on a mapping of the coordinates.

    sigmoid(u) = f

at every second pixel along both axes of a picture f, in colours, all of them at every step; measured at the pixels in
the middle between these, which are never seen.

Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains, 2020,
section 6.1 and supplement.
"""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Basic,
    Coordinates,
    Field,
    FourierFeatures,
    Gaussian,
    PixelGrid,
    Point,
    Positional,
    Problem,
    Reference,
    on,
)


def problem(
    image: str = "astronaut",
    size: int = 512,
    mapping: Literal["none", "basic", "positional", "gaussian"] = "gaussian",
    sigma: float = 10.0,
    features: int = 256,
    width: int = 256,
    depth: int = 3,
    rate: float = 1e-3,
) -> Problem:
    """Fit every second pixel of a picture.

    Args:
        image: a file, or one of scikit-image's; taken in colours if it has any.
        size: pixels along its longer side, to which it is scaled down.
        mapping: of the position in the picture, [0, 1) along each axis.
        sigma: the deviation of Gaussian frequencies, or the highest of positional ones.
        features: how many frequencies there are, but for "none" and "basic".
        width: of the hidden layers.
        depth: how many hidden layers.
        rate: the learning rate.
    """
    grid = PixelGrid.read(f=image, longest=size)
    row, column = np.indices(grid.shape) % 2
    known = grid.where((row == 0) & (column == 0), "every second pixel")
    between = grid.where((row == 1) & (column == 1), "between")
    mappings: dict[str, Coordinates | Basic | Positional | Gaussian] = {
        "none": Coordinates(),
        "basic": Basic(),
        "positional": Positional(features, sigma, "from zero"),
        "gaussian": Gaussian(features, sigma),
    }
    network = FourierFeatures(mappings[mapping], MLP(width, depth, "relu", "stax"))
    u = Field("u", grid, network, shape=grid.images["f"].shape[2:])

    def picture(p: Point) -> Tensor:
        return torch.sigmoid(u(p))

    @on(known, weight=0.5)
    def match(p: Point) -> Tensor:
        """sigmoid(u) = f"""
        return picture(p) - grid["f"](p)

    return Problem(
        match,
        reference={picture: Reference(grid["f"], on={"known": known, "between": between}, peak=1)},
        outputs=(picture,),
        using=[Adam(steps=2000, lr=rate, schedule="constant")],
    )
