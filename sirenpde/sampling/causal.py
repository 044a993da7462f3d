"""Factors in time that let a solution grow from its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..geometry.point import Axis
from ..residuals import Batch, Group, System


@dataclass(frozen=True)
class Causal:
    """Factors that hold back later times until earlier ones are solved.

    The axis is cut into equal chunks. With L_k, the weighted objective of the points in chunk k, all constraints
    together, the loss of every point in chunk i is multiplied by

        w_i = exp(-ε Σ_{k<i} L_k).

    Where all of them exceed ``enough``, ε moves to the next rung of its ladder. A start that is imposed as a
    constraint lies in the first chunk, and holds back all later ones until it is met.

    Args:
        axis: of time.
        chunks: how many.
        epsilons: the ladder of ε, upwards.
        every: steps of the stage between updates.
        enough: the smallest factor at which a rung is done.

    Raises:
        ValueError: for numbers out of range, and, when run, for an axis that no constraint has.

    Source: Wang, Sankaran, Perdikaris, Respecting causality for training physics-informed neural networks, 2024,
    equation 3.9 and algorithm 1.

    >>> import torch
    >>> from sirenpde import Causal
    >>> weights, rung = Causal("t", chunks=3, epsilons=(1.0,)).weights(torch.tensor([1.0, 0.5, 9.0]), 0)
    >>> [round(w, 4) for w in weights.tolist()]  # 1, e⁻¹, e⁻¹·⁵
    [1.0, 0.3679, 0.2231]
    """

    axis: Axis | str = "t"
    chunks: int = 32
    epsilons: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0)
    every: int = 10
    enough: float = 0.99

    def __post_init__(self) -> None:
        ladder = list(self.epsilons)
        if self.chunks < 2 or self.every < 1 or not 0 < self.enough < 1:
            raise ValueError(
                f"Causal was given chunks={self.chunks}, every={self.every}, enough={self.enough}; expected "
                f"chunks >= 2, every >= 1 and 0 < enough < 1."
            )
        if not ladder or ladder[0] <= 0 or ladder != sorted(ladder):
            raise ValueError(
                f"Causal was given epsilons={self.epsilons}; expected positive numbers that rise, as in (0.1, 1, 10)."
            )

    def weights(self, losses: Tensor, rung: int) -> tuple[Tensor, int]:
        """The factors (chunks,) for the chunks' losses (chunks,), and the rung of the ladder that they are on."""
        earlier = torch.cat([losses.new_zeros(1), losses.cumsum(0)[:-1]])
        while True:
            weights = torch.exp(-self.epsilons[rung] * earlier)
            if rung + 1 == len(self.epsilons) or not bool((weights > self.enough).all()):
                return weights, rung
            rung += 1

    def losses(self, system: System, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
        """The weighted objective of every chunk (chunks,): the mean over a constraint's points there, summed."""
        residuals = system.residuals(theta, batches)
        total = theta.new_zeros(self.chunks)
        for group, batch, chunk in zip(system.groups, batches, self.chunks_of(system, batches), strict=True):
            if chunk is None:
                continue
            count = theta.new_zeros(self.chunks).index_add_(0, chunk, theta.new_ones(len(batch)))
            for i in group.members:
                values = system.point_loss(i)(residuals[i])
                total += theta.new_zeros(self.chunks).index_add_(0, chunk, values) / count.clamp(min=1)
        return total

    def apply(self, system: System, batches: Sequence[Batch], weights: Tensor) -> tuple[Batch, ...]:
        """The samples with the factors of their chunks; those without the axis stay as they are."""
        return tuple(
            batch
            if chunk is None
            else replace(batch, weights=_columns(group, weights.to(batch.points)[chunk]))
            for group, batch, chunk in zip(
                system.groups, batches, self.chunks_of(system, batches), strict=True
            )
        )

    def chunks_of(self, system: System, batches: Sequence[Batch]) -> list[Tensor | None]:
        """The chunk of every point, (n,) for each group; None for a group without the axis."""
        ranges = [_range(group, str(self.axis)) for group in system.groups]
        ends = [ends for ends in ranges if ends is not None]
        if not ends:
            there = dict.fromkeys(axis.name for group in system.groups for axis in group.domain.axes)
            raise ValueError(
                f"Causal('{self.axis}') was asked for, but no constraint has that axis; the axes are "
                f"{', '.join(there)}. Name the one that is time, or leave causal out."
            )
        low, high = min(low for low, _ in ends), max(high for _, high in ends)

        def chunk(group: Group, batch: Batch) -> Tensor:
            values = batch.points[:, group.evaluator.axes.index(str(self.axis))]
            return ((values - low) / (high - low) * self.chunks).long().clamp(0, self.chunks - 1)

        return [
            None if span is None else chunk(group, batch)
            for group, batch, span in zip(system.groups, batches, ranges, strict=True)
        ]


def _range(group: Group, name: str) -> tuple[float, float] | None:
    return next(((axis.low, axis.high) for axis in group.domain.axes if axis.name == name), None)


def _columns(group: Group, values: Tensor) -> Tensor:
    return values[:, None].expand(-1, len(group.members))
