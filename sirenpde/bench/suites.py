"""The suites that ``bench`` measures: their cases, how they are measured, and how their rows are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ..plots.accuracy import error_curves
from . import accuracy, accuracy_cases, cost, pinnacle, scans
from .accuracy_cases import Case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .papers.experiment import Draw, Family

Row = dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """Cases with names, and what becomes of them.

    ``chosen`` takes names and whether the short form is wanted, and raises ValueError for a name that is none;
    ``measure`` takes cases and words such as those of ``accuracy.measure``, ``budget`` only where the suite
    ``has_budget``. ``text``, ``markdown`` and ``figures``, by the names of their files, present the rows; a figure
    is None where there is nothing to be drawn. Rows are told under the word ``rows``, and one without a ``result``
    failed. ``seeds`` are so many of each case where none are asked for.
    """

    name: str
    cases: Sequence[Any]
    chosen: Callable[[Sequence[str], bool], Sequence[Any]]
    measure: Callable[..., list[Row]]
    text: Callable[[Sequence[Row]], str]
    markdown: Callable[[Sequence[Row]], str]
    figures: Mapping[str, Callable[[Sequence[Row]], Figure | None]] = field(default_factory=dict)
    seeds: int = 3
    has_budget: bool = True
    rows: str = "problems"
    result: str = "relative_l2"

    def succeeded(self, row: Row) -> bool:
        return row.get(self.result) is not None


def _solved(
    name: str,
    cases: Sequence[Case],
    told: Callable[[Row], Row],
    text: Callable[[Sequence[Row]], str],
    markdown: Callable[[Sequence[Row]], str],
    figures: Mapping[str, Draw] | None = None,
    seeds: int = 3,
) -> Suite:
    """A suite of cases for ``accuracy.measure``; ``told`` makes a row as the suite tells it of a measured one."""

    def measure(chosen: Sequence[Case], done: Callable[[list[Row]], None], **words: Any) -> list[Row]:
        def so_far(rows: list[Row]) -> None:
            done([told(row) for row in rows])

        return [told(row) for row in accuracy.measure(chosen, done=so_far, **words)]

    def where_solved(draw: Draw, rows: Sequence[Row]) -> Figure | None:
        return draw(rows) if any(row.get("relative_l2") is not None for row in rows) else None

    return Suite(
        name,
        cases,
        lambda names, quick: accuracy_cases.chosen(names, quick, cases),
        measure,
        text,
        markdown,
        {file: partial(where_solved, draw) for file, draw in (figures or {}).items()},
        seeds,
    )


def _curves(rows: Sequence[Row]) -> Figure:
    on_gpu = any(row.get("device", "cpu").startswith("cuda") for row in rows)
    return error_curves(accuracy.curves(rows), "wall time" if on_gpu else "processor time")


def _accuracy() -> Suite:
    figures = {"accuracy": _curves}
    return _solved("accuracy", accuracy_cases.CASES, dict, accuracy.table, accuracy.as_markdown, figures)


def _pinnacle() -> Suite:
    return _solved("pinnacle", pinnacle.CASES, pinnacle.beside, pinnacle.table, pinnacle.as_markdown)


def _cost() -> Suite:
    return _solved("cost", cost.CASES, cost.told, cost.table, cost.as_markdown, cost.FIGURES, seeds=1)


def _papers() -> Suite:
    from .papers import experiment, table

    def of(family: Family, draw: Draw, rows: Sequence[Row]) -> Figure | None:
        measured = family.rows(rows)
        return draw(measured) if measured else None

    families = experiment.families()
    every = tuple(e for family in families for e in family.experiments)
    return Suite(
        "papers",
        every,
        lambda names, quick: experiment.chosen(names, every),
        table.measure,
        table.table,
        table.as_markdown,
        {file: partial(of, family, draw) for family in families for file, draw in family.figures.items()},
        seeds=1,
        has_budget=False,
        rows="experiments",
        result="value",
    )


def _surfaces() -> Suite:
    return Suite(
        "surfaces",
        scans.CASES,
        scans.chosen,
        scans.measure,
        scans.table,
        scans.as_markdown,
        seeds=1,
        has_budget=False,
        rows="scans",
        result="chamfer",
    )


# Made when asked for: the papers' experiments are many files.
SUITES: Mapping[str, Callable[[], Suite]] = {
    "accuracy": _accuracy,
    "papers": _papers,
    "pinnacle": _pinnacle,
    "cost": _cost,
    "surfaces": _surfaces,
}
