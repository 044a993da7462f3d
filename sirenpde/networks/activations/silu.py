"""The swish z / (1 + exp(-z))."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation
from .sigmoid import sigmoid


def _function(z: Tensor) -> Tensor:
    return z * torch.sigmoid(z)


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
    s = sigmoid.derivatives(z, order)
    return [z * s[0], *(z * s[n] + n * s[n - 1] for n in range(1, order + 1))]


silu = offer_activation(Activation("silu", _function, _derivatives))
