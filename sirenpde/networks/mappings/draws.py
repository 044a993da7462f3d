"""Frequencies drawn at random, once: distributions of several shapes with one spread.

How well a network with such features generalises follows from the spread of its frequencies, and hardly from the
shape of their distribution (Tancik et al. 2020, section 6 and figure 4): here ``sigma`` is the standard deviation of
every entry, whatever the shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..recipe import check_positive, check_whole
from ..registry import known


@known
@dataclass(frozen=True)
class Gaussian:
    """Random frequencies, B ~ N(0, sigma²) in every entry, drawn once (Tancik et al. 2020, section 6).

    ``sigma`` (cycles per side of the box) sets the width of the network's kernel: too small blurs, too
    large brings noise.

    >>> import torch
    >>> from sirenpde import Gaussian
    >>> Gaussian(count=64, sigma=5).frequencies(3, torch.Generator().manual_seed(0)).shape
    torch.Size([64, 3])
    """

    count: int = 256
    sigma: float = 10.0

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        check_positive("sigma", self.sigma)

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        return self.sigma * torch.randn(self.count, dimension, dtype=torch.float64, generator=generator)

    def describe(self) -> str:
        return f"Gaussian (sigma {self.sigma:g})"


@known
@dataclass(frozen=True)
class Laplace:
    """Random frequencies of the density exp(-|b| sqrt(2)/sigma)/(sigma sqrt(2)) in every entry, drawn once.

    >>> import torch
    >>> from sirenpde import Laplace
    >>> Laplace(4000, sigma=5).frequencies(1, torch.Generator().manual_seed(0)).std().round().item()
    5.0
    """

    count: int = 256
    sigma: float = 10.0

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        check_positive("sigma", self.sigma)

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        u = _symmetric(self.count, dimension, generator)
        return -(self.sigma / math.sqrt(2)) * u.sign() * torch.log1p(-u.abs())

    def describe(self) -> str:
        return f"Laplace (sigma {self.sigma:g})"


@known
@dataclass(frozen=True)
class Uniform:
    """Random frequencies, B ~ U(±sqrt(3) sigma) in every entry, drawn once.

    >>> import torch
    >>> from sirenpde import Uniform
    >>> bool(Uniform(4000, sigma=5).frequencies(1, torch.Generator().manual_seed(0)).abs().max() < 5 * 3**0.5)
    True
    """

    count: int = 256
    sigma: float = 10.0

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        check_positive("sigma", self.sigma)

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        return math.sqrt(3) * self.sigma * _symmetric(self.count, dimension, generator)

    def describe(self) -> str:
        return f"uniform (sigma {self.sigma:g})"


@known
@dataclass(frozen=True)
class LogUniform:
    """Random frequencies ±s^u, u ~ U(0, 1), in every entry, drawn once: as many in each octave from 1 to s.

    s is such that sigma² = (s² - 1)/(2 ln s), the mean square of an entry. Raises ValueError for a sigma of at most
    1, which no frequencies from 1 upwards have.

    >>> import torch
    >>> from sirenpde import LogUniform
    >>> rows = LogUniform(4000, sigma=5).frequencies(1, torch.Generator().manual_seed(0))
    >>> round(rows.abs().min().item(), 2), round(rows.abs().max().item(), 1)
    (1.0, 11.0)
    """

    count: int = 256
    sigma: float = 10.0

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        check_positive("sigma", self.sigma)
        if self.sigma <= 1:
            raise ValueError(
                f"sigma={self.sigma!r}; more than 1, the lowest of log-uniform frequencies, was expected. "
                f"Use Uniform(sigma={self.sigma!r}) for slower waves."
            )

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        u = _symmetric(self.count, dimension, generator)
        return u.sign() * torch.exp(self._log_highest() * u.abs())

    def _log_highest(self) -> float:
        """The root of (exp(2 l) - 1)/(2 l) = sigma², by bisection: the left side rises from 1 at l = 0."""
        low, high = 0.0, 1.0 + self.sigma
        for _ in range(100):
            middle = (low + high) / 2
            below = math.expm1(2 * middle) < 2 * middle * self.sigma**2 if middle < 300 else False
            low, high = (middle, high) if below else (low, middle)
        return high

    def describe(self) -> str:
        return f"log-uniform (sigma {self.sigma:g})"


def _symmetric(count: int, dimension: int, generator: Generator) -> Tensor:
    """Numbers of U(-1, 1), (count, dimension)."""
    return 2 * torch.rand(count, dimension, dtype=torch.float64, generator=generator) - 1
