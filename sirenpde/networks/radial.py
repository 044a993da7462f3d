"""Radial basis functions with centres that are trained, and a network on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from .dense import DenseNetwork, Embedding
from .mlp import MLP
from .recipe import DenseRecipe, affine, check_box, check_positive, check_whole, highest_derivative
from .registry import known


class RadialNetwork(nn.Module):
    """x -> phi_j = exp(-(s_j |xi - c_j|²)²) -> a dense network, all trained; xi in [-1, 1]^d.

    Along periodic axes the chord of a circle, (2/pi) sin(pi (xi - c)/2), stands for xi - c.
    """

    centre: Tensor  # (d,)
    scale: Tensor  # (d,)

    def __init__(
        self,
        box: tuple[Tensor, Tensor],
        centres: Tensor,
        factors: Tensor,
        network: DenseNetwork,
        periodic: Sequence[int],
    ) -> None:
        super().__init__()
        self.register_buffer("centre", box[0])
        self.register_buffer("scale", box[1])
        self.centres = nn.Parameter(centres)  # (m, d)
        self.factors = nn.Parameter(factors)  # (m,)
        self.network = network
        self.round = tuple(axis in periodic for axis in range(len(self.centre)))

    @property
    def linear_head(self) -> nn.Linear:
        return self.network.head

    def radial(self, x: Tensor) -> Tensor:  # (..., d) -> (..., m)
        xi = (x - self.centre) * self.scale
        # Axis by axis: a sum along a last axis of two or three numbers takes several times as long.
        squares = [self._apart(xi[..., axis, None], axis).square() for axis in range(len(self.centre))]
        return torch.exp(-((self.factors * sum(squares[1:], squares[0])) ** 2))

    def _apart(self, xi: Tensor, axis: int) -> Tensor:  # (..., 1) -> (..., m)
        apart = xi - self.centres[:, axis]
        return (2 / math.pi) * torch.sin(apart * (math.pi / 2)) if self.round[axis] else apart

    def features(self, x: Tensor) -> Tensor:  # (..., d) -> (..., features of the head)
        return self.network.features(self.radial(x))

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        y: Tensor = self.network(self.radial(x))
        return y


def _relu() -> MLP:
    return MLP(256, 3, "relu", "kaiming")


@known
@dataclass(frozen=True)
class RBF:
    """A network on ``centres`` radial functions exp(-(sigma |xi - c|²)²) of the position xi in [-1, 1]^d.

    Centres c ~ U(-1, 1) and factors sigma are trained with the network. The default is the "RBF-ReLU" baseline of
    the SIREN paper's code, whose distance is squared twice, so that the functions are flat at their centres.
    Derivatives are those of nested ``torch.func``.

    Raises ValueError for sizes that are not positive.

    Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.

    >>> import torch
    >>> from sirenpde import RBF
    >>> recipe = RBF(centres=40)
    >>> recipe.describe()
    '40 radial functions, MLP 3 x 256, relu'
    >>> recipe.build([0.0, 0.0], [1.0, 2.0], 1, (), torch.Generator()).centres.shape
    torch.Size([40, 2])
    """

    is_curved: ClassVar[bool] = True

    centres: int = 1024
    sigma: float = 10.0
    network: DenseRecipe = field(default_factory=_relu)

    def __post_init__(self) -> None:
        check_whole("centres", self.centres)
        check_positive("sigma", self.sigma)
        if not hasattr(self.network, "on"):
            raise TypeError(
                f"network={self.network!r}; MLP(...) was expected. Use MLP(depth=0) for their sum alone."
            )

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
    ) -> RadialNetwork:
        check_box(low, high, outputs, periodic)
        centres = 2 * torch.rand(self.centres, len(low), dtype=torch.float64, generator=generator) - 1
        nothing, ones = torch.zeros(0, dtype=torch.float64), torch.ones(self.centres, dtype=torch.float64)
        as_they_are = Embedding(
            torch.zeros_like(ones),
            ones,
            range(self.centres),
            torch.zeros(0, self.centres, dtype=torch.float64),
            nothing,
            nothing,
        )
        network = self.network.on(as_they_are, outputs, generator)
        return RadialNetwork(affine(low, high), centres, self.sigma * ones, network, periodic)

    def describe(self) -> str:
        return f"{self.centres} radial functions, {self.network.describe()}"
