"""Where the constraints are sampled, with the normals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.point import Axis
from .figures import COLOURS, TEXT, entitle, labelled, new_figure
from .panels import frame, is_equal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
_POINTS, _ARROWS = 3000, 60
_LENGTH, _MARGIN = 0.1, 0.04  # of an arrow, and beside it, as shares of an axis
_NEAR = 0.4  # lengths of an arrow, between two of them
_SMALL, _AROUND = (
    0.3,
    0.3,
)  # extent of points as a share of the axes, below which they are seen close; space around


@dataclass(frozen=True, eq=False)
class Samples:
    """The points (n, d) of one domain on its axes, with unit normals (n, k) in the last k axes where there are any.

    ``outline`` holds the lines (e, 2, 2) of the shape that the domain belongs to, in a plane.
    """

    title: str
    axes: tuple[Axis, ...]
    points: Array
    normals: Array | None = None
    total: int | None = None  # how many there are, where only some are shown
    outline: Array | None = None

    @property
    def arrows(self) -> Array | None:
        """The normals, zero along axes that they have no component in."""
        if self.normals is None:
            return None
        full = np.zeros_like(self.points)
        full[:, self.points.shape[1] - self.normals.shape[1] :] = self.normals
        return full

    @property
    def is_close(self) -> bool:
        """Whether the points are a small part of their axes, as a circle in a long channel is: one sees it close."""
        if len(self.axes) < 2 or not is_equal(self.axes) or not len(self.points):
            return False
        widest = max(axis.high - axis.low for axis in self.axes)
        return 0 < float(np.ptp(self.points, axis=0).max()) < _SMALL * widest

    @property
    def window(self) -> list[tuple[float, float]]:
        """The range of each axis that is shown, without room for arrows."""
        if not self.is_close:
            return [(axis.low, axis.high) for axis in self.axes]
        low, high = self.points.min(0), self.points.max(0)
        reach = (0.5 + _AROUND) * float((high - low).max())
        return [(middle - reach, middle + reach) for middle in ((low + high) / 2).tolist()]


def sample_points(sets: Sequence[Samples], title: str = "") -> Figure:
    """One panel for each set of points on axes of its own, with arrows for normals.

    Of four axes or more three in space are shown, and the panel says which are not.
    """
    shown = [_shown(_thin(samples)) for samples in sets]
    columns = min(len(sets), 3)
    rows = -(-len(sets) // columns)
    height = max({1: 1.6, 2: 3.7, 3: 3.5}[len(samples.axes)] for samples in shown)
    whole = height * rows + 0.2 + 0.3 * bool(title)
    figure = new_figure(3.3 * columns, whole)
    if title and any(len(samples.axes) == 3 for samples in shown):  # whose titles the layout does not see
        figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - 0.3 / whole))
    for i, samples in enumerate(shown):
        solid = len(samples.axes) == 3
        ax = figure.add_subplot(rows, columns, i + 1, projection="3d" if solid else None)
        _DRAW[len(samples.axes)](ax, samples, COLOURS[i % len(COLOURS)])
        close = ", seen close" if samples.is_close else ""
        ax.set_title(
            f"{samples.title}\n{samples.total} point{'s' * (samples.total != 1)}{close}", fontsize=TEXT
        )
    entitle(figure, title)
    return figure


def _thin(samples: Samples) -> Samples:
    chosen = _some(len(samples.points), _POINTS)
    normals = None if samples.normals is None else samples.normals[chosen]
    total = samples.total or len(samples.points)
    return replace(samples, points=samples.points[chosen], normals=normals, total=total)


def _some(n: int, most: int) -> Array:
    """Some of n places, without a pattern: every tenth quasi-random point would have one."""
    chosen: Array = np.sort(np.random.default_rng(0).permutation(n)[:most])
    return chosen


def _shown(samples: Samples) -> Samples:
    """The same on three axes at most, those of space first."""
    if len(samples.axes) <= 3:
        return samples
    order = sorted(range(len(samples.axes)), key=lambda i: samples.axes[i].is_time)
    kept = sorted(order[:3])
    hidden = ", ".join(samples.axes[i].name for i in sorted(order[3:]))
    arrows = samples.arrows
    return replace(
        samples,
        title=f"{samples.title}, seen along {hidden}",
        axes=tuple(samples.axes[i] for i in kept),
        points=samples.points[:, kept],
        normals=None if arrows is None else arrows[:, kept],
    )


def _starts(samples: Samples) -> tuple[Array, Array] | None:
    """A few points and the arrows there, in the units of the axes; None where there are no normals."""
    arrows = samples.arrows
    if arrows is None:
        return None
    lengths = _lengths(samples)
    chosen = _apart(samples.points / lengths, _ARROWS)
    return samples.points[chosen], arrows[chosen] * lengths


def _apart(points: Array, most: int) -> Array:
    """Some of the points (n, d) in lengths of an arrow: each is the farthest from those before it, none too near."""
    chosen, distance = [0], np.full(len(points), np.inf)
    while len(chosen) < most:
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
        if distance.max() < _NEAR:
            break
        chosen.append(int(distance.argmax()))
    return np.array(chosen)


def _lengths(samples: Samples) -> Array:
    """How long an arrow along each axis is: as long as all others where lengths compare."""
    widths = np.array([high - low for low, high in samples.window])
    return _LENGTH * (np.full_like(widths, widths.max()) if is_equal(samples.axes) else widths)


def _bounds(samples: Samples) -> list[tuple[float, float]]:
    """The range of each axis with room for arrows."""
    room = _lengths(samples) * (1 + _MARGIN / _LENGTH)
    return [(low - r, high + r) for (low, high), r in zip(samples.window, room, strict=True)]


def _line(ax: Axes, samples: Samples, colour: str) -> None:
    x = samples.points[:, 0]
    ax.plot(x, np.zeros_like(x), "|", ms=10, color=colour, alpha=0.6)
    for start, arrow in zip(*(_starts(samples) or ((), ())), strict=True):
        style = {"arrowstyle": "->", "color": "0.2", "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (start[0] + arrow[0], 0), (start[0], 0), arrowprops=style)
    labelled(ax, "", samples.axes[0].name)
    ax.set_xlim(_bounds(samples)[0])
    ax.set_yticks([])
    ax.set_ylim(-1, 1)


def _plane(ax: Axes, samples: Samples, colour: str) -> None:
    from matplotlib.collections import LineCollection

    x, y = samples.points.T
    ax.scatter(x, y, s=_size(len(x)), color=colour, lw=0, alpha=0.7)
    if samples.outline is not None:
        ax.add_collection(LineCollection(list(samples.outline), colors="0.7", linewidths=0.6, zorder=0))
    arrows = _starts(samples)
    if arrows is not None:
        style: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.005}
        ax.quiver(*arrows[0].T, *arrows[1].T, color="0.15", zorder=3, **style)
    labelled(ax, "", samples.axes[0].name, samples.axes[1].name)
    across, up = _bounds(samples)
    ax.set(xlim=across, ylim=up)
    if is_equal(samples.axes):
        ax.set_aspect("equal")


def _space(ax: Any, samples: Samples, colour: str) -> None:
    points = samples.points
    ax.scatter(*points.T, s=_size(len(points)), color=colour, lw=0, alpha=0.5)
    arrows = _starts(samples)
    if arrows is not None:
        ax.quiver(*arrows[0].T, *arrows[1].T, color="0.15", lw=0.6, arrow_length_ratio=0.3)
    frame(ax, _bounds(samples), [axis.name for axis in samples.axes], is_equal(samples.axes))


def _size(count: int) -> float:
    return float(np.clip(3000 / max(count, 1), 1.5, 14))


_DRAW = {1: _line, 2: _plane, 3: _space}
