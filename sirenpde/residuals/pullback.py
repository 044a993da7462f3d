"""From jets to losses, and the small derivative of the one by the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .batch import Batch
from .replay import record
from .sweep import Sweep, flat

PointLoss = Callable[[Tensor], Tensor]  # residuals (n, m) -> (n,)


class Pullback:
    """Losses summed over a chunk, with their slopes by the jets and by the unknown numbers' parameters.

    The function is recorded once for every length of a chunk and replayed as plain tensor operations: the
    mapping over points and its derivative cost as much as the arithmetic where chunks fit a cache. A
    constraint is a function of its point alone, so that the replay is the same function.
    """

    def __init__(self, sweep: Sweep, losses: Sequence[PointLoss]) -> None:
        self.sweep = sweep
        self.losses = tuple(losses)
        self._recorded: dict[tuple[object, ...], Callable[..., list[Tensor]]] = {}

    def __call__(
        self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """The sums (constraints,), and the slopes by every jet and by ``raw`` (unknowns,)."""
        arguments = [chunk.points, raw, *jets, *chunk.data.values()]
        names = tuple(chunk.data)
        key = len(chunk), names, raw.device, raw.dtype
        if key not in self._recorded:
            self._recorded[key] = record(lambda *given: self.plain(names, *given), arguments)
        sums, by_number, *slopes = self._recorded[key](*arguments)
        return sums, slopes, by_number

    def plain(self, names: Sequence[str], points: Tensor, raw: Tensor, *rest: Tensor) -> list[Tensor]:
        """The same, not recorded: the sums, the slopes by the numbers, and by each jet."""
        fields = len(self.sweep.fields)
        jets, data = rest[:fields], dict(zip(names, rest[fields:], strict=True))
        leaves = [leaf.detach().requires_grad_() for leaf in (raw, *jets)]
        with torch.enable_grad():
            numbers = self.sweep.parameters.bounded(leaves[0])
            residuals = self.sweep.over(Batch(points, data), leaves[1:], numbers)
            sums = torch.stack([loss(flat(r)).sum() for loss, r in zip(self.losses, residuals, strict=True)])
            slopes = torch.autograd.grad(sums.sum(), leaves, allow_unused=True)
        found = [torch.zeros_like(leaf) if s is None else s for leaf, s in zip(leaves, slopes, strict=True)]
        return [sums.detach(), *found]
