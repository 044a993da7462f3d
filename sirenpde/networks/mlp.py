"""The classical multilayer perceptron with a smooth activation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Generator

from .activations.activation import activation_named
from .dense import DenseNetwork, Embedding
from .recipe import check_box, check_whole, coordinates, uniform_layer
from .registry import known, offer


@known
@dataclass(frozen=True)
class MLP:
    """Layers h -> f(W h + b) with a smooth f, and a linear head.

    ``depth`` counts the hidden layers. ``activation`` is "tanh", "softplus", "gelu", "silu", "sigmoid" or
    "gaussian". Weights start as W ~ U(±sqrt(6/(inputs + outputs))) (Glorot and Bengio, 2010, eq. 16), biases
    at zero. ``MLP(depth=0)`` is the head alone, a perceptron for use on a Fourier mapping; it starts at zero,
    the point from which gradient descent leads to the smallest weights.

    Raises ValueError for sizes that are not positive, and for an activation whose second derivative vanishes
    (ReLU): a differential equation of second order would not see the network.

    >>> import torch
    >>> from sirenpde import MLP
    >>> recipe = MLP(width=32, depth=2, activation="gelu")
    >>> recipe.describe()
    'MLP 2 x 32, gelu'
    >>> network = recipe.build([0.0], [1.0], 2, (), torch.Generator().manual_seed(0))
    >>> network(torch.zeros(5, 1, dtype=torch.float64)).shape
    torch.Size([5, 2])
    """

    width: int = 64
    depth: int = 3
    activation: str = "tanh"

    def __post_init__(self) -> None:
        check_whole("width", self.width)
        check_whole("depth", self.depth, least=0)
        activation_named(self.activation)

    @property
    def is_linear(self) -> bool:
        return self.depth == 0

    @property
    def is_curved(self) -> bool:
        return self.depth > 0

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> DenseNetwork:
        check_box(low, high, outputs, periodic)
        return self.on(coordinates(low, high, periodic), outputs, generator)

    def on(self, embedding: Embedding, outputs: int, generator: Generator) -> DenseNetwork:
        sizes = [embedding.outputs, *[self.width] * self.depth, outputs]
        spread = 1.0 if self.depth else 0.0
        *hidden, head = (
            uniform_layer(a, b, spread * math.sqrt(6 / (a + b)), 0.0, generator) for a, b in pairwise(sizes)
        )
        return DenseNetwork(embedding, hidden, [1.0] * self.depth, activation_named(self.activation), head)

    def describe(self) -> str:
        return f"MLP {self.depth} x {self.width}, {self.activation}" if self.depth else "perceptron"


offer("mlp", MLP())
