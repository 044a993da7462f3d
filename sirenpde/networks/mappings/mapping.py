"""What a mapping makes of the position in the box: waves with amplitudes, and coordinates beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Spectrum:
    """Features a_j cos(2 pi b_j v), a_j sin(2 pi b_j v) of v in [0, 1]^d, and the coordinates where kept."""

    frequencies: Tensor  # the rows b_j, (m, d), in cycles per side of the box
    amplitudes: Tensor  # a_j, (m,)
    coordinates: tuple[float, float] | None = (
        None  # what the sides of the box run from and to, where they are kept
    )

    def rows(self, kept: Tensor) -> Spectrum:
        """Some of the waves, by booleans (m,) or indices."""
        return Spectrum(self.frequencies[kept], self.amplitudes[kept], self.coordinates)

    def whole_along(self, axes: Sequence[int]) -> Spectrum:
        """With whole frequencies along these axes, each once, and one turn around an axis whose coordinate was kept.

        Of waves that coincide the first gives the amplitude.
        """
        rows, amplitudes = self.frequencies.clone(), self.amplitudes
        rows[:, list(axes)] = rows[:, list(axes)].round()
        if self.coordinates is not None:
            rows = torch.cat([rows, torch.eye(rows.shape[1], dtype=rows.dtype)[list(axes)]])
            amplitudes = torch.cat([amplitudes, amplitudes.new_ones(len(axes))])
        rows, place = torch.unique(rows, dim=0, return_inverse=True)
        first = torch.full((len(rows),), len(place)).scatter_reduce(
            0, place, torch.arange(len(place)), "amin"
        )
        return Spectrum(rows, amplitudes[first], self.coordinates)


class Mapping(Protocol):
    """Chooses the frequencies of the features cos(2 pi B v), sin(2 pi B v) of v in [0, 1]^d."""

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        """The rows of B, (m, d), in cycles per side of the box."""
        ...

    def describe(self) -> str: ...


@runtime_checkable
class Spectral(Protocol):
    """A mapping that says more than the frequencies: amplitudes, or that it keeps the coordinates."""

    def spectrum(self, dimension: int, generator: Generator) -> Spectrum: ...

    def describe(self) -> str: ...


def spectrum_of(mapping: Mapping | Spectral, dimension: int, generator: Generator) -> Spectrum:
    """What a mapping makes of d coordinates; of its frequencies alone, with amplitudes of one.

    >>> from sirenpde import Basic
    >>> spectrum_of(Basic(), 2, torch.Generator()).amplitudes.tolist()
    [1.0, 1.0]
    """
    if isinstance(mapping, Spectral):
        return mapping.spectrum(dimension, generator)
    rows = mapping.frequencies(dimension, generator)
    return Spectrum(rows, torch.ones(len(rows), dtype=torch.float64))
