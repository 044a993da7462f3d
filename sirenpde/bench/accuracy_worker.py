"""One measurement of the accuracy benchmark in a process of its own: ``python -m ... FILE MEASUREMENT WORDS``.

The result is written to FILE as JSON. A process of its own gives one thread, processor seconds that are the
solver's alone, and a failure, running out of memory included, that is nobody else's.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..run.directory import as_json, peak_memory_mb
from .devices import device_name
from .published_files import beside_the_file

if TYPE_CHECKING:
    from ..problem.problem import Problem
    from ..run.solution import Solution
    from ..run.solve import Progress

# A stage in one long step does not look at the clock. It is broken off after so many processor seconds, and so many
# for each of the budget; on a GPU by the wall clock, later.
_BROKEN_OFF = 5.0, 1.5
_LONGEST = 60.0, 6.0
# A signal that a native thread happens to take may not reach the interpreter, so it comes again after so many
# processor seconds.
_AGAIN = 0.05
# The error is measured at times that grow by this factor, from so many seconds on, or so rarely that it takes no more
# than this share of the solve's.
_GROWTH, _FIRST = 1.1, 0.05
_MEASURING = 0.2


class Stopwatch:
    """Processor and wall seconds since it was made, standing still while something is measured."""

    def __init__(self) -> None:
        self._start = self._now()
        self.stood = 0.0  # processor seconds for which it stood still the last time

    def read(self) -> tuple[float, float]:
        cpu, wall = self._now()
        return cpu - self._start[0], wall - self._start[1]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        before = self._now()
        try:
            yield
        finally:
            after = self._now()
            self.stood = after[0] - before[0]
            cpu, wall = (start + b - a for start, a, b in zip(self._start, before, after, strict=True))
            self._start = cpu, wall

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.process_time(), time.perf_counter()


@contextmanager
def broken_off(seconds: float, told: Callable[[], None]) -> Iterator[None]:
    """KeyboardInterrupt, which ends a run and keeps its best state, after so many processor seconds of this process.

    ``told`` is called before; where the system has no such clock nothing happens.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def over(*_: object) -> None:
        unbroken()
        told()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        yield
    finally:
        unbroken()
        signal.signal(signal.SIGPROF, before)


@contextmanager
def unhurried() -> Iterator[None]:
    """The time until a run is ``broken_off`` stands still."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    left = signal.setitimer(signal.ITIMER_PROF, 0)[0]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, left, _AGAIN)


def unbroken() -> None:
    """Nothing is ``broken_off`` any more, so that a run that ends by itself can tell what it found."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, 0)


class Curve:
    """Follows a run: its error now and then with the clocks stopped, and its end when the budget is spent."""

    def __init__(
        self, recalled: Callable[[Mapping[str, Any]], Solution], budget: float, on_gpu: bool
    ) -> None:
        self.recalled, self.budget, self.on_gpu = recalled, budget, on_gpu
        self.points: list[tuple[float, float, float]] = []  # processor seconds, wall seconds, error
        self.spent = False
        self.clock = Stopwatch()
        self.next = _FIRST
        self.snapshot: Callable[[], dict[str, Any]] | None = (
            None  # of the run, once there is something to show
        )

    def spend(self) -> None:
        self.spent = True

    def __call__(self, progress: Progress) -> None:
        cpu, wall = self.clock.read()
        now = wall if self.on_gpu else cpu
        self.snapshot = progress.snapshot
        if now >= self.next:
            with self.clock.stopped(), unhurried():
                solution = self.recalled(progress.snapshot())
                if solution.holds_until is None:  # the error of a march is told at its end
                    self.points.append((cpu, wall, worst(solution)))
            self.next = max(_GROWTH * now, now + self.clock.stood / _MEASURING)
        over = progress.stage_index == progress.stage_count - 1 and progress.step >= progress.steps
        if now >= self.budget and not over:
            self.spend()
            unbroken()
            raise KeyboardInterrupt  # what ends a run and keeps its best state


