"""Error against time, beside what others reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .figures import COLOURS, MARKS, TEXT, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]  # seconds, error


@dataclass(frozen=True)
class ErrorCurve:
    """One problem: its points in time, and those of the best published and of a classical solver."""

    name: str
    points: Sequence[Point]
    published: Point | None = None
    classical: Point | None = None


def error_curves(curves: Sequence[ErrorCurve], clock: str = "processor time") -> Figure:
    """Relative L2 error against time, both logarithmic, one curve for each problem.

    The end of a curve has a filled mark; a hollow one of its kind is the best published, whose time is from
    other hardware, and a small one without a line that of a classical solver.
    """
    figure = new_figure(8.4, 4.2 + 0.04 * len(curves))
    ax = labelled(figure.add_subplot(), "", f"{clock} (s)", "relative L2 error")
    ax.set_xscale("log")
    ax.set_yscale("log")
    for i, curve in enumerate(curves):
        _draw(ax, curve, COLOURS[i % len(COLOURS)], MARKS[(i // len(COLOURS)) % len(MARKS)])
    ax.plot([], [], ls="none", marker="o", mfc="none", color="0.3", label="best published, other hardware")
    ax.plot([], [], ls="none", marker="o", ms=2.5, color="0.3", label="classical solver, this machine")
    ax.grid(True, which="major", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    ax.legend(fontsize=TEXT - 2, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _draw(ax: Axes, curve: ErrorCurve, colour: str, mark: str) -> None:
    points = [
        (seconds, error) for seconds, error in curve.points if seconds > 0 and error is not None and error > 0
    ]
    times, errors = [p[0] for p in points], [p[1] for p in points]
    last = [len(points) - 1] if points else []
    ax.plot(times, errors, color=colour, lw=1.1, marker=mark, ms=5, markevery=last, label=curve.name)
    if curve.published is not None:
        ax.plot(*curve.published, color=colour, marker=mark, ms=7, mfc="none", ls="none")
    if curve.classical is not None:
        ax.plot(*curve.classical, color=colour, marker=mark, ms=2.5, ls="none")
