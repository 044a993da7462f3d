"""What solves cost, against their size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .figures import COLOURS, TEXT, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CostLine:
    """Points (x, y) of one kind of solve; ``dotted`` are those of others."""

    label: str
    points: Sequence[tuple[float, float]]
    dotted: bool = False


def cost_panels(
    panels: Mapping[str, Sequence[CostLine]], xlabel: str, logarithmic: bool = True, linear: bool = False
) -> Figure:
    """A panel for each title, y logarithmic.

    Args:
        panels: the lines of each, by its title.
        xlabel: what all panels have along x.
        logarithmic: whether x is.
        linear: with the slope of a cost that is proportional to x in grey, from the last point of the first line on.
    """
    figure = new_figure(3.2 * len(panels) + 0.3, 3.0)
    for ax, (title, lines) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for line, colour in zip(lines, COLOURS, strict=False):
            style = (
                {"color": "0.35", "ls": ":", "marker": "x"}
                if line.dotted
                else {"color": colour, "marker": "o"}
            )
            ax.plot([x for x, _ in line.points], [y for _, y in line.points], ms=4, label=line.label, **style)
        if linear and lines and lines[0].points:
            _proportional(ax, lines[0].points)
        if any(line.points for line in lines):  # axes find no limits of their own
            ax.set_yscale("log")
            if logarithmic:
                ax.set_xscale("log")
            else:
                ax.set_xticks(sorted({x for line in lines for x, _ in line.points}))
        ax.grid(color="0.92", lw=0.6)
        ax.legend(fontsize=TEXT - 1, frameon=False)
        labelled(ax, title, xlabel)
    return figure


def _proportional(ax: Axes, points: Sequence[tuple[float, float]]) -> None:
    """The slope of y proportional to x, through the last point and down to the lowest."""
    (end, top), low = points[-1], min(y for _, y in points)
    ax.plot([end * low / top, end], [low, top], color="0.75", lw=0.8, zorder=0, label="proportional")
