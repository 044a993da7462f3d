"""What every solver stage offers, and the one value that changes while it works."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..calculus.field import Field, Recipe
from ..geometry.point import Axis
from ..networks.slabs import SLACK, SlabNetwork
from ..problem.constraint import l2
from ..problem.problem import Problem
from ..residuals import Batch, System, measure
from ..residuals.unfit import MEMORY_LIMIT as MEMORY_LIMIT
from ..residuals.unfit import TooLarge as TooLarge
from ..residuals.unfit import Unfit as Unfit

POOL = 16  # steps for which points are drawn at once: a Sobol sequence is costly to start


@dataclass
class State:
    """Where a run stands. A stage changes it in place; ``theta`` and ``memory`` are all that a checkpoint keeps.

    ``memory`` holds tensors and plain numbers; ``cache`` holds what can be built again from the rest.
    """

    system: System
    theta: Tensor
    recipes: dict[Field, Recipe | nn.Module]  # what each network was built from
    build: Callable[[Field, Recipe | nn.Module], nn.Module]
    seed: int
    scale: float = 1.0  # multiplies the number of samples
    step: int = 0
    deadline: float = math.inf  # of time.monotonic(); a long advance should not go far beyond it
    memory: dict[str, Any] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self.deadline


@dataclass(frozen=True)
class Report:
    """What one advance achieved: the weighted terms of the objective, and whether the stage is done and why.

    ``cut`` says that it would have gone on, had there been time; ``residuals`` how many real numbers it made
    small, where these were not those of the declared samples.
    """

    terms: tuple[float, ...]
    finished: bool = False
    reason: str = ""
    cut: bool = False
    residuals: int | None = None

    @property
    def loss(self) -> float:
        return sum(self.terms)


class Stage(Protocol):
    """One solver. A frozen description; all that changes lives in the ``State``."""

    @property
    def name(self) -> str: ...

    @property
    def steps(self) -> int:
        """How many times ``advance`` is called at most."""
        ...

    @property
    def precision(self) -> torch.dtype:
        """The least precision it works well in."""
        ...

    def advance(self, state: State) -> Report: ...


def memory(stage: Stage, state: State) -> int:
    """Bytes of the dense matrices that a stage would hold, known before they are made; 0 where it holds none."""
    own: Callable[[State], int] | None = getattr(stage, "memory", None)
    return own(state) if own else 0


def check_squares(system: System, stage: str) -> None:
    """Raises ``Unfit``, by the constraint's name, for a loss that is no sum of squares."""
    for constraint in system.problem.constraints:
        if constraint.loss is not l2:
            raise Unfit(
                f"{stage} was given constraint '{constraint.name}' with the loss {constraint.loss.name}; it needs "
                f"l2, a sum of squares. Use l2, or Adam()."
            )


def sample_counts(state: State) -> tuple[int, int]:
    """The real residuals on all points of finite domains, and those on points that are drawn."""
    kept = drawn = 0
    for group in state.system.groups:
        size = sum(state.system.problem.requests[i].size for i in group.members)
        count, whole = group.samples, group.domain.size
        if count is None or (whole is not None and count * state.scale >= whole):
            kept += size * (whole or 0)
        else:
            drawn += size * max(1, round(count * state.scale))
    return kept, drawn


def generator(seed: int, draw: int) -> torch.Generator:
    """The randomness of one draw of points: a function of seed and draw alone, so that a run can resume."""
    return torch.Generator().manual_seed((seed * 1_000_003 + draw) % (1 << 63))


HELD_OUT = 999_983  # a draw number that no stage reaches


def held_out(state: State) -> tuple[Batch, ...]:
    """A second, independent set of points on which nothing is ever fitted."""
    if "held_out" not in state.cache:
        state.cache["held_out"] = state.system.draw(generator(state.seed, HELD_OUT), state.scale)
    batches: tuple[Batch, ...] = state.cache["held_out"]
    return batches


