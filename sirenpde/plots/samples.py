"""Where the constraints are sampled, with the normals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.point import Axis
from .figures import COLOURS, TEXT, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
_POINTS, _ARROWS = 3000, 60


@dataclass(frozen=True, eq=False)
class Samples:
    """The points (n, d) of one domain, with unit normals (n, k) in the last k axes where there are any."""

    title: str
    points: Array
    normals: Array | None = None
    total: int | None = None  # how many there are, where only some are shown


def sample_points(sets: Sequence[Samples], axes: Sequence[Axis]) -> Figure:
    """One panel for each set of points, with arrows for normals. Of four axes or more the first three show."""
    columns = min(len(sets), 3)
    rows = -(-len(sets) // columns)
    shown = min(len(axes), 3)
    height = {1: 1.3, 2: 3.0, 3: 3.3}[shown]
    figure = new_figure(3.3 * columns, height * rows + 0.2)
    for i, samples in enumerate(sets):
        colour = COLOURS[i % len(COLOURS)]
        ax = figure.add_subplot(rows, columns, i + 1, projection="3d" if shown == 3 else None)
        thinned = _thin(samples)
        _DRAW[shown](ax, thinned, colour, axes)
        ax.set_title(f"{samples.title}\n{samples.total or len(samples.points)} points", fontsize=TEXT)
    return figure


def _thin(samples: Samples) -> Samples:
    step = max(1, len(samples.points) // _POINTS)
    normals = None if samples.normals is None else samples.normals[::step]
    return Samples(samples.title, samples.points[::step], normals, samples.total)


def _arrows(samples: Samples, dimension: int) -> tuple[Array, Array] | None:
    """A few points and the normals there, filled with zeros for axes that normals have no component in."""
    if samples.normals is None:
        return None
    d, k = samples.points.shape[1], samples.normals.shape[1]
    full = np.zeros_like(samples.points)
    full[:, d - k :] = samples.normals
    step = max(1, len(full) // _ARROWS)
    return samples.points[::step, :dimension], full[::step, :dimension]


def _line(ax: Axes, samples: Samples, colour: str, axes: Sequence[Axis]) -> None:
    x = samples.points[:, 0]
    ax.plot(x, np.zeros_like(x), "|", ms=10, color=colour, alpha=0.6)
    arrows = _arrows(samples, 1)
    if arrows is not None:
        size = 0.1 * _width(axes[0])
        for start, normal in zip(arrows[0][:, 0], arrows[1][:, 0], strict=True):
            ax.annotate(
                "", (start + size * normal, 0), (start, 0), arrowprops={"arrowstyle": "->", "color": "0.2"}
            )
    labelled(ax, "", axes[0].name)
    _frame(ax, axes[:1])
    ax.set_yticks([])
    ax.set_ylim(-1, 1)


def _plane(ax: Axes, samples: Samples, colour: str, axes: Sequence[Axis]) -> None:
    points = samples.points
    ax.scatter(points[:, 0], points[:, 1], s=_size(len(points)), color=colour, lw=0, alpha=0.7)
    arrows = _arrows(samples, 2)
    if arrows is not None:
        ax.quiver(*arrows[0].T, *arrows[1].T, angles="xy", scale=12, width=0.005, color="0.15", zorder=3)
    labelled(ax, "", axes[0].name, axes[1].name)
    _frame(ax, axes[:2])
    if not any(axis.is_time for axis in axes[:2]):
        ax.set_aspect("equal")


def _space(ax: Any, samples: Samples, colour: str, axes: Sequence[Axis]) -> None:
    points = samples.points
    ax.scatter(points[:, 0], points[:, 1], points[:, 2], s=_size(len(points)), color=colour, lw=0, alpha=0.5)
    arrows = _arrows(samples, 3)
    if arrows is not None:
        length = 0.12 * max(map(_width, axes[:3]))
        ax.quiver(*arrows[0].T, *arrows[1].T, length=length, color="0.15", lw=0.6, arrow_length_ratio=0.3)
    x, y, z = axes[:3]
    labelled(ax, "", x.name, y.name)
    ax.set_zlabel(z.name, fontsize=TEXT)
    ax.set_xlim(x.low, x.high)
    ax.set_ylim(y.low, y.high)
    ax.set_zlim(z.low, z.high)
    sides = [1.0, 1.0, 1.0] if any(axis.is_time for axis in axes[:3]) else [_width(axis) for axis in axes[:3]]
    ax.set_box_aspect(sides, zoom=0.8)
    ax.locator_params(nbins=4)


def _width(axis: Axis) -> float:
    return axis.high - axis.low


def _frame(ax: Axes, axes: Sequence[Axis]) -> None:
    """The domain's box with a margin for arrows."""
    wider = [(axis.low - 0.12 * _width(axis), axis.high + 0.12 * _width(axis)) for axis in axes]
    ax.set_xlim(wider[0])
    if len(wider) > 1:
        ax.set_ylim(wider[1])


def _size(count: int) -> float:
    return float(np.clip(3000 / max(count, 1), 1.5, 14))


_DRAW = {1: _line, 2: _plane, 3: _space}
