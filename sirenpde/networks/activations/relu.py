"""The rectifier max(z, 0), whose slope jumps at 0: its second derivative vanishes at every other point."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation, offer_activation


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
    if order == 0:  # most of all evaluations: of a field that is shown or exported
        return [torch.relu(z)]
    return [torch.relu(z), (z > 0).to(z.dtype), *[torch.zeros_like(z)] * (order - 1)]


relu = offer_activation(Activation("relu", torch.relu, _derivatives, highest=1))