def holds_until(system: System) -> tuple[Axis, float] | None:
    """The axis of a march and how far along it the fields are known; None where they are known everywhere."""
    for u, network in system.parameters.networks.items():
        if isinstance(network, SlabNetwork):
            axis = u.axes[network.axis]
            if network.until < axis.high - SLACK * (axis.high - axis.low):
                return axis, network.until
    return None


def where_known(system: System, batches: Sequence[Batch]) -> tuple[System, tuple[Batch, ...]]:
    """The constraints, and their samples, of the part in which the fields are known: all of them, but for a march
    that was cut off."""
    held = holds_until(system)
    if held is None:
        return system, tuple(batches)
    axis, end = held
    kept: list[Batch] = []
    members: list[int] = []
    for group, batch in zip(system.groups, batches, strict=True):
        known = torch.ones(len(batch), dtype=torch.bool, device=batch.points.device)
        if axis.name in group.sweep.axes:
            known = batch.points[:, group.sweep.axes.index(axis.name)] <= end
        if bool(known.any()):
            weights = None if batch.weights is None else batch.weights[known]
            kept.append(Batch(batch.points[known], {k: x[known] for k, x in batch.data.items()}, weights))
            members += group.members
    part = Problem.derived(*(system.problem.constraints[i] for i in sorted(members))) if members else None
    if (
        part is None or part.fields != system.problem.fields
    ):  # of some field nothing is known that could be measured
        return system, tuple(batches)
    return System(part, system.parameters.networks, system.device, system.dtype, system.scales), tuple(kept)


def held_out_terms(state: State) -> Tensor:
    """The objective's terms on held-out points, where the fields are known; zero for those of which none is."""
    system, batches = where_known(state.system, held_out(state))
    own = dict(zip(_names(system), system.losses(state.theta, batches), strict=True))
    return torch.stack([own.get(name, state.theta.new_zeros(())) for name in _names(state.system)])


def _names(system: System) -> list[str]:
    return [constraint.name for constraint in system.problem.constraints]


def relative_residuals(state: State, theta: Tensor) -> dict[str, float]:
    """Each constraint's root mean square residual on held-out points, as a fraction of the largest of its terms.

    Where a march was cut off, those of the part that it solved.
    """
    system, batches = where_known(state.system, held_out(state))
    found = measure.relative_residuals(system, theta, batches).tolist()
    return dict(zip(_names(system), found, strict=True))


def relative_residual(state: State, theta: Tensor) -> float:
    """The worst of the ``relative_residuals``; not a number where one of them is none."""
    found = relative_residuals(state, theta).values()
    return max(found) if all(x == x for x in found) else math.nan


def fresh(state: State) -> tuple[Batch, ...]:
    """New points at every step, the same ones whenever this step is taken."""
    parts = []
    for place, group in enumerate(state.system.groups):
        size = group.domain.size
        if group.samples is None or (size is not None and group.samples >= size):
            number, start, rows = -1, 0, None
        else:
            rows = max(1, round(group.samples * state.scale))
            per_pool = POOL if size is None else max(1, min(POOL, size // rows))
            number, turn = divmod(state.step, per_pool)
            start = turn * rows
        pool = _pool(state, place, number, None if rows is None else rows * per_pool)
        if rows is None:
            parts.append(pool)
        else:
            window = slice(start, start + rows)
            parts.append(Batch(pool.points[window], {key: value[window] for key, value in pool.data.items()}))
    return tuple(parts)


def _pool(state: State, place: int, number: int, count: int | None) -> Batch:
    pools: dict[int, tuple[int, Batch]] = state.cache.setdefault("pools", {})
    if place not in pools or pools[place][0] != number:
        group = state.system.groups[place]
        points, data = group.domain.draw(count, generator(state.seed + place, number))
        pools[place] = number, state.system.batch(points, {key: data[key] for key in group.data})
    return pools[place][1]


def fixed(state: State) -> tuple[Batch, ...]:
    """One set of points for the whole stage, as line searches need."""
    if "fixed" not in state.cache:
        state.cache["fixed"] = state.system.draw(generator(state.seed, -1), state.scale)
    batches: tuple[Batch, ...] = state.cache["fixed"]
    return batches
