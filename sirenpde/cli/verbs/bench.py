"""``bench``: the derivative engine's speed, solved problems and the papers' experiments, and what sizes cost."""

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
    from ...bench.suites import Suite

Row = dict[str, Any]
WHAT = ("speed", "accuracy", "papers", "pinnacle", "cost", "surfaces")
# The flags that are not for all of them.
_FLAGS = {"speed": (), "papers": ("seeds", "only", "out"), "surfaces": ("only", "out")}
_ALL_FLAGS = ("seeds", "only", "budget", "out")


def add_flags(parser: Parser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=WHAT,
        default="speed",
        help="what to measure",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer repetitions and points; one seed and the quick cases; the papers' at reduced size",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="cpu",
        help="default: cpu, on one thread; auto is a GPU if there is one",
    )
    suites = parser.add_argument_group("flags of bench accuracy, papers, pinnacle, cost and surfaces")
    suites.add_argument(
        "--seeds", type=positive, metavar="N", help="default: 3, of papers and cost 1; with --quick 1"
    )
    suites.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help="these cases, or cases of these problems; experiments of these names or groups, as image/natural",
    )
    suites.add_argument(
        "--budget",
        type=seconds,
        metavar="60s",
        help="processor time of each solve, on a GPU wall time; not of papers, whose steps are given",
    )
    suites.add_argument(
        "--out",
        metavar="DIR",
        help="write accuracy.json, .md and .png, or those of the other suites with their figures; "
        "rows of other cases that are there already stay",
    )
    add_json(parser)


def run(call: Call) -> int:
    asked = call.flags
    allowed = _FLAGS.get(asked.what, _ALL_FLAGS)
    for flag in _ALL_FLAGS:
        if getattr(asked, flag) is not None and flag not in allowed:
            takes = ", ".join(f"--{name}" for name in allowed) or "none such"
            raise UsageError(f"--{flag} is no flag of 'sirenpde bench {asked.what}', which takes {takes}.")
    if asked.what == "speed":
        return speed_command(asked.quick, asked.device, asked.json)
    from ...bench.suites import SUITES

    suite = SUITES[asked.what]()
    try:
        cases = suite.chosen(asked.only or [], asked.quick)
    except ValueError as error:
        raise UsageError(str(error)) from None
    seeds = asked.seeds or (1 if asked.quick else suite.seeds)
    return suite_command(suite, cases, seeds, asked.quick, asked.budget, asked.device, asked.out, asked.json)


def speed_command(quick: bool, device: str, as_json: bool) -> int:
    """One table, or with ``as_json`` one object with its rows under "workloads"."""
    from ...bench.speed import measure, table

    rows = measure(quick=quick, device=_kind_of(device))
    _say(rows, "workloads", table(rows), as_json)
    return 0


def suite_command(
    suite: Suite,
    cases: Sequence[Any],
    seeds: int,
    quick: bool,
    budget: float | None,
    device: str,
    out: str | None,
    as_json: bool,
) -> int:
    """The tables of a suite's cases, or with ``as_json`` one object with its rows under the suite's word for them.

    Tables below ``out`` are written again after every case, figures at the end. Exit code 1 where no case succeeded.
    """

    folder = None if out is None else Path(out)

    def written(rows: list[Row]) -> None:
        if folder is not None:
            _write(folder, suite, _with_earlier(folder, suite, rows))

    words = {"budget": budget} if suite.has_budget else {}
    rows = suite.measure(
        cases, seeds=seeds, quick=quick, device=_kind_of(device), say=_progress, done=written, **words
    )
    if folder is not None:
        _draw(folder, suite, _with_earlier(folder, suite, rows))
    _say(rows, suite.rows, suite.text(rows), as_json)
    return 0 if any(map(suite.succeeded, rows)) else 1


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
    """The rows as data and as a table for a document."""
    from ...files.whole import whole

    content = as_json({"versions": versions(), suite.rows: rows})
    files = {
        f"{suite.name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n",
        f"{suite.name}.md": suite.markdown(rows),
    }
    for file, words in files.items():
        with whole(folder / file) as beside:
            beside.write_text(words, encoding="utf-8")


def _draw(folder: Path, suite: Suite, rows: list[Row]) -> None:
    """The suite's pictures of which there is something to draw."""
    from ...plots.figures import save_figure

    for name, draw in suite.figures.items():
        figure = draw(rows)
        if figure is not None:
            save_figure(folder / f"{name}.png", figure)


def _with_earlier(folder: Path, suite: Suite, rows: list[Row]) -> list[Row]:
    """These rows, and those of other cases that the folder has from before, in the order of the suite."""
    file = folder / f"{suite.name}.json"
    if not file.is_file():
        return rows
    names = [case.name for case in suite.cases]
    measured = {row["name"] for row in rows}
    earlier = [r for r in json.loads(file.read_text(encoding="utf-8"))[suite.rows] if r["name"] in names]
    kept = [row for row in earlier if row["name"] not in measured]
    return sorted([*kept, *rows], key=lambda row: names.index(row["name"]) if row["name"] in names else -1)


register(
    Verb(
        "bench",
        "measure the derivative engine's speed, the papers' experiments, or the accuracy or cost of solved problems",
        run,
        add_flags=add_flags,
        rank=70,
    )
)
