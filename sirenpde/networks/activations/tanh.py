"""The hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
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


tanh = offer_activation(Activation("tanh", torch.tanh, _derivatives))
