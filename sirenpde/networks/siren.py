"""SIREN: layers of sines with the initialisation that keeps their statistics the same at every depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Generator

from .activations.sine import sine
from .dense import DenseNetwork, Embedding
from .recipe import check_box, check_positive, check_whole, coordinates, uniform_layer
from .registry import known, offer


@known
@dataclass(frozen=True)
class Siren:
    """A network of sine layers, h -> sin(omega (W h + b)), and a linear head.

    ``depth`` counts the sine layers, the first included; ``omega`` is the frequency factor of the first of
    them, which sets how fine the detail is that the network starts with, and ``omega_hidden`` that of the
    others. The default is the network of the paper: four sine layers of width 256 and a linear head ("five
    layers"), both factors 30.

    Initialisation: first layer W ~ U(±1/inputs); the other layers and the head
    W ~ U(±sqrt(6/width)/omega_hidden). Biases are b ~ U(±1/sqrt(n)) for a layer of n inputs with
    ``bias="torch"``, as in the authors' code, or zero with ``bias="zero"``, which gives the narrower
    activations that the paper's analysis is about; ``bias="narrow"`` is U(±1/n), which hardly widens them and gives
    the waves of the first layer phases (`analysis.initialisation` has the figures). With ``trainable_omega`` the
    factors are parameters too, one per sine layer, and the values given here are where they start.

    Raises ValueError for sizes or factors that are not positive.

    Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020,
    section 3.2 and supplement 1.

    >>> import torch
    >>> from sirenpde import Siren
    >>> recipe = Siren(width=64, depth=3, omega=10)
    >>> recipe.describe()
    'SIREN 3 x 64, omega 10'
    >>> network = recipe.build([0.0, -1.0], [2.0, 1.0], 1, (), torch.Generator().manual_seed(0))
    >>> network(torch.zeros(5, 2, dtype=torch.float64)).shape
    torch.Size([5, 1])
    """

    is_curved: ClassVar[bool] = True

    width: int = 256
    depth: int = 4
    omega: float = 30.0
    omega_hidden: float = 30.0
    bias: Literal["torch", "zero", "narrow"] = "torch"
    trainable_omega: bool = False

    def __post_init__(self) -> None:
        check_whole("width", self.width)
        check_whole("depth", self.depth)
        check_positive("omega", self.omega)
        check_positive("omega_hidden", self.omega_hidden)
        if self.bias not in ("torch", "zero", "narrow"):
            raise ValueError(
                f"bias={self.bias!r}; 'torch', 'zero' or 'narrow' was expected. Use 'torch', the authors' choice."
            )

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
        hidden_bound = math.sqrt(6 / self.width) / self.omega_hidden
        shapes = [(embedding.outputs, self.width), *[(self.width, self.width)] * (self.depth - 1)]
        bounds = [1 / embedding.outputs, *[hidden_bound] * (self.depth - 1)]
        power = {"torch": 0.5, "zero": math.inf, "narrow": 1.0}[self.bias]
        return DenseNetwork(
            embedding,
            [
                uniform_layer(inputs, width, bound, _over(inputs, power), generator)
                for (inputs, width), bound in zip(shapes, bounds, strict=True)
            ],
            [self.omega, *[self.omega_hidden] * (self.depth - 1)],
            sine,
            uniform_layer(self.width, outputs, hidden_bound, _over(self.width, power), generator),
            self.trainable_omega,
        )

    def describe(self) -> str:
        trained = " (trained)" if self.trainable_omega else ""
        return f"SIREN {self.depth} x {self.width}, omega {self.omega:g}{trained}"


def _over(inputs: int, power: float) -> float:
    return 0.0 if math.isinf(power) else 1 / inputs**power


offer("siren", Siren())
