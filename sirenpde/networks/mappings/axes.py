"""Mappings of every coordinate by itself: the coordinates alone, one turn, ladders of frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

from ..recipe import check_positive, check_whole
from ..registry import known
from .mapping import Spectrum

Ladder = Literal["geometric", "from zero"]


@known
@dataclass(frozen=True)
class Coordinates:
    """No mapping: the position itself, each side of the box from ``low`` to ``high``, v in [0, 1]^d if left out.

    Along a periodic axis its cosine and sine of one turn stand in its place. Raises ValueError where low is not
    below high. Source: Tancik et al. 2020, section 6, "no mapping".

    >>> import torch
    >>> from sirenpde import MLP, Coordinates, FourierFeatures
    >>> network = FourierFeatures(Coordinates(), MLP(8, 1)).build([0.0], [4.0], 1, (), torch.Generator())
    >>> network.embedding(torch.tensor([[1.0]], dtype=torch.float64)).tolist()
    [[0.25]]
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"Coordinates from {self.low} to {self.high}; finite ends, the lower first, were expected. "
                f"Write Coordinates(-1, 1), say."
            )

    def spectrum(self, dimension: int, generator: Generator) -> Spectrum:
        nothing = torch.zeros(0, dimension, dtype=torch.float64)
        return Spectrum(nothing, nothing[:, 0], (float(self.low), float(self.high)))

    def describe(self) -> str:
        return "no mapping"


@known
@dataclass(frozen=True)
class Basic:
    """One wave around the box per axis, B = I (Tancik et al. 2020, section 6).

    >>> import torch
    >>> from sirenpde import Basic
    >>> Basic().frequencies(2, torch.Generator()).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        return torch.eye(dimension, dtype=torch.float64)

    def describe(self) -> str:
        return "basic"


@known
@dataclass(frozen=True)
class Positional:
    """Geometrically spaced frequencies along each axis alone, ``count`` in all, m = count // d for each axis.

    With ``ladder="geometric"`` they are sigma^(j/m), j = 0, ..., m - 1 (Tancik et al. 2020, section 6); with
    "from zero" they are sigma^(j/(m - 1)) - 1, as in the authors' code, where the lowest is a constant and the
    highest sigma - 1. ``Rotated`` turns them away from the axes.

    Raises ValueError for sizes that are not positive, a ladder that there is not, and fewer frequencies than axes.

    >>> import torch
    >>> from sirenpde import Positional
    >>> Positional(count=4, sigma=16).frequencies(2, torch.Generator()).tolist()
    [[1.0, 0.0], [4.0, 0.0], [0.0, 1.0], [0.0, 4.0]]
    >>> Positional(3, 16, ladder="from zero").frequencies(1, torch.Generator()).tolist()
    [[0.0], [3.0], [15.0]]
    """

    count: int = 256
    sigma: float = 64.0
    ladder: Ladder = "geometric"

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        check_positive("sigma", self.sigma)
        if self.ladder not in ("geometric", "from zero"):
            raise ValueError(
                f"ladder={self.ladder!r}; 'geometric' or 'from zero' was expected. Use 'geometric', the paper's."
            )

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        each = self.count // dimension
        if each == 0:
            raise ValueError(
                f"count={self.count} on {dimension} axes; at least one frequency per axis was expected. "
                f"Give count={dimension} or more."
            )
        rungs = torch.arange(each, dtype=torch.float64)
        if self.ladder == "geometric":
            return _along_axes(float(self.sigma) ** (rungs / each), dimension)
        return _along_axes(float(self.sigma) ** (rungs / max(each - 1, 1)) - 1, dimension)

    def describe(self) -> str:
        return f"positional (up to {self.sigma:g})"


@known
@dataclass(frozen=True)
class Octaves:
    """The coordinates xi in [-1, 1]^d, and beside them the frequencies 1, 2, 4, ..., 2^(levels - 1) along each axis.

    Up to signs these are xi, sin(2^i pi xi) and cos(2^i pi xi), i = 0, ..., levels - 1. The SIREN paper's "ReLU P.E."
    has 10 levels in space and floor(log2(n/4)) for n samples along an axis of a picture or recording: 7 for 512.

    Source: Mildenhall et al., NeRF, 2020, eq. 4.

    >>> import torch
    >>> from sirenpde import MLP, FourierFeatures, Octaves
    >>> FourierFeatures(Octaves(7), MLP()).build([0.0] * 2, [1.0] * 2, 1, (), torch.Generator()).embedding.outputs
    30
    """

    levels: int = 10

    def __post_init__(self) -> None:
        check_whole("levels", self.levels)

    def spectrum(self, dimension: int, generator: Generator) -> Spectrum:
        rows = _along_axes(2.0 ** torch.arange(self.levels, dtype=torch.float64), dimension)
        return Spectrum(rows, rows.new_ones(len(rows)), (-1.0, 1.0))

    def describe(self) -> str:
        return f"{self.levels} octaves"


def _along_axes(ladder: Tensor, dimension: int) -> Tensor:
    return torch.kron(torch.eye(dimension, dtype=torch.float64), ladder[:, None])
