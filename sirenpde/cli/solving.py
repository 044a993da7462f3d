"""A run from its start, or from a checkpoint, to its end: what ``solve`` and ``resume`` share."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..run import directory as runs
from ..run.line import ProgressLine
from ..run.summary import summary
from .interrupts import Interrupts
from .session import Session
from .terminal import aside, print_json

if TYPE_CHECKING:
    from ..run.solution import Solution
    from ..run.solve import Progress

EXIT = {"solved": 0, "rough": 0, "budget": 0, "not finite": 3, "interrupted": 130}
STRICT = EXIT | {"rough": 4, "budget": 4}
_FIRST_CHECKPOINT, _CHECKPOINT_EVERY = 5.0, 30.0  # seconds


@dataclass(frozen=True)
class Manner:
    """How a command speaks, ends and is interrupted."""

    as_json: bool
    strict: bool
    keys: Interrupts


def carry_out(
    session: Session,
    run: runs.RunDirectory,
    state: Mapping[str, Any] | None,
    settings: runs.Settings,
    manner: Manner,
) -> int:
    """Solve, write everything, say how good it is; the exit code."""
    from ..run.solve import solve
    from ..solvers.ladder import choose

    keys, line = manner.keys, ProgressLine(manner.as_json, settings.budget)
    watcher = _Watcher(session, run, line, keys)
    try:
        line.write("preparing")
        line.say(f"{session.given.problem}: {choose(session.problem, None, session.recipe).reason}")
        stopping = "stopping after this step (once more to stop at once)"
        with keys.between_steps(lambda: line.note(stopping)), aside():
            solution = solve(
                session.problem,
                device=settings.device,
                dtype=session.dtype,
                seed=settings.seed,
                steps=settings.steps,
                budget=settings.budget,
                tolerance=settings.tolerance,
                samples_scale=settings.samples_scale,
                network=session.recipe,
                progress=watcher,
                resume=state,
            )
        cut_short = solution.status == "interrupted" and not watcher.stopped
        if not (cut_short and run.checkpoint.exists()):  # the one before is exact
            with keys.undisturbed():
                run.write_checkpoint(solution.snapshot(), session.given)
        if solution.status != "interrupted":
            keys.check()  # it came in the last step
        return _finish(session, run, solution, settings, line, manner)
    except KeyboardInterrupt:
        if not run.checkpoint.exists():
            raise
        raise KeyboardInterrupt(_how_to_go_on(session, run, settings)) from None
    except Exception as error:
        error.run_directory = run.path  # type: ignore[attr-defined]  # where the traceback belongs
        raise
    finally:
        line.close()


def _how_to_go_on(session: Session, run: runs.RunDirectory, settings: runs.Settings) -> str:
    tolerance = "" if settings.tolerance == session.given.settings.tolerance else settings.tolerance
    flag = f" --tolerance {tolerance:g}" if tolerance else ""
    return f"interrupted; continue with: sirenpde resume {shlex.quote(str(run.path))}{flag}"


def _finish(
    session: Session,
    run: runs.RunDirectory,
    solution: Solution,
    settings: runs.Settings,
    line: ProgressLine,
    manner: Manner,
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
    report["files"] = files
    run.write_json("report.json", report)
    line.close()
    if manner.as_json:
        print_json({"problem": session.given.problem, "directory": str(run.path), **report})
    else:
        print(summary(session.given.problem, solution, report, [*files, "report.json"], f"{run.path}/"))
    if solution.status == "not finite":
        print(f"sirenpde: {solution.message}", file=sys.stderr)
    elif solution.status == "interrupted":
        print(f"sirenpde: {_how_to_go_on(session, run, settings)}", file=sys.stderr)
    return (STRICT if manner.strict else EXIT)[solution.status]


class _Watcher:
    """After every step: the line on the terminal, a checkpoint from time to time, a stop where one is asked for."""

    def __init__(
        self, session: Session, run: runs.RunDirectory, line: ProgressLine, keys: Interrupts
    ) -> None:
        self.session, self.run, self.line, self.keys = session, run, line, keys
        self.next = time.monotonic() + _FIRST_CHECKPOINT
        self.stopped = False  # between two steps

    def __call__(self, progress: Progress) -> None:
        self.line(progress)
        if self.keys.asked is not None:
            self.stopped = True
            self.keys.hold()
            self.keys.check()
        if time.monotonic() >= self.next:
            with self.keys.undisturbed():
                self.run.write_checkpoint(progress.snapshot(), self.session.given)
            self.next = time.monotonic() + _CHECKPOINT_EVERY
