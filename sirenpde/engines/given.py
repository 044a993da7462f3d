"""Parameters together with the data of the samples that a network reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Given:
    """An engine's loaded parameters, and data of n samples, each (n, ...): its points are (q n, d), node by node."""

    weights: Tensor
    data: Mapping[str, Tensor]

    @property
    def samples(self) -> int:
        return len(next(iter(self.data.values())))
