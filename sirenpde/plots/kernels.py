"""Kernels as pictures: their matrices, rows, spectra, and what these say of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .figures import COLOURS, TEXT, entitle, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor


def matrix_and_eigenvalues(
    matrix: Tensor, eigenvalues: Tensor, parts: Mapping[str, slice] | None = None
) -> Figure:
    """A kernel's matrix (n, n) and beside it its eigenvalues on logarithmic axes.

    Of the matrix the correlations K_ij / sqrt(K_ii K_jj) are drawn, since parts may differ by orders of magnitude,
    with lines between the parts.
    """
    sizes = matrix.diagonal().clamp(min=1e-300).sqrt()
    figure = new_figure(7.2, 3.2)
    left, right = figure.subplots(1, 2)
    alike = (matrix / sizes / sizes[:, None]).cpu().numpy()
    shown = left.imshow(alike, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    figure.colorbar(shown, ax=left, shrink=0.9).ax.tick_params(labelsize=TEXT - 1)
    for name, place in (parts or {}).items():
        if len(parts or {}) > 1:
            left.axhline(place.start - 0.5, color="0.3", lw=0.8)
            left.axvline(place.start - 0.5, color="0.3", lw=0.8)
            left.text(0.5, place.start + 0.5, name, fontsize=TEXT - 2, va="top")
    labelled(left, "correlations of the kernel", "row", "row")
    values = eigenvalues.clamp(min=0).cpu()
    right.loglog(range(1, len(values) + 1), values.numpy(), ".-", color=COLOURS[0], ms=3, lw=0.8)
    most = float(values[0]) if len(values) else 1.0
    right.set_ylim(bottom=1e-17 * most, top=3 * most)
    right.grid(color="0.92", lw=0.6)
    labelled(right, "eigenvalues", "number", "")
    return figure


@dataclass(frozen=True)
class Curve:
    """A line of a panel: x, y, its label, a matplotlib line style, and which of the colours it has."""

    x: Sequence[float]
    y: Sequence[float]
    label: str = ""
    style: str = "-"
    colour: int = 0

    @staticmethod
    def of(points: Sequence[Sequence[float]], label: str = "", style: str = "-", colour: int = 0) -> Curve:
        """Of pairs (x, y)."""
        return Curve([p[0] for p in points], [p[1] for p in points], label, style, colour)


@dataclass(frozen=True)
class CurvePanel:
    """Curves with their axes' labels; the axes named in ``logarithmic`` ("x", "y", "xy") are."""

    title: str
    xlabel: str
    ylabel: str
    curves: Sequence[Curve]
    logarithmic: str = "y"


def curve_panels(panels: Sequence[CurvePanel], title: str = "", columns: int = 3) -> Figure:
    """Panels of curves side by side, in rows of at most ``columns``."""
    across = min(columns, len(panels))
    down = -(-len(panels) // across)
    figure = new_figure(3.3 * across + 0.4, 2.8 * down + 0.2)
    axes = figure.subplots(down, across, squeeze=False).flatten()
    for ax, panel in zip(axes, panels, strict=False):
        _panel(ax, panel)
    for ax in axes[len(panels) :]:
        ax.remove()
    entitle(figure, title)
    return figure


def _panel(ax: Axes, panel: CurvePanel) -> None:
    for curve in panel.curves:
        colour = COLOURS[curve.colour % len(COLOURS)]
        ax.plot(curve.x, curve.y, curve.style, color=colour, ms=3, lw=1.1, label=curve.label or None)
    if "x" in panel.logarithmic:
        ax.set_xscale("log")
    if "y" in panel.logarithmic:
        ax.set_yscale("log")
    ax.grid(color="0.92", lw=0.6)
    if any(curve.label for curve in panel.curves):
        ax.legend(fontsize=TEXT - 2, frameon=False)
    labelled(ax, panel.title, panel.xlabel, panel.ylabel)


def kernels_and_spectra(kernels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Shift-invariant kernels as matrices above, by name, and below their rows and spectra.

    Each has its first ``row`` on a periodic grid, and its ``spectrum`` by whole frequency.
    """
    import numpy as np

    figure = new_figure(1.5 * len(kernels) + 0.6, 4.6)
    halves = figure.add_gridspec(2, 1, height_ratios=(1.7, 2.6))
    above, below = halves[0].subgridspec(1, len(kernels)), halves[1].subgridspec(1, 2)
    axes = [figure.add_subplot(above[k]) for k in range(len(kernels))]
    low = min(min(of["row"]) for of in kernels.values())
    high = max(max(of["row"]) for of in kernels.values())
    shown = None
    for ax, (name, of) in zip(axes, kernels.items(), strict=True):
        matrix = np.array([np.roll(of["row"], k) for k in range(len(of["row"]))])
        shown = ax.imshow(matrix, vmin=low, vmax=high, cmap="viridis", interpolation="nearest")
        labelled(ax, name).set_axis_off()
    if shown is not None:
        figure.colorbar(shown, ax=axes, shrink=0.9).ax.tick_params(labelsize=TEXT - 1)
    rows, spectra = (figure.add_subplot(below[k]) for k in range(2))
    for ax, which, style, words in (
        (rows, "row", "-", ("kernel from the first point", "point")),
        (spectra, "spectrum", ".-", ("its spectrum", "frequency")),
    ):
        curves = [
            Curve(range(len(of[which])), of[which], name, style, i)
            for i, (name, of) in enumerate(kernels.items())
        ]
        _panel(ax, CurvePanel(*words, "", curves, "y" if which == "spectrum" else ""))
    return figure
