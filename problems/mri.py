"""A volume from some of its Fourier coefficients.

    (F u)(k) = measured at the k that a mask holds,    neighbouring voxels mostly equal, along diagonals too,

magnetic resonance with an eighth of the samples, dense where frequencies are low: of all volumes with these samples
the one of least total variation is taken (Lustig, Donoho and Pauly 2007). The equations are linear, and nothing is
trained. ``--prior smooth`` takes a cosine lattice with a falling spectrum in its place, regularised as much as
generalised cross-validation says. The trained network of the paper is ``papers/mri``.
"""

import math
from itertools import product
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    Field,
    FourierSeries,
    Point,
    Problem,
    Reference,
    Regularised,
    Reweighted,
    SampleGrid,
    Whole,
    everywhere,
    l1,
    on,
)
from sirenpde.references.phantoms import sampling_mask, volume_phantom


def problem(
    volume: Path | None = None,
    mask: Path | None = None,
    size: int = 48,
    phantom_seed: int = 0,
    prior: Literal["variation", "smooth"] = "variation",
) -> Problem:
    """Find a volume, or a picture, from samples of its Fourier transform.

    Args:
        volume: an .npy array (n1, n2, n3) or a picture; a head of ellipsoids if left out.
        mask: an .npy array of the volume's shape, true where a frequency is sampled, 0 in the middle; drawn from a
            Gaussian about it if left out.
        size: voxels along each side of the head.
        phantom_seed: of the perturbed head.
        prior: what the data leave open is piecewise constant, or smooth.
    """
    given = None if volume is None else SampleGrid.read(volume, grey=True)
    grid = SampleGrid(volume_phantom(size, phantom_seed)) if given is None else given
    shape, every = grid.shape, tuple(range(len(grid.shape)))
    held = sampling_mask(shape, mask)
    ways = [way for way in product((-1, 0, 1), repeat=len(shape)) if way > (0,) * len(shape)]
    whole = Whole(grid, {"held": held, "measured": held * torch.fft.fftn(grid.values, norm="ortho")})
    u = Field("u", grid, FourierSeries(shape, half_period=True))

    @on(whole, weight=1 / held.sum().item())
    def samples(p: Point) -> Tensor:
        """F u = measured"""
        spectrum = torch.fft.fftn(everywhere(u)(p).reshape(shape), dim=every, norm="ortho")
        difference: Tensor = whole["held"](p) * spectrum - whole["measured"](p)
        return difference

    @on(whole, weight=1e-5 / grid.size, loss=l1, prior=True)
    def variation(p: Point) -> Tensor:
        """Σ |differences of neighbours, over diagonals too| / |distance| is small"""
        voxels = everywhere(u)(p).reshape(shape)
        pairs = [(voxels - voxels.roll(way, every)) / math.hypot(*way) for way in ways]
        return torch.stack(pairs).reshape(-1)

    constraints = {"variation": (samples, variation), "smooth": (samples,)}
    stages: dict[str, Reweighted | Regularised] = {
        "variation": Reweighted(rounds=60, exact=True),
        "smooth": Regularised(),
    }
    return Problem(
        *constraints[prior], reference={u: Reference(grid["f"], grid, peak=1)}, using=[stages[prior]]
    )
