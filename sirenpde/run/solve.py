"""``solve``: a problem in, the fields that satisfy it out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from .. import diagnosis
from ..diagnosis.reach import out_of_reach
from ..problem.problem import Problem
from ..sampling.drawing import Drawing
from ..solvers.ladder import Asked, Choice, choose, replacing
from ..solvers.stage import Stage
from .begin import begin
from .checkpoint import Snapshot, adopt, check_belongs, restore, stage_differences
from .determination import Determination, can_tell, determination
from .device import DeviceError as DeviceError
from .device import find_device as find_device
from .iterate import Recipes
from .line import watching
from .loop import Limits, follow
from .misfit import misfits
from .progress import Progress as Progress
from .run import Run, is_iterative
from .solution import Progressing, Solution, solution_of
from .unmet import unmet
from .verdict import GOOD_ENOUGH


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
    network: Asked = None,
    progress: Progressing = None,
    resume: Snapshot | Solution | None = None,
) -> Solution:
    """Find the fields that satisfy a problem's constraints.

    Args:
        problem: what must hold.
        using: solver stages in order; the problem's own, or chosen for it, if left out.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        dtype: ``torch.float32`` or ``torch.float64``; what the stages work best in if left out.
        seed: fixes the networks' first values and all points.
        steps: at most so many steps of each iterative stage.
        budget: seconds after which the run stops with the best it has, those before a checkpoint included. While
            other networks are left to be tried, each choice of them may use half of what is left.
        tolerance: the relative held-out residual at which it stops: that of the worst constraint, on points that
            nothing was fitted to, as a fraction of the largest of its own terms.
        samples_scale: multiplies the number of samples of every constraint.
        network: a recipe that replaces the one of every field, and the stages declared for it; "auto" chooses
            both as if the problem had left them open, and "siren" is a trained one, sized and scaled from the
            problem.
        progress: called after every step. An exception it raises ends the run. True shows the line of the command
            line on standard error, False and None nothing.
        resume: a solution, or a checkpoint as ``Solution.snapshot`` gives it; the run goes on from there, to the
            same bits. With other stages in ``using`` these begin from the fields found. A run that was over goes on
            where a smaller ``tolerance`` is given.

    Returns:
        The best fields found. The ``status`` is "solved" where their relative held-out residual is below the
        tolerance, or below 1e-6 where none is given, and another resolution, where there is one, differs by no
        more than a tenth; "rough" where that is not so and no stage gets further; "budget" or "interrupted" (by
        the keyboard) where the run can go on; "not finite" where no fields have a finite residual. The
        ``message`` says how much of the equations is left, or what speaks against the fields, and what ended the
        run.

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
    _check(budget, tolerance)
    choice = _choice(problem, using, network, steps)
    run = begin(problem, choice, find_device(device), dtype, seed, samples_scale)
    if resume is not None:
        replaced = replacing(problem, network)
        asked = {u: recipe for u in problem.fields if (recipe := replaced or u.network) is not None}
        _go_on(run, _snapshot(resume), asked, using is not None, tolerance)
    run.warnings = [*diagnosis.warnings(problem, choice.recipes), *out_of_reach(problem, choice.recipes)]
    with watching(progress, budget) as told_of_steps:
        follow(run, Limits(budget, tolerance), told_of_steps)
    if not _alike(choice.recipes, run.shown().recipes):  # a jump that cells end at may not be seen by others
        said = diagnosis.warnings(problem, run.shown().recipes)
        run.warnings += [text for text in said if text not in run.warnings]
    told = _determination(run) if run.status in ("solved", "rough", "budget") else None
    run.warnings += [] if told is None else told.describe()
    if told is not None:
        shown, drawing = run.shown(), Drawing(run.state.system, run.state.seed, run.state.scale)
        run.warnings += misfits(shown.system, shown.theta, drawing.fixed())
    if run.status == "rough":
        best = run.shown()
        run.warnings += unmet(best.system, best.theta)

    def again(checkpoint: Snapshot, tolerance: float, more: float | None, progress: Progressing) -> Solution:
        limit = None if more is None else run.seconds + more
        return solve(
            problem,
            using,
            device=device,
            steps=steps,
            network=network,
            budget=limit,
            tolerance=tolerance,
            progress=progress,
            resume=checkpoint,
        )

    return solution_of(run, told, again)


def _alike(chosen: Recipes, found: Recipes) -> bool:
    """Whether the networks found are of the kinds first chosen."""
    return all(type(chosen[u]) is type(found[u]) for u in chosen)


def _determination(run: Run) -> Determination | None:
    """What the constraints determine near the fields found; None where that cannot be told."""
    best = run.shown()
    if not can_tell(best.system) or not bool(best.theta.isfinite().all()):
        return None
    return determination(best.system, best.theta)


def _go_on(
    run: Run, checkpoint: Snapshot, asked: Recipes, stages_given: bool, tolerance: float | None
) -> None:
    """Put a run where a checkpoint was taken; at the start of other stages, if these are asked for."""
    check_belongs(run, checkpoint)
    others = stage_differences(run, checkpoint)
    if others and not stages_given:
        raise ValueError(
            f"The checkpoint was made with other stages or networks: {'; '.join(others[:3])}. Resume with those that "
            f"it was made with, or give using=[...] to go on with others from the fields found."
        )
    if others:
        adopt(run, checkpoint, asked)
        return
    restore(run, checkpoint)
    if run.status == "budget":
        run.share_anew()
    over = run.ended or not run.is_open
    run.ended = over and run.shown().residual <= (tolerance or GOOD_ENOUGH)
    if over and not run.ended and not run.is_open and tolerance is not None:
        run.repeat()


def _snapshot(resume: Snapshot | Solution) -> Snapshot:
    return resume.snapshot() if isinstance(resume, Solution) else resume


def _check(budget: object, tolerance: object) -> None:
    """Raises TypeError or ValueError for limits that are none, and says what to write."""
    for name, value, example in (("budget", budget, "budget=60"), ("tolerance", tolerance, "tolerance=1e-8")):
        if value is None:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < math.inf:  # type: ignore[operator]
            what = "seconds, a positive number" if name == "budget" else "a positive number"
            raise (ValueError if number else TypeError)(
                f"solve was given {name}={value!r}; expected {what}. Write {example}."
            )


def recall(
    problem: Problem,
    checkpoint: Mapping[str, Any],
    using: Sequence[Stage] | None = None,
    *,
    device: str = "auto",
    network: Asked = None,
    steps: int | None = None,
) -> Solution:
    """The solution at a checkpoint, with nothing computed; arguments and errors as for ``solve``."""
    run = begin(problem, _choice(problem, using, network, steps), find_device(device), None, 0, 1.0)
    check_belongs(run, checkpoint)
    restore(run, checkpoint)
    return solution_of(run)


def _choice(
    problem: Problem,
    using: Sequence[Stage] | None,
    network: Asked,
    steps: int | None,
) -> Choice:
    choice = choose(problem, using, network)
    if steps is None:
        return choice
    rungs = [replace(r, stages=tuple(_limited(stage, steps) for stage in r.stages)) for r in choice.rungs]
    return replace(choice, rungs=tuple(rungs))


def _limited(stage: Stage, steps: int) -> Stage:
    return replace(stage, steps=steps) if is_iterative(stage) else stage  # type: ignore[type-var]
