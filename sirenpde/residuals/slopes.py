"""From jets to residuals and losses, and the small derivatives of these by the jets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..calculus.components import flat
from .batch import Batch
from .evaluator import Evaluator
from .replay import Function, record

PointLoss = Callable[[Tensor], Tensor]  # residuals (n, m) -> (n,)
Plain = Callable[[Batch, Sequence[Tensor], Tensor], list[Tensor]]  # of a chunk, jets and raw numbers


class Recorded:
    """A function of a chunk, jets and the unknown numbers' parameters, recorded once for every length of a chunk.

    It is replayed as plain tensor operations: the mapping over points and its derivative cost as much as the
    arithmetic where chunks fit a cache. A constraint is a function of its point alone, so that the replay is
    the same function.
    """

    def __init__(self, plain: Plain) -> None:
        self.plain = plain
        self._recorded: dict[tuple[object, ...], Function] = {}

    def __call__(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        names, weights = tuple(chunk.data), () if chunk.weights is None else (chunk.weights,)
        arguments = [chunk.points, raw, *jets, *chunk.data.values(), *weights]
        key = len(chunk), names, len(weights), raw.device, raw.dtype
        if key not in self._recorded:

            def plain(points: Tensor, raw: Tensor, *rest: Tensor) -> list[Tensor]:
                local = dict(zip(names, rest[len(jets) :], strict=False))
                batch = Batch(points, local, rest[-1] if weights else None)
                return self.plain(batch, rest[: len(jets)], raw)

            self._recorded[key] = record(plain, arguments)
        return self._recorded[key](*arguments)


class LossSlopes:
    """Losses summed over a chunk, with their slopes by the jets and by the unknown numbers' parameters."""

    def __init__(self, evaluator: Evaluator, losses: Sequence[PointLoss]) -> None:
        self.evaluator = evaluator
        self.losses = tuple(losses)
        self._replayed = Recorded(self.plain)

    def __call__(
        self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """The sums (constraints,), and the slopes by every jet and by ``raw`` (unknowns,)."""
        sums, by_number, *slopes = self._replayed(chunk, jets, raw)
        return sums, slopes, by_number

    def plain(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        """The same, not recorded: the sums, the slopes by the numbers, and by each jet."""
        leaves = [leaf.detach().requires_grad_() for leaf in (raw, *jets)]
        with torch.enable_grad():
            numbers = self.evaluator.parameters.bounded(leaves[0])
            residuals = self.evaluator.over(chunk, leaves[1:], numbers)
            points = [loss(flat(r)) for loss, r in zip(self.losses, residuals, strict=True)]
            if chunk.weights is not None:
                points = [w * p for w, p in zip(chunk.weights.unbind(1), points, strict=True)]
            sums = torch.stack([p.sum() for p in points])
            slopes = torch.autograd.grad(sums.sum(), leaves, allow_unused=True)
        return [sums.detach(), *_filled(slopes, leaves)]


class ResidualSlopes:
    """Residuals point by point, and the slopes of each by the jets and the numbers' parameters at its point."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._values = Recorded(self._plain_values)
        self._slopes = Recorded(self._plain_slopes)

    def values(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        """Each function's residuals as real components, (n, m)."""
        return self._values(chunk, jets, raw)

    def slopes(
        self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor
    ) -> tuple[Tensor, list[tuple[Tensor, list[Tensor]]]]:
        """All components side by side (n, M), and for each its slopes by ``raw`` (n, unknowns) and by every
        jet (requests, n, outputs)."""
        components, *rest = self._slopes(chunk, jets, raw)
        width = 1 + len(jets)
        each = [rest[i : i + width] for i in range(0, len(rest), width)]
        return components, [(by_number, by_jet) for by_number, *by_jet in each]

    def _plain_values(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        numbers = self.evaluator.parameters.bounded(raw)
        return [flat(value) for value in self.evaluator.over(chunk, jets, numbers)]

    def _plain_slopes(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        by_point = raw.expand(len(chunk), -1)
        leaves = [leaf.detach().requires_grad_() for leaf in (by_point, *jets)]
        by_component: list[Tensor] = []
        with torch.enable_grad():
            numbers = self.evaluator.parameters.bounded(leaves[0].T).T
            residuals = [flat(value) for value in self.evaluator.over(chunk, leaves[1:], numbers)]
            components = torch.cat(residuals, dim=1)
            for component in components.unbind(1):
                slopes = torch.autograd.grad(component.sum(), leaves, retain_graph=True, allow_unused=True)
                by_component += _filled(slopes, leaves)
        return [components.detach(), *by_component]


def _filled(slopes: Sequence[Tensor | None], leaves: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(leaf) if s is None else s for leaf, s in zip(leaves, slopes, strict=True)]
