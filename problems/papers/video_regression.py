"""A film as a function of space and time, by a SIREN or the networks that it was compared with.

    u = f

on random voxels of a film f.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.1 and
supplement.
"""

import math
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Field,
    Film,
    FourierFeatures,
    Octaves,
    Point,
    Problem,
    Reference,
    Siren,
    on,
)
from sirenpde.references.film import rolling_wheel


def problem(
    film: Path | None = None,
    size: int = 512,
    frames: int = 300,
    network_of: Literal["siren", "relu", "relu-pe"] = "siren",
    width: int = 1024,
    octaves: int | None = None,
) -> Problem:
    """Represent a film, in colour, by a trained network.

    Args:
        film: a file that ffmpeg reads, or an .npy array (t, H, W, 3); a rolling wheel, by a formula, if left out.
        size: pixels along its longer side, to which it is scaled down.
        frames: how many of them.
        network_of: a SIREN, a ReLU network, or one on octaves of waves.
        width: of its layers.
        octaves: of waves; if left out floor(log2(n / 4)), n being the voxels along the shortest axis. The authors'
            code has this rule for pictures and ten for whatever has three axes, most of them beyond what voxels tell.
    """
    given = None if film is None else Film.read(film, longest=size, frames=frames)
    voxels = Film(rolling_wheel(frames, 3 * size // 4, size), rate=24) if given is None else given
    layers = MLP(width, 4, "relu", "kaiming")
    told = max(1, math.floor(math.log2(min(voxels.shape) / 4)))
    recipes: dict[str, Siren | MLP | FourierFeatures] = {
        "siren": Siren(width),
        "relu": layers,
        "relu-pe": FourierFeatures(Octaves(told if octaves is None else octaves), layers),
    }
    u = Field("u", voxels, recipes[network_of], shape=voxels.values["f"].shape[3:])

    @on(voxels, samples=max(1, round(38e-4 * voxels.size)))
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - voxels["f"](p)

    shown = {f"frame {k}": voxels.still(k) for k in torch.linspace(0, voxels.shape[0] - 1, 4).int().tolist()}
    return Problem(
        match,
        reference={u: Reference(voxels["f"], shown, peak=1)},
        using=[Adam(steps=100_000, lr=1e-4, schedule="constant")],
    )
