"""What solves cost against the number of cells, of axes and of digits: one problem each, at several sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plots.costs import CostLine, cost_panels
from .accuracy_cases import Case, read_cases
from .tables import Column, markdown_with_notes, text_with_notes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]
Place = Callable[[Row], float | None]  # a row -> its coordinate; None where it was not measured

CASES: tuple[Case, ...] = read_cases(Path(__file__).with_name("cost_cases.toml"))


def told(row: Row) -> Row:
    """A row of ``accuracy.measure`` as the tables and figures have it."""
    classical = row["classical"] or {}
    measured = ("relative_l2", "cpu_s", "memory_mib", "parameters", "status", "choice", "device_name")
    return {
        "name": row["name"],
        "problem": row["problem"],
        "flags": row["flags"],
        "definition": row["definition"],
        **{key: row.get(key) for key in measured},
        "classical_error": classical.get("relative_l2"),
        "classical_s": classical.get("cpu_s"),
        "classical_by": classical.get("method"),
        **({"failed": row["failed"]} if "failed" in row else {}),
    }


def table(rows: Sequence[Row]) -> str:
    """The rows of ``told`` as text, and what each problem is."""
    return text_with_notes(_COLUMNS, rows, _note)


def as_markdown(rows: Sequence[Row]) -> str:
    """The same in Markdown."""
    return markdown_with_notes(_COLUMNS, rows, _note)


def _note(row: Mapping[str, Any]) -> str:
    sentences = [row["definition"], *([f"Failed, {row['failed']}"] if "failed" in row else [])]
    return ". ".join(sentences) + "."


def _number(value: float) -> str:
    return f"{value:.1e}"


_COLUMNS = (
    Column("case", "name"),
    Column("unknowns", "parameters", right=True),
    Column("error", "relative_l2", _number, right=True),
    Column("cpu s", "cpu_s", "{:.3g}", right=True),
    Column("MiB", "memory_mib", "{:.0f}", right=True),
    Column("classical", "classical_error", _number, right=True),
    Column("cpu s", "classical_s", "{:.2g}", right=True),
    Column("by", "classical_by"),
)

# ------------------------------------------------------------------------------------------------ figures


@dataclass(frozen=True)
class Series:
    """The cases whose names begin alike, and whether another word ends them."""

    begins: str
    label: str
    ends: str = ""

    def of(self, rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if row["name"].startswith(f"{self.begins}-") and self._ends(row["name"])]

    def _ends(self, name: str) -> bool:
        last = name.split("-")[-1]
        return last == self.ends if self.ends else last.isdigit()


def _value(key: str) -> Place:
    return lambda row: row.get(key)


def _cells(row: Row) -> float:
    return float(row["flags"]["cells"]) ** 2


def _axes(row: Row) -> float:
    return 1.0 + float(row["flags"]["space"])


def _line(series: Series, rows: Sequence[Row], x: Place, y: Place, name: str = "") -> CostLine:
    """The points of a series that were measured."""
    pairs = [(x(row), y(row)) for row in series.of(rows)]
    points = [(a, b) for a, b in pairs if a is not None and b is not None and a > 0 and b > 0]
    return CostLine(name or series.label, points, dotted=bool(name))


ALIKE, DIFFERENT = Series("cells", "cells alike"), Series("cells", "no two alike", "different")
AXES = Series("axes", "lattice")
SMOOTH, CORNER = Series("smooth", "2 x 2 cells"), Series("corner", "sines and singular functions")
_ERROR, _SECONDS, _MEMORY = _value("relative_l2"), _value("cpu_s"), _value("memory_mib")
_THEIR_ERROR, _THEIR_SECONDS = _value("classical_error"), _value("classical_s")
_CLASSICAL = "classical solver"


def by_cells(rows: Sequence[Row]) -> Figure:
    """Processor seconds and memory against the number of cells."""
    seconds = [_line(s, rows, _cells, _SECONDS) for s in (ALIKE, DIFFERENT)]
    memory = [_line(s, rows, _cells, _MEMORY) for s in (ALIKE, DIFFERENT)]
    theirs = _line(ALIKE, rows, _cells, _THEIR_SECONDS, _CLASSICAL)
    return cost_panels(
        {"processor seconds": [*seconds, theirs], "MiB beyond a bare process": memory}, "cells", linear=True
    )


def by_axes(rows: Sequence[Row]) -> Figure:
    """The same against the number of axes, time among them."""
    seconds = [_line(AXES, rows, _axes, _SECONDS), _line(AXES, rows, _axes, _THEIR_SECONDS, _CLASSICAL)]
    memory, unknowns = (_line(AXES, rows, _axes, y) for y in (_MEMORY, _value("parameters")))
    panels = {"processor seconds": seconds, "MiB beyond a bare process": [memory], "coefficients": [unknowns]}
    return cost_panels(panels, "axes, time among them", logarithmic=False)


def by_digits(rows: Sequence[Row]) -> Figure:
    """The error reached against processor seconds, of a smooth problem and of one with a corner."""
    panels = {
        title: [
            _line(series, rows, _SECONDS, _ERROR),
            _line(series, rows, _THEIR_SECONDS, _THEIR_ERROR, _CLASSICAL),
        ]
        for title, series in (
            ("smooth waves: relative L2 error", SMOOTH),
            ("a re-entrant corner: relative L2 error", CORNER),
        )
    }
    return cost_panels(panels, "processor seconds")


FIGURES: Mapping[str, Callable[[Sequence[Row]], Figure]] = {
    "cost_cells": by_cells,
    "cost_axes": by_axes,
    "cost_digits": by_digits,
}
