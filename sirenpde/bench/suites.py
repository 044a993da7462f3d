"""The suites of solved problems that ``bench`` measures: their cases, and how their rows are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..plots.accuracy import error_curves
from . import accuracy, accuracy_cases, pinnacle
from .accuracy_cases import Case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """Cases for ``accuracy.measure``, and what becomes of its rows.

    ``told`` makes a row as the suite tells it of a measured one; ``text``, ``markdown`` and ``figure`` present them.
    """

    name: str
    cases: Sequence[Case]
    told: Callable[[Row], Row]
    text: Callable[[Sequence[Row]], str]
    markdown: Callable[[Sequence[Row]], str]
    figure: Callable[[Sequence[Row]], Figure] | None = None


def _curves(rows: Sequence[Row]) -> Figure:
    on_gpu = any(row.get("device", "cpu").startswith("cuda") for row in rows)
    return error_curves(accuracy.curves(rows), "wall time" if on_gpu else "processor time")


SUITES = {
    suite.name: suite
    for suite in (
        Suite("accuracy", accuracy_cases.CASES, dict, accuracy.table, accuracy.as_markdown, _curves),
        Suite("pinnacle", pinnacle.CASES, pinnacle.beside, pinnacle.table, pinnacle.as_markdown),
    )
}
