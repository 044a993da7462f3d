"""The sine. Its layers need a scaling of their own, so that ``Siren`` takes it and no name gives it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .activation import Activation


def _derivatives(z: Tensor, order: int) -> Sequence[Tensor]:
    s, c = torch.sin(z), torch.cos(z)
    return (s, c, -s, -c, s)[: order + 1]


sine = Activation("sine", torch.sin, _derivatives)