def solved(case: dict[str, Any], seed: int, budget: float, device: str) -> dict[str, Any]:
    """One seed of a case: its error, what it took, and the error along the way."""
    problem = declared(case)
    import torch

    from ..problem.problem import Problem
    from ..run.solve import find_device, recall, solve

    if not problem.reference:
        raise ValueError(
            f"{case['problem']} declares no reference; expected one to measure the error against."
        )
    on_gpu = find_device(device).type == "cuda"
    # Without its reference a problem cannot be solved with its help, nor pay for measuring against it.
    blind = Problem(*problem.constraints, outputs=problem.outputs, using=problem.using)
    _warm_up(device)
    if not on_gpu:
        torch.set_num_threads(1)
    network = case.get("network")
    recalled = partial(recall, problem, device="cuda" if on_gpu else "cpu", network=network)
    bare = peak_memory_mb(device)
    curve = Curve(recalled, budget, on_gpu)
    longest = _BROKEN_OFF[0] + _BROKEN_OFF[1] * budget
    try:
        with nullcontext() if on_gpu else broken_off(longest, curve.spend):
            solution = solve(
                blind,
                device=device,
                seed=seed,
                budget=_LONGEST[0] + _LONGEST[1] * budget,
                network=network,
                progress=curve,
            )
        found, status = solution.snapshot(), solution.status
    except KeyboardInterrupt:  # where a run is not at its stages, but tells what it found
        if not curve.spent or curve.snapshot is None:
            raise
        found, status = curve.snapshot(), "budget"
    cpu, wall = curve.clock.read()
    held = peak_memory_mb(device)
    if status == "interrupted" and not curve.spent:
        raise KeyboardInterrupt
    judged = recalled(found)
    error = worst(judged)
    return {
        "seed": seed,
        "status": "budget" if curve.spent else status,
        "relative_l2": error,
        "errors": judged.errors,
        "file": beside_the_file(judged),
        "held_out": judged.relative_residual,
        "holds_until": judged.holds_until,
        "cpu_s": cpu,
        "wall_s": wall,
        "memory_mib": None if bare is None or held is None else held - bare,
        "parameters": judged.parameters,
        "residuals": judged.residuals,
        "dtype": judged.dtype,
        "device": judged.device,
        "device_name": device_name(judged.device),
        "choice": judged.choice,
        "stages": [f"{stage.name}: {stage.steps} steps; {stage.reason}" for stage in judged.stages],
        "curve": [*curve.points, (cpu, wall, error)],
    }


def declared(case: dict[str, Any]) -> Problem:
    """A case's problem, its flags in the form that JSON has."""
    from ..problem import load as loading

    module = loading.load(loading.find(case["problem"]))
    known = {option.name: option for option in loading.options(module)}
    unknown = set(case["flags"]) - set(known)
    if unknown:
        raise ValueError(
            f"{case['problem']} has no parameter {', '.join(sorted(unknown))}; expected some of {', '.join(known)}."
        )
    return loading.build(module, {name: known[name].value(value) for name, value in case["flags"].items()})


def worst(solution: Solution) -> float:
    """The largest relative L2 error among the outputs."""
    return max(float(error["relative_l2"]) for error in solution.errors.values())


def _warm_up(device: str) -> None:
    """Load all code by a solve of u'' = -2, so that no case pays for it."""
    from ..calculus.field import Field
    from ..calculus.operators import laplacian
    from ..geometry.box import Box
    from ..problem.constraint import on
    from ..problem.problem import Problem
    from ..run.solve import solve

    box = Box(x=(0, 1))
    u = Field("u", box)
    equation = on(box, 50, name="equation")(lambda p: laplacian(u)(p) + 2)
    solve(Problem(equation, on(box.boundary(), 2, name="ends")(u)), device=device)


def compared(name: str) -> dict[str, Any]:
    """A classical solver's error and processor seconds."""
    from .classical import SOLVERS

    classical = SOLVERS[name]()
    return {"method": classical.method, "relative_l2": classical.error, "cpu_s": classical.cpu_s}


def main(file: str, what: str, *words: str) -> None:
    try:
        if what == "solve":
            case, seed, budget, device = words
            result = solved(json.loads(case), int(seed), float(budget), device)
        else:
            result = compared(*words)
    except KeyboardInterrupt:
        result = {"failed": f"nothing was solved after {time.process_time():.0f} s of processor time"}
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    Path(file).write_text(json.dumps(as_json(result)))


if __name__ == "__main__":
    main(*sys.argv[1:])
