"""Stages in order, rung after rung, until tolerance, budget or the last stage; the best state kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import torch

from ..residuals import NotFinite, known
from ..residuals.known import holds_until
from ..residuals.unfit import Unfit
from ..solvers.stage import Report
from ..solvers.starts import number_start
from .begin import system_of
from .clock import Clock
from .doubt import doubt
from .history import Record, Row
from .iterate import Iterate, better
from .progress import Meter, Progress
from .run import Run
from .verdict import finished, interrupted, out_of_time

# A stage may leave the held-out objective this much larger before it is rolled back: rounding of its sum, and the
# last steps of one that has converged, may raise it by less.
SLACK = 1.001
# Steps between copies of the last finite parameters: each measures them on the held-out points.
KEEP_EVERY = 50
# Looks at the tolerance in a stage, at least, and steps between them, at most: a look costs about what a step does.
CHECKS, APART = 50, 10
NUMERICAL = (ArithmeticError, torch.linalg.LinAlgError)  # type: ignore[attr-defined]  # it is, though not exported
BREAKS = (*NUMERICAL, MemoryError, torch.OutOfMemoryError, Unfit)


@dataclass(frozen=True)
class Limits:
    """Where a run stops before its last stage."""

    budget: float | None
    tolerance: float | None


def follow(run: Run, limits: Limits, progress: Callable[[Progress], None] | None) -> None:
    """Take a run from where it stands to its end; ``run.status`` and ``run.message`` say which that was."""
    clock = Clock(run, limits.budget)
    try:
        in_time = _stages(run, limits, clock, progress)
    except KeyboardInterrupt:
        clock.tick()
        if run.is_open:
            run.status, run.message = interrupted(run)
            return
        in_time = True
    if in_time:
        run.status, run.message = finished(run, limits.tolerance)
    else:
        assert limits.budget is not None
        run.status, run.message = out_of_time(run, limits.tolerance, limits.budget)


def _stages(run: Run, limits: Limits, clock: Clock, progress: Callable[[Progress], None] | None) -> bool:
    """False where the budget ended before the stages did."""
    meter, shared = Meter(run), -1
    while run.is_open:
        rung = run.rung
        if rung != shared:
            if clock.is_over and run.history:
                return False
            clock.share()
            shared = rung
        if run.before is None and not _open_stage(run):
            continue
        report = _advance(run)
        clock.tick()
        last, late = run.in_last_rung, run.state.is_late or report.cut
        after = None if progress is None else meter.progress(report)
        if report.finished and not report.cut:
            run.ended = _close_stage(run, report, limits.tolerance)
        else:
            run.ended = _is_within(run, report, limits.tolerance)
        if late and not last and run.is_open and run.rung == rung:
            if not clock.is_over and _is_enough(run, run.iterate(), limits.tolerance):
                clock.extend()
                run.renew()
            else:
                _leave_rung(run, report)
        # Only now, so that a checkpoint or an interruption never falls between a stage's last step and its end.
        if progress is not None and after is not None:
            progress(after)
        if late and last and run.is_open:
            return False
    return True


def _advance(run: Run) -> Report:
    """One advance; a stage that breaks, or that the problem does not fit, ends with the best fields that it had.

    Raises what the stage raised, if it refused the problem, where nothing was computed and no rung is left; and
    whatever else went wrong, where no earlier stage has fields to show.
    """
    try:
        report = run.at_work.advance(run.state)
        run.reason = report.reason
        _note(run, report)
        if report.difference is not None:
            run.compare(run.state.theta, report.difference)
    except Exception as error:
        expected = isinstance(error, BREAKS)
        if not expected and not _has_fields(run):
            raise
        if not isinstance(error, NUMERICAL) and not run.history and run.in_last_rung:
            raise
        text = _told(error)
        run.troubles.append(text)
        run.put_back(_usable(run))
        terms = known.terms(run.state.system, run.state.theta, run.state.held_out)
        what = "not tried" if isinstance(error, Unfit) else "broke off"
        return Report(tuple(terms.tolist()), True, f"{what}: {text}")
    return report


def _has_fields(run: Run) -> bool:
    """Whether an earlier stage has found something, which no mistake in a later one may lose."""
    return run.best is not None and run.best.is_finite


def _told(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _usable(run: Run) -> Iterate:
    """The fields that a stage broke off with, or the last before them that have a finite residual."""
    iterates = [x for x in (run.iterate(), run.last_finite, run.before) if x is not None]
    return next((x for x in iterates if x.is_finite), iterates[-1])


def _open_stage(run: Run) -> bool:
    """Remember what to come back to; at the foot of another rung, build its networks. False where that fails.

    Raises what the building raised, where no earlier rung has fields to show.
    """
    state = run.state
    if run.stage == 0 and run.rung > 0:
        old, opened = state.system, run.choice.rungs[run.rung]
        recipes = dict(opened.recipes_after(state.recipes if run.best is None else run.best.recipes))
        try:
            system = system_of(run.problem, recipes, state.build, old.device, old.dtype)
            theta = number_start(system, state.seed)
        except Exception as error:
            if not _has_fields(run):
                raise
            run.troubles.append(_told(error))
            run.drop_rung()
            return False
        state.recipes, state.system, state.theta = recipes, system, theta
    run.before = run.last_finite = run.iterate()
    return True


def _close_stage(run: Run, report: Report, tolerance: float | None) -> bool:
    """Roll back a stage that made the held-out objective worse, and go to the next; whether the run is over."""
    reason, after, before = report.reason, run.iterate(), run.before
    assert before is not None
    # The first stage starts from fields that nobody asked for: what it found is shown, however it compares.
    if not after.objective <= before.objective * SLACK and (run.records or not after.is_finite):
        run.put_back(before)
        rise = f"from {before.objective:.3e} to {after.objective:.3e}"
        reason += f"; rolled back, since the held-out objective rose {rise}"
        after = before
    _remember(run, after)
    _record(run, report, reason)
    ended = run.best is not None and _is_enough(run, run.best, tolerance)
    run.to_next_stage()
    return ended


def _is_enough(run: Run, iterate: Iterate, tolerance: float | None) -> bool:
    """Whether no other rung would be tried after these fields of the rung at work.

    Fields that meet the equations may have priors that later stages make smaller.
    """
    if run.problem.has_priors and not run.is_last_of_rung:
        return False
    enough = tolerance or (run.choice.rungs[run.rung].enough if run.is_last_of_rung else 0.0)
    return iterate.residual <= enough and holds_until(iterate.system) is None and not doubt(run, iterate)


def _leave_rung(run: Run, report: Report) -> None:
    """Go to the next rung, since this one has used its share; it goes on if time is left in the end."""
    if run.before is not None:
        _remember(run, run.iterate())
        _record(run, report, f"{report.reason}; " * bool(report.reason) + "its share of the budget is used")
    run.leave_rung()


def _remember(run: Run, iterate: Iterate) -> None:
    """The best fields so far; such as no stage has moved replace none that were found."""
    if run.best is None or run.before is None or not _same(iterate, run.before):
        run.best = better(run.best, iterate)


def _record(run: Run, report: Report, reason: str) -> None:
    name, seconds = run.at_work.name, sum(record.seconds for record in run.records)
    run.records.append(
        Record(
            name,
            run.state.step,
            run.seconds - seconds,
            report.loss,
            reason,
            report.residuals,
            report.difference,
        )
    )


def _same(one: Iterate, other: Iterate) -> bool:
    return one.theta.shape == other.theta.shape and torch.equal(one.theta, other.theta)


def _is_within(run: Run, report: Report, tolerance: float | None) -> bool:
    """Whether the fields meet the tolerance, looked at after fixed steps so that no clock decides.

    Where there are priors the stage goes on: they may become smaller yet.
    """
    every = min(APART, max(1, run.at_work.steps // CHECKS))
    if tolerance is None or (run.state.step % every and not report.finished):
        return False
    if holds_until(run.state.system) is not None or run.problem.has_priors:
        return False
    here = run.iterate()
    return here.residual <= tolerance and not doubt(run, here)


def _note(run: Run, report: Report) -> None:
    """A row of the history. Raises ``NotFinite``, naming what broke, where a term or parameter is not finite."""
    stage = run.at_work
    terms = run.terms(report)
    run.history.append(Row(stage.name, run.state.step, run.seconds, report.loss, terms))
    finite = bool(run.state.theta.isfinite().all()) if report.finite is None else report.finite
    if not finite or not all(map(math.isfinite, report.terms)):
        _raise_not_finite(run, terms)
    if run.state.step % KEEP_EVERY == 0:
        run.last_finite = run.iterate()


def _raise_not_finite(run: Run, terms: Mapping[str, float]) -> NoReturn:
    broken = [name for name, value in terms.items() if not math.isfinite(value)]
    what = f"constraint '{broken[0]}'" if broken else "the parameters"
    step, stage = run.state.step, run.at_work.name
    detail = ""
    try:
        run.state.system.check_finite(run.state.theta, run.state.held_out)
    except NotFinite as error:
        detail = f" {error}"
    raise NotFinite(
        f"At step {step} of {stage}, {what} stopped being finite.{detail} Lower the learning rate, clip the "
        f"gradient, or look for a division or root at zero in the constraint; the last finite state is kept."
    )
