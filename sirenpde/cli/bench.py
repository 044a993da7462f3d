"""``bench``: the derivative engine's speed, and the accuracy of solved problems beside that of others."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..run.directory import plain, versions
from .terminal import print_json

if TYPE_CHECKING:
    from ..bench.accuracy_cases import Case


def speed_command(quick: bool, as_json: bool) -> int:
    """One table, or with ``as_json`` one object with its rows under "workloads"."""
    from ..bench.speed import measure, table

    rows = measure(quick=quick)
    _say(rows, "workloads", table(rows), as_json)
    return 0


def accuracy_command(
    cases: Sequence[Case],
    seeds: int,
    quick: bool,
    budget: float | None,
    device: str,
    out: str | None,
    as_json: bool,
) -> int:
    """Two tables, or with ``as_json`` one object with its rows under "problems"; files below ``out``.

    Exit code 1 where no case was solved.
    """
    from ..bench.accuracy import measure, table

    rows = measure(
        cases,
        seeds=seeds,
        quick=quick,
        budget=budget,
        device=device,
        say=lambda line: print(line, file=sys.stderr, flush=True),
        done=lambda rows: None if out is None else _write(Path(out), rows),
    )
    _say(rows, "problems", table(rows), as_json)
    return 0 if any("relative_l2" in row for row in rows) else 1


def _say(rows: list[dict[str, Any]], key: str, words: str, as_json: bool) -> None:
    if as_json:
        print_json({key: rows})
    else:
        print(words)


def _write(folder: Path, rows: list[dict[str, Any]]) -> None:
    """The rows so far as data, as a table for a document, and as a picture."""
    from ..bench.accuracy import as_markdown, curves
    from ..files.whole import whole
    from ..plots.accuracy import error_curves
    from ..plots.figures import save_figure

    content = plain({"versions": versions(), "problems": rows})
    files = {
        "accuracy.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n",
        "accuracy.md": as_markdown(rows),
    }
    for name, words in files.items():
        with whole(folder / name) as beside:
            beside.write_text(words, encoding="utf-8")
    on_gpu = any(row.get("device", "cpu").startswith("cuda") for row in rows)
    figure = error_curves(curves(rows), "wall time" if on_gpu else "processor time")
    save_figure(folder / "accuracy.png", figure)
