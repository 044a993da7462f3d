"""From jets to losses, and the small derivative of the one by the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value

from ..calculus.field import Unknown
from .batch import Batch
from .sweep import Sweep, flat

PointLoss = Callable[[Tensor], Tensor]  # residuals (n, m) -> (n,)
Pulled = tuple[tuple[list[Tensor], Tensor], Tensor]


class Pullback:
    """Losses summed over a chunk, with their slopes by the jets and by the unknown numbers' parameters.

    The function is traced once for every length of a chunk and replayed as plain tensor operations: the
    mapping over points and its derivative cost as much as the arithmetic where chunks fit a cache. A
    constraint is a function of its point alone, so that the replay is the same function.
    """

    def __init__(self, sweep: Sweep, losses: Sequence[PointLoss], unknowns: Sequence[Unknown]) -> None:
        self.sweep = sweep
        self.losses = tuple(losses)
        self.unknowns = tuple(unknowns)
        self._traced: dict[tuple[int, torch.device, torch.dtype], Callable[..., Any]] = {}

    def __call__(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> Pulled:
        """The sums (constraints,), and the slopes by every jet and by ``raw`` (unknowns,)."""
        arguments = chunk.points, dict(chunk.data), list(jets), raw
        key = len(chunk), raw.device, raw.dtype
        if key not in self._traced:
            from torch.fx.experimental.proxy_tensor import make_fx

            self._traced[key] = make_fx(lambda *given: self.plain(*given))(*arguments)
        with torch.no_grad():
            pulled: Pulled = self._traced[key](*arguments)
        return pulled

    def plain(self, points: Tensor, data: dict[str, Tensor], jets: list[Tensor], raw: Tensor) -> Pulled:
        """The same, untraced."""

        def objective(jets: list[Tensor], raw: Tensor) -> tuple[Tensor, Tensor]:
            values = [c.value(q) for c, q in zip(self.unknowns, raw.unbind(), strict=True)]
            numbers = torch.stack(values) if values else raw
            residuals = self.sweep.over(Batch(points, data), jets, numbers)
            sums = torch.stack([loss(flat(r)).sum() for loss, r in zip(self.losses, residuals, strict=True)])
            return sums.sum(), sums

        slopes, (_, sums) = grad_and_value(objective, argnums=(0, 1), has_aux=True)(jets, raw)
        return slopes, sums
