"""The suites of solved problems that ``bench`` measures: their cases, and how their rows are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..plots.accuracy import error_curves
from . import accuracy, accuracy_cases, cost, pinnacle
from .accuracy_cases import Case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """Cases for ``accuracy.measure``, and what becomes of its rows.

    ``told`` makes a row as the suite tells it of a measured one; ``text``, ``markdown`` and ``figures``, by the names
    of their files, present them. ``seeds`` are so many of each case where none are asked for.
    """

    name: str
    cases: Sequence[Case]
    told: Callable[[Row], Row]
    text: Callable[[Sequence[Row]], str]
    markdown: Callable[[Sequence[Row]], str]
    figures: Mapping[str, Callable[[Sequence[Row]], Figure]] = field(default_factory=dict)
    seeds: int = 3


def _curves(rows: Sequence[Row]) -> Figure:
    on_gpu = any(row.get("device", "cpu").startswith("cuda") for row in rows)
    return error_curves(accuracy.curves(rows), "wall time" if on_gpu else "processor time")


SUITES = {
    suite.name: suite
    for suite in (
        Suite(
            "accuracy",
            accuracy_cases.CASES,
            dict,
            accuracy.table,
            accuracy.as_markdown,
            {"accuracy": _curves},
        ),
        Suite("pinnacle", pinnacle.CASES, pinnacle.beside, pinnacle.table, pinnacle.as_markdown),
        Suite("cost", cost.CASES, cost.told, cost.table, cost.as_markdown, cost.FIGURES, seeds=1),
    )
}
