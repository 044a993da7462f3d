"""Measurements from a table: named columns to coordinates and values, with what is missing and outside told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import can
from ..arrays import and_more, as_numbers
from ..domain import HasAxes
from ..point import Axis
from ..readers.columns import labelled_columns
from ..readers.tables import Columns, Labelled, is_called, unit_of
from .cloud import Cloud

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Choice = Literal["refuse", "skip"]
SHOWN = 3  # rows that a message names


@dataclass(frozen=True, eq=False, repr=False)
class Table(Cloud):
    """Measurements: finitely many points with values, the units that they are in, and what was left out.

    ``probes["temperature"]`` is a column as a function of a point, for constraints on the points of the table:
    ``@on(probes)``. Made by ``Table.open`` from a file and by ``Table.of`` from arrays. ``units`` are labels, by
    which nothing is converted; ``notes`` say how many rows were skipped, and why, and which points stand twice.

    >>> from sirenpde import Box, Table
    >>> rod = Box(x=(0, 1))
    >>> probes = Table.of({"x": [0.2, 0.4, 0.8], "temperature [K]": [290.0, None, 310.0]}, rod, missing="skip")
    >>> probes
    Table('table', 2 points of (x), temperature [K])
    >>> probes.notes
    ("1 of the 3 rows of 'table' has no value in a column that is read (row 1) and was skipped.",)
    >>> probes.data["temperature"].tolist()
    [290.0, 310.0]
    """

    units: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @staticmethod
    def open(
        path: str | PathLike[str],
        domain: HasAxes | Sequence[Axis],
        columns: Mapping[str, str] | None = None,
        *,
        missing: Choice = "refuse",
        outside: Choice = "refuse",
    ) -> Table:
        """Reads a table of text (``.csv``, ``.txt``, ...), ``.npz``, ``.mat``, HDF5, or points of ``.vtu``, ``.vtk``.

        In text, what separates the columns is found by itself, decimal commas are understood, and a header such
        as ``temperature [K]`` gives a name and a unit; so do attributes ``units`` of HDF5.

        Args:
            path: the file.
            domain: where the points lie, or axes alone. The columns named like its axes are the coordinates.
            columns: the names to use, and the columns of the file that they stand for, with or without units:
                ``{"x": "x [mm]", "temperature": "T"}``. Axes that are left out have columns of their own name; of
                the others these alone are read if any is given, and all columns of numbers else.
            missing: "refuse" a blank or NaN entry, or "skip" its row.
            outside: "refuse" points outside the domain, or "skip" them.

        Raises:
            ValueError: for a missing or doubled column, an entry that is no number, and what is to be refused,
                each with its row and column; for a damaged file.
        """
        axes = _axes(domain)
        names = [axis.name for axis in axes]
        asked = _asked(columns, names)
        wanted = None if asked is None else tuple(asked.values())
        read = labelled_columns(Path(path), names, wanted)
        return _table(read, domain, columns, missing, outside, f"'{path}'", Path(path).stem)

    @staticmethod
    def of(
        columns: Mapping[str, ArrayLike | Tensor],
        domain: HasAxes | Sequence[Axis],
        *,
        missing: Choice = "refuse",
        outside: Choice = "refuse",
        name: str = "table",
    ) -> Table:
        """The table of columns by name, such as a dictionary of arrays or a data frame; units behind the names.

        Arguments and errors as for ``open``; None and NaN are missing entries.
        """
        arrays: Columns = {}
        units: dict[str, str] = {}
        for key in columns.keys():  # noqa: SIM118 - a data frame has no iteration over names by itself
            bare, unit = _split(str(key))
            values = columns[key]
            array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
            arrays[bare] = array.astype(np.float64) if array.dtype.kind == "O" and _is_gappy(array) else array
            units |= {bare: unit} if unit else {}
        return _table(Labelled(arrays, units), domain, None, missing, outside, f"'{name}'", name)

    def __repr__(self) -> str:
        axes = ", ".join(self._labelled(a.name) for a in self.axes)
        data = ", ".join(map(self._labelled, self.data)) or "no data"
        skipped = f", {len(self.notes)} notes" if len(self.notes) > 1 else ""
        return f"Table('{self.name}', {self.size} points of ({axes}), {data}{skipped})"

    def _labelled(self, name: str) -> str:
        return f"{name} [{self.units[name]}]" if name in self.units else name


def _table(
    read: Labelled,
    domain: HasAxes | Sequence[Axis],
    columns: Mapping[str, str] | None,
    missing: Choice,
    outside: Choice,
    source: str,
    name: str,
) -> Table:
    for what, choice in (("missing", missing), ("outside", outside)):
        if choice not in ("refuse", "skip"):
            raise ValueError(
                f"Table was given {what}={choice!r}; expected 'refuse' or 'skip'. Write {what}='skip' to leave "
                "such rows out."
            )
    axes = _axes(domain)
    chosen = _chosen(read, [axis.name for axis in axes], columns, source)
    units = {ours: read.units[theirs] for ours, theirs in chosen.items() if theirs in read.units}
    values = {
        ours: as_numbers(_numbers(read.columns[theirs], theirs, source), f"The column '{theirs}' of {source}")
        for ours, theirs in chosen.items()
    }
    _check_lengths({chosen[ours]: len(v) for ours, v in values.items()}, source)
    rows = _Rows(read.lines, source)
    whole, said = _without_gaps(values, chosen, rows, missing)
    notes = [said] if said else []
    kept = {ours: v[whole] for ours, v in values.items()}
    points = torch.stack([kept.pop(axis.name).real for axis in axes], dim=1)
    inside, said = _within(points, domain, axes, rows.of(whole), outside)
    notes += [said] if said else []
    points, data = points[inside], {key: v[inside] for key, v in kept.items()}
    said = _doubled(points, axes, rows.of(whole).of(inside))
    notes += [said] if said else []
    return Table(points, axes, data, name, units=units, notes=tuple(notes))


@dataclass(frozen=True)
class _Rows:
    """How the rows of a table are called: by lines of a text, or by their number from 0."""

    lines: Sequence[int] | None
    source: str
    numbers: Tensor | None = None  # those that are left

    def of(self, kept: Tensor) -> _Rows:
        there = torch.arange(len(kept)) if self.numbers is None else self.numbers
        return _Rows(self.lines, self.source, there[kept])

    def called(self, row: int) -> str:
        number = row if self.numbers is None else int(self.numbers[row])
        return f"row {number}" if self.lines is None else f"line {self.lines[number]}"

    def first(self, rows: Tensor) -> str:
        shown = ", ".join(map(self.called, rows[:SHOWN].tolist()))
        return shown + (", ..." if len(rows) > SHOWN else "")


def _axes(domain: HasAxes | Sequence[Axis]) -> tuple[Axis, ...]:
    return tuple(domain) if isinstance(domain, Sequence) else tuple(domain.axes)


def _asked(columns: Mapping[str, str] | None, axes: Sequence[str]) -> Mapping[str, str] | None:
    """Names to use by columns of the file; None where all are to be read."""
    if columns is None or set(columns) <= set(axes):
        return None
    return {**{name: name for name in axes}, **columns}


def _chosen(
    read: Labelled, axes: Sequence[str], columns: Mapping[str, str] | None, source: str
) -> dict[str, str]:
    """The names to use, the axes first, and the columns that they stand for."""
    asked = {**{name: name for name in axes}, **(columns or {})}
    found: dict[str, str] = {}
    for ours, theirs in asked.items():
        like = [name for name in read.columns if is_called(name, read.units.get(name, ""), theirs)]
        if not like:
            there = ", ".join(
                f"{n} [{read.units[n]}]" if n in read.units else n for n in (*read.columns, *read.others)
            )
            role = f"the axis {ours}" if ours in axes else f"'{ours}'"
            raise ValueError(
                f"{source} has no column '{theirs}' for {role}; it has {there or 'none'}. Say which one is meant: "
                f"columns={{'{ours}': ...}}."
            )
        found[ours] = like[0]
    if _asked(columns, axes) is None:
        taken = set(found.values())
        others = [n for n, v in read.columns.items() if n not in taken and v.dtype.kind in "biufc"]
        found |= {name: name for name in others if name not in found}
    return found


def _numbers(column: NDArray[Any], name: str, source: str) -> NDArray[Any]:
    if column.dtype.kind in "biufc":
        return column
    raise ValueError(
        f"{source}: the column '{name}' holds {column.reshape(-1)[0]!s:.40} and the like; numbers are needed. "
        "Convert it, or name other columns by columns={...}."
    )


def _check_lengths(lengths: Mapping[str, int], source: str) -> None:
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise ValueError(
            f"{source} has columns of different lengths ({given}); one row for each point is needed in all of them. "
            "Name those of the points by columns={...}."
        )


def _without_gaps(
    values: Mapping[str, Tensor], chosen: Mapping[str, str], rows: _Rows, missing: Choice
) -> tuple[Tensor, str]:
    """Which rows have a number in every column, and what is to be told of the others."""
    count = len(next(iter(values.values())))
    gaps = {ours: v.reshape(count, -1).isnan().any(1) for ours, v in values.items()}
    for ours, v in values.items():
        endless = v.reshape(count, -1).isinf().any(1).nonzero()[:, 0]
        if len(endless):
            raise ValueError(
                f"{rows.source}, {rows.called(int(endless[0]))}, column '{chosen[ours]}': an infinite number"
                f"{and_more(len(endless) - 1)}; finite ones are needed. Take these rows out."
            )
    gap = torch.stack(list(gaps.values())).any(0)
    bad = gap.nonzero()[:, 0]
    if not len(bad):
        return ~gap, ""
    columns = ", ".join(f"'{chosen[ours]}' {int(g.sum())}" for ours, g in gaps.items() if g.any())
    if missing == "refuse":
        column = next(chosen[ours] for ours, g in gaps.items() if g[bad[0]])
        raise ValueError(
            f"{rows.source}, {rows.called(int(bad[0]))}, column '{column}': there is no value; {len(bad)} of "
            f"{count} rows have such a gap ({columns}). Fill them in, or leave these rows out: missing='skip'."
        )
    if len(bad) == count:
        raise ValueError(
            f"{rows.source}: every row has a gap in a column that is read ({columns}); a row without is needed. Name "
            "the columns that are filled by columns={...}."
        )
    return ~gap, (
        f"{len(bad)} of the {count} rows of {rows.source} {'has' if len(bad) == 1 else 'have'} no value in a column "
        f"that is read ({rows.first(bad)}) and {'was' if len(bad) == 1 else 'were'} skipped."
    )


def _within(
    points: Tensor, domain: HasAxes | Sequence[Axis], axes: Sequence[Axis], rows: _Rows, outside: Choice
) -> tuple[Tensor, str]:
    """Which points lie in the domain, and what is to be told of the others."""
    low, high = points.new_tensor([(axis.low, axis.high) for axis in axes]).T
    slack = 1e-9 * (high - low).nan_to_num(0.0, 0.0, 0.0)
    within = ((points >= low - slack) & (points <= high + slack)).all(1)
    inside = within & can.contains(domain, points)
    bad = (~inside).nonzero()[:, 0]
    if not len(bad):
        return inside, ""
    where = getattr(domain, "name", "the axes")
    ranges = ", ".join(f"{a.name} from {a.low:g} to {a.high:g}" for a in axes)
    some = "; ".join(
        f"{rows.called(row)}: "
        + ", ".join(f"{a.name} = {v:g}" for a, v in zip(axes, points[row].tolist(), strict=True))
        for row in bad[:SHOWN].tolist()
    ) + ("; ..." if len(bad) > SHOWN else "")
    if outside == "refuse" or len(bad) == len(points):
        how = (
            "Check the units of the columns" if len(bad) == len(points) else "Leave them out: outside='skip'"
        )
        raise ValueError(
            f"{len(bad)} of {len(points)} points of {rows.source} lie outside '{where}' ({ranges}): {some}. "
            f"{how}, or declare a domain that holds them."
        )
    return (
        inside,
        f"{len(bad)} of {len(points)} points of {rows.source} lie outside '{where}' and were skipped: {some}.",
    )


def _doubled(points: Tensor, axes: Sequence[Axis], rows: _Rows) -> str:
    """What is to be told of points that stand more than once."""
    _, index, counts = points.unique(dim=0, return_inverse=True, return_counts=True)
    twice = (counts[index] > 1).nonzero()[:, 0]
    if not len(twice):
        return ""
    first = twice[index[twice] == index[twice[0]]]
    at = ", ".join(f"{a.name} = {v:g}" for a, v in zip(axes, points[first[0]].tolist(), strict=True))
    return (
        f"{len(twice)} of the {len(points)} points of {rows.source} stand more than once, such as {at} "
        f"({rows.first(first)}); each counts as a measurement of its own."
    )


def _split(name: str) -> tuple[str, str]:
    unit = unit_of(name)
    return (name[: name.rindex(unit) - 1].strip(), unit) if unit else (name, "")


def _is_gappy(array: NDArray[Any]) -> bool:
    """Numbers among which None stands."""
    return all(v is None or isinstance(v, int | float | np.number) for v in array.reshape(-1))
