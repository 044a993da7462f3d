"""How the numbers of linear layers are drawn, by the names that recipes take."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from .recipe import linear_layer

Initialisation = Literal["glorot", "kaiming", "xavier", "lecun", "elu", "stax", "torch"]


@dataclass(frozen=True)
class _Draw:
    """Standard deviations of the weights and biases of a layer from its inputs and outputs, normal or uniform."""

    weight: Callable[[int, int], float]
    bias: Callable[[int, int], float]
    weights_are_normal: bool = True
    biases_are_normal: bool = False


def _torchs(inputs: int, outputs: int) -> float:
    return 1 / math.sqrt(3 * inputs)  # of U(±1/sqrt(inputs))


_DRAWS: dict[str, _Draw] = {
    "glorot": _Draw(lambda n, m: math.sqrt(2 / (n + m)), lambda n, m: 0.0, weights_are_normal=False),
    "kaiming": _Draw(lambda n, m: math.sqrt(2 / n), _torchs),
    "xavier": _Draw(lambda n, m: math.sqrt(2 / (n + m)), _torchs),
    "lecun": _Draw(lambda n, m: math.sqrt(1 / n), _torchs),
    "elu": _Draw(lambda n, m: math.sqrt(1.5505188080679277 / n), _torchs),
    "stax": _Draw(lambda n, m: math.sqrt(2 / (n + m)), lambda n, m: 0.01, biases_are_normal=True),
    "torch": _Draw(_torchs, _torchs, weights_are_normal=False),
}


def check_initialisation(name: str) -> None:
    """Raises ValueError for a name that there is not."""
    if name not in get_args(Initialisation):
        raise ValueError(
            f"initialisation={name!r}; one of {', '.join(get_args(Initialisation))} was expected. "
            f"Use 'kaiming' with relu, and 'glorot' with smooth activations."
        )


def drawn_layer(inputs: int, outputs: int, name: Initialisation, generator: Generator) -> nn.Linear:
    """A float64 linear layer with numbers of that initialisation; the weights are drawn first.

    >>> layer = drawn_layer(2000, 5, "kaiming", torch.Generator().manual_seed(0))
    >>> round(layer.weight.var().item() * 2000, 1)
    2.0
    """
    layer, draw = linear_layer(inputs, outputs), _DRAWS[name]
    with torch.no_grad():
        _fill(layer.weight, draw.weight(inputs, outputs), draw.weights_are_normal, generator)
        _fill(layer.bias, draw.bias(inputs, outputs), draw.biases_are_normal, generator)
    return layer


def _fill(values: Tensor, deviation: float, normal: bool, generator: Generator) -> None:
    if normal:
        values.normal_(0, 1, generator=generator).mul_(deviation)
    else:
        values.uniform_(-1, 1, generator=generator).mul_(math.sqrt(3) * deviation)
