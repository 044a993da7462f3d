"""The softplus log(1 + exp(z)), whose slope is the logistic function."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from .activation import Activation, offer_activation
from .sigmoid import sigmoid


def _function(z: Tensor) -> Tensor:
    # Beyond the threshold it returns z; torch's own threshold of 20 is seen in float64.
    return functional.softplus(z, threshold=40)


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
    value = _function(z)
    return (value, *sigmoid.derivatives(z, order - 1)) if order else (value,)


softplus = offer_activation(Activation("softplus", _function, _derivatives))
