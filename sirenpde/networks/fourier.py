"""Fourier features: fixed waves of the coordinates, and a network on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Generator

from .dense import DenseNetwork, Embedding
from .mappings.draws import Gaussian
from .mappings.mapping import Mapping, Spectral, Spectrum, spectrum_of
from .mlp import MLP
from .recipe import DenseRecipe, check_box, highest_derivative, is_linear
from .registry import known, offer


@known
@dataclass(frozen=True)
class FourierFeatures:
    """A network on the features [a cos(2 pi B v), a sin(2 pi B v)], v in [0, 1]^d the position in the box.

    ``mapping`` chooses B: ``Basic``, ``Positional``, ``Gaussian``, ``Laplace``, ``Uniform``, ``LogUniform`` or
    ``IntegerLattice``; ``Octaves`` keeps the coordinates beside the waves, ``Coordinates`` is these alone;
    ``Weighted`` and ``Rotated`` change another mapping. One of your own has ``frequencies(dimension, generator)``
    and ``describe()``. ``network`` is an ``MLP`` or a ``Siren``, its first layer taking the features in place of the
    coordinates. With ``MLP(depth=0)`` it is a perceptron, linear in all it trains. A row B = 0 is left out: the next
    layer's bias is that constant. Along periodic axes the frequencies are rounded to whole numbers; rows that
    coincide then are kept once.

    Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional
    Domains, 2020, eq. 5.

    >>> import torch
    >>> from sirenpde import FourierFeatures, Gaussian, MLP
    >>> recipe = FourierFeatures(Gaussian(count=64, sigma=2), MLP(width=32, depth=2))
    >>> recipe.describe()
    'Fourier features, Gaussian (sigma 2), MLP 2 x 32, tanh'
    >>> network = recipe.build([0.0], [1.0], 1, (), torch.Generator().manual_seed(0))
    >>> network.embedding.outputs
    128
    """

    is_curved: ClassVar[bool] = True

    mapping: Mapping | Spectral = field(default_factory=Gaussian)
    network: DenseRecipe = field(default_factory=MLP)

    def __post_init__(self) -> None:
        if not (hasattr(self.mapping, "frequencies") or hasattr(self.mapping, "spectrum")):
            raise TypeError(
                f"mapping={self.mapping!r}; Basic(), Positional(), Gaussian() or IntegerLattice() was expected. "
                f"Give the mapping first, the network second."
            )
        if not hasattr(self.network, "on"):
            raise TypeError(
                f"network={self.network!r}; MLP(...) or Siren(...) was expected. "
                f"Use one of these on the features; MLP(depth=0) is a perceptron."
            )

    @property
    def is_linear(self) -> bool:
        return is_linear(self.network)

    @property
    def highest_derivative(self) -> int:
        return highest_derivative(self.network)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> DenseNetwork:
        check_box(low, high, outputs, periodic)
        spectrum = spectrum_of(self.mapping, len(low), generator)
        if periodic:
            spectrum = spectrum.whole_along(periodic)
        spectrum = spectrum.rows(spectrum.frequencies.abs().sum(dim=1) > 0)
        embedding = _embedding(spectrum, low, high, periodic)
        if embedding.outputs == 0:
            raise ValueError(
                f"every frequency of the {self.mapping.describe()} mapping rounds to zero on periodic axes; "
                f"whole frequencies of at least 1 were expected. Use a larger sigma, or IntegerLattice(order)."
            )
        return self.network.on(embedding, outputs, generator)

    def describe(self) -> str:
        return f"Fourier features, {self.mapping.describe()}, {self.network.describe()}"


def _embedding(
    spectrum: Spectrum, low: Sequence[float], high: Sequence[float], periodic: Sequence[int]
) -> Embedding:
    """The features as waves of xi, which runs over the box as the coordinates do that are kept, or from -1 to 1.

    2 pi b v = 2 pi b (xi - start)/(end - start); whole turns are taken off first, so that they cost no digits.
    """
    start, end = spectrum.coordinates or (-1.0, 1.0)
    a, b = (torch.tensor([float(v) for v in side], dtype=torch.float64) for side in (low, high))
    scale = (end - start) / (b - a)
    centre = (a + b) / 2 if start == -end else a - start / scale
    turns = torch.remainder(spectrum.frequencies.sum(dim=1) * (-start / (end - start)), 1.0)
    offset, rows = 2 * math.pi * turns, 2 * math.pi / (end - start) * spectrum.frequencies
    passed = [] if spectrum.coordinates is None else [i for i in range(len(low)) if i not in periodic]
    return Embedding(
        centre,
        scale,
        passed,
        torch.cat([rows, rows]),
        torch.cat([offset + math.pi / 2, offset]),
        torch.cat([spectrum.amplitudes, spectrum.amplitudes]),
    )


offer("fourier-features", FourierFeatures())
