"""The logistic function 1 / (1 + exp(-z))."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
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


sigmoid = offer_activation(Activation("sigmoid", torch.sigmoid, _derivatives))
