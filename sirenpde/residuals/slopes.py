"""From jets to residuals and losses, and the small derivatives of these by the jets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from ..calculus.components import flat
from .batch import Batch
from .evaluator import Evaluator
from .replay import Function, record

WIDE = 64  # components of a sample's residuals, beyond which the slopes of each are not looked at one by one
SIGNS = 4  # random sums of them that are

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
        self._slopes = Recorded(partial(self._plain_slopes, list))
        self._sketched = Recorded(partial(self._plain_slopes, self._sketch))

    def values(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        """Each function's residuals as real components, (n, m)."""
        return self._values(chunk, jets, raw)

    def slopes(
        self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor
    ) -> tuple[Tensor, list[tuple[Tensor, list[Tensor]]]]:
        """All components side by side (n, M), and for each its slopes by ``raw`` (n, unknowns) and by every
        jet (requests, n, outputs)."""
        return _by_component(self._slopes(chunk, jets, raw), len(jets))

    @property
    def is_wide(self) -> bool:
        """Whether a sample has so many components that the slopes of each are not to be had one by one."""
        return sum(requests.size for requests in self.evaluator.requests) > WIDE

    def sketched(
        self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor
    ) -> tuple[Tensor, list[tuple[Tensor, list[Tensor]]], list[int]]:
        """``slopes``, and whose components they are; of a wide function those of a few sums of its components with
        random signs, whose squares add up to the same in the mean."""
        sizes = [requests.size for requests in self.evaluator.requests]
        if not self.is_wide:
            return *self.slopes(chunk, jets, raw), [i for i, size in enumerate(sizes) for _ in range(size)]
        owners = [i for i, size in enumerate(sizes) for _ in range(size if size <= WIDE else SIGNS)]
        return *_by_component(self._sketched(chunk, jets, raw), len(jets)), owners

    def _sketch(self, residuals: list[Tensor]) -> list[Tensor]:
        random = torch.Generator().manual_seed(0)
        return [
            r if r.shape[1] <= WIDE else r @ (signs(random, r, r.shape[1], SIGNS) / SIGNS**0.5)
            for r in residuals
        ]

    def pulled(
        self, index: int, chunk: Batch, jets: Sequence[Tensor], raw: Tensor, factors: Tensor
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """One function's components (n, m), what they change by to first order as the jets double, and the slopes of
        Σ factors * components by every jet: where they are too many for a slope each."""
        leaves = [jet.detach().requires_grad_() for jet in jets]
        factors = factors.clone().requires_grad_()
        with torch.enable_grad():
            numbers = self.evaluator.parameters.bounded(raw)
            components = flat(self.evaluator.over(chunk, leaves, numbers)[index])
            total = (factors * components).sum()
            slopes = _filled(torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True), leaves)
            change = sum((s * jet).sum() for s, jet in zip(slopes, jets, strict=True))
            (linear,) = torch.autograd.grad(change, [factors])  # type: ignore[arg-type]
        return components.detach(), linear, [slope.detach() for slope in slopes]

    def _plain_values(self, chunk: Batch, jets: Sequence[Tensor], raw: Tensor) -> list[Tensor]:
        numbers = self.evaluator.parameters.bounded(raw)
        return [flat(value) for value in self.evaluator.over(chunk, jets, numbers)]

    def _plain_slopes(
        self,
        mixed: Callable[[list[Tensor]], list[Tensor]],
        chunk: Batch,
        jets: Sequence[Tensor],
        raw: Tensor,
    ) -> list[Tensor]:
        by_point = raw.expand(len(chunk), -1)
        leaves = [leaf.detach().requires_grad_() for leaf in (by_point, *jets)]
        by_component: list[Tensor] = []
        with torch.enable_grad():
            numbers = self.evaluator.parameters.bounded(leaves[0].T).T
            residuals = [flat(value) for value in self.evaluator.over(chunk, leaves[1:], numbers)]
            components = torch.cat(mixed(residuals), dim=1)
            for component in components.unbind(1):
                slopes = torch.autograd.grad(component.sum(), leaves, retain_graph=True, allow_unused=True)
                by_component += _filled(slopes, leaves)
        return [components.detach(), *by_component]


def signs(random: torch.Generator, like: Tensor, *shape: int) -> Tensor:
    """1 or -1, each as likely."""
    return (torch.randint(0, 2, shape, generator=random) * 2 - 1).to(like)


def _by_component(found: Sequence[Tensor], fields: int) -> tuple[Tensor, list[tuple[Tensor, list[Tensor]]]]:
    components, *rest = found
    each = [rest[i : i + 1 + fields] for i in range(0, len(rest), 1 + fields)]
    return components, [(by_number, by_jet) for by_number, *by_jet in each]


def _filled(slopes: Sequence[Tensor | None], leaves: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(leaf) if s is None else s for leaf, s in zip(leaves, slopes, strict=True)]
