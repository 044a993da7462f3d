"""Stages in order, rung after rung, until tolerance, budget or the last stage; the best state kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch

from .residuals import NotFinite
from .run import Kept, Run, better, build_system
from .solution import Record, Row, Solution
from .solvers.stage import Report, Unfit, held_out, relative_residual
from .verdict import GOOD_ENOUGH, finished, interrupted, out_of_time

SLACK = 1.001  # a stage may leave the held-out objective this much larger before it is rolled back
KEEP_EVERY = 50  # steps between copies of the last finite parameters
CHECKS = 500  # of the tolerance in a stage, at least, and
APART = 10  # steps between them, at most
NUMERICAL = (ArithmeticError, torch.linalg.LinAlgError)  # type: ignore[attr-defined]  # it is, though not exported
BREAKS = (*NUMERICAL, MemoryError, torch.OutOfMemoryError, Unfit)


@dataclass(frozen=True)
class Progress:
    """Where a run stands after one advance of a stage."""

    stage: str
    stage_index: int
    stage_count: int
    step: int
    steps: int
    loss: float
    terms: Mapping[str, float]
    seconds: float
    error: float | None  # the worst relative L2 error against the references, measured now and then
    snapshot: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Limits:
    """Where a run stops before its last stage."""

    budget: float | None
    tolerance: float | None


class Clock:
    """The seconds of this call and of the whole run, and the share of the budget that a rung may use.

    While another rung follows, a rung may use half of what is left, so that the plan is made before.
    """

    def __init__(self, run: Run, budget: float | None) -> None:
        self.run, self.budget = run, budget
        self.started, self.earlier = time.monotonic(), run.seconds

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def tick(self) -> None:
        self.run.seconds = self.earlier + self.elapsed()

    def share(self) -> None:
        """Set the deadline of the rung that begins or goes on now."""
        if self.budget is None:
            self.run.state.deadline = math.inf
            return
        left = self.budget - self.elapsed()
        share = left if self.run.in_last_rung else 0.5 * left
        self.run.state.deadline = time.monotonic() + share


def follow(run: Run, limits: Limits, progress: Callable[[Progress], None] | None) -> None:
    """Take a run from where it stands to its end; ``run.status`` and ``run.message`` say which that was."""
    clock = Clock(run, limits.budget)
    try:
        in_time = _stages(run, limits, clock, progress)
    except KeyboardInterrupt:
        if run.is_open:
            clock.tick()
            run.status, run.message = interrupted(run)
            return
        in_time = True
    clock.tick()
    if in_time:
        run.put_back(run.shown())
        run.status, run.message = finished(run, limits.tolerance)
    else:
        assert limits.budget is not None
        run.status, run.message = out_of_time(run, limits.tolerance, clock.elapsed(), limits.budget)


def _stages(run: Run, limits: Limits, clock: Clock, progress: Callable[[Progress], None] | None) -> bool:
    """False where the budget ended before the stages did."""
    meter = ErrorMeter(run)
    clock.share()
    while run.is_open:
        if run.before is None and _open_stage(run):
            clock.share()
        report = _advance(run)
        clock.tick()
        last, late = run.in_last_rung, run.state.is_late or report.cut
        after = None if progress is None else _progress(run, report, meter.read())
        if report.finished and not (report.cut and last):
            run.ended = _close_stage(run, report, limits.tolerance)
        else:
            run.ended = _is_within(run, report, limits.tolerance)
            if late and not last and not run.ended:
                left = replace(report, reason="its share of the budget is used")
                run.ended = _close_stage(run, left, limits.tolerance)
        if late and not last and run.is_open:
            run.leave_rung()
        # Only now, so that a checkpoint or an interruption never falls between a stage's last step and its end.
        if progress is not None and after is not None:
            progress(after)
        if late and last and run.is_open:
            return False
    return True


def _advance(run: Run) -> Report:
    """One advance; a stage that breaks, or that the problem does not fit, ends with the best fields that it had.

    Raises what the stage raised, if it refused the problem, where nothing was computed and no rung is left.
    """
    stage = run.choice.stages[run.stage_index]
    try:
        report = stage.advance(run.state)
        run.reason = report.reason
        _note(run, report)
    except BREAKS as error:
        if not isinstance(error, NUMERICAL) and not run.history and run.in_last_rung:
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        run.troubles.append(text)
        run.put_back(_usable(run))
        terms = run.state.system.losses(run.state.theta, held_out(run.state))
        what = "not tried" if isinstance(error, Unfit) else "broke off"
        return Report(tuple(terms.tolist()), True, f"{what}: {text}")
    return report


def _usable(run: Run) -> Kept:
    """The fields that a stage broke off with, or the last before them that have a finite residual."""
    known = [kept for kept in (run.keep(), run.last_finite, run.before) if kept is not None]
    return next((kept for kept in known if kept.is_finite), known[-1])


def _open_stage(run: Run) -> bool:
    """Remember what to come back to; at the foot of another rung, build its networks. Whether it is one."""
    state, opened = run.state, run.choice.opens(run.stage_index)
    foot = opened is not None and run.stage_index > 0
    if opened is not None and foot:
        old = state.system
        found = state.recipes if run.best is None else run.best.recipes
        state.recipes = dict(opened.recipes_after(found))
        state.system = build_system(run.problem, state.recipes, state.build, old.device, old.dtype)
        state.theta, state.cache = state.system.initial(), {"held_out": held_out(state)}
    run.before = run.last_finite = run.keep()
    return foot


def _close_stage(run: Run, report: Report, tolerance: float | None) -> bool:
    """Roll back a stage that made the held-out objective worse, and go to the next; whether the run is over."""
    stage, state, reason = run.choice.stages[run.stage_index], run.state, report.reason
    after, before = run.keep(), run.before
    assert before is not None
    # The first stage starts from fields that nobody asked for: what it found is shown, however it compares.
    if not after.objective <= before.objective * SLACK and (run.records or not after.is_finite):
        run.put_back(before)
        rise = f"from {before.objective:.3e} to {after.objective:.3e}"
        reason += f"; rolled back, since the held-out objective rose {rise}"
        after = before
    if run.best is None or not _same(
        after, before
    ):  # fields that no stage has moved replace none that were found
        run.best = better(run.best, after)
    earlier = sum(record.seconds for record in run.records)
    run.records.append(
        Record(stage.name, state.step, run.seconds - earlier, report.loss, reason, report.residuals)
    )
    enough = tolerance or (GOOD_ENOUGH if run.choice.closes(run.stage_index) else 0.0)
    state.memory, state.cache, state.step = {}, {"held_out": held_out(state)}, 0
    run.before, run.stage_index, run.reason = None, run.stage_index + 1, ""
    return run.best.residual <= enough


def _same(one: Kept, other: Kept) -> bool:
    return one.theta.shape == other.theta.shape and torch.equal(one.theta, other.theta)


def _is_within(run: Run, report: Report, tolerance: float | None) -> bool:
    """Whether the fields meet the tolerance, looked at after fixed steps so that no clock decides."""
    every = min(APART, max(1, run.choice.stages[run.stage_index].steps // CHECKS))
    if tolerance is None or (run.state.step % every and not report.finished):
        return False
    return relative_residual(run.state, run.state.theta) <= tolerance


def _note(run: Run, report: Report) -> None:
    """A row of the history. Raises ``NotFinite``, naming what broke, where a term or parameter is not finite."""
    stage = run.choice.stages[run.stage_index]
    terms = _terms(run, report)
    run.history.append(Row(stage.name, run.state.step, run.seconds, report.loss, terms))
    if not all(map(math.isfinite, report.terms)) or not bool(run.state.theta.isfinite().all()):
        _raise_not_finite(run, terms)
    if run.state.step % KEEP_EVERY == 0:
        run.last_finite = run.keep()


def _terms(run: Run, report: Report) -> dict[str, float]:
    return {c.name: term for c, term in zip(run.problem.constraints, report.terms, strict=True)}


def _raise_not_finite(run: Run, terms: Mapping[str, float]) -> NoReturn:
    broken = [name for name, value in terms.items() if not math.isfinite(value)]
    what = f"constraint '{broken[0]}'" if broken else "the parameters"
    step, stage = run.state.step, run.choice.stages[run.stage_index].name
    detail = ""
    try:
        run.state.system.check_finite(run.state.theta, held_out(run.state))
    except NotFinite as error:
        detail = f" {error}"
    raise NotFinite(
        f"At step {step} of {stage}, {what} stopped being finite.{detail} Lower the learning rate, clip the "
        f"gradient, or look for a division or root at zero in the constraint; the last finite state is kept."
    )


class ErrorMeter:
    """The true error while a run goes on, measured so rarely that it takes a few percent of the time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.value: float | None = None
        self.next = time.monotonic() + 2.0

    def read(self) -> float | None:
        if self.run.problem.reference and time.monotonic() >= self.next:
            started = time.monotonic()
            errors = Solution(self.run).errors
            self.value = max(float(error["relative_l2"]) for error in errors.values())
            now = time.monotonic()
            self.next = now + max(2.0, 30 * (now - started))
        return self.value


def _progress(run: Run, report: Report, error: float | None) -> Progress:
    stage = run.choice.stages[run.stage_index]
    return Progress(
        stage.name,
        run.stage_index,
        len(run.choice.stages),
        run.state.step,
        stage.steps,
        report.loss,
        _terms(run, report),
        run.seconds,
        error,
        run.snapshot,
    )
