"""One panel: a field on a plane, in perspective, or at points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.point import Axis
from .figures import TEXT, labelled
from .scales import Scale
from .views import AZIMUTH, ELEVATION, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]
_ARROWS = 13  # along a side of a square
_MOST = 1600  # points along an axis that are drawn
_SMOOTH = 64  # points along an axis, below which values are interpolated between them
_LIGHT = np.array([0.35, -0.55, 0.76])


@dataclass(frozen=True, eq=False)
class Panel:
    """Real values (n,) at the points of a view, with the components (n, k) of arrows where there are any."""

    title: str
    view: View
    values: Array
    scale: Scale
    bar: str  # panels of one colour bar have one name of it
    arrows: Array | None = None
    units: Mapping[str, str] = field(default_factory=dict)  # of axes, by name

    @property
    def is_solid(self) -> bool:
        return len(self.view.axes) == 3

    @property
    def aspect(self) -> float:
        """Its height as a share of its width."""
        if self.is_solid:
            return 0.9
        if not is_equal(self.view.axes):
            return 0.75
        width, height = np.ptp(self.view.points, axis=0)
        return float(height / width)


def draw(ax: Axes, panel: Panel) -> None:
    """A panel on axes of its kind."""
    shown = panel.scale.fit(panel.values)
    (_perspective if panel.is_solid else _plane)(ax, panel, shown)
    ax.set_title(panel.title, fontsize=TEXT)


def is_equal(axes: Sequence[Axis]) -> bool:
    """Whether lengths on the axes compare; a time axis has a unit of its own."""
    return not any(axis.is_time for axis in axes)


def axis_label(axis: Axis, units: Mapping[str, str]) -> str:
    unit = units.get(axis.name)
    return f"{axis.name} ({unit})" if unit else axis.name


def _plane(ax: Axes, panel: Panel, shown: Array) -> None:
    view = panel.view
    style: dict[str, Any] = {"cmap": panel.scale.colours, "norm": panel.scale.norm}
    x, y = view.points.T
    if view.shape:
        every = -(-max(view.shape) // _MOST)
        grid = [v.reshape(view.shape)[::every, ::every].T for v in (x, y, shown)]
        smooth = min(view.shape) <= _SMOOTH and bool(np.isfinite(shown).all())
        shading: Any = "gouraud" if smooth else "nearest"
        ax.pcolormesh(*grid, shading=shading, rasterized=True, **style)
    elif view.triangles is not None:
        _triangles(ax, view, shown, style)
    else:
        size = float(np.clip(6000 / len(x), 1.0, 30))
        ax.scatter(x, y, s=size, c=shown, lw=0, rasterized=True, **style)
    labelled(ax, panel.title, *(axis_label(axis, panel.units) for axis in view.axes))
    ax.set_facecolor("0.85" if view.shape else "white")
    if is_equal(view.axes):
        ax.set_aspect("equal")
    if panel.arrows is not None:
        _arrows(ax, view.points, panel.arrows, panel.scale.high)


def _triangles(ax: Axes, view: View, shown: Array, style: dict[str, Any]) -> None:
    """Triangles with values at their corners, without those that have no number at one; the boundary as a line."""
    from matplotlib.collections import LineCollection

    assert view.triangles is not None
    known = view.triangles[np.isfinite(shown[view.triangles]).all(1)]
    x, y = view.points.T
    if len(known):
        filled = np.nan_to_num(shown)
        ax.tripcolor(x, y, filled, triangles=known, shading="gouraud", rasterized=True, **style)
    if view.outline is not None:
        ax.add_collection(
            LineCollection(list(view.points[view.outline]), colors="0.2", linewidths=0.6, capstyle="round")
        )
    low, high = view.points.min(0), view.points.max(0)
    margin = 0.02 * (high - low)
    ax.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))


def _arrows(ax: Axes, points: Array, arrows: Array, largest: float) -> None:
    """Arrows at the points nearest to those of a square lattice; the longest is as long as their distance."""
    from scipy.spatial import cKDTree

    low, high = points.min(0), points.max(0)
    spacing = float(np.sqrt((high - low).prod())) / _ARROWS
    counts = np.maximum(1, np.floor((high - low) / spacing + 1e-9)).astype(int)
    lines = [
        a + (b - a) * (np.arange(n) + 0.5) / n for a, b, n in zip(low, high, counts, strict=True)
    ]  # in the middle, none on the boundary
    sites = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, 2)
    distance, nearest = cKDTree(points).query(sites)
    chosen = np.unique(nearest[distance < spacing / 2])
    chosen = chosen[np.isfinite(arrows[chosen]).all(1)]
    ax.quiver(
        *points[chosen].T,
        *arrows[chosen].T,
        angles="xy",
        scale_units="xy",
        scale=(largest or 1.0) / spacing,
        pivot="mid",
        units="xy",
        width=0.09 * spacing,
        color="white",
        edgecolor="0.1",
        linewidth=0.4,
        zorder=3,
    )


def _perspective(ax: Any, panel: Panel, shown: Array) -> None:
    """A surface seen from outside, coloured by the field and shaded by its slope towards the light."""
    from matplotlib import colormaps
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    view, points, colours = panel.view, panel.view.points, colormaps[panel.scale.colours]
    if view.triangles is None:
        size = float(np.clip(6000 / len(points), 1.0, 20))
        ax.scatter(*points.T, s=size, c=shown, cmap=colours, norm=panel.scale.norm, lw=0)
    else:
        corners = points[view.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
        middle = shown[view.triangles].mean(1)
        rgba = np.array(colours(panel.scale.norm(middle)))
        rgba[:, :3] *= (0.72 + 0.28 * np.abs(normals @ _LIGHT))[:, None]
        rgba[~np.isfinite(middle)] = (0.85, 0.85, 0.85, 1)
        ax.add_collection3d(
            Poly3DCollection(corners, facecolors=rgba, edgecolors=rgba, linewidths=0.3, rasterized=True)
        )
    labels = [axis_label(axis, panel.units) for axis in view.axes]
    frame(ax, list(zip(points.min(0), points.max(0), strict=True)), labels)


def frame(ax: Any, bounds: Sequence[tuple[float, float]], labels: Sequence[str], equal: bool = True) -> None:
    """Limits, labels, and lengths in proportion, seen along parallel lines."""
    labelled(ax, "", *labels[:2])
    ax.set_zlabel(labels[2], fontsize=TEXT)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.labelpad = -5
    for name, (low, high), label in zip("xyz", bounds, labels, strict=True):
        getattr(ax, f"set_{name}lim")(low, high)
        ax.set(**{f"{name}label": label})
    widths = [high - low for low, high in bounds]
    ax.set_box_aspect(widths if equal else [1.0, 1.0, 1.0], zoom=0.95)
    ax.set_proj_type("ortho")
    ax.view_init(ELEVATION, AZIMUTH)
    ax.locator_params(nbins=3)
    ax.tick_params(labelsize=TEXT - 2, pad=-1)
