"""A picture by a single perceptron on waves, trained at every second sample and measured in between.

    u = f

at every second sample of a picture, a line or a volume. On all whole frequencies up to an order the perceptron is a
Fourier series, whose weights an FFT gives; random frequencies and a SIREN of one hidden layer have as many features.
Progressive training lets waves in from slow to fast.

Source: Benbarka et al., Seeing Implicit Neural Representations as Fourier Series, 2021, sections 3 and 4.
"""

from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Field,
    FourierFeatures,
    FromSamples,
    Gaussian,
    IntegerLattice,
    Point,
    Positional,
    Problem,
    Ramp,
    Reference,
    SampleGrid,
    Siren,
    on,
)


def problem(
    samples: str = "camera",
    size: int = 128,
    colours: Literal["grey", "rgb"] = "grey",
    order: int | None = None,
    mapping: Literal["lattice", "gaussian", "positional", "siren"] = "lattice",
    sigma: float = 10.0,
    start: Literal["zero", "random", "fft", "copies"] = "zero",
    progressive: Literal["no", "half", "whole"] = "no",
    rate: float = 1e-2,
    pixels: int | None = None,
) -> Problem:
    """Train a perceptron on every second sample, in double precision where its weights are those of an FFT.

    Args:
        samples: a picture, one of scikit-image's, or an .npy file of one or three axes.
        size: pixels along the longer side of a picture, to which it is scaled down.
        colours: of a picture, "grey" or "rgb".
        order: of the lattice along each axis, which says how many features there are; that of every second sample
            if left out.
        mapping: which frequencies: the lattice, as many random ones, as many along the axes, or a trained SIREN.
        sigma: of random frequencies their deviation, in cycles per side.
        start: of the lattice's weights: zero, random as torch has them, or the FFT of the samples, with nothing or
            with its copies in the waves beyond those that the samples tell apart.
        progressive: whether waves are let in one after another, over half the steps or the whole of them.
        rate: of Adam's learning, which falls to a hundredth along half a cosine.
        pixels: known samples in each step, drawn anew; all of them if left out.
    """
    grid = SampleGrid.read(samples, longest=size, grey=colours == "grey").even()
    known, between = grid.every_second(0), grid.every_second(1)
    highest, axes = grid.order(order), len(grid.shape)
    waves = ((2 * highest + 1) ** axes - 1) // 2
    perceptron, drawn = MLP(depth=0), MLP(depth=0, initialisation="torch")
    lattice = FourierFeatures(IntegerLattice(highest), perceptron)
    lattices: dict[str, FourierFeatures | FromSamples] = {
        "zero": lattice,
        "random": FourierFeatures(IntegerLattice(highest), drawn),
        "fft": FromSamples(lattice, known.values, offset=0.25),
        "copies": FromSamples(lattice, known.values, offset=0.25, beyond="copies"),
    }
    networks: dict[str, FourierFeatures | FromSamples | Siren] = {
        "lattice": lattices[start],
        "gaussian": FourierFeatures(Gaussian(waves, sigma), perceptron),
        "positional": FourierFeatures(Positional(waves, 2.0 * highest), perceptron),
        "siren": Siren(width=2 * waves, depth=1),
    }
    digits = {"zero": None, "random": None, "fft": torch.float64, "copies": torch.float64}[start]
    u = Field("u", grid, networks[mapping], shape=grid.values.shape[axes:], dtype=digits)
    ramp = {"no": None, "half": Ramp(until=0.5), "whole": Ramp()}[progressive]

    @on(known, samples=pixels)
    def match(p: Point) -> Tensor:
        """u = f at every second sample"""
        return u(p) - known["f"](p)

    return Problem(
        match,
        reference={u: Reference(known["f"], on={"known": known, "between": between}, peak=1)},
        using=[Adam(steps=600, lr=rate, ramp=ramp)],
    )
