"""What every solver stage offers, and where its work stands."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..networks.recipe import Recipe
from ..problem.stage import Stage as Description
from ..residuals import Batch, System
from ..residuals.unfit import Unfit
from ..sampling.drawing import Drawing
from ..sampling.memory import Sampling
from ..sampling.points import Points, batches

Kind = TypeVar("Kind")


@dataclass
class State:
    """Where a stage's work stands: what a checkpoint keeps, and what can be built again from it.

    A stage changes it in place. What it remembers from one step to the next is a dataclass of its own, its
    ``Memory``, which the first ``remember`` makes; what its points remember lies apart, in ``sampling``.
    """

    system: System
    theta: Tensor
    recipes: dict[Field, Recipe | nn.Module]  # what each network was built from
    build: Callable[[Field, Recipe | nn.Module], nn.Module]
    seed: int
    scale: float = 1.0  # multiplies the number of samples
    step: int = 0
    deadline: float = math.inf  # of time.monotonic(); a long advance should not go far beyond it
    memory: object | None = None
    sampling: Sampling = field(default_factory=Sampling)

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self.deadline

    def remember(self, kind: type[Kind], make: Callable[[], Kind] | None = None) -> Kind:
        """The stage's memory, made at its first step by ``make``, or with nothing in it.

        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Memory:
        ...     trials: int = 0
        >>> state = State(None, None, {}, None, seed=0)
        >>> state.remember(Memory).trials += 1
        >>> state.remember(Memory)
        Memory(trials=1)
        """
        if self.memory is None:
            self.memory = kind() if make is None else make()
        if not isinstance(self.memory, kind):
            raise TypeError(
                f"A stage asked for {kind.__module__}.{kind.__qualname__} and the state holds "
                f"{type(self.memory).__module__}.{type(self.memory).__qualname__}, another stage's; expected "
                f"state.forget() between them."
            )
        return self.memory

    def forget(self) -> None:
        """Before another stage: no step was taken, and nothing is remembered."""
        self.step, self.memory, self.sampling = 0, None, Sampling()

    @property
    def drawing(self) -> Drawing:
        """How points are drawn at this step."""
        return Drawing(self.system, self.seed, self.scale, self.step)

    def batches(self, points: Points, more: float = 1.0) -> tuple[Batch, ...]:
        """The samples of every group at this step, ``more`` times as many as declared, with their factors."""
        drawing = replace(self.drawing, scale=self.scale * more)
        return batches(points, drawing, self.theta, self.sampling)

    @cached_property
    def held_out(self) -> tuple[Batch, ...]:
        """Points on which nothing is ever fitted; they depend on the problem alone, and not on the networks."""
        return self.drawing.held_out()


@dataclass(frozen=True)
class Report:
    """What one advance achieved: the weighted terms of the objective, and whether the stage is done and why.

    ``cut`` says that it would have gone on, had there been time; ``residuals`` how many real numbers it made
    small, where these were not those of the declared samples; ``finite`` whether all parameters are finite, where
    that was read with the terms; ``difference`` how far the last two resolutions are apart, relative to the fields.
    """

    terms: tuple[float, ...]
    finished: bool = False
    reason: str = ""
    cut: bool = False
    residuals: int | None = None
    finite: bool | None = None
    difference: float | None = None

    @property
    def loss(self) -> float:
        return sum(self.terms)


def report_of(terms: Tensor, theta: Tensor, finished: bool, reason: str) -> Report:
    """The report of a short step, in one read: each read waits for all that a GPU was told to do.

    >>> report_of(torch.tensor([0.5, 2.0]), torch.tensor([1.0, math.nan]), False, "")
    Report(terms=(0.5, 2.0), finished=False, reason='', cut=False, residuals=None, finite=False, difference=None)
    """
    finite = theta.isfinite().all()
    *values, flag = torch.cat([terms, finite[None].to(terms.dtype)]).tolist()
    return Report(tuple(values), finished, reason, finite=bool(flag))


class Stage(Description, Protocol):
    """One solver: a description that says how it advances; all that changes lives in the ``State``.

    A stage that remembers anything says what: ``remembers: ClassVar[type] = Memory``, a dataclass whose fields are
    tensors, numbers, strings, and lists, tuples, dictionaries and dataclasses of these, or ``transient()``. One with
    matrices that may not fit the memory has ``bytes_needed(state)``.
    """

    def advance(self, state: State) -> Report: ...


@dataclass
class Nothing:
    """The memory of a stage that needs none."""


def remembered(stage: Stage) -> type:
    """The dataclass of a stage's memory."""
    kind: type = getattr(stage, "remembers", Nothing)
    return kind


def bytes_needed(stage: Stage, state: State) -> int:
    """Bytes of the dense matrices that a stage would hold, known before they are made; 0 where it holds none."""
    needed: Callable[[State], int] | None = getattr(stage, "bytes_needed", None)
    return needed(state) if needed else 0


def check_squares(system: System, stage: str) -> None:
    """Raises ``Unfit``, by the constraint's name, for a loss that is no sum of squares."""
    for constraint in system.problem.constraints:
        if not constraint.loss.is_square:
            raise Unfit(
                f"{stage} was given constraint '{constraint.name}' with the loss {constraint.loss.name}; it needs "
                f"l2, a sum of squares. Use l2, or Adam()."
            )
