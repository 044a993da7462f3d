"""The account of a run: the objective along it, and what it left of each constraint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .figures import COLOURS, TEXT, entitle, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CURVE = 3  # steps, from which on there is something to follow
_BELOW = 1e-4  # the lowest term that is shown, as a share of the lowest objective
_DIRECT = "least squares"  # a stage whose steps are trials of features


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


@dataclass(frozen=True)
class Remaining:
    """What a run left of the constraints: by name, the residual as a fraction of the constraint's largest term.

    After a march ``per_slab`` has the root mean square residuals between the ``edges`` along an axis.
    """

    residuals: Mapping[str, float]
    axis: str = ""
    edges: Sequence[float] = ()
    per_slab: Mapping[str, Sequence[float]] = field(default_factory=dict)


_Panel = Callable[["Axes", Sequence[HistoryRow], Remaining], None]


def loss_figure(history: Sequence[HistoryRow], remaining: Remaining, title: str = "") -> Figure:
    """The objective along the run where it has steps to follow, what is left of each constraint, and in each slab."""
    panels: list[_Panel] = [_bars] if remaining.residuals else []
    panels = [_slabs, *panels] if remaining.per_slab else panels
    panels = [_curves, *panels] if len(history) >= _CURVE or not panels else panels
    widths = [3.0 if panel is _bars else 4.2 for panel in panels]
    figure = new_figure(sum(widths) + 1.6, 3.4 + 0.3 * bool(title))
    axes = figure.subplots(1, len(panels), squeeze=False, width_ratios=widths)[0]
    for panel, ax in zip(panels, axes, strict=True):
        panel(ax, history, remaining)
    entitle(figure, title)
    return figure


def _curves(ax: Axes, history: Sequence[HistoryRow], remaining: Remaining) -> None:
    """The objective and each constraint's weighted term against the step, with the stages marked.

    Many steps are thinned by the median over windows, with the objective's range shaded behind.
    """
    trials = {row.stage for row in history} == {_DIRECT}
    labelled(ax, "", "trial of features" if trials else "step", "weighted mean loss")
    ax.set_yscale("log")
    steps = np.arange(1, len(history) + 1, dtype=float)
    names = list(dict.fromkeys(name for row in history for name in row.terms))
    curves = {name: np.array([row.terms.get(name, np.nan) for row in history]) for name in names}
    whole = np.array([row.loss for row in history])
    if len(names) != 1:
        curves = {"all": whole, **curves}
    for i, (name, values) in enumerate(curves.items()):
        total = i == 0 and len(names) != 1
        colour = "0.15" if total else COLOURS[(i - (len(names) != 1)) % len(COLOURS)]
        centre, middle, low, high = _thinned(steps, _positive(values))
        mark = "o" if len(history) <= 40 else ""
        ax.plot(
            centre,
            middle,
            color=colour,
            lw=1.6 if total else 1.1,
            marker=mark,
            ms=3,
            label=name,
            zorder=4 - total,
        )
        if total or len(curves) == 1:
            ax.fill_between(centre, low, high, color=colour, alpha=0.15, lw=0)
    _limit(ax, _positive(whole), len(history))
    _mark_stages(ax, history)
    ax.locator_params(axis="x", integer=True)
    ax.grid(True, which="major", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    ax.margins(x=0.02)
    if curves and len(history):
        ax.legend(fontsize=TEXT - 1, framealpha=0.7, edgecolor="none")


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where((values > 0) & np.isfinite(values), values, np.nan)


def _limit(ax: Axes, whole: np.ndarray, steps: int) -> None:
    """From what matters to the objective up to its largest value."""
    if not np.isfinite(whole).any():  # axes find no limits of their own
        ax.set(xlim=(0, steps + 1), ylim=(0.1, 1))
        return
    low, high = float(np.nanmin(whole)), float(np.nanmax(whole))
    bottom = ax.get_ylim()[0]
    ax.set_ylim(max(bottom, _BELOW * low), 3 * high)


def _bars(ax: Axes, history: Sequence[HistoryRow], remaining: Remaining) -> None:
    """The residual of each constraint on a logarithmic scale."""
    names = list(remaining.residuals)
    values = _positive(np.array([remaining.residuals[name] for name in names], dtype=float))
    places = np.arange(len(names))[::-1]
    labelled(ax, "what is left of each constraint", "residual on held-out points,\nshare of its largest term")
    ax.set_xscale("log")
    known = np.isfinite(values)
    low = 10.0 ** np.floor(np.log10(values[known].min()) - 1) if known.any() else 1e-16
    high = max(1.0, 10 * values[known].max()) if known.any() else 1.0
    ax.barh(places[known], values[known], left=0, color=COLOURS[0], height=0.6)
    for place, name, value in zip(places, names, values, strict=True):
        exact = remaining.residuals[name] == 0
        text = f"{value:.1e}" if np.isfinite(value) else "0" if exact else "not finite"
        start = value if np.isfinite(value) else low
        ax.text(start, place, f" {text}", va="center", ha="left", fontsize=TEXT - 1)
    ax.set_xlim(low, high)
    ax.set_yticks(places, names, fontsize=TEXT - 1)
    ax.set_ylim(-0.6, max(len(names), 2) - 0.4)
    ax.grid(True, axis="x", which="major", color="0.9", lw=0.6)
    ax.set_axisbelow(True)


def _slabs(ax: Axes, history: Sequence[HistoryRow], remaining: Remaining) -> None:
    """The residual in each slab, one step for each."""
    labelled(ax, "in each slab", remaining.axis, "root mean square residual")
    ax.set_yscale("log")
    for i, (name, values) in enumerate(remaining.per_slab.items()):
        known = _positive(np.asarray(values, dtype=float))
        ax.stairs(known, remaining.edges, baseline=None, color=COLOURS[i % len(COLOURS)], lw=1.4, label=name)
    if not any(np.isfinite(_positive(np.asarray(v))).any() for v in remaining.per_slab.values()):
        ax.set_ylim(0.1, 1)
    ax.set_xlim(remaining.edges[0], remaining.edges[-1])
    ax.grid(True, which="major", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    ax.legend(fontsize=TEXT - 1, framealpha=0.7, edgecolor="none")


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


def _mark_stages(ax: Axes, history: Sequence[HistoryRow]) -> None:
    starts = [i for i, row in enumerate(history) if i == 0 or _new_stage(history[i - 1], row)]
    ends = [*starts[1:], len(history)]
    for start, end in zip(starts, ends, strict=True):
        if start:
            ax.axvline(start + 0.5, color="0.6", lw=0.8, ls=":")
        wide = (end - start) / max(1, len(history))
        if wide > 0.08 or len(starts) == 1:
            ax.text(
                (start + end + 1) / 2,
                1.02,
                history[start].stage,
                transform=ax.get_xaxis_transform(),
                ha="center",
                fontsize=TEXT - 1,
                color="0.3",
            )


def _new_stage(before: HistoryRow, row: HistoryRow) -> bool:
    return before.stage != row.stage or row.step <= before.step
