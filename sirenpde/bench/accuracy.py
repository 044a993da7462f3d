"""The accuracy of solved problems: error against processor time, published figures, classical solvers."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from ..plots.accuracy import ErrorCurve
from .accuracy_cases import Case
from .process import ONE_THREAD, answer
from .tables import Column, markdown, text

Row = dict[str, Any]

MARKS = (1e-4, 1e-6, 1e-8)  # the errors that the time is told to
_EVEN = 2.0  # errors within this factor are called even
_PATIENCE = 20.0  # wall seconds for each second of a budget, before a process is given up


def measure(
    cases: Sequence[Case],
    seeds: int = 3,
    quick: bool = False,
    budget: float | None = None,
    device: str = "cpu",
    say: Callable[[str], None] = lambda line: None,
    done: Callable[[list[Row]], None] = lambda rows: None,
) -> list[Row]:
    """A row for each case, every seed solved in a process of its own on one thread.

    Each solve is blind to the reference. Its clock, processor seconds on a CPU and wall seconds on a GPU,
    stands still while the error is measured, and ends the solve when the case's budget is spent. The medians
    of a row are those of the seeds that succeeded; a case of which none did has ``failed``, the reason.

    Args:
        cases: which.
        seeds: how many of each, from 0 on.
        quick: with the short budgets.
        budget: the same seconds for all cases.
        device: "cpu" or "cuda".
        say: is told a line before and after each solve.
        done: is given all rows so far after each case.
    """
    rows: list[Row] = []
    for number, case in enumerate(cases):
        seconds = budget or (case.quick if quick else case.budget)
        runs = []
        for seed in range(seeds):
            head = f"[{number + 1}/{len(cases)}] {case.name}, seed {seed}"
            say(f"{head}: at most {seconds:g} s")
            words = json.dumps(asdict(case)), str(seed), str(seconds), device
            runs.append(_worker("solve", *words, patience=60 + _PATIENCE * seconds))
            say(f"{head}: {_outcome(runs[-1])}")
        classical = None
        if case.classical is not None:
            say(f"[{number + 1}/{len(cases)}] {case.name}: {case.classical}, a classical solver")
            classical = _worker("classical", case.classical, patience=600)
        rows.append(summary(case, runs, classical))
        done(rows)
    return rows


def _outcome(run: Row) -> str:
    if "failed" in run:
        return f"failed: {run['failed']}"
    error = f"error {_number(run['relative_l2'])} in {run['cpu_s']:.3g} s of processor time"
    return f"{ended(run)}, {error}"


def ended(row: Row) -> str:
    """How a solve ended, and how far its error is known where a march was cut off."""
    status, held = row.get("status", "failed"), row.get("holds_until")
    return f"{status}, known until {held[0]} = {held[1]:.3g}" if held else status


def summary(case: Case, runs: Sequence[Row], classical: Row | None) -> Row:
    """What a row says: medians and range over the seeds, the time to each mark, and the others' figures."""
    row: Row = {
        "name": case.name,
        "problem": case.problem,
        "definition": case.definition,
        "flags": dict(case.flags),
        "published": None if case.published is None else asdict(case.published),
        "published_note": case.unpublished if case.published is None else None,
        "classical": classical,
        "seeds": list(runs),
    }
    good = [run for run in runs if "failed" not in run and run["relative_l2"] is not None]
    reasons = [
        run.get("failed") or f"not finite after {run['cpu_s']:.3g} s" for run in runs if run not in good
    ]
    if reasons:
        row["failed"] = reasons[0] if not good else f"{len(reasons)} of {len(runs)} seeds: {reasons[0]}"
    if good:
        row |= _medians(good)
        row["against_published"] = against_published(row["relative_l2"], row["published"])
        row["against_classical"] = against_classical(row["relative_l2"], row[_clock(row)], classical)
    return row


def _medians(runs: Sequence[Row]) -> Row:
    row: Row = {
        key: statistics.median(run[key] for run in runs)
        for key in ("relative_l2", "held_out", "cpu_s", "wall_s")
    }
    middle = min(runs, key=lambda run: abs(run["relative_l2"] - row["relative_l2"]))
    errors = [run["relative_l2"] for run in runs]
    clock = ("cpu_s", "wall_s").index(_clock(middle))
    return {
        **row,
        "holds_until": middle.get("holds_until"),
        "memory_mib": middle.get("memory_mib"),
        "relative_l2_range": [min(errors), max(errors)],
        **{f"to_{mark:.0e}_s": _time_to(mark, runs, clock) for mark in MARKS},
        **{key: middle[key] for key in _OF_THE_MIDDLE},
        "curve": [(point[clock], point[2]) for point in middle["curve"]],
    }


_OF_THE_MIDDLE = ("parameters", "residuals", "dtype", "device", "device_name", "choice", "status")


def _clock(row: Row) -> str:
    """Processor seconds tell nothing of the work on a GPU."""
    return "wall_s" if row["device"].startswith("cuda") else "cpu_s"


def _time_to(mark: float, runs: Sequence[Row], clock: int) -> float | None:
    """The median of the seconds to this error; None where half of the seeds do not reach it."""
    never = float("inf")
    times = [min((p[clock] for p in run["curve"] if _reached(p[2], mark)), default=never) for run in runs]
    middle = statistics.median(times)
    return middle if middle < never else None


def _reached(error: float | None, mark: float) -> bool:
    return error is not None and error <= mark


