"""The Gaussian exp(-z²/2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation


def _function(z: Tensor) -> Tensor:
    return torch.exp(-0.5 * z * z)


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
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


gaussian = offer_activation(Activation("gaussian", _function, _derivatives))
