"""A film as a function of space and time.

    u = f

on the voxels (t, x, y) of a film f: video regression (Sitzmann et al. 2020, section 4.1). The network is a cosine
lattice of half periods in three axes, one perceptron on integer frequencies (Benbarka et al. 2021), found by
transforms. With all of its waves it meets every voxel; with fewer it is the best approximation there is with them.
``--network siren`` trains a SIREN in its place.
"""

from pathlib import Path

import torch
from torch import Tensor

from sirenpde import Field, Film, FourierSeries, Point, Problem, Reference, on
from sirenpde.references.film import rolling_wheel


def problem(film: Path | None = None, size: int = 128, frames: int = 48, share: float = 1.0) -> Problem:
    """Represent a film, in colour.

    Args:
        film: a file that ffmpeg reads, or an .npy array (t, H, W, 3); a rolling wheel, by a formula, if left out.
        size: pixels along its longer side, to which it is scaled down.
        frames: how many of them.
        share: of the waves that there are along all axes, those of the lowest frequencies; 1 meets every voxel.
    """
    given = None if film is None else Film.read(film, longest=size, frames=frames)
    voxels = Film(rolling_wheel(frames, 3 * size // 4, size), rate=24) if given is None else given
    u = Field(
        "u", voxels, FourierSeries(voxels.orders(share), half_period=True), shape=voxels.values["f"].shape[3:]
    )

    @on(voxels)
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - voxels["f"](p)

    shown = {f"frame {k}": voxels.still(k) for k in torch.linspace(0, voxels.shape[0] - 1, 4).int().tolist()}
    return Problem(match, reference={u: Reference(voxels["f"], shown, peak=1)})
