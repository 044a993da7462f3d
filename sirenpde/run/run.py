"""Where a run stands: at which stage of which rung, and the best fields so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ..files.typed import plain, typed
from ..problem.problem import Problem
from ..residuals import known
from ..sampling.memory import Sampling
from ..solvers.ladder import Choice
from ..solvers.stage import Report, Stage, State, remembered
from ..solvers.starts import Constants
from .fingerprint import fingerprint
from .fingerprint import stages as stages_of
from .history import Record, Row, Status
from .iterate import Iterate, better


@dataclass(frozen=True)
class PausedRung:
    """A rung that its share of the budget cut off, to be taken up again if time is left."""

    rung: int
    stage: int  # of the rung
    step: int
    memory: dict[str, Any] | None  # as plain values
    sampling: dict[str, Any]
    iterate: Iterate
    before: Iterate | None


@dataclass(frozen=True)
class Compared:
    """Fields that another resolution was solved for beside, and how far the two are apart; None: not known."""

    theta: Tensor
    apart: float | None

    def is_of(self, theta: Tensor) -> bool:
        return _equal(self.theta, theta)


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)


@dataclass
class Run:
    """Where a run stands. The loop moves it from stage to stage; a stage changes its ``state``."""

    problem: Problem
    choice: Choice
    state: State
    start: Constants = field(default_factory=dict)  # constant fields to begin from, where not from zero
    rung: int = 0  # at work; as many as there are where none is left
    stage: int = 0  # of the rung
    waiting: list[int] = field(default_factory=list)  # rungs not begun
    paused: list[PausedRung] = field(default_factory=list)  # rungs begun and cut off
    pending: int = 0  # how many of these are to get a share of the time, once more given
    repeated: list[tuple[int, int]] = field(default_factory=list)  # rung and stage, once more at the end
    before: Iterate | None = None  # at the stage's start
    best: Iterate | None = None  # of the stages gone before
    last_finite: Iterate | None = None
    records: list[Record] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # what was noticed about the problem, a paragraph each
    troubles: list[str] = field(default_factory=list)  # why stages broke off
    seconds: float = 0.0
    compared: list[Compared] = field(default_factory=list)  # with another resolution, the last first
    measured: Iterate | None = None  # the fields that were looked at last
    reason: str = ""  # the last that the stage gave for its end
    ended: bool = False  # since the fields are good enough
    status: Status = "interrupted"
    message: str = ""

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """What a checkpoint has to agree with: the problem."""
        return fingerprint(self.problem)

    @cached_property
    def asked(self) -> list[dict[str, Any]]:
        """And the networks and stages that were chosen for it."""
        count = len(self.choice.rungs) - len(self.repeated)
        return stages_of(replace(self.choice, rungs=self.choice.rungs[:count]))

    @property
    def is_open(self) -> bool:
        """Whether a stage is left, and needed."""
        return not self.ended and self.has_stage

    @property
    def has_stage(self) -> bool:
        return self.rung < len(self.choice.rungs)

    @property
    def at_work(self) -> Stage:
        """The stage that is at work, or next."""
        return self.choice.rungs[self.rung].stages[self.stage]

    @property
    def number(self) -> int:
        """Which of all stages that is, from 0."""
        return sum(len(rung.stages) for rung in self.choice.rungs[: self.rung]) + self.stage

    @property
    def is_last_of_rung(self) -> bool:
        return self.stage + 1 == len(self.choice.rungs[self.rung].stages)

    @property
    def in_last_rung(self) -> bool:
        """Whether no other rung has to get its share: this one may use all the time there is."""
        return not self.waiting and self.pending <= 0

    def to_next_stage(self) -> None:
        """From the end of a stage to the next of its rung, or to another rung."""
        self._forget()
        if self.is_last_of_rung:
            self._to_next_rung()
        else:
            self.stage += 1

    def leave_rung(self) -> None:
        """Go to the next rung, remembering where this one stands."""
        self._pause()
        self._to_next_rung()

    def drop_rung(self) -> None:
        """Go to the next rung, since this one cannot be built."""
        self._forget()
        self._to_next_rung()

    def share_anew(self) -> None:
        """Begin with the first rung that was cut off, since there is more time for each of them."""
        if not self.paused:
            return
        if self.before is None and self.stage == 0:
            self.waiting.insert(0, self.rung)
        else:
            self._pause()
        self.paused.sort(key=lambda paused: (paused.rung, paused.stage))
        self.pending = len(self.paused)
        self._take_up()

    def _forget(self) -> None:
        self.state.forget()
        self.before, self.reason = None, ""

    def _pause(self) -> None:
        state = self.state
        memory, sampling = plain(state.memory), plain(state.sampling)
        here = PausedRung(self.rung, self.stage, state.step, memory, sampling, self.iterate(), self.before)
        self.paused.append(here)
        self._forget()

    def _to_next_rung(self) -> None:
        """The next rung that was not begun; else the first that was cut off."""
        if self.waiting:
            self.rung, self.stage = self.waiting.pop(0), 0
        elif self.paused:
            self._take_up()
        else:
            self.rung, self.stage = len(self.choice.rungs), 0

    def _take_up(self) -> None:
        back, self.pending = self.paused.pop(0), self.pending - 1
        self.put_back(back.iterate)
        self.rung, self.stage, self.before = back.rung, back.stage, back.before
        self.set_memory(back.memory, back.sampling)
        self.state.step = back.step

    def renew(self) -> None:
        """Let the stage at work go on after it was cut off: what it can build again, it builds anew."""
        memory, sampling = self.state.memory, self.state.sampling
        self.set_memory(None if memory is None else plain(memory), plain(sampling))

    def compare(self, theta: Tensor, apart: float | None) -> None:
        """Remember how far fields are from those of another resolution."""
        self.compared.insert(0, Compared(theta.clone(), apart))

    def comparison(self, theta: Tensor) -> Compared | None:
        return next((known for known in self.compared if known.is_of(theta)), None)

    def set_memory(self, memory: Mapping[str, Any] | None, sampling: Mapping[str, Any]) -> None:
        """Give the stage at work what it and its points remembered, from plain values."""
        state, device = self.state, self.state.system.device
        state.memory = None if memory is None else typed(remembered(self.at_work), memory, device)
        state.sampling = typed(Sampling, sampling, device)

    def repeat(self) -> bool:
        """Take the last iterative stage of the best rung once more, from the best fields; whether there is one."""
        best = self.shown()
        stages = self.choice.rungs[best.rung].stages
        iterative = [i for i, stage in enumerate(stages) if is_iterative(stage)]
        if not iterative:
            return False
        self.put_back(best)
        self.rung, self.stage = len(self.choice.rungs), 0
        self.choice = with_repeated(self.choice, best.rung, iterative[-1])
        self.repeated.append((best.rung, iterative[-1]))
        self.before = self.last_finite = self.iterate()
        return True

    def iterate(self) -> Iterate:
        """The fields being worked on, measured once as long as they stay as they are."""
        state, last = self.state, self.measured
        rung = min(self.rung, len(self.choice.rungs) - 1)
        if last is not None and last.system is state.system and _equal(last.theta, state.theta):
            return replace(last, recipes=dict(state.recipes), rung=rung)
        here = state.system, state.theta, state.held_out
        objective = float(known.terms(*here).sum())
        residual = known.relative_residual(*here) if math.isfinite(objective) else math.inf
        objective, residual = (x if math.isfinite(x) else math.inf for x in (objective, residual))
        recipes, theta = dict(state.recipes), state.theta.clone()
        self.measured = Iterate(recipes, state.system, theta, objective, residual, rung)
        return self.measured

    def put_back(self, iterate: Iterate) -> None:
        state = self.state
        state.recipes, state.system = dict(iterate.recipes), iterate.system
        state.theta = iterate.theta.clone()

    def shown(self) -> Iterate:
        """The best fields so far, which need not be those being worked on."""
        if self.best is not None and (self.before is None or self.state.step == 0):
            return self.best
        here = self.iterate()
        if self.before is not None and not here.is_finite:
            here = self.before
        return better(self.best, here)

    def terms(self, report: Report) -> dict[str, float]:
        """The objective's terms by the constraints' names."""
        return {c.name: term for c, term in zip(self.problem.constraints, report.terms, strict=True)}

    def account(self) -> tuple[Record, ...]:
        """The stages so far, the one that was cut off included."""
        if not self.history or not self.has_stage or self.state.step == 0:
            return tuple(self.records)
        last, earlier = self.history[-1], sum(record.seconds for record in self.records)
        if (last.stage, last.step) != (self.at_work.name, self.state.step):
            return tuple(self.records)  # taken up again, and not moved since
        reason = "good enough" if self.ended else f"{self.reason}; " * bool(self.reason) + "can be resumed"
        cut = Record(last.stage, self.state.step, self.seconds - earlier, last.loss, reason)
        return (*self.records, cut)


def is_iterative(stage: Stage) -> bool:
    """Whether a stage takes a number of steps that its user sets."""
    return "steps" in getattr(stage, "__dataclass_fields__", {})


def with_repeated(choice: Choice, rung: int, stage: int) -> Choice:
    """The choice with a stage of one of its rungs once more, a rung of its own at the end."""
    first = choice.rungs[rung]
    return replace(choice, rungs=(*choice.rungs, replace(first, stages=(first.stages[stage],))))
