"""What a run says while it works and when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from ..solution import Solution
    from ..solve import Progress

_EVERY = 0.2  # seconds between updates of the line


class ProgressLine:
    """One line on a terminal, written over again; nothing at all where the output is not a terminal."""

    def __init__(self, quiet: bool, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.on = not quiet and self.stream.isatty()
        self.last = float("-inf")
        self.stage = -1
        self.began = (0, 0.0)

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage_index != self.stage:
            # A step already taken has no known duration: time left counts from here.
            self.stage, self.began = progress.stage_index, (progress.step, now)
        if self.on and now - self.last >= _EVERY:
            self.last = now
            self.write(self.text(progress, now))

    def text(self, progress: Progress, now: float) -> str:
        first, start = self.began
        done = progress.step - first
        left = (progress.steps - progress.step) * (now - start) / done if done > 0 else None
        parts = [
            f"[{progress.stage_index + 1}/{progress.stage_count}] {progress.stage}",
            f"step {progress.step}/{progress.steps}",
            f"loss {progress.loss:.3e}",
        ]
        error = getattr(progress, "error", None)
        if error is not None:
            parts.append(f"error {error:.1e}")
        parts.append(duration(progress.seconds))
        if left is not None:
            parts.append(f"{duration(left)} left")
        return "  ".join(parts)

    def write(self, text: str) -> None:
        if self.on:
            self.stream.write("\r\x1b[2K" + text)
            self.stream.flush()

    def close(self) -> None:
        self.write("")


def duration(seconds: float) -> str:
    """0.3 s, 12 s, 3:05, 1:02:03."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Columns of text, aligned to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = (indent + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def summary(
    name: str, solution: Solution, report: Mapping[str, Any], files: Sequence[str], directory: str
) -> str:
    """What was chosen and why, time, residuals, errors, and what was written."""
    outcome = f"{name}: {solution.status} in {duration(solution.seconds)}"
    lines = [
        outcome + (f" ({solution.message})" if solution.message and solution.status != "not finite" else "")
    ]
    rows = [("chosen", solution.choice)]
    for stage in solution.stages:
        took = f"{stage.steps} steps, {duration(stage.seconds)}, loss {stage.loss:.2e}"
        rows.append(("stage", f"{stage.name}: {took}; {stage.reason}"))
    for constraint, size in report["constraints"].items():
        words = ", ".join(f"{word} {_number(size[key])}" for word, key in _SIZES.items())
        rows.append(("residual", f"{constraint}: {words}"))
    for output, error in report["errors"].items():
        rows.append(("error", f"{output}: {_error(error)}"))
        rows += [("", f"{where}: {_error(part)}") for where, part in error.get("on", {}).items()]
        if "surface" in error:
            rows.append(("", f"surface: {_error(error['surface'])}"))
    if not report["errors"]:
        rows.append(("error", "not known: the problem declares no reference; see the held-out residuals"))
    for unknown, value in report.get("unknowns", {}).items():
        rows.append(("found", f"{unknown} = {value:.10g}"))
    rows.append(("written", f"{directory}: {', '.join(files)}"))
    return "\n".join([*lines, table(rows)])


def _error(error: Mapping[str, Any]) -> str:
    measured = {key: value for key, value in error.items() if isinstance(value, int | float)}
    return ", ".join(_measured(key, value) for key, value in measured.items())


def _measured(key: str, value: float) -> str:
    if key.endswith("_db"):
        return f"{key.removesuffix('_db').upper()} {value:.1f} dB"
    return f"{_WORDS.get(key, key.replace('_', ' '))} {_number(value)}"


_WORDS = {"relative_l2": "relative L2"}
_SIZES = {"rms": "rms", "max": "max", "held out": "held_out_rms"}


def _number(value: float | None) -> str:
    return (
        "not finite"
        if value is None
        else f"{value:.2e}"
        if value == 0 or not 1e-2 <= abs(value) < 1e4
        else f"{value:.4g}"
    )
