"""Making and saving figures, without pyplot and its global state."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.whole import whole
from .scales import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT = 9  # points
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe and Ito


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, drawn by Agg."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def labelled(ax: Axes, title: str = "", xlabel: str = "", ylabel: str = "") -> Axes:
    """Labels and ticks in one size."""
    ax.set_title(title, fontsize=TEXT)
    ax.set_xlabel(xlabel, fontsize=TEXT)
    ax.set_ylabel(ylabel, fontsize=TEXT)
    ax.tick_params(which="both", labelsize=TEXT - 1)
    return ax


def entitle(figure: Figure, title: str) -> None:
    """The title of all panels together, where there is one."""
    if title:
        figure.suptitle(title, fontsize=TEXT + 1)


def colour_bar(figure: Figure, scale: Scale, axes: Sequence[Axes], label: str = "") -> None:
    """One bar for all of the axes."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import NullFormatter

    pad = 0.1 if axes[-1].name == "3d" else 0.02  # whose label stands beside them
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours), ax=axes, shrink=0.95, aspect=22, pad=pad, label=label
    )
    bar.ax.tick_params(which="both", labelsize=TEXT - 1)
    if scale.is_logarithmic and scale.high >= 10 * scale.low:
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.ax.yaxis.get_offset_text().set_fontsize(TEXT - 1)
    bar.ax.yaxis.label.set_fontsize(TEXT)


def save_figure(path: str | PathLike[str], figure: Figure, dpi: int = 200) -> Path:
    """Write a figure as PNG, PDF or SVG, whole or not at all."""
    without_formulas(figure)
    with whole(path) as beside:
        figure.savefig(beside, dpi=dpi)
    return Path(path)


def without_formulas(figure: Figure) -> None:
    """A dollar sign in a name is that, no formula."""
    from matplotlib.text import Text

    for text in figure.findobj(lambda artist: isinstance(artist, Text) and "$" in artist.get_text()):
        text.set_parse_math(False)  # type: ignore[attr-defined]
