"""Factors on whole constraints, so that none of them drowns another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from ..residuals import Batch, System

FLOOR = 1e-6  # of the mean size: what a term without any slope is taken for, so that its factor stays finite
TRACE_POINTS = 256  # of each group, at most: a trace is a mean over points


@dataclass(frozen=True)
class Balance:
    """Factors λ that make the constraints' terms pull on the parameters equally hard.

    With s_m the size of term m, declared weight included,

        λ_m = mean(s) / s_m,      s_m = |∇L_m|    by "gradient",
                                  s_m = tr J_m J_mᵀ    by "ntk", the trace of its neural tangent kernel,

    and a moving average of them: λ ← decay λ + (1 - decay) λ_new, from the first ones on. After the first
    update all gradients have one norm, or all traces are one.

    Args:
        by: "gradient", for any loss, or "ntk", for l2.
        every: steps of the stage between updates.
        decay: of the moving average.

    Raises:
        ValueError: for arguments out of range, and, when run, for "ntk" with another loss than l2.

    Source: Wang, Sankaran, Wang, Perdikaris, An expert's guide to training physics-informed neural networks,
    2023, section 5.2, algorithm 1; Wang, Yu, Perdikaris, When and why PINNs fail to train, 2022, section 7.

    >>> from sirenpde import Balance
    >>> Balance("ntk", every=1000).every
    1000
    """

    by: Literal["gradient", "ntk"] = "gradient"
    every: int = 500
    decay: float = 0.9

    def __post_init__(self) -> None:
        if self.by not in ("gradient", "ntk"):
            raise ValueError(f"Balance was given by={self.by!r}; expected 'gradient' or 'ntk'.")
        if self.every < 1 or not 0 <= self.decay < 1:
            raise ValueError(
                f"Balance was given every={self.every}, decay={self.decay}; expected every >= 1 and 0 <= decay < 1."
            )

    def factors(
        self, system: System, theta: Tensor, batches: Sequence[Batch], before: Tensor | None
    ) -> Tensor:
        """λ (constraints,), from the terms at ``theta`` and the factors before."""
        measure = gradient_norms if self.by == "gradient" else traces
        sizes = measure(system, theta, batches)
        mean = sizes.mean()
        balanced = mean / sizes.clamp(min=FLOOR * mean) if mean > 0 else torch.ones_like(sizes)
        return balanced if before is None else before.to(balanced).lerp(balanced, 1 - self.decay)

    def apply(self, system: System, batches: Sequence[Batch], factors: Tensor) -> tuple[Batch, ...]:
        """The samples with these factors on top of those that they have."""
        return tuple(
            replace(
                batch, weights=_weights(batch, len(group.members)) * factors.to(batch.points)[group.index]
            )
            for group, batch in zip(system.groups, batches, strict=True)
        )


def gradient_norms(system: System, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
    """|∇L_m| (constraints,) of every term alone."""
    norms = theta.new_zeros(len(system.problem.constraints))
    for number, group in enumerate(system.groups):
        for member, i in enumerate(group.members):
            alone = [_silent(batch, len(g.members)) for g, batch in zip(system.groups, batches, strict=True)]
            weights = torch.zeros_like(_weights(batches[number], len(group.members)))
            weights[:, member] = _weights(batches[number], len(group.members))[:, member]
            alone[number] = replace(batches[number], weights=weights)
            norms[i] = system.gradient(theta, alone).gradient.norm()
    return norms


def traces(system: System, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
    """tr J_m J_mᵀ (constraints,) of every term's rows, each the mean over at most 256 of its points."""
    for constraint in system.problem.constraints:
        if not constraint.loss.is_square:
            raise ValueError(
                f"Balance('ntk') was given constraint '{constraint.name}' with the loss {constraint.loss.name}; it "
                f"needs l2, whose residuals have a tangent kernel. Use Balance('gradient')."
            )
    some = [_some(batch) for batch in batches]
    squares = system.jacobian(theta, some)[1].square_().sum(1)
    sizes, first = torch.zeros(len(system.problem.constraints), dtype=theta.dtype, device=theta.device), 0
    for group, batch in zip(system.groups, some, strict=True):
        for i in group.members:
            count = system.problem.requests[i].size * len(batch)
            sizes[i] = squares[first : first + count].sum()
            first += count
    return sizes


def _weights(batch: Batch, members: int) -> Tensor:
    return batch.points.new_ones(len(batch), members) if batch.weights is None else batch.weights


def _silent(batch: Batch, members: int) -> Batch:
    """One point that does not count: the other constraints, while one is looked at alone."""
    one = Batch(batch.points[:1], {key: value[:1] for key, value in batch.data.items()})
    return replace(one, weights=batch.points.new_zeros(1, members))


def _some(batch: Batch) -> Batch:
    """Points evenly spread over a batch, which may be ordered by their residuals."""
    stride = -(-len(batch) // TRACE_POINTS)
    weights = None if batch.weights is None else batch.weights[::stride]
    return Batch(batch.points[::stride], {key: value[::stride] for key, value in batch.data.items()}, weights)
