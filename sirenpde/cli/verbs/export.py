"""``export``: a run's fields as files for viewers."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...export.format import Format, format_of, formats
from ...run import directory as runs
from ...run.facts import facts_of
from ..parser import Parser, UsageError, instants, listed, positive
from ..verb import Call, Verb, register

if TYPE_CHECKING:
    from ...export.carriers import Request
    from ...export.fields import FieldSet
    from ...export.places import Place


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
    where = parser.add_argument_group(
        "where", "on the shape itself, or a grid where one fills it, or one of these"
    )
    where.add_argument(
        "--on", metavar="MESH", help="at the points of a mesh file: VTU, VTK, gmsh, STL, PLY, ..."
    )
    where.add_argument(
        "--at",
        metavar="TABLE|X,Y",
        help="at the points of a table, with a column for each axis; or at points: 0.1,0.2 or 0,0;0.1,0.2",
    )
    where.add_argument("--grid", action="store_true", help="on a grid over the ranges of the axes")
    where.add_argument("--boundary", action="store_true", help="on the boundary, with its outward normal")
    parser.add_argument(
        "--errors", action="store_true", help="errors against the references as further arrays"
    )
    parser.add_argument(
        "--residuals", action="store_true", help="residuals of the equations as further arrays"
    )
    parser.add_argument("--out", metavar="FILE", help="the file to write, of one kind of fields")


def run(call: Call) -> int:
    """Write the outputs, or those named, into the run's ``fields/``, one file for those on the same axes.

    A file that is there stays; the next is numbered. Points given as numbers are answered on the screen. Of several
    outputs that nobody named, those that the format cannot hold are left out, and said.
    """
    from ...export.about import About
    from ...export.carriers import Request
    from ...export.fields import with_further
    from ...export.write import write_fields
    from ..session import reopen, stored

    flags = call.flags
    kind = _kind(flags)
    run = runs.open_run(flags.directory)
    session = reopen(run)
    solution = stored(session, run.read_checkpoint(session.given))
    facts = _reported(run.path / "report.json") or solution.facts
    sets = _chosen(solution.field_sets(), flags.fields)
    if kind:
        sets = [alone for fields in sets for alone in one_file_each(fields, formats()[kind])]
    if flags.out and len(sets) > 1:
        raise ValueError(
            f"--out {flags.out} was given for {len(sets)} files, of {' and '.join(s.name for s in sets)}. Choose one "
            f"by --fields, or leave --out away."
        )
    refused: dict[str, ValueError] = {}
    with _told():
        for fields in sets:
            place = _place(flags, fields)
            request = Request(
                flags.resolution, flags.times, About({"problem": session.given.problem, **facts}), place
            )
            further = with_further(
                fields, flags.derivatives, with_error=flags.errors, with_residual=flags.residuals
            )
            if _numbers(flags.at) is not None and not (flags.out or kind):
                sys.stdout.write(_table(further, request))
                continue
            try:
                print(write_fields(_file(run, fields, flags, kind, place), further, request))
            except ValueError as error:
                refused[fields.name] = error
                if flags.fields or len(refused) == len(sets):
                    raise
        for name, reason in refused.items():
            warnings.warn(f"{name} was left out. {reason}", stacklevel=2)
    return 0


def one_file_each(fields: FieldSet, kind: Format) -> list[FieldSet]:
    """One output for each file of a format that shows one; of a solid's surface alone there is one file."""
    if not kind.single or (fields.has_mesh and not kind.values):
        return [fields]
    return [replace(fields, functions={name: f}) for name, f in fields.functions.items()]


def _kind(flags: argparse.Namespace) -> str | None:
    """The format asked for, by its name or by the ending of a file."""
    if not flags.out:
        return flags.format  # type: ignore[no-any-return]
    kind = format_of(flags.out).name
    if flags.format not in (None, kind):
        raise UsageError(
            f"--format {flags.format} and --out {flags.out} were given, which ends in .{kind}. Leave one away."
        )
    return kind


def _place(flags: argparse.Namespace, fields: FieldSet) -> Place | None:
    from ...export.places import place_of

    if flags.resolution is not None and (flags.on or flags.at):
        raise UsageError(
            f"--resolution {flags.resolution} was given with {'--on' if flags.on else '--at'}, which has points of "
            f"its own. Leave it away."
        )
    points = _numbers(flags.at)
    return place_of(fields.axes, flags.on, flags.at if points is None else points, flags.grid, flags.boundary)


def _numbers(word: str | None) -> list[list[float]] | None:
    """Points as they stand on the command line, 0.1,0.2;0.3,0.4; None for the name of a file."""
    if word is None:
        return None
    try:
        return [[float(number) for number in point.split(",")] for point in word.split(";")]
    except ValueError:
        return None


def _file(
    run: runs.RunDirectory, fields: FieldSet, flags: argparse.Namespace, kind: str | None, place: Place | None
) -> Path:
    """Where a file goes: as asked, or into the run under a name that no file has."""
    from ...export.names import file_name
    from ...export.write import default_format

    if flags.out:
        return Path(flags.out)
    on, at = (None if word is None else Path(word).stem for word in (flags.on, flags.at))
    if at is not None and _numbers(flags.at) is not None:
        at = "points"
    parts = [
        ("-on-", on),
        ("-at-", at),
        ("-grid", "" if flags.grid else None),
        ("-boundary", "" if flags.boundary else None),
    ]
    name = file_name(fields.name + "".join(mark + said for mark, said in parts if said is not None))
    ending = kind or default_format(fields, place)
    numbered = (run.fields / f"{name}-{i}.{ending}" for i in itertools.count(2))
    first = run.fields / f"{name}.{ending}"
    return next(file for file in itertools.chain([first], numbered) if not file.exists())


def _table(fields: FieldSet, request: Request) -> str:
    """The values at points as the lines of a CSV file."""
    from ...export.write import write_fields

    with tempfile.TemporaryDirectory() as folder:
        return write_fields(Path(folder) / "values.csv", fields, request).read_text(encoding="utf-8")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the library warns of, on the error stream."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        print(f"sirenpde: warning: {warning.message}", file=sys.stderr)


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
