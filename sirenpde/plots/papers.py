"""Lines and pictures in panels, as papers show their experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from .figures import COLOURS, TEXT, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Points = Sequence[Sequence[float]]  # pairs (x, y)


def line_panels(
    panels: Mapping[str, Mapping[str, Points]],
    xlabel: str,
    ylabel: str,
    *,
    logx: bool = False,
    logy: bool = False,
    marks: bool = False,
    same_y: bool = False,
) -> Figure:
    """A panel for each title, in it a line for each label; a label has the same colour in all of them.

    Args:
        panels: title -> label -> points (x, y).
        xlabel: what all panels have along x.
        ylabel: what the first has along y.
        logx: whether x is logarithmic, and ``logy`` the same of y.
        marks: with a dot at each point.
        same_y: whether all panels have the same limits along y.
    """
    labels = list(dict.fromkeys(label for lines in panels.values() for label in lines))
    colours = dict(zip(labels, cycle(COLOURS), strict=False))
    styles = {label: "-" if i < len(COLOURS) else "--" for i, label in enumerate(labels)}
    figure = new_figure(3.2 * len(panels) + 0.5, 3.0)
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=same_y)[0]
    for ax, (title, lines) in zip(axes, panels.items(), strict=True):
        for label, points in lines.items():
            ax.plot(
                [point[0] for point in points],
                [point[1] for point in points],
                color=colours[label],
                ls=styles[label],
                lw=1.3,
                marker="o" if marks else "",
                ms=3.5,
                label=label,
            )
        if any(map(len, lines.values())):  # axes find no limits of their own
            ax.set(xscale="log" if logx else "linear", yscale="log" if logy else "linear")
        ax.grid(color="0.92", lw=0.6)
        labelled(ax, title, xlabel, ylabel if ax is axes[0] else "")
    if len(labels) > 1:
        handles = {h: t for ax in axes for h, t in zip(*ax.get_legend_handles_labels(), strict=True)}
        first = {text: handle for handle, text in reversed(handles.items())}
        figure.legend(
            [first[label] for label in labels],
            labels,
            loc="outside right upper",
            fontsize=TEXT - 1,
            frameon=False,
        )
    return figure


def picture_rows(rows: Mapping[str, Mapping[str, Any]], width: float = 1.5) -> Figure:
    """Pictures in a table, the names of its rows at the left and those of the pictures above each.

    Args:
        rows: row -> name -> picture (rows, columns) or (rows, columns, 3), whole numbers from 0 to 255; a grey one of
            other numbers is scaled from its least to its greatest.
        width: inches of each picture.
    """
    import numpy as np

    columns = max(map(len, rows.values()))
    arrays = [[np.asarray(picture) for picture in pictures.values()] for pictures in rows.values()]
    tallest = max(a.shape[0] / a.shape[1] for line in arrays for a in line)
    figure = new_figure(width * columns + 0.4, (width * tallest + 0.25) * len(rows))
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (row, pictures) in zip(axes, rows.items(), strict=True):
        for ax in line:
            ax.set(xticks=[], yticks=[], frame_on=False)
        for ax, (name, picture) in zip(line, pictures.items(), strict=False):
            shown = np.asarray(picture)
            limits = {"vmin": 0, "vmax": 255} if shown.dtype.kind in "iu" else {}
            ax.imshow(shown, cmap="gray", interpolation="nearest", **limits)
            ax.set_title(name, fontsize=TEXT - 1, pad=2)
        line[0].set_ylabel(row, fontsize=TEXT)
    return figure
