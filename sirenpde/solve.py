"""``solve``: a problem in, the fields that satisfy it out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch

from . import diagnosis
from .calculus.field import Recipe
from .loop import Limits, follow
from .loop import Progress as Progress
from .problem import Problem
from .run import DeviceError as DeviceError
from .run import begin, restore
from .run import find_device as find_device
from .solution import Solution
from .solvers.ladder import Choice, choose
from .solvers.stage import Stage


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
    network: Recipe | Literal["auto"] | None = None,
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
        tolerance: the relative held-out residual at which it stops: that of the worst constraint, on points that
            nothing was fitted to, as a fraction of the largest of its own terms.
        samples_scale: multiplies the number of samples of every constraint.
        network: a recipe that replaces the one of every field, and the stages declared for it; "auto" chooses
            both as if the problem had left them open.
        progress: called after every step. An exception it raises ends the run.
        resume: a checkpoint, as ``Solution.snapshot`` gives it; the run goes on from there, to the same bits.

    Returns:
        The best fields found. The ``status`` is "solved" where their relative held-out residual is below the
        tolerance, or below 1e-6 where none is given; "rough" where it is not and no stage gets further; "budget"
        or "interrupted" (by the keyboard) where the run can go on; "not finite" where no fields have a finite
        residual. The ``message`` says how much of the equations is left, and what ended the run.

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
    follow(run, Limits(budget, tolerance), progress)
    return Solution(run)


def recall(
    problem: Problem,
    checkpoint: Mapping[str, Any],
    using: Sequence[Stage] | None = None,
    *,
    device: str = "auto",
    network: Recipe | Literal["auto"] | None = None,
    steps: int | None = None,
) -> Solution:
    """The solution at a checkpoint, with nothing computed; arguments and errors as for ``solve``."""
    run = begin(problem, _choice(problem, using, network, steps), find_device(device), None, 0, 1.0)
    restore(run, checkpoint)
    return Solution(run)


def _choice(
    problem: Problem,
    using: Sequence[Stage] | None,
    network: Recipe | Literal["auto"] | None,
    steps: int | None,
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
