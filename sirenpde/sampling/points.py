"""Which points a stage works on, and how much each of them counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..residuals import Batch
from ..solvers.stage import State, fixed, fresh, generator
from .balance import Balance
from .causal import Causal

RAREST = 1e-30  # the least density, against a mean of 1, so that there are always points enough


@dataclass(frozen=True)
class Fresh:
    """New quasi-random points at every ``every``-th step.

    >>> from sirenpde import Fresh
    >>> Fresh(every=100).renewed(250)
    200
    """

    every: int = 1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"Fresh was given every={self.every}; expected 1 or more steps between draws.")

    def renewed(self, step: int) -> int:
        return step - step % self.every

    def batches(self, state: State) -> tuple[Batch, ...]:
        return fresh(replace(state, step=state.step // self.every))


@dataclass(frozen=True)
class Fixed:
    """One set of quasi-random points for the whole stage, as line searches need.

    >>> from sirenpde import Fixed
    >>> Fixed().renewed(250)
    0
    """

    def renewed(self, step: int) -> int:
        return 0

    def batches(self, state: State) -> tuple[Batch, ...]:
        return fixed(state)


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

    def batches(self, state: State) -> tuple[Batch, ...]:
        draw = generator(state.seed, -2 - state.step // self.every)  # -1 is the fixed set
        candidates = state.system.draw(draw, state.scale * self.pool)
        if state.step % self.every == 0:
            state.memory["candidates"] = self._choose(state, candidates, draw)
        chosen = state.memory["candidates"]
        return tuple(
            batch if rows is None else _take(batch, rows)
            for batch, rows in zip(candidates, chosen, strict=True)
        )

    def _choose(
        self, state: State, candidates: tuple[Batch, ...], draw: torch.Generator
    ) -> list[Tensor | None]:
        """Which candidates of each group; None stands for all of them."""
        system = state.system
        chosen: list[Tensor | None] = []
        residuals = system.residuals(state.theta, candidates)
        for group, batch in zip(system.groups, candidates, strict=True):
            count = len(batch) if group.samples is None else max(1, round(group.samples * state.scale))
            if count >= len(batch):
                chosen.append(None)
                continue
            weights = [system.row_weight(i) for i in group.members]
            squares = sum(
                w * residuals[i].square().sum(1) for w, i in zip(weights, group.members, strict=True)
            )
            density = self.density(torch.as_tensor(squares).sqrt()).cpu()
            chosen.append(torch.multinomial(density, count, generator=draw))
        return chosen


@dataclass(frozen=True)
class Points:
    """How a stage draws the samples of every constraint, and the factors on their losses.

    Args:
        draw: ``Fresh()``, ``Fixed()`` or ``Adaptive()``. Fixed or rarely drawn points are what line searches need.
        causal: factors that hold back later times until earlier ones are solved.
        balance: factors on whole constraints, so that none of them drowns another.

    All of it is a function of the state's parameters, step, seed and memory, so that a run resumes to the same
    bits. Steps are those of the stage.

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


def batches(state: State, points: Points) -> tuple[Batch, ...]:
    """The samples of every group at this step, with their factors in ``Batch.weights``.

    They are the same objects until ``points.renewed(state.step)`` changes.
    """
    drawn = _kept(state, "drawn", points.draw.renewed(state.step), lambda: points.draw.batches(state))
    if points.causal is None and points.balance is None:
        return drawn
    return _kept(state, "weighed", points.renewed(state.step), lambda: _weigh(state, points, drawn))


def _kept(state: State, name: str, since: int, make: Callable[[], tuple[Batch, ...]]) -> tuple[Batch, ...]:
    found: tuple[int, tuple[Batch, ...]] | None = state.cache.get(name)
    if found is None or found[0] != since:
        found = since, make()
        state.cache[name] = found
    return found[1]


def _weigh(state: State, points: Points, drawn: tuple[Batch, ...]) -> tuple[Batch, ...]:
    """First the factors in time, then those of the constraints, which see the former."""
    system, memory = state.system, state.memory
    weighed = drawn
    if points.causal is not None:
        if state.step % points.causal.every == 0:
            before: dict[str, Any] = memory.get("causal", {"rung": 0})
            losses = points.causal.losses(system, state.theta, drawn)
            weights, rung = points.causal.weights(losses, before["rung"])
            memory["causal"] = {"weights": weights, "rung": rung}
        weighed = points.causal.apply(system, drawn, memory["causal"]["weights"])
    if points.balance is not None:
        if state.step % points.balance.every == 0:
            memory["balance"] = points.balance.factors(system, state.theta, weighed, memory.get("balance"))
        weighed = points.balance.apply(system, weighed, memory["balance"])
    return weighed


def _take(batch: Batch, rows: Tensor) -> Batch:
    return Batch(batch.points[rows], {key: value[rows] for key, value in batch.data.items()})
