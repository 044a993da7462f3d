"""``bench``: the derivative engine's speed, and solved problems beside others: our cases, and PINNacle's."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...run.directory import as_json, versions
from ..flags import add_json
from ..parser import Parser, UsageError, positive, seconds
from ..terminal import print_json
from ..verb import Call, Verb, register

if TYPE_CHECKING:
    from ...bench.accuracy_cases import Case


def add_flags(parser: Parser) -> None:
    parser.add_argument(
        "what", nargs="?", choices=("speed", "accuracy", "pinnacle"), default="speed", help="what to measure"
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions and points; one seed and the quick cases"
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="cpu",
        help="default: cpu, on one thread; auto is a GPU if there is one",
    )
    accuracy = parser.add_argument_group("flags of bench accuracy and bench pinnacle")
    accuracy.add_argument("--seeds", type=positive, metavar="N", help="default: 3, with --quick 1")
    accuracy.add_argument("--only", nargs="+", metavar="NAME", help="these cases, or cases of these problems")
    accuracy.add_argument(
        "--budget", type=seconds, metavar="60s", help="processor time of each solve; on a GPU wall time"
    )
    accuracy.add_argument(
        "--out",
        metavar="DIR",
        help="write accuracy.json, accuracy.md and accuracy.png; or pinnacle.json and pinnacle.md",
    )
    add_json(parser)


def run(call: Call) -> int:
    asked = call.flags
    flags = ("seeds", "only", "budget", "out")
    named = [f"--{flag}" for flag in flags if getattr(asked, flag) is not None]
    if asked.what == "speed":
        if named:
            raise UsageError(
                f"{named[0]} is a flag of 'sirenpde bench accuracy' and 'pinnacle'; 'bench speed' takes none such."
            )
        return speed_command(asked.quick, asked.device, asked.json)
    from ...bench import accuracy_cases, pinnacle

    suite, command = {
        "accuracy": (accuracy_cases.CASES, accuracy_command),
        "pinnacle": (pinnacle.CASES, pinnacle_command),
    }[asked.what]
    try:
        cases = accuracy_cases.chosen(asked.only or [], asked.quick, suite)
    except accuracy_cases.UnknownCase as error:
        raise UsageError(str(error)) from None
    seeds = asked.seeds or (1 if asked.quick else 3)
    return command(cases, seeds, asked.quick, asked.budget, asked.device, asked.out, asked.json)


def speed_command(quick: bool, device: str, as_json: bool) -> int:
    """One table, or with ``as_json`` one object with its rows under "workloads"."""
    from ...bench.speed import measure, table

    rows = measure(quick=quick, device=_kind_of(device))
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
    from ...bench.accuracy import measure, table

    rows = measure(
        cases,
        seeds=seeds,
        quick=quick,
        budget=budget,
        device=_kind_of(device),
        say=_progress,
        done=lambda rows: None if out is None else _write(Path(out), rows),
    )
    _say(rows, "problems", table(rows), as_json)
    return 0 if any("relative_l2" in row for row in rows) else 1


def pinnacle_command(
    cases: Sequence[Case],
    seeds: int,
    quick: bool,
    budget: float | None,
    device: str,
    out: str | None,
    as_json: bool,
) -> int:
    """One table, or with ``as_json`` one object with its rows under "problems"; files below ``out``.

    Exit code 1 where no case was solved.
    """
    from ...bench.accuracy import measure
    from ...bench.pinnacle import as_markdown, beside, table

    def written(rows: list[dict[str, Any]]) -> None:
        if out is not None:
            so_far = [beside(row) for row in rows]
            _write_texts(Path(out), "pinnacle", so_far, as_markdown(so_far))

    measured = measure(
        cases,
        seeds=seeds,
        quick=quick,
        budget=budget,
        device=_kind_of(device),
        say=_progress,
        done=written,
    )
    rows = [beside(row) for row in measured]
    _say(rows, "problems", table(rows), as_json)
    return 0 if any(row["relative_l2"] is not None for row in rows) else 1


def _kind_of(device: str) -> str:
    """ "cpu" or "cuda"; raises ``DeviceError`` before anything is measured where there is no such device."""
    if device == "cpu":
        return device
    from ...run.solve import find_device

    return find_device(device).type


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say(rows: list[dict[str, Any]], key: str, words: str, as_json: bool) -> None:
    if as_json:
        print_json({key: rows})
    else:
        print(words)


def _write(folder: Path, rows: list[dict[str, Any]]) -> None:
    """The rows so far as data, as a table for a document, and as a picture."""
    from ...bench.accuracy import as_markdown, curves
    from ...plots.accuracy import error_curves
    from ...plots.figures import save_figure

    _write_texts(folder, "accuracy", rows, as_markdown(rows))
    on_gpu = any(row.get("device", "cpu").startswith("cuda") for row in rows)
    figure = error_curves(curves(rows), "wall time" if on_gpu else "processor time")
    save_figure(folder / "accuracy.png", figure)


def _write_texts(folder: Path, name: str, rows: list[dict[str, Any]], table: str) -> None:
    from ...files.whole import whole

    content = as_json({"versions": versions(), "problems": rows})
    files = {
        f"{name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n",
        f"{name}.md": table,
    }
    for file, words in files.items():
        with whole(folder / file) as beside:
            beside.write_text(words, encoding="utf-8")


register(
    Verb(
        "bench",
        "measure the derivative engine's speed, or the accuracy of solved problems, or PINNacle's",
        run,
        add_flags=add_flags,
        rank=70,
    )
)
