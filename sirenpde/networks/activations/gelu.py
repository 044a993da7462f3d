"""The Gaussian error linear unit z times the normal distribution function of z."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation


def _function(z: Tensor) -> Tensor:
    return 0.5 * z * torch.erfc(z * -math.sqrt(0.5))


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
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


gelu = offer_activation(Activation("gelu", _function, _derivatives))
