"""Error against time, beside what others reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .figures import COLOURS, TEXT, new_figure

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
    """Relative L2 error against time, both logarithmic, one panel for each problem.

    All panels have the same axes, and the other problems' curves in grey behind. A title has the error at
    the end, a dot; a ring is the best published, whose time is from other hardware, a cross a classical solver.
    """
    columns = min(_COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = new_figure(1.75 * columns + 0.5, 1.45 * rows + 0.9)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    drawn = [_positive(curve.points) for curve in curves]
    for i, ax in enumerate(panels.flat):
        if i >= len(curves):
            ax.set_axis_off()
            continue
        for points in drawn:
            ax.plot(*points, color="0.85", lw=0.6, zorder=1)
        _draw(ax, curves[i], drawn[i])
        end = f": {drawn[i][1][-1]:.0e}" if drawn[i][1] else ""
        ax.set_title(f"{curves[i].name}{end}", fontsize=TEXT - 2, pad=3)
        ax.tick_params(which="both", labelsize=TEXT - 2)
        ax.tick_params(labelbottom=i + columns >= len(curves))
    first = panels[0, 0]
    first.set(xscale="log", yscale="log")
    if not any(times for times, _ in drawn):  # axes find no limits of their own
        first.set(xlim=(0.1, 1), ylim=(0.1, 1))
    figure.supxlabel(f"{clock} (s)", fontsize=TEXT)
    figure.supylabel("relative L2 error", fontsize=TEXT)
    marks = {name: first.plot([], [], **style)[0] for name, style in _STYLES.items()}
    figure.legend(
        marks.values(), marks.keys(), loc="outside upper center", ncols=3, fontsize=TEXT - 1, frameon=False
    )
    return figure


_COLUMNS = 6
_STYLES: dict[str, dict[str, Any]] = {
    "sirenpde": {"color": COLOURS[0], "lw": 1.4, "marker": "o", "ms": 4},
    "best published, other hardware": {
        "color": COLOURS[1], "ls": "none", "marker": "o", "ms": 6, "mfc": "none"
    },
    "classical solver, this machine": {"color": "0.1", "ls": "none", "marker": "x", "ms": 5},
}  # fmt: skip


def _positive(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    """The times and errors that logarithmic axes can show."""
    shown = [(seconds, error) for seconds, error in points if seconds > 0 and error is not None and error > 0]
    return [p[0] for p in shown], [p[1] for p in shown]


def _draw(ax: Axes, curve: ErrorCurve, points: tuple[list[float], list[float]]) -> None:
    own, published, classical = _STYLES.values()
    times, errors = points
    ax.plot(times, errors, markevery=[len(times) - 1] if times else [], zorder=3, **own)
    if curve.published is not None:
        ax.plot(*curve.published, zorder=2, **published)
    if curve.classical is not None:
        ax.plot(*curve.classical, zorder=2, **classical)
