"""Elementwise nonlinearities with their derivatives up to the fourth, in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Activation:
    """A smooth function f with ``derivatives(z, order) = (f, f', ..., f^(order))``, each shaped like z.

    ``order`` is at most 4. ``function`` consists of operations that ``torch.func`` can differentiate any
    number of times.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    derivatives: Callable[[Tensor, int], Sequence[Tensor]]


def _sine(z: Tensor, order: int) -> Sequence[Tensor]:
    s, c = torch.sin(z), torch.cos(z)
    return (s, c, -s, -c, s)[: order + 1]


def _tanh(z: Tensor, order: int) -> Sequence[Tensor]:
    t = torch.tanh(z)
    if order == 0:
        return (t,)
    slope = 1 - t * t
    series = [t, slope]
    if order >= 2:
        series.append(-2 * t * slope)
    if order >= 3:
        series.append((6 * t * t - 2) * slope)
    if order >= 4:
        series.append((16 - 24 * t * t) * t * slope)
    return series


def _sigmoid(z: Tensor, order: int) -> Sequence[Tensor]:
    s = torch.sigmoid(z)
    if order == 0:
        return (s,)
    slope = s * torch.sigmoid(-z)  # 1 - s would lose its digits where s is near 1
    series = [s, slope]
    if order >= 2:
        series.append(slope * (1 - 2 * s))
    if order >= 3:
        series.append(slope * (1 - 6 * slope))
    if order >= 4:
        series.append(slope * (1 - 2 * s) * (1 - 12 * slope))
    return series


def _softplus_function(z: Tensor) -> Tensor:
    # Beyond the threshold it returns z; torch's own threshold of 20 is seen in float64.
    return functional.softplus(z, threshold=40)


def _softplus(z: Tensor, order: int) -> Sequence[Tensor]:
    value = _softplus_function(z)
    return (value, *_sigmoid(z, order - 1)) if order else (value,)


def _silu_function(z: Tensor) -> Tensor:
    return z * torch.sigmoid(z)


def _silu(z: Tensor, order: int) -> Sequence[Tensor]:
    s = _sigmoid(z, order)
    return [z * s[0], *(z * s[n] + n * s[n - 1] for n in range(1, order + 1))]


def _gelu_function(z: Tensor) -> Tensor:
    return 0.5 * z * torch.erfc(z * -math.sqrt(0.5))


def _gelu(z: Tensor, order: int) -> Sequence[Tensor]:
    below = 0.5 * torch.erfc(z * -math.sqrt(0.5))
    series = [z * below]
    if order == 0:
        return series
    square = z * z
    density = torch.exp(-0.5 * square) / math.sqrt(2 * math.pi)
    series.append(below + z * density)
    if order >= 2:
        series.append((2 - square) * density)
    if order >= 3:
        series.append((square - 4) * z * density)
    if order >= 4:
        series.append(((7 - square) * square - 4) * density)
    return series


def _gaussian_function(z: Tensor) -> Tensor:
    return torch.exp(-0.5 * z * z)


def _gaussian(z: Tensor, order: int) -> Sequence[Tensor]:
    square = z * z
    g = torch.exp(-0.5 * square)
    series = [g]
    if order >= 1:
        series.append(-z * g)
    if order >= 2:
        series.append((square - 1) * g)
    if order >= 3:
        series.append((3 - square) * z * g)
    if order >= 4:
        series.append(((square - 6) * square + 3) * g)
    return series


sine = Activation("sine", torch.sin, _sine)
tanh = Activation("tanh", torch.tanh, _tanh)
sigmoid = Activation("sigmoid", torch.sigmoid, _sigmoid)
softplus = Activation("softplus", _softplus_function, _softplus)
silu = Activation("silu", _silu_function, _silu)
gelu = Activation("gelu", _gelu_function, _gelu)
gaussian = Activation("gaussian", _gaussian_function, _gaussian)

_BY_NAME = {a.name: a for a in (tanh, softplus, gelu, silu, sigmoid, gaussian)}


def activation_named(name: str) -> Activation:
    """The activation of that name, for networks whose layers are scaled like a perceptron's."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    expected = ", ".join(_BY_NAME)
    if name in ("sine", "sin"):
        remedy = "Use Siren(...), which scales the layers of sines as they need it."
    elif name in ("relu", "leaky_relu", "elu", "selu"):
        remedy = (
            "Its derivatives have jumps, so a differential equation would not see the network right. "
            "Use 'softplus', 'gelu' or 'tanh'."
        )
    else:
        remedy = "Choose one of these."
    raise ValueError(f"activation={name!r}; one of {expected} was expected. {remedy}")
