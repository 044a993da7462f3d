"""A slab of an axis: what lies between two of its values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .point import Axis

SLACK = 1e-9  # of the axis: ends computed in other ways are still the same


@dataclass(frozen=True)
class Slab:
    """The points whose coordinate along an axis lies in (low, high], or [low, high] at the axis' own low end.

    >>> from sirenpde import Axis
    >>> second = Slab(Axis("t", 0.0, 1.0), 0.5, 1.0)
    >>> second.holds(torch.tensor([0.5, 0.6, 1.0], dtype=torch.float64)).tolist(), second.length
    ([False, True, True], 0.5)
    """

    axis: Axis
    low: float
    high: float

    @property
    def length(self) -> float:
        return self.high - self.low

    @property
    def is_first(self) -> bool:
        return abs(self.low - self.axis.low) <= self._slack

    def holds(self, t: Tensor) -> Tensor:
        """Which coordinates lie in the slab; those on its low end belong to the slab before, if there is one."""
        low = self.low - self._slack if self.is_first else self.low + self._slack
        return (t >= low) & (t <= self.high + self._slack)

    def holds_instant(self, t: float) -> bool:
        return bool(self.holds(torch.tensor(t, dtype=torch.float64)))

    @property
    def _slack(self) -> float:
        return SLACK * (self.axis.high - self.axis.low)
