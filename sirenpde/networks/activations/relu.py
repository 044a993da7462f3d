"""The rectifier max(z, 0), whose slope jumps at 0: its second derivative vanishes at every other point."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
    zero = torch.zeros_like(z)
    return [torch.relu(z), (z > 0).to(z.dtype), zero, zero, zero][: order + 1]


relu = offer_activation(Activation("relu", torch.relu, _derivatives, highest=1))
