"""Stages in order, rung after rung, until tolerance, budget or stagnation; the best state kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from . import diagnosis
from .calculus.field import Recipe
from .problem import Problem
from .residuals import NotFinite
from .run import DeviceError as DeviceError
from .run import Run, begin, build_system, restore
from .run import find_device as find_device
from .solution import Record, Row, Solution, Status
from .solvers.ladder import Choice, choose
from .solvers.stage import Report, Stage, Unfit, held_out

SLACK = 1.001  # a stage may leave the held-out objective this much larger before it is rolled back
KEEP_EVERY = 50  # steps between copies of the last finite parameters
GOOD_ENOUGH = (
    1e-6  # relative held-out residual at which no other networks are tried, unless a tolerance is given
)


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


def solve(
    problem: Problem,
    using: Sequence[Stage] | None = None,
    *,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    seed: int = 0,
    steps: int | None = None,
    budget: float | None = None,
    tolerance: float | None = None,
    samples_scale: float = 1.0,
    network: Recipe | None = None,
    progress: Callable[[Progress], None] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Solution:
    """Find the fields that satisfy a problem's constraints.

    Args:
        problem: what must hold.
        using: solver stages in order; the problem's own, or chosen for it, if left out.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        dtype: ``torch.float32`` or ``torch.float64``; what the stages work best in if left out.
        seed: fixes the networks' first values and all points.
        steps: at most so many steps of each iterative stage.
        budget: seconds after which the run stops with the best it has.
        tolerance: the relative held-out residual at which it stops: the worst constraint's root mean square on
            points that nothing was fitted to, as a fraction of the largest of its own terms.
        samples_scale: multiplies the number of samples of every constraint.
        network: a recipe that replaces the one of every field.
        progress: called after every step. An exception it raises ends the run.
        resume: a checkpoint, as ``Solution.snapshot`` gives it; the run goes on from there, to the same bits.

    Returns:
        The solution. Its ``status`` is "done", "budget", "interrupted" (by the keyboard) or "not finite", and
        its ``message`` says what ended the run: tolerance, budget, or no stage that gets further.

    Raises:
        DeviceError: for a device that is not there.
        ValueError: for arguments, stages or checkpoints that do not fit the problem.

    >>> from sirenpde import Box, Field, Problem, laplacian, on, solve
    >>> box = Box(x=(0, 1))
    >>> u = Field("u", box)
    >>> @on(box, samples=50)
    ... def poisson(p):
    ...     return laplacian(u)(p) + 2
    >>> @on(box.boundary(), samples=2)
    ... def ends(p):
    ...     return u(p)
    >>> solution = solve(Problem(poisson, ends))
    >>> bool(abs(solution[u]([[0.5]]) - 0.25) < 1e-9)
    True
    """
    if tolerance is not None and not 0 < tolerance < math.inf:
        raise ValueError(f"solve was given tolerance={tolerance}; expected a positive number, such as 1e-8.")
    choice = _choice(problem, using, network, steps)
    run = begin(problem, choice, find_device(device), dtype, seed, samples_scale)
    if resume is None:
        run.warnings.extend(diagnosis.warnings(problem))
    else:
        restore(run, resume)
    status, message = _stages(run, Limits(budget, tolerance), progress)
    return Solution(run, status, message)


def recall(
    problem: Problem,
    checkpoint: Mapping[str, Any],
    using: Sequence[Stage] | None = None,
    *,
    device: str = "auto",
    network: Recipe | None = None,
    steps: int | None = None,
) -> Solution:
    """The solution at a checkpoint, with nothing computed; arguments and errors as for ``solve``."""
    run = begin(problem, _choice(problem, using, network, steps), find_device(device), None, 0, 1.0)
    restore(run, checkpoint)
    done = run.stage_index >= len(run.choice.stages)
    return Solution(run, "done" if done else "interrupted", "")


def _choice(
    problem: Problem, using: Sequence[Stage] | None, network: Recipe | None, steps: int | None
) -> Choice:
    choice = choose(problem, using, network)
    if steps is None:
        return choice
    rungs = [replace(r, stages=tuple(_limited(stage, steps) for stage in r.stages)) for r in choice.rungs]
    return replace(choice, rungs=tuple(rungs))


def _limited(stage: Stage, steps: int) -> Stage:
    if "steps" not in getattr(stage, "__dataclass_fields__", {}):
        return stage
    return replace(stage, steps=steps)  # type: ignore[type-var]


# ------------------------------------------------------------------------------------------ the stages


def _stages(run: Run, limits: Limits, progress: Callable[[Progress], None] | None) -> tuple[Status, str]:
    started, earlier = time.monotonic(), run.seconds
    if limits.budget is not None:
        run.state.deadline = started + limits.budget - earlier
    meter, watch, message = ErrorMeter(run), Tolerance(run, limits.tolerance), ""
    try:
        while run.stage_index < len(run.choice.stages):
            if run.before is None:
                _open_stage(run)
            while True:
                report = _advance(run)
                run.seconds = earlier + time.monotonic() - started
                _note(run, report)
                if progress is not None:
                    progress(_progress(run, report, meter.read()))
                if report.finished or watch.reached(report):
                    break
                if limits.budget is not None and run.seconds >= limits.budget:
                    return "budget", _spent(run, limits.budget)
            message = _close_stage(run, report, limits.tolerance)
            if limits.budget is not None and (report.cut or (_is_open(run) and run.state.is_late)):
                return "budget", _spent(run, limits.budget)
    except KeyboardInterrupt:
        return "interrupted", f"interrupted at step {run.state.step} of stage {run.stage_index + 1}"
    except NotFinite as error:
        return "not finite", str(error)
    return "done", message


def _advance(run: Run) -> Report:
    """One advance; a stage that the problem does not fit ends there if another rung is left to be tried."""
    stage = run.choice.stages[run.stage_index]
    try:
        return stage.advance(run.state)
    except Unfit as error:
        index = run.choice.rung_at(run.stage_index)
        if index == len(run.choice.rungs) - 1:
            raise
        assert run.before is not None
        run.put_back(run.before)
        run.stage_index = run.choice.last_of(index)
        terms = run.state.system.losses(run.state.theta, held_out(run.state))
        return Report(tuple(terms.tolist()), True, f"not tried: {error}")


def _is_open(run: Run) -> bool:
    return run.stage_index < len(run.choice.stages)


def _spent(run: Run, budget: float) -> str:
    return f"stopped after {run.seconds:.1f} s, the budget being {budget:g} s"


def _open_stage(run: Run) -> None:
    """Remember what to come back to; at the foot of a rung, build its networks."""
    state, opened = run.state, run.choice.opens(run.stage_index)
    run.before = None
    if run.stage_index > 0:
        run.before = run.keep()
    if opened is not None and run.stage_index > 0:
        if run.best is None or run.before.objective < run.best.objective:  # type: ignore[union-attr]
            run.best = run.before
        old = state.system
        state.recipes = dict(opened.recipes)
        state.system = build_system(run.problem, opened.recipes, state.build, old.device, old.dtype)
        state.theta, state.cache = state.system.initial(), {}
        run.before = run.keep()
    if run.before is None:
        run.before = replace(run.keep(), objective=math.inf)
    run.last_finite = state.theta.clone()


def _close_stage(run: Run, report: Report, tolerance: float | None) -> str:
    """Roll back a stage that made the held-out objective worse, hand over to the next, and say what is next."""
    stage, state, reason = run.choice.stages[run.stage_index], run.state, report.reason
    after, before = run.objective(), run.before
    assert before is not None
    if not after <= before.objective * SLACK:
        run.put_back(before)
        reason += (
            f"; rolled back, since the held-out objective rose from {before.objective:.3e} to {after:.3e}"
        )
    residual = run.relative_residual()
    message = f"relative held-out residual {residual:.1e}"
    if tolerance is not None and residual <= tolerance:
        message += f", within the tolerance {tolerance:g}"
        run.stage_index = len(run.choice.stages) - 1
    elif run.choice.closes(run.stage_index) and tolerance is None and residual <= GOOD_ENOUGH:
        run.stage_index = len(run.choice.stages) - 1
    elif run.stage_index == len(run.choice.stages) - 1:
        message += f"; no stage is left, the last ended with: {report.reason}" if report.reason else ""
    earlier = sum(record.seconds for record in run.records)
    run.records.append(
        Record(stage.name, state.step, run.seconds - earlier, report.loss, reason, report.residuals)
    )
    state.memory, state.cache, state.step = {}, {"held_out": held_out(state)}, 0
    run.before, run.stage_index = None, run.stage_index + 1
    return message


class Tolerance:
    """Whether the relative held-out residual is small enough; measured in a few percent of the time."""

    def __init__(self, run: Run, tolerance: float | None) -> None:
        self.run = run
        self.tolerance = tolerance
        self.next = 0.0

    def reached(self, report: Report) -> bool:
        if self.tolerance is None or not math.isfinite(report.loss) or time.monotonic() < self.next:
            return False
        started = time.monotonic()
        reached = self.run.relative_residual() <= self.tolerance
        self.next = time.monotonic() + 30 * (time.monotonic() - started)
        return reached


def _note(run: Run, report: Report) -> None:
    stage = run.choice.stages[run.stage_index]
    names = [constraint.name for constraint in run.problem.constraints]
    terms = dict(zip(names, report.terms, strict=True))
    run.history.append(Row(stage.name, run.state.step, run.seconds, report.loss, terms))
    if not all(map(math.isfinite, report.terms)) or not bool(run.state.theta.isfinite().all()):
        _raise_not_finite(run, terms)
    if run.state.step % KEEP_EVERY == 0:
        run.last_finite = run.state.theta.clone()


def _raise_not_finite(run: Run, terms: Mapping[str, float]) -> None:
    """Name what broke, and leave the last finite state behind."""
    broken = [name for name, value in terms.items() if not math.isfinite(value)]
    what = f"constraint '{broken[0]}'" if broken else "the parameters"
    step, stage = run.state.step, run.choice.stages[run.stage_index].name
    detail = ""
    try:
        run.state.system.check_finite(run.state.theta, held_out(run.state))
    except NotFinite as error:
        detail = f" {error}"
    if run.last_finite is not None:
        run.state.theta = run.last_finite
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
            errors = Solution(self.run, "interrupted", "").errors
            self.value = max(float(error["relative_l2"]) for error in errors.values())
            now = time.monotonic()
            self.next = now + max(2.0, 30 * (now - started))
        return self.value


def _progress(run: Run, report: Report, error: float | None) -> Progress:
    stage, row = run.choice.stages[run.stage_index], run.history[-1]
    return Progress(
        stage.name,
        run.stage_index,
        len(run.choice.stages),
        run.state.step,
        stage.steps,
        report.loss,
        row.terms,
        run.seconds,
        error,
        run.snapshot,
    )
