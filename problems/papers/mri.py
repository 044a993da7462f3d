"""A volume from some of its Fourier coefficients, by a perceptron on a mapping of the coordinates.

    (F u)(k) = measured at the k that a mask holds,

an eighth of all frequencies, drawn from a Gaussian about the lowest, all voxels at each step.

Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains, 2020,
section 6.4 and supplement.
"""

from pathlib import Path
from typing import Literal

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
    Point,
    Positional,
    Problem,
    Reference,
    SampleGrid,
    Whole,
    everywhere,
    on,
)
from sirenpde.references.phantoms import sampling_mask, volume_phantom


def problem(
    volume: Path | None = None,
    mask: Path | None = None,
    size: int = 96,
    mapping: Literal["none", "basic", "positional", "gaussian"] = "gaussian",
    sigma: float = 5.0,
    octaves: float = 4.0,
    rate: float = 2e-3,
    width: int = 256,
    phantom_seed: int = 0,
) -> Problem:
    """Find a volume, or a picture, from samples of its Fourier transform, by a trained network.

    Args:
        volume: an .npy array (n1, n2, n3) or a picture; a head of ellipsoids if left out.
        mask: an .npy array of the volume's shape, true where a frequency is sampled, 0 in the middle; drawn from a
            Gaussian about it if left out.
        size: voxels along each side of the head.
        mapping: of the coordinates.
        sigma: standard deviation of the Gaussian mapping's frequencies, in cycles per side.
        octaves: of the positional mapping, up to 2 to this power in cycles per side.
        rate: of Adam.
        width: of the three hidden layers.
        phantom_seed: of the perturbed head.
    """
    given = None if volume is None else SampleGrid.read(volume, grey=True)
    grid = SampleGrid(volume_phantom(size, phantom_seed)) if given is None else given
    shape, every = grid.shape, tuple(range(len(grid.shape)))
    held = sampling_mask(shape, mask)
    whole = Whole(grid, {"held": held, "measured": held * torch.fft.fftn(grid.values)})
    layers = MLP(width, 3, "relu", "stax")
    recipes = {
        "none": FourierFeatures(Coordinates(), layers),
        "basic": FourierFeatures(Basic(), layers),
        "positional": FourierFeatures(Positional(256, 2**octaves, "from zero"), layers),
        "gaussian": FourierFeatures(Gaussian(256, sigma), layers),
    }
    u = Field("u", grid, recipes[mapping])

    def body(p: Point) -> Tensor:
        return torch.sigmoid(u(p))

    @on(whole, weight=0.5 / grid.size)
    def samples(p: Point) -> Tensor:
        """F u = measured"""
        spectrum = torch.fft.fftn(everywhere(body)(p).reshape(shape), dim=every)
        difference: Tensor = whole["held"](p) * spectrum - whole["measured"](p)
        return difference

    return Problem(
        samples,
        outputs=(body,),
        reference={body: Reference(grid["f"], grid, peak=1)},
        using=[Adam(steps=1000, lr=rate, schedule="constant")],
    )
