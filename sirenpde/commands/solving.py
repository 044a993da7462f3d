"""``solve`` and ``resume``."""

from __future__ import annotations

import json
import signal
import sys
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .. import runs
from .errors import taught
from .session import Session, reopen
from .terminal import ProgressLine, summary

if TYPE_CHECKING:
    from ..solution import Solution
    from ..solve import Progress

EXIT = {"solved": 0, "rough": 0, "budget": 0, "not finite": 3, "interrupted": 130}
_FIRST_CHECKPOINT, _CHECKPOINT_EVERY = 5.0, 30.0  # seconds


def solve_command(session: Session, out: str | None, command: Sequence[str], as_json: bool) -> int:
    """Solve a problem into a new run directory."""
    run = runs.create(out, session.given.problem)
    run.write_given(session.given, command)
    return _solve(session, run, None, session.given.settings.budget, session.given.settings.device, as_json)


def resume_command(directory: str, device: str | None, budget: float | None, as_json: bool) -> int:
    """Go on with a run where its last checkpoint was taken."""
    run = runs.open_run(directory)
    session = reopen(run)
    state = run.read_checkpoint(session.given)
    limit = None if budget is None else float(state.get("seconds", 0.0)) + budget
    return _solve(session, run, state, limit, device or session.given.settings.device, as_json)


def _solve(
    session: Session,
    run: runs.RunDirectory,
    state: Mapping[str, Any] | None,
    budget: float | None,
    device: str,
    as_json: bool,
) -> int:
    from ..solve import solve
    from ..solvers.ladder import choose

    line = ProgressLine(quiet=as_json)
    settings = session.given.settings
    line.write("preparing")
    line.say(f"{session.given.problem}: {choose(session.problem, None, session.recipe).reason}")
    try:
        with _stops_between_steps(line) as stop:
            watcher = _Watcher(session, run, line, stop)
            solution = solve(
                session.problem,
                device=device,
                dtype=session.dtype,
                seed=settings.seed,
                steps=settings.steps,
                budget=budget,
                tolerance=settings.tolerance,
                samples_scale=settings.samples_scale,
                network=session.recipe,
                progress=watcher,
                resume=state,
            )
            run.write_checkpoint(solution.snapshot(), session.given)
        return _finish(session, run, solution, line, as_json)
    except Exception as error:
        if not run.checkpoint.exists() and taught(error):
            run.discard()
        else:
            error.run_directory = run.path  # type: ignore[attr-defined]  # where the traceback belongs
        raise
    finally:
        line.close()


def _finish(
    session: Session, run: runs.RunDirectory, solution: Solution, line: ProgressLine, as_json: bool
) -> int:
    """Write everything, the report last, and say it."""
    from .outputs import surfaces, write_all

    run.write_history(solution.history)
    line.write("measuring")
    report = {**solution.report(), "peak_memory_mb": runs.peak_memory_mb(solution.device)}
    finished = solution.status in ("solved", "rough", "budget")
    files = write_all(solution, run, line.write) if finished else []
    for name, errors in surfaces(solution, run).items():
        report["errors"][name]["surface"] = errors
    run.write_json("report.json", report)
    line.close()
    code = EXIT.get(solution.status, 1)
    if as_json:
        found = {"problem": session.given.problem, "directory": str(run.path), "files": files}
        print(json.dumps(runs.plain({**found, **report}), ensure_ascii=False))
    else:
        print(summary(session.given.problem, solution, report, [*files, "report.json"], f"{run.path}/"))
    if solution.status == "not finite":
        print(f"sirenpde: {solution.message}", file=sys.stderr)
    elif solution.status == "interrupted":
        print(f"sirenpde: interrupted; continue with: sirenpde resume {run.path}", file=sys.stderr)
    return code


class _Watcher:
    """After every step: the line on the terminal, a checkpoint from time to time, a stop where one is asked for."""

    def __init__(
        self, session: Session, run: runs.RunDirectory, line: ProgressLine, stop: list[bool]
    ) -> None:
        self.session, self.run, self.line, self.stop = session, run, line, stop
        self.next = time.monotonic() + _FIRST_CHECKPOINT

    def __call__(self, progress: Progress) -> None:
        self.line(progress)
        if self.stop:
            raise KeyboardInterrupt
        if time.monotonic() >= self.next:
            self.run.write_checkpoint(progress.snapshot(), self.session.given)
            self.next = time.monotonic() + _CHECKPOINT_EVERY


@contextmanager
def _stops_between_steps(line: ProgressLine) -> Iterator[list[bool]]:
    """The first Ctrl-C or SIGTERM ends the run after the step it is in, so that a checkpoint is exact to the bit.

    The second ends it at once. What is yielded is empty until then.
    """
    asked: list[bool] = []

    def handle(number: int, frame: types.FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        line.write("stopping after this step (once more to stop at once)")

    try:
        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, where signals do not arrive
        yield asked
        return
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
