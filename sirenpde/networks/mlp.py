"""The classical multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator

from .activations.activation import activation_named
from .dense import DenseNetwork, Embedding
from .initialisation import Initialisation, check_initialisation, drawn_layer
from .recipe import check_box, check_whole, coordinates
from .registry import known, offer


@known
@dataclass(frozen=True)
class MLP:
    """Layers h -> f(W h + b), and a linear head.

    ``depth`` counts the hidden layers. ``activation`` is "tanh", "softplus", "gelu", "silu", "sigmoid" or
    "gaussian", which are smooth, or "relu", "selu" or "elu", whose derivatives jump: of relu and selu there are
    first ones alone, of elu second ones too, and a constraint that asks for higher ones is refused.

    ``initialisation`` says how weights and biases start, for a layer of n inputs and m outputs:

        "glorot"    W ~ U(±sqrt(6/(n + m))), b = 0 (Glorot and Bengio, 2010, eq. 16)
        "kaiming"   W ~ N(0, 2/n), b ~ U(±1/sqrt(n)): for relu and softplus in the SIREN paper's code
        "xavier"    W ~ N(0, 2/(n + m)), b ~ U(±1/sqrt(n)): for tanh there
        "lecun"     W ~ N(0, 1/n), b ~ U(±1/sqrt(n)): for selu there
        "elu"       W ~ N(0, 1.55/n), b ~ U(±1/sqrt(n)): for elu there
        "stax"      W ~ N(0, 2/(n + m)), b ~ N(0, 0.01²): in the code of Fourier features (Tancik et al. 2020)
        "torch"     W, b ~ U(±1/sqrt(n)): of nn.Linear

    ``MLP(depth=0)`` is the head alone, a perceptron for use on a Fourier mapping; with "glorot" it starts at zero,
    the point from which gradient descent leads to the smallest weights.

    Raises ValueError for sizes that are not positive, and for an activation or initialisation that there is not.

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
    initialisation: Initialisation = "glorot"

    def __post_init__(self) -> None:
        check_whole("width", self.width)
        check_whole("depth", self.depth, least=0)
        activation_named(self.activation)
        check_initialisation(self.initialisation)

    @property
    def is_linear(self) -> bool:
        return self.depth == 0

    @property
    def is_curved(self) -> bool:
        return self.depth > 0 and self.activation != "relu"

    @property
    def highest_derivative(self) -> int:
        return activation_named(self.activation).highest if self.depth else 4

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
        *hidden, head = (drawn_layer(a, b, self.initialisation, generator) for a, b in pairwise(sizes))
        if not hidden and self.initialisation == "glorot":
            torch.nn.init.zeros_(head.weight)
        return DenseNetwork(embedding, hidden, [1.0] * self.depth, activation_named(self.activation), head)

    def describe(self) -> str:
        return f"MLP {self.depth} x {self.width}, {self.activation}" if self.depth else "perceptron"


offer("mlp", MLP())
