"""``export`` and ``plot``: files of a run that is over, or stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..export import FieldSet, field_sets, with_derivatives, write_fields
from ..run import directory as runs
from .outputs import write_figures
from .session import reopen, stored


def export_command(
    directory: str,
    kind: str,
    resolution: int | None,
    derivatives: Sequence[str],
    names: Sequence[str],
) -> int:
    """Write the outputs, or those named, into the run's ``fields/``, one file for those on the same axes."""
    run = runs.open_run(directory)
    session = reopen(run)
    solution = stored(session, run.read_checkpoint(session.given))
    sets = _chosen(field_sets(solution), names)
    if kind in ("ply", "stl", "png"):  # one output each
        sets = [replace(s, functions={name: f}) for s in sets for name, f in s.functions.items()]
    for fields in sets:
        file = run.fields / f"{fields.name}.{kind}"
        print(write_fields(file, solution, with_derivatives(fields, derivatives), resolution))
    return 0


def _chosen(sets: Sequence[FieldSet], names: Sequence[str]) -> list[FieldSet]:
    known = {name for fields in sets for name in fields.functions}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"There is no output '{unknown[0]}'; the problem has {', '.join(sorted(known))}. Name some of them."
        )
    kept = [
        replace(s, functions={name: f for name, f in s.functions.items() if not names or name in names})
        for s in sets
    ]
    return [fields for fields in kept if fields.functions]


def plot_command(directory: str) -> int:
    """Draw the figures of a run again."""
    run = runs.open_run(directory)
    session = reopen(run)
    solution = stored(session, run.read_checkpoint(session.given))
    for path in write_figures(solution, run):
        print(path)
    return 0
