"""A slice of a body from its shadows.

    ∫ u ds along the beams = measured,    neighbouring pixels mostly equal,

a parallel-beam tomograph at few angles: there are fewer data than pixels, so that many pictures have the same
shadows, and the one of least total variation is taken (Sidky and Pan 2008). The equations are linear, and nothing is
trained. ``--prior smooth`` takes a cosine lattice with a falling spectrum in its place, regularised as much as
generalised cross-validation says. The trained network of the paper is ``papers/tomography``.
"""

from pathlib import Path
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
    Regularised,
    Reweighted,
    Whole,
    everywhere,
    l1,
    on,
    read_picture,
    resize,
)
from sirenpde.references.noise import with_noise
from sirenpde.references.phantoms import RotatedSums, phantom


def problem(
    image: Path | None = None,
    size: int = 128,
    angles: int = 20,
    phantom_seed: int = 0,
    noise: float = 0.0,
    prior: Literal["variation", "smooth"] = "variation",
) -> Problem:
    """Find a picture from its projections.

    Args:
        image: a file, taken in grey and scaled to a square; the head of Shepp and Logan if left out.
        size: pixels along each side.
        angles: from which it is seen, even over half a turn.
        phantom_seed: of the perturbed head.
        noise: standard deviation of the projections' errors, of the largest projection.
        prior: what the data leave open is piecewise constant, or smooth.
    """
    known = phantom(size, phantom_seed) if image is None else resize(read_picture(image, True), (size, size))
    grid = PixelGrid({"f": known})
    seen = RotatedSums.of(size, np.linspace(0, np.pi, angles, endpoint=False))
    exact = seen(grid.data["f"])
    measured = with_noise(exact, noise, torch.Generator().manual_seed(1), unit=float(exact.max()))
    whole = Whole(grid, {"measured": measured})
    u = Field("u", grid, FourierSeries(size, half_period=True))

    @on(whole, weight=1 / exact.numel())
    def projections(p: Point) -> Tensor:
        """∫ u ds = measured"""
        return seen(everywhere(u)(p)) - whole["measured"](p)

    @on(whole, weight=1e-6 / size**2, loss=l1, prior=True)
    def variation(p: Point) -> Tensor:
        """Σ |differences of neighbours| is small"""
        pixels = everywhere(u)(p).reshape(size, size)
        return torch.cat([pixels.diff(dim=0).reshape(-1), pixels.diff(dim=1).reshape(-1)])

    constraints = {"variation": (projections, variation), "smooth": (projections,)}
    stages: dict[str, Reweighted | Regularised] = {
        "variation": Reweighted(rounds=90, exact=noise == 0),
        "smooth": Regularised(),
    }
    return Problem(
        *constraints[prior], reference={u: Reference(grid["f"], grid, peak=1)}, using=[stages[prior]]
    )
