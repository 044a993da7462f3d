"""Which points a stage works on, and how much each of them counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ..files.typed import transient
from ..residuals import Batch
from .balance import Balance
from .causal import Causal
from .drawing import FIXED as FIXED_DRAW
from .drawing import Drawing, Pools, generator

RAREST = 1e-30  # the least density, against a mean of 1, so that there are always points enough


@dataclass
class Since:
    """Samples, and the step since which they are these."""

    step: int
    batches: tuple[Batch, ...]


@dataclass
class Sampling:
    """What a stage's points depend on beside its parameters and steps: draws and factors that stay for a while."""

    candidates: list[Tensor | None] = field(default_factory=list)  # that were chosen; None where all of them
    chunk_factors: Tensor | None = None  # of the chunks of time
    rung: int = 0  # of the ladder of ε that they are on
    constraint_factors: Tensor | None = None
    drawn: Since | None = transient()
    weighed: Since | None = transient()
    pools: Pools = transient(dict)


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
        source = generator(drawing.seed, FIXED_DRAW - 1 - drawing.step // self.every)
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


@dataclass(frozen=True)
class Points:
    """How a stage draws the samples of every constraint, and the factors on their losses.

    Args:
        draw: ``Fresh()``, ``Fixed()`` or ``Adaptive()``. Fixed or rarely drawn points are what line searches need.
        causal: factors that hold back later times until earlier ones are solved.
        balance: factors on whole constraints, so that none of them drowns another.

    All of it is a function of parameters, step, seed and the ``Sampling`` that it keeps, so that a run resumes to the
    same bits. Steps are those of the stage.

    >>> from sirenpde import Adam, Adaptive, Balance, Causal, Points
    >>> points = Points(Adaptive(every=200), causal=Causal("t"), balance=Balance("gradient"))
    >>> Adam(steps=1000, points=points).points.renewed(999)  # the causal factors, every tenth step
    990
    """

    draw: Fresh | Fixed | Adaptive = Fresh()
    causal: Causal | None = None
    balance: Balance | None = None

    def renewed(self, step: int) -> int:
        """The last step, this one included, at which points or factors changed."""
        factors = [part.every for part in (self.causal, self.balance) if part is not None]
        return max(self.draw.renewed(step), *(step - step % every for every in factors), 0)


FRESH = Points(Fresh())
FIXED = Points(Fixed())


def batches(points: Points, drawing: Drawing, theta: Tensor, sampling: Sampling) -> tuple[Batch, ...]:
    """The samples of every group at this step, with their factors in ``Batch.weights``.

    They are the same objects until ``points.renewed(drawing.step)`` changes.
    """
    sampling.drawn = _renewed(
        sampling.drawn,
        points.draw.renewed(drawing.step),
        lambda: points.draw.batches(drawing, theta, sampling),
    )
    drawn = sampling.drawn.batches
    if points.causal is None and points.balance is None:
        return drawn
    sampling.weighed = _renewed(
        sampling.weighed,
        points.renewed(drawing.step),
        lambda: _weigh(points, drawing, theta, sampling, drawn),
    )
    return sampling.weighed.batches


def _renewed(known: Since | None, step: int, make: Callable[[], tuple[Batch, ...]]) -> Since:
    return known if known is not None and known.step == step else Since(step, make())


def _weigh(
    points: Points, drawing: Drawing, theta: Tensor, sampling: Sampling, drawn: tuple[Batch, ...]
) -> tuple[Batch, ...]:
    """First the factors in time, then those of the constraints, which see the former."""
    system, weighed = drawing.system, drawn
    if points.causal is not None:
        if drawing.step % points.causal.every == 0 or sampling.chunk_factors is None:
            losses = points.causal.losses(system, theta, drawn)
            sampling.chunk_factors, sampling.rung = points.causal.weights(losses, sampling.rung)
        weighed = points.causal.apply(system, drawn, sampling.chunk_factors)
    if points.balance is not None:
        if drawing.step % points.balance.every == 0 or sampling.constraint_factors is None:
            before = sampling.constraint_factors
            sampling.constraint_factors = points.balance.factors(system, theta, weighed, before)
        weighed = points.balance.apply(system, weighed, sampling.constraint_factors)
    return weighed


def _take(batch: Batch, rows: Tensor) -> Batch:
    return Batch(batch.points[rows], {key: value[rows] for key, value in batch.data.items()})