def against_published(error: float, published: Row | None) -> str | None:
    """Who has the smaller error and by what factor; times on other machines are not compared."""
    if published is None:
        return None
    factor = published["error"] / max(error, 1e-300)
    if 1 / _EVEN < factor < _EVEN:
        return "even"
    who, ratio = ("sirenpde", factor) if factor > 1 else ("published", 1 / factor)
    return f"{who}, {ratio:.2g} times smaller"


def against_classical(error: float, seconds: float, classical: Row | None) -> str | None:
    """Who needs less time for an error at least even; where nobody does both, who has which."""
    if classical is None or classical.get("relative_l2") is None:
        return None
    ours = error <= _EVEN * classical["relative_l2"]
    theirs = classical["relative_l2"] <= _EVEN * error
    faster = seconds <= classical["cpu_s"]
    ratio = max(seconds, 1e-9) / max(classical["cpu_s"], 1e-9)
    if ours and faster:
        return f"sirenpde, {1 / ratio:.2g} times faster"
    if theirs and not faster:
        return f"classical, {ratio:.2g} times faster"
    return "error sirenpde, time classical" if ours else "error classical, time sirenpde"


def _worker(*words: str, patience: float) -> Row:
    """What a process of its own measures on one thread."""
    return answer("sirenpde.bench.accuracy_worker", *words, patience=patience, environment=ONE_THREAD)


# ------------------------------------------------------------------------------------------------ tables


def table(rows: Sequence[Row]) -> str:
    """The rows of `measure` as text: what was reached, and beside whom."""
    flat = [_flat(row) for row in rows]
    return "\n\n".join(
        [text(_REACHED, flat), text(_BESIDE, flat), "\n".join(f"{r['name']}: {_note(r)}" for r in rows)]
    )


def as_markdown(rows: Sequence[Row]) -> str:
    """The same in Markdown."""
    flat = [_flat(row) for row in rows]
    notes = "\n".join(f"- `{row['name']}`: {_note(row)}" for row in rows)
    return "\n\n".join([markdown(_REACHED, flat), markdown(_BESIDE, flat), notes]) + "\n"


def _note(row: Row) -> str:
    """The problem's definition, where the published figure is from, and what went wrong."""
    published = row["published"]
    if published is None:
        source = f"No published figure: {row['published_note']}"
    else:
        where = (
            "on hardware not said" if published["hardware"] == "not said" else f"on {published['hardware']}"
        )
        kind = "read there" if published["kind"] == "primary" else "read in a secondary table"
        source = f"Published: {published['method']}, {published['network']}, {where}; {published['source']}, {kind}"
    return ". ".join(sentence.rstrip(".") for sentence in (row["definition"], source, *_troubles(row))) + "."


def _troubles(row: Row) -> list[str]:
    failed = [f"Failed, {row['failed']}"] if "failed" in row else []
    other = (row["classical"] or {}).get("failed")
    return [*failed, f"The classical solver failed, {other}"] if other else failed


def _flat(row: Row) -> Row:
    published, classical = row["published"] or {}, row["classical"] or {}
    low, high = row.get("relative_l2_range", (None, None))
    return {
        **row,
        "status": ended(row),
        "spread": None if low == high else f"{_number(low)} .. {_number(high)}",
        "published_error": published.get("error"),
        "published_s": published.get("seconds"),
        "published_by": published.get("method"),
        "classical_error": classical.get("relative_l2"),
        "classical_s": classical.get("cpu_s"),
        "classical_by": classical.get("method"),
    }


def _number(value: float) -> str:
    return f"{value:.1e}"


_REACHED = (
    Column("case", "name"),
    Column("error", "relative_l2", _number, right=True),
    Column("over seeds", "spread"),
    Column("held out", "held_out", _number, right=True),
    *(Column(f"s to {mark:.0e}", f"to_{mark:.0e}_s", "{:.3g}", right=True) for mark in MARKS),
    Column("cpu s", "cpu_s", "{:.3g}", right=True),
    Column("wall s", "wall_s", "{:.3g}", right=True),
    Column("MiB", "memory_mib", "{:.0f}", right=True),
    Column("unknowns", "parameters", right=True),
    Column("rows", "residuals", right=True),
    Column("dtype", "dtype"),
    Column("ended", "status"),
)
_BESIDE = (
    Column("case", "name"),
    Column("error", "relative_l2", _number, right=True),
    Column("cpu s", "cpu_s", "{:.3g}", right=True),
    Column("published", "published_error", _number, right=True),
    Column("s", "published_s", "{:.3g}", right=True),
    Column("by", "published_by"),
    Column("smaller error", "against_published"),
    Column("classical", "classical_error", _number, right=True),
    Column("cpu s", "classical_s", "{:.2g}", right=True),
    Column("by", "classical_by"),
    Column("who wins", "against_classical"),
)


def curves(rows: Sequence[Row]) -> list[ErrorCurve]:
    """What `plots.accuracy.error_curves` draws of the rows: the cases that were solved."""
    return [
        ErrorCurve(
            row["name"],
            row["curve"],
            _point(row["published"], "seconds", "error"),
            _point(row["classical"], "cpu_s", "relative_l2"),
        )
        for row in rows
        if "curve" in row
    ]


def _point(of: Row | None, seconds: str, error: str) -> tuple[float, float] | None:
    if of is None or of.get(seconds) is None or of.get(error) is None:
        return None
    return float(of[seconds]), float(of[error])
