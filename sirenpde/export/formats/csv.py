"""Points and values as a table (``.csv``)."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..grid import Grid
    from ..mesh import Mesh
    from ..sampled import Array
    from ..series import Series


def write_csv(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write a line for each point, and time after time: the coordinates, then the components of each field.

    The first line has their names: those of the axes, then ``u``, or ``u_x`` and ``u_y`` for a vector. Complex values
    take three columns, ``_real``, ``_imag`` and ``_abs``. Numbers have all their digits. A table has no place for
    facts.
    """
    import csv

    import numpy as np

    from ..components import component_names, flat_names, parts_of
    from ..sampled import kinds_of, pieces_of
    from ..steps import held_by

    steps = held_by("csv", carrier)
    column = next((i for i, axis in enumerate(steps.axes) if axis.name not in steps.places.names), None)
    columns, header = [], [axis.name for axis in steps.axes]
    for name, (shape, dtype) in kinds_of(steps.at(0)).items():
        names = component_names(shape, steps.axes, about.components.get(name))
        for part in parts_of(name, dtype):
            header += flat_names(part.name, names)
            columns.append((name, part.of))
    with whole(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(header)
        for i, still in enumerate(steps):
            sources = [
                still.blocks(),
                *(pieces_of(still, name) for name in dict.fromkeys(n for n, _ in columns)),
            ]
            for points, *values in zip(*map(_even, sources), strict=True):
                known = dict(zip(dict.fromkeys(n for n, _ in columns), values, strict=True))
                if column is not None:
                    points = np.insert(points, column, steps.times[i], axis=1)
                parts = [np.reshape(of(known[name]), (len(points), -1)) for name, of in columns]
                table.writerows(np.hstack([points, *parts]).tolist())
    return Path(path)


def _even(pieces: Iterable[Array], count: int = 4096) -> Iterator[Array]:
    """The same rows, so many at a time."""
    import numpy as np

    rest: Array | None = None
    for piece in pieces:
        rows = piece if rest is None else np.concatenate([rest, piece])
        whole_ = len(rows) - len(rows) % count
        yield from np.split(rows[:whole_], whole_ // count) if whole_ else ()
        rest = rows[whole_:]
    if rest is not None and len(rest):
        yield rest


register(
    Format(
        "csv",
        "a table with a line for each point, of any number of axes and all times",
        "series",
        write_csv,
        series=True,
    )
)
