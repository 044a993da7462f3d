"""What values, slopes and spectra of a network are like before it is trained, by layers, and what is expected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..networks.dense import DenseNetwork
from ..networks.recipe import Recipe

BINS = 101  # of a histogram
REACH = 4.0  # of its ends, in standard deviations


@dataclass(frozen=True)
class LayerStatistics:
    """A hidden layer z -> f(z) over a line of points: standard deviations, distributions and the spectrum of z.

    A distribution is a density (``BINS``,) on equal bins over ±``REACH`` standard deviations, or [-1, 1] for values
    of sines. The spectrum (bins,) has the root mean square over units of the amplitude of 0, 1, 2, ... periods on
    the line.
    """

    before: float  # of z
    after: float  # of f(z)
    gradient: float  # of dy/dz for the sum y of the outputs
    before_density: Tensor
    after_density: Tensor
    gradient_density: Tensor
    spectrum: Tensor


def layer_statistics(
    recipe: Recipe, axes: int = 1, points: int = 2**14, bins: int = 100, seed: int = 0, shift: float = 0.0
) -> tuple[LayerStatistics, ...]:
    """Statistics of every hidden layer of an untrained network, as in the supplement of the SIREN paper (section 1).

    The points lie on the diagonal of [-1, 1]^axes, moved by ``shift``. Raises TypeError for a recipe that does not
    build dense layers.

    >>> from sirenpde import Siren
    >>> from sirenpde.analysis.initialisation import layer_statistics, siren_deviation
    >>> last = layer_statistics(Siren(width=512, depth=4, bias="zero"), points=2048)[-1]
    >>> round(last.before, 1), round(siren_deviation(), 3)
    (0.9, 0.893)
    """
    network = recipe.build([-1.0] * axes, [1.0] * axes, 1, (), torch.Generator().manual_seed(seed))
    if not isinstance(network, DenseNetwork):
        raise TypeError(
            f"{recipe.describe()} builds a {type(network).__name__}; a network of dense layers was expected. Look at "
            f"Siren(...), MLP(...) or FourierFeatures(...)."
        )
    line = (2 * torch.arange(points, dtype=torch.float64) + 1) / points - 1 + shift
    h, before, after = network.embedding(line[:, None].expand(-1, axes)), [], []
    for layer, omega in zip(network.hidden, network.omega, strict=True):
        before.append(omega * layer(h))
        h = network.activation.function(before[-1])
        after.append(h)
    gradients = torch.autograd.grad(network.head(h).sum(), before)
    return tuple(
        _statistics(z.detach(), f.detach(), g, bins) for z, f, g in zip(before, after, gradients, strict=True)
    )


def _statistics(z: Tensor, f: Tensor, gradient: Tensor, bins: int) -> LayerStatistics:
    amplitudes = torch.fft.rfft(z, dim=0)[:bins].abs() / len(z)
    return LayerStatistics(
        float(z.std()),
        float(f.std()),
        float(gradient.std()),
        _density(z, REACH * float(z.std())),
        _density(f, float(f.abs().max())),
        _density(gradient, REACH * float(gradient.std())),
        amplitudes.square().mean(dim=1).sqrt(),
    )


def _density(values: Tensor, reach: float) -> Tensor:
    counts = torch.histc(values, BINS, -reach, reach)
    return counts / (values.numel() * (2 * reach / BINS))


def siren_deviation(
    width: int | None = None, bias: Literal["torch", "zero", "narrow"] = "zero", omega: float = 30.0
) -> float:
    """The standard deviation s of pre-activations that a deep SIREN settles at, whatever the depth.

        s² = 1 - exp(-2 s²) + b,      b = omega²/(3 n), 0 or omega²/(3 n²)

    for normal pre-activations, sines of which have the variance (1 - exp(-2 s²))/2, and layers of n = ``width`` units
    whose biases are U(±1/sqrt(n)), zero or U(±1/n). It is 0.893 without biases, and the paper's 1 an approximation.

    >>> [round(siren_deviation(n, "torch"), 2) for n in (256, 2048)]
    [1.47, 1.01]
    """
    if bias != "zero" and width is None:
        raise ValueError(
            "biases without a width; the width that they depend on was expected. Give width=256."
        )
    added = 0.0
    if width is not None:
        added = {"torch": omega**2 / (3 * width), "zero": 0.0, "narrow": omega**2 / (3 * width**2)}[bias]
    square = 1.0 + added
    for _ in range(200):  # a contraction: the derivative 2 exp(-2 s²) is at most 0.41 there
        square = 1 - math.exp(-2 * square) + added
    return math.sqrt(square)


def siren_gradient_growth(deviation: float) -> float:
    """What the deviation of dy/dz grows by from one layer to the one below: sqrt(2 E cos² z), z ~ N(0, deviation²).

    >>> [round(siren_gradient_growth(s), 3) for s in (siren_deviation(), siren_deviation(256, "torch"))]
    [1.097, 1.007]
    """
    return math.sqrt(1 + math.exp(-2 * deviation**2))
