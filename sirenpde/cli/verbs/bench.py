"""``bench``: the derivative engine's speed, solved problems beside others, PINNacle's too, and what sizes cost."""

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
    from ...bench.suites import Suite

Row = dict[str, Any]


def add_flags(parser: Parser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("speed", "accuracy", "pinnacle", "cost"),
        default="speed",
        help="what to measure",
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
    accuracy = parser.add_argument_group("flags of bench accuracy, pinnacle and cost")
    accuracy.add_argument("--seeds", type=positive, metavar="N", help="default: 3, of cost 1; with --quick 1")
    accuracy.add_argument("--only", nargs="+", metavar="NAME", help="these cases, or cases of these problems")
    accuracy.add_argument(
        "--budget", type=seconds, metavar="60s", help="processor time of each solve; on a GPU wall time"
    )
    accuracy.add_argument(
        "--out",
        metavar="DIR",
        help="write accuracy.json, .md and .png, or pinnacle.json and .md, or cost.json, .md and its figures; "
        "rows of other cases that are there already stay",
    )
    add_json(parser)


def run(call: Call) -> int:
    asked = call.flags
    flags = ("seeds", "only", "budget", "out")
    named = [f"--{flag}" for flag in flags if getattr(asked, flag) is not None]
    if asked.what == "speed":
        if named:
            raise UsageError(
                f"{named[0]} is a flag of 'sirenpde bench accuracy', 'pinnacle' and 'cost'; 'bench speed' takes "
                f"none such."
            )
        return speed_command(asked.quick, asked.device, asked.json)
    from ...bench.accuracy_cases import UnknownCase, chosen
    from ...bench.suites import SUITES

    suite = SUITES[asked.what]
    try:
        cases = chosen(asked.only or [], asked.quick, suite.cases)
    except UnknownCase as error:
        raise UsageError(str(error)) from None
    seeds = asked.seeds or (1 if asked.quick else suite.seeds)
    return solved_command(suite, cases, seeds, asked.quick, asked.budget, asked.device, asked.out, asked.json)


def speed_command(quick: bool, device: str, as_json: bool) -> int:
    """One table, or with ``as_json`` one object with its rows under "workloads"."""
    from ...bench.speed import measure, table

    rows = measure(quick=quick, device=_kind_of(device))
    _say(rows, "workloads", table(rows), as_json)
    return 0


def solved_command(
    suite: Suite,
    cases: Sequence[Case],
    seeds: int,
    quick: bool,
    budget: float | None,
    device: str,
    out: str | None,
    as_json: bool,
) -> int:
    """The tables of a suite's solved cases, or with ``as_json`` one object with its rows under "problems".

    Files below ``out``, written again after every case. Exit code 1 where no case was solved.
    """
    from ...bench.accuracy import measure

    def written(measured: list[Row]) -> None:
        if out is not None:
            _write(Path(out), suite, [suite.told(row) for row in measured])

    measured = measure(
        cases,
        seeds=seeds,
        quick=quick,
        budget=budget,
        device=_kind_of(device),
        say=_progress,
        done=written,
    )
    rows = [suite.told(row) for row in measured]
    _say(rows, "problems", suite.text(rows), as_json)
    return 0 if any(row.get("relative_l2") is not None for row in rows) else 1


def _kind_of(device: str) -> str:
    """ "cpu" or "cuda"; raises ``DeviceError`` before anything is measured where there is no such device."""
    if device == "cpu":
        return device
    from ...run.solve import find_device

    return find_device(device).type


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say(rows: list[Row], key: str, words: str, as_json: bool) -> None:
    if as_json:
        print_json({key: rows})
    else:
        print(words)


def _write(folder: Path, suite: Suite, rows: list[Row]) -> None:
    """The rows so far as data, as a table for a document, and as pictures if the suite has some."""
    from ...files.whole import whole
    from ...plots.figures import save_figure

    rows = _with_earlier(folder / f"{suite.name}.json", suite, rows)
    content = as_json({"versions": versions(), "problems": rows})
    files = {
        f"{suite.name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n",
        f"{suite.name}.md": suite.markdown(rows),
    }
    for file, words in files.items():
        with whole(folder / file) as beside:
            beside.write_text(words, encoding="utf-8")
    if any(row.get("relative_l2") is not None for row in rows):
        for name, figure in suite.figures.items():
            save_figure(folder / f"{name}.png", figure(rows))


def _with_earlier(file: Path, suite: Suite, rows: list[Row]) -> list[Row]:
    """These rows, and those of other cases that a file has from before, in the order of the suite."""
    if not file.is_file():
        return rows
    names = [case.name for case in suite.cases]
    measured = {row["name"] for row in rows}
    earlier = [r for r in json.loads(file.read_text(encoding="utf-8"))["problems"] if r["name"] in names]
    kept = [row for row in earlier if row["name"] not in measured]
    return sorted([*kept, *rows], key=lambda row: names.index(row["name"]) if row["name"] in names else -1)


register(
    Verb(
        "bench",
        "measure the derivative engine's speed, or the accuracy or cost of solved problems, or PINNacle's",
        run,
        add_flags=add_flags,
        rank=70,
    )
)
