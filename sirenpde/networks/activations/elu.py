"""The exponential linear units: z above 0, and a (exp(z) - 1) below, times a scale."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from .activation import Activation, offer_activation

# With these, layers of independent weights of variance 1/n have values of mean 0 and variance 1 for a fixed point:
# Klambauer et al., Self-Normalizing Neural Networks, 2017.
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def _function(z: Tensor, alpha: float, scale: float) -> Tensor:
    # What the exponential does not give is kept from it: where it overflows its slope would be none.
    return scale * torch.where(z > 0, z, alpha * torch.expm1(z.clamp(max=0)))


def _derivatives(z: Tensor, order: int, alpha: float, scale: float) -> Sequence[Tensor]:
    series = [_function(z, alpha, scale)]
    if order:
        fall = torch.where(z > 0, 0.0, alpha * scale * torch.exp(z.clamp(max=0)))
        series += [fall + scale * (z > 0).to(z.dtype), *[fall] * (order - 1)]
    return series


elu = offer_activation(
    Activation(
        "elu",
        partial(_function, alpha=1.0, scale=1.0),
        partial(_derivatives, alpha=1.0, scale=1.0),
        highest=2,  # its slope is continuous, the slope of that jumps
    )
)
selu = offer_activation(
    Activation(
        "selu",
        partial(_function, alpha=ALPHA, scale=SCALE),
        partial(_derivatives, alpha=ALPHA, scale=SCALE),
        highest=1,
    )
)
