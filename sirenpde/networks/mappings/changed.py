"""Mappings made of others: weighed by a power of the frequency, and turned away from the axes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import torch
from torch import Generator, Tensor

from ..registry import known
from .lattice import IntegerLattice
from .mapping import Mapping, Spectral, Spectrum, spectrum_of


@known
@dataclass(frozen=True)
class Weighted:
    """The waves of a mapping with the amplitudes a_j = (|b_j| / the least of them)^(-power), over ||a||.

    On the lattice of one axis a_j = 1/j^p for b_j = j, the spectra of the kernel studies of Tancik et al. 2020
    (section 5); ``power=0`` only normalises, and ``power=inf`` leaves the slowest waves. The features, coordinates
    aside, then have the length 1 at every point; ``normalised=False`` leaves a_j as they are. Constants have no
    place here, and are left out.

    Raises ValueError for a negative power, and for a mapping without waves.

    >>> import torch
    >>> from sirenpde import IntegerLattice, Weighted
    >>> mapping = Weighted(IntegerLattice(4), power=1, normalised=False)
    >>> mapping.spectrum(1, torch.Generator()).amplitudes.tolist()
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """

    mapping: Mapping | Spectral = field(default_factory=lambda: IntegerLattice(16))
    power: float = 1.0
    normalised: bool = True

    def __post_init__(self) -> None:
        if not self.power >= 0:
            raise ValueError(
                f"power={self.power!r}; 0 or more was expected. Give power=1 for spectra as 1/f."
            )

    def spectrum(self, dimension: int, generator: Generator) -> Spectrum:
        inner = spectrum_of(self.mapping, dimension, generator)
        inner = inner.rows(inner.frequencies.abs().sum(dim=1) > 0)
        if len(inner.frequencies) == 0:
            raise ValueError(
                f"the mapping '{self.mapping.describe()}' to be weighted has no waves; frequencies were expected. "
                f"Leave Weighted(...) out, or weigh another mapping."
            )
        sizes = inner.frequencies.norm(dim=1)
        amplitudes = inner.amplitudes * (sizes / sizes.min()) ** -float(self.power)
        if self.normalised:
            amplitudes = amplitudes / amplitudes.norm()
        return replace(inner, amplitudes=amplitudes).rows(amplitudes > 0)

    def describe(self) -> str:
        return f"{self.mapping.describe()} with 1/f^{self.power:g}"


@known
@dataclass(frozen=True)
class Rotated:
    """The frequencies of a mapping turned by ``degrees`` in the planes of axes (1, 2), (2, 3), ..., one by one.

    In space that is about z and then about x, as the rotated encodings of Tancik et al. 2020 are (supplement); on a
    single axis there is nothing to turn. Coordinates that are kept stay along the axes.

    >>> import torch
    >>> from sirenpde import Positional, Rotated
    >>> rows = Rotated(Positional(count=2, sigma=8)).spectrum(2, torch.Generator()).frequencies
    >>> [[round(x, 4) for x in row] for row in rows.tolist()]
    [[0.7071, 0.7071], [-0.7071, 0.7071]]
    """

    mapping: Mapping | Spectral
    degrees: float = 45.0

    def spectrum(self, dimension: int, generator: Generator) -> Spectrum:
        inner = spectrum_of(self.mapping, dimension, generator)
        return replace(inner, frequencies=inner.frequencies @ self._turn(dimension).T)

    def _turn(self, dimension: int) -> Tensor:
        angle = math.radians(self.degrees)
        turn = torch.eye(dimension, dtype=torch.float64)
        for i in range(dimension - 1):
            plane = torch.eye(dimension, dtype=torch.float64)
            plane[i, i] = plane[i + 1, i + 1] = math.cos(angle)
            plane[i + 1, i], plane[i, i + 1] = math.sin(angle), -math.sin(angle)
            turn = plane @ turn
        return turn

    def describe(self) -> str:
        return f"{self.mapping.describe()} turned by {self.degrees:g}°"
