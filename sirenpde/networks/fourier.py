"""Fourier features: fixed waves of the coordinates, and a network on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import torch
from torch import Generator, Tensor

from .dense import DenseNetwork
from .mlp import MLP
from .recipe import DenseRecipe, check_box, check_positive, check_whole, is_linear, wave_embedding
from .registry import known, offer


class Mapping(Protocol):
    """Chooses the frequencies B of the features cos(2 pi B v), sin(2 pi B v) of v in [0, 1)^d."""

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        """The rows of B, (m, d), in cycles per side of the box."""
        ...

    def describe(self) -> str: ...


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
    """Geometrically spaced frequencies along each axis alone: sigma^(j/m) for j = 0, ..., m - 1.

    ``count`` frequencies in all, so m = count // d for each of the d axes (Tancik et al. 2020, section 6).

    >>> import torch
    >>> from sirenpde import Positional
    >>> Positional(count=4, sigma=16).frequencies(2, torch.Generator()).tolist()
    [[1.0, 0.0], [4.0, 0.0], [0.0, 1.0], [0.0, 4.0]]
    """

    count: int = 256
    sigma: float = 64.0

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        check_positive("sigma", self.sigma)

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        each = self.count // dimension
        if each == 0:
            raise ValueError(
                f"count={self.count} on {dimension} axes; at least one frequency per axis was expected. "
                f"Give count={dimension} or more."
            )
        ladder = float(self.sigma) ** (torch.arange(each, dtype=torch.float64) / each)
        return torch.kron(torch.eye(dimension, dtype=torch.float64), ladder[:, None])

    def describe(self) -> str:
        return f"positional (up to {self.sigma:g})"


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
class IntegerLattice:
    """All whole frequencies n with max |n_i| <= order, one of each pair ±n: ((2 order + 1)^d + 1)/2 rows.

    Kept are n = 0 and every n whose first non-zero entry is positive. A perceptron on this mapping is the
    d-dimensional Fourier series (Benbarka et al. 2021, section 3); ``FourierSeries`` is the same space of
    functions with faster evaluation on grids.

    >>> import torch
    >>> from sirenpde import IntegerLattice
    >>> IntegerLattice(1).frequencies(2, torch.Generator()).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, -1.0], [1.0, 0.0], [1.0, 1.0]]
    """

    order: int = 8

    def __post_init__(self) -> None:
        check_whole("order", self.order)

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        n = torch.arange(-self.order, self.order + 1, dtype=torch.float64)
        rows = torch.cartesian_prod(n[self.order :], *[n] * (dimension - 1)).reshape(-1, dimension)
        # Read as digits, the row has the sign of its first non-zero entry.
        digits = (2.0 * self.order + 1) ** torch.arange(dimension - 1, -1, -1, dtype=torch.float64)
        return rows[rows @ digits >= 0]

    def describe(self) -> str:
        return f"lattice (order {self.order})"


@known
@dataclass(frozen=True)
class FourierFeatures:
    """A network on the features [cos(2 pi B v), sin(2 pi B v)], v in [0, 1]^d the position in the box.

    ``mapping`` chooses B: ``Basic``, ``Positional``, ``Gaussian`` or ``IntegerLattice``. ``network`` is an ``MLP``
    or a ``Siren``, its first layer taking the features in place of the coordinates. With ``MLP(depth=0)`` it
    is a perceptron, linear in all it trains. A row B = 0 is left out: the next layer's bias is that constant.
    Along periodic axes the frequencies are rounded to whole numbers; rows that coincide then are kept once.

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

    mapping: Mapping = field(default_factory=Gaussian)
    network: DenseRecipe = field(default_factory=MLP)

    def __post_init__(self) -> None:
        if not hasattr(self.mapping, "frequencies"):
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

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> DenseNetwork:
        check_box(low, high, outputs, periodic)
        rows = self.mapping.frequencies(len(low), generator)
        if periodic:
            rows[:, list(periodic)] = rows[:, list(periodic)].round()
            rows = torch.unique(rows, dim=0)
        rows = rows[rows.abs().amax(dim=1) > 0]
        if len(rows) == 0:
            raise ValueError(
                f"every frequency of the {self.mapping.describe()} mapping rounds to zero on periodic axes; "
                f"whole frequencies of at least 1 were expected. Use a larger sigma, or IntegerLattice(order)."
            )
        # 2 pi B v = pi B xi + pi sum(B); whole turns are taken off first, so that they cost no digits.
        offset = math.pi * torch.remainder(rows.sum(dim=1), 2.0)
        phases = torch.cat([offset + math.pi / 2, offset])
        embedding = wave_embedding(low, high, math.pi * torch.cat([rows, rows]), phases)
        return self.network.on(embedding, outputs, generator)

    def describe(self) -> str:
        return f"Fourier features, {self.mapping.describe()}, {self.network.describe()}"


offer("fourier-features", FourierFeatures())
