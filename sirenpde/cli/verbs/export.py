"""``export``: a run's fields as files for viewers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...export.format import formats
from ...run import directory as runs
from ...run.facts import facts_of
from ..parser import Parser, instants, listed, positive
from ..verb import Call, Verb, register

if TYPE_CHECKING:
    from ...export.fields import FieldSet


def add_flags(parser: Parser) -> None:
    known = formats()
    parser.epilog = "formats: " + "; ".join(f"{name}, {kind.help}" for name, kind in known.items()) + "."
    parser.add_argument(
        "--format",
        choices=list(known),
        help="the kind of file (default: vtkhdf for a field with time, vti on a box, vtu on a shape)",
    )
    parser.add_argument("--resolution", type=positive, metavar="N", help="points along each axis")
    parser.add_argument(
        "--times",
        type=instants,
        metavar="A:B:N",
        help="N times from A to B, or a list A,B,C; without it evenly spaced ones",
    )
    parser.add_argument(
        "--derivatives",
        type=listed,
        default=[],
        metavar="A,B",
        help="some of grad, laplacian, hessian, div, curl",
    )
    parser.add_argument("--fields", type=listed, default=[], metavar="A,B", help="these outputs only")


def run(call: Call) -> int:
    """Write the outputs, or those named, into the run's ``fields/``, one file for those on the same axes."""
    from ...export.about import About
    from ...export.fields import Request, default_format, with_derivatives, write_fields
    from ..session import reopen, stored

    kind, flags = call.flags.format, call.flags
    run = runs.open_run(flags.directory)
    session = reopen(run)
    solution = stored(session, run.read_checkpoint(session.given))
    facts = _reported(run.path / "report.json") or solution.facts
    request = Request(flags.resolution, flags.times, About({"problem": session.given.problem, **facts}))
    sets = _chosen(solution.field_sets(), flags.fields)
    if kind and formats()[kind].single:
        sets = [replace(s, functions={name: f}) for s in sets for name, f in s.functions.items()]
    for fields in sets:
        file = run.fields / f"{fields.name}.{kind or default_format(fields)}"
        print(write_fields(file, with_derivatives(fields, flags.derivatives), request))
    return 0


def _reported(file: Path) -> dict[str, str | int | float]:
    """The facts of a report, which a run has from its end on."""
    if not file.is_file():
        return {}
    try:
        return facts_of(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise runs.RunError(
            f"{file} is damaged ({error}). Delete it, and its numbers are measured anew."
        ) from None


def _chosen(sets: Sequence[FieldSet], names: Sequence[str]) -> list[FieldSet]:
    known = {name for fields in sets for name in fields.functions}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"There is no output '{unknown[0]}'; the problem has {', '.join(sorted(known))}. Name some of them."
        )
    chosen = [
        replace(s, functions={name: f for name, f in s.functions.items() if not names or name in names})
        for s in sets
    ]
    return [fields for fields in chosen if fields.functions]


register(Verb("export", "write a run's fields for mesh viewers", run, "DIR", add_flags, rank=50))
