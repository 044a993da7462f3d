"""A slice of a body from its shadows, by a perceptron on a mapping of the coordinates.

    ∫ u ds along the beams = measured,

a parallel-beam tomograph at twenty angles, the whole picture at each step. Beams are the sums of columns of the
picture turned pixel to nearest pixel, as in the paper's code, or true line integrals.

Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains, 2020,
section 6.3 and supplement.
"""

from pathlib import Path
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
    Rays,
    Reference,
    Whole,
    everywhere,
    line_integral,
    on,
    read_picture,
    resize,
)
from sirenpde.references.phantoms import RotatedSums, phantom, shadows


def problem(
    image: Path | None = None,
    size: int = 512,
    angles: int = 20,
    mapping: Literal["none", "basic", "positional", "gaussian"] = "gaussian",
    sigma: float = 4.0,
    octaves: float = 3.0,
    rate: float | None = None,
    beams: Literal["turned", "lines"] = "turned",
    phantom_seed: int = 0,
) -> Problem:
    """Find a picture from its projections, by a trained network.

    Args:
        image: a file, taken in grey and scaled to a square; the head of Shepp and Logan if left out.
        size: pixels along each side.
        angles: from which it is seen, even over half a turn.
        mapping: of the coordinates.
        sigma: standard deviation of the Gaussian mapping's frequencies, in cycles per side.
        octaves: of the positional mapping, up to 2 to this power in cycles per side.
        rate: of Adam; 1e-3, and 1e-2 without a mapping and with the basic one, if left out.
        beams: sums of the turned picture, or line integrals.
        phantom_seed: of the perturbed head.
    """
    known = phantom(size, phantom_seed) if image is None else resize(read_picture(image, True), (size, size))
    grid, turns = PixelGrid({"f": known}), np.linspace(0, np.pi, angles, endpoint=False)
    layers = MLP(256, 3, "relu", "stax")
    recipes = {
        "none": FourierFeatures(Coordinates(), layers),
        "basic": FourierFeatures(Basic(), layers),
        "positional": FourierFeatures(Positional(256, 2**octaves, "from zero"), layers),
        "gaussian": FourierFeatures(Gaussian(256, sigma), layers),
    }
    u = Field("u", grid, recipes[mapping])
    seen = RotatedSums.of(size, turns)
    whole = Whole(grid, {"measured": seen(grid.data["f"])})
    bare = Rays.parallel(grid, turns, size, nodes=size)
    measured = shadows(known, bare).reshape(angles, size)
    rays = Rays.parallel(grid, turns, size, measured, nodes=size)

    def picture_of(p: Point) -> Tensor:
        return torch.sigmoid(u(p))

    @on(whole, weight=0.5 / (angles * size))
    def sums(p: Point) -> Tensor:
        """∫ u ds = measured"""
        return seen(everywhere(picture_of)(p)) - whole["measured"](p)

    @on(rays, weight=0.5)
    def lines(p: Point) -> Tensor:
        """∫ u ds = measured"""
        return line_integral(picture_of)(p) - rays["measured"](p)

    usual = {"none": 1e-2, "basic": 1e-2, "positional": 1e-3, "gaussian": 1e-3}[mapping]
    return Problem(
        {"turned": sums, "lines": lines}[beams],
        outputs=(picture_of,),
        reference={picture_of: Reference(grid["f"], grid, peak=1)},
        using=[Adam(steps=1000, lr=usual if rate is None else rate, schedule="constant")],
    )
