"""The objective along a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .figures import COLOURS, MARKS, TEXT, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class HistoryRow(Protocol):
    """One line of a run's history."""

    @property
    def stage(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def terms(self) -> Mapping[str, float]: ...


def loss_curve(history: Sequence[HistoryRow]) -> Figure:
    """The objective and each constraint's weighted term against the step, with the stages marked.

    Many steps are thinned by the median over windows, with the objective's range shaded behind.
    """
    figure = new_figure(6.0, 3.4)
    ax = labelled(figure.add_subplot(), "", "step", "weighted mean loss")
    ax.set_yscale("log")
    steps = np.arange(1, len(history) + 1, dtype=float)
    names = list(dict.fromkeys(name for row in history for name in row.terms))
    curves = {name: np.array([row.terms.get(name, np.nan) for row in history]) for name in names}
    if len(names) != 1:
        curves = {"all": np.array([row.loss for row in history]), **curves}
    single, shown = len(history) < 3, False
    for i, (name, values) in enumerate(curves.items()):
        total = i == 0 and len(names) != 1
        colour = "0.15" if total else COLOURS[(i - (len(names) != 1)) % len(COLOURS)]
        positive = np.where((values > 0) & np.isfinite(values), values, np.nan)
        shown |= bool(np.isfinite(positive).any())
        centre, middle, low, high = _thinned(steps, positive)
        (curve,) = ax.plot(
            centre, middle, color=colour, lw=1.6 if total else 1.1, label=name, zorder=4 - total
        )
        if single:
            curve.set_marker(MARKS[i % len(MARKS)])
            curve.set_linestyle("none" if len(history) == 1 else "-")
        if total or len(curves) == 1:
            ax.fill_between(centre, low, high, color=colour, alpha=0.15, lw=0)
    if not shown:  # axes find no limits of their own
        ax.set(xlim=(0, len(history) + 1), ylim=(0.1, 1))
    _mark_stages(ax, history)
    ax.grid(True, which="major", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    if len(history) == 1:
        ax.set_xticks([1])
    ax.margins(x=0.02)
    if curves and len(history):
        ax.legend(fontsize=TEXT - 1, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _thinned(
    steps: np.ndarray, values: np.ndarray, windows: int = 400
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Window centres, medians, minima and maxima; everything as it is where there are few steps."""
    if len(steps) <= 2 * windows:
        return steps, values, values, values
    split = np.array_split(np.arange(len(steps)), windows)
    finite = [window for window in split if np.isfinite(values[window]).any()]
    centre = np.array([steps[window].mean() for window in finite])
    reduce = [
        np.array([f(values[window]) for window in finite]) for f in (np.nanmedian, np.nanmin, np.nanmax)
    ]
    return centre, reduce[0], reduce[1], reduce[2]


def _mark_stages(ax: object, history: Sequence[HistoryRow]) -> None:
    starts = [i for i, row in enumerate(history) if i == 0 or _new_stage(history[i - 1], row)]
    ends = [*starts[1:], len(history)]
    for start, end in zip(starts, ends, strict=True):
        if start:
            ax.axvline(start + 0.5, color="0.6", lw=0.8, ls=":")  # type: ignore[attr-defined]
        wide = (end - start) / max(1, len(history))
        if wide > 0.08 or len(starts) == 1:
            ax.text(  # type: ignore[attr-defined]
                (start + end + 1) / 2,
                1.02,
                history[start].stage,
                transform=ax.get_xaxis_transform(),  # type: ignore[attr-defined]
                ha="center",
                fontsize=TEXT - 1,
                color="0.3",
            )


def _new_stage(before: HistoryRow, row: HistoryRow) -> bool:
    return before.stage != row.stage or row.step <= before.step
