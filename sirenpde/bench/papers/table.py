"""The experiments of the papers measured: a row for each, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..process import answer
from ..tables import Column, markdown_with_notes, text_with_notes
from .experiment import Experiment

Row = dict[str, Any]


def measure(
    experiments: Sequence[Experiment],
    seeds: int = 1,
    quick: bool = False,
    device: str = "cpu",
    say: Callable[[str], None] = lambda line: None,
    done: Callable[[list[Row]], None] = lambda rows: None,
) -> list[Row]:
    """A row for each experiment, every seed of it measured in a process of its own.

    One that fails has ``failed``, the reason, and no ``value``.

    Args:
        experiments: which.
        seeds: how many of each, from 0 on.
        quick: in the short form.
        device: "cpu" or "cuda".
        say: is told a line before and after each.
        done: is given all rows so far after each experiment.
    """
    rows: list[Row] = []
    for number, experiment in enumerate(experiments):
        runs = []
        for seed in range(seeds):
            head = f"[{number + 1}/{len(experiments)}] {experiment.name}, seed {seed}"
            say(head)
            words = experiment.name, "quick" if quick else "whole", device, str(seed)
            runs.append(answer("sirenpde.bench.papers.worker", *words))
            say(f"{head}: {_said(experiment, runs[-1])}")
        rows.append(summary(experiment, runs, quick))
        done(rows)
    return rows


def _said(experiment: Experiment, run: Row) -> str:
    if "failed" in run:
        return f"failed: {run['failed']}"
    return f"{_number(run['value'])} {experiment.unit} in {run['cpu_s']:.3g} s of processor time"


def summary(experiment: Experiment, runs: Sequence[Row], quick: bool) -> Row:
    """What a row says: the median over the seeds that succeeded, their range, and what is published.

    ``reached`` tells whether the median is as good as the published figure, ``passed`` whether ``best`` is.
    """
    row: Row = {
        "name": experiment.name,
        "paper": experiment.paper,
        "setting": experiment.setting,
        "quick": quick,
        "quick_setting": experiment.quick if quick else "",
        "published": experiment.published,
        "unit": experiment.unit,
        "better": experiment.better,
        "seeds": [{k: v for k, v in run.items() if k != "curves"} for run in runs],
    }
    good = [run for run in runs if "failed" not in run]
    if len(good) < len(runs):
        reason = next(run["failed"] for run in runs if "failed" in run)
        row["failed"] = reason if not good else f"{len(runs) - len(good)} of {len(runs)} seeds: {reason}"
    if not good:
        return row
    value = statistics.median(run["value"] for run in good)
    middle = min(good, key=lambda run: abs(run["value"] - value))
    values = [run["value"] for run in good]
    bests = [run["best"] for run in good if run["best"] is not None]
    row |= {key: middle[key] for key in ("data", "best_by", "note", "device", "device_name")}
    row["curves"] = middle["curves"] or {}
    row |= {key: statistics.median(run[key] for run in good) for key in ("cpu_s", "wall_s")}
    row |= {"value": value, "value_range": [min(values), max(values)] if len(good) > 1 else None}
    row["best"] = statistics.median(bests) if bests else None
    row |= {"reached": _as_good(experiment, value), "passed": _as_good(experiment, row["best"])}
    return row


def _as_good(experiment: Experiment, value: float | None) -> bool | None:
    """None where there is nothing to compare."""
    if value is None or experiment.published is None:
        return None
    return value >= experiment.published if experiment.better == "higher" else value <= experiment.published


def table(rows: Sequence[Row]) -> str:
    """The rows of ``measure`` as text, and below what the columns have no place for."""
    return text_with_notes(_COLUMNS, [_flat(row) for row in rows], _note)


def as_markdown(rows: Sequence[Row]) -> str:
    """The same in Markdown."""
    return markdown_with_notes(_COLUMNS, [_flat(row) for row in rows], _note)


def _flat(row: Row) -> Row:
    """Figures with their unit."""
    spread = row.get("value_range")
    return {
        **row,
        "short_setting": row["quick_setting"] or row["setting"],
        "published": _with_unit(row["published"], row),
        "value": _with_unit(row.get("value"), row),
        "range": spread and f"{_number(spread[0])} .. {_number(spread[1])}",
        "best": _with_unit(row.get("best"), row),
        "best_by": row.get("best_by") or None,
        "seconds": row.get("wall_s" if str(row.get("device", "")).startswith("cuda") else "cpu_s"),
        "failed": "failed" if "failed" in row and row.get("value") is None else None,
    }


def _with_unit(value: float | None, row: Mapping[str, Any]) -> str | None:
    return None if value is None else f"{_number(value)} {row['unit']}".rstrip()


def _number(value: float) -> str:
    return f"{value:.4g}" if value == 0 or abs(value) >= 0.01 else f"{value:.2e}"


def _note(row: Mapping[str, Any]) -> str:
    sentences = [row["paper"], *([f"There: {row['setting']}"] if row["quick_setting"] else [])]
    sentences += [row["note"]] if row.get("note") else []
    failed = next((run["failed"] for run in row["seeds"] if "failed" in run), None)
    sentences += [f"Failed, {failed}"] if failed else []
    return ". ".join(sentence.rstrip(".") for sentence in sentences) + "."


_COLUMNS = (
    Column("experiment", "name"),
    Column("setting", "short_setting"),
    Column("published", "published", right=True),
    Column("ours", "value", right=True),
    Column("over seeds", "range"),
    Column("best here", "best", right=True),
    Column("by", "best_by"),
    Column("data", "data"),
    Column("s", "seconds", "{:.3g}", right=True),
    Column("", "failed"),
)
