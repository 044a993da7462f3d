"""Ways to draw points: anew, once, or where the residual is large."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from ..residuals import Batch
from .drawing import FIXED, Drawing, generator
from .memory import Sampling

RAREST = 1e-30  # the least density, against a mean of 1, so that there are always points enough


class Draw(Protocol):
    """A way to draw points: a frozen description."""

    def renewed(self, step: int) -> int:
        """The last step, this one included, at which points are drawn anew."""
        ...

    def batches(self, drawing: Drawing, theta: Tensor, sampling: Sampling) -> tuple[Batch, ...]:
        """The samples of every group at this step; what stays between draws is remembered in ``sampling``."""
        ...


@dataclass(frozen=True)
class Fresh:
    """New quasi-random points at every ``every``-th step.

    Constraints on all points of a finite domain, such as pixels, have so many of them as a ``minibatch`` holds; all,
    if it is None.

    Raises ValueError for numbers below 1.

    >>> from sirenpde import Fresh
    >>> Fresh(every=100).renewed(250)
    200
    """

    every: int = 1
    minibatch: int | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"Fresh was given every={self.every}; expected 1 or more steps between draws.")
        if self.minibatch is not None and self.minibatch < 1:
            raise ValueError(
                f"Fresh was given minibatch={self.minibatch}; expected 1 or more points, or None."
            )

    def renewed(self, step: int) -> int:
        return step - step % self.every

    def batches(self, drawing: Drawing, theta: Tensor, sampling: Sampling) -> tuple[Batch, ...]:
        return replace(drawing, step=drawing.step // self.every).fresh(sampling.pools, self.minibatch)


@dataclass(frozen=True)
class Fixed:
    """One set of quasi-random points for the whole stage, as line searches need.

    >>> from sirenpde import Fixed
    >>> Fixed().renewed(250)
    0
    """

    def renewed(self, step: int) -> int:
        return 0

    def batches(self, drawing: Drawing, theta: Tensor, sampling: Sampling) -> tuple[Batch, ...]:
        return drawing.fixed()


@dataclass(frozen=True)
class Adaptive:
    """Points where the residual is large, drawn anew now and then: the residual-based adaptive distribution.

    From ``pool`` times as many quasi-random candidates, points are chosen without replacement with
    probabilities

        p(x) ∝ |r(x)|ᵏ / mean |r|ᵏ + c,

    constraint group by group, where |r|² is the weighted sum of squares of the residuals of the constraints that
    share the points. Constraints on all points of a finite domain keep them.

    Args:
        every: steps of the stage between draws; in between the points stay.
        k: 0 is uniform, larger goes after the largest residuals.
        c: how much of the distribution stays uniform.
        pool: candidates for each point.

    Raises:
        ValueError: for numbers out of range.

    Source: Wu, Zhu, Tan, Kartha, Lu, A comprehensive study of non-adaptive and residual-based adaptive sampling
    for physics-informed neural networks, 2023, equation 4 and algorithm 3 (RAD).

    >>> import torch
    >>> from sirenpde import Adaptive
    >>> Adaptive(k=2, c=1).density(torch.tensor([0.0, 2.0, 2.0, 4.0])).tolist()  # the mean of |r|² is 6
    [0.125, 0.2083333432674408, 0.2083333432674408, 0.4583333432674408]
    """

    every: int = 500
    k: float = 1.0
    c: float = 1.0
    pool: int = 10

    def __post_init__(self) -> None:
        if self.every < 1 or self.pool < 2 or not self.k >= 0 or not self.c >= 0 or self.k == self.c == 0:
            raise ValueError(
                f"Adaptive was given every={self.every}, k={self.k}, c={self.c}, pool={self.pool}; expected "
                f"every >= 1, pool >= 2, and k and c not negative nor both 0."
            )

    def renewed(self, step: int) -> int:
        return step - step % self.every

    def density(self, sizes: Tensor) -> Tensor:
        """The probabilities (n,) of candidates whose residuals have these norms (n,)."""
        powers = sizes**self.k
        mean = float(powers.mean())
        if not 0 < mean < math.inf:
            return torch.full_like(sizes, 1 / len(sizes))
        density = (powers / mean + self.c).clamp(min=RAREST)
        return density / density.sum()

    def batches(self, drawing: Drawing, theta: Tensor, sampling: Sampling) -> tuple[Batch, ...]:
        source = generator(drawing.seed, FIXED - 1 - drawing.step // self.every)
        candidates = drawing.system.draw(source, drawing.scale * self.pool)
        if drawing.step % self.every == 0:
            sampling.candidates = self._choose(drawing, theta, candidates, source)
        return tuple(
            batch if rows is None else _take(batch, rows)
            for batch, rows in zip(candidates, sampling.candidates, strict=True)
        )

    def _choose(
        self, drawing: Drawing, theta: Tensor, candidates: tuple[Batch, ...], source: torch.Generator
    ) -> list[Tensor | None]:
        """Which candidates of each group; None stands for all of them."""
        system = drawing.system
        chosen: list[Tensor | None] = []
        residuals = system.residuals(theta, candidates)
        for group, batch in zip(system.groups, candidates, strict=True):
            count = len(batch) if group.samples is None else max(1, round(group.samples * drawing.scale))
            if count >= len(batch):
                chosen.append(None)
                continue
            weights = [system.row_weight(i) for i in group.members]
            squares = sum(
                w * residuals[i].square().sum(1) for w, i in zip(weights, group.members, strict=True)
            )
            density = self.density(torch.as_tensor(squares).sqrt()).cpu()
            chosen.append(torch.multinomial(density, count, generator=source))
        return chosen


def _take(batch: Batch, rows: Tensor) -> Batch:
    return Batch(batch.points[rows], {key: value[rows] for key, value in batch.data.items()})
