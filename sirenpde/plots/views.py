"""Where the panels of a figure look: at a time, on a plane or on a surface of the grid or mesh that holds a field."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.meshes.cells import Cells
from ..geometry.point import Axis
from .solids import edges_of, section, surface_of, tetrahedra_of

Array = NDArray[Any]
Take = Callable[[Array], Array]
Places = Mapping[int, int]  # the place on each line that does not run
ELEVATION, AZIMUTH = 25.0, -60.0  # degrees, whence surfaces are seen
_FACETS = 41  # points along each edge of a box at most, where its surface is shown
_MOMENTS = 6  # so many times are all shown


@dataclass(frozen=True, eq=False)
class View:
    """A curve, a plane or a surface, at whose points (n, k) a figure shows a field.

    ``take`` finds the values there, (n, *field), among those on the whole grid or mesh. The points fill a tensor
    grid of this ``shape``, or are joined by triangles; with neither they stand alone.
    """

    title: str
    axes: tuple[Axis, ...]  # one of a curve, two of a plane, three in perspective
    points: Array
    take: Take
    shape: tuple[int, ...] = ()
    triangles: Array | None = None
    outline: Array | None = None  # edges (e, 2) of the boundary of a shape


def grid_views(axes: Sequence[Axis], coordinates: Sequence[Array]) -> list[View]:
    """The views of a tensor grid, one for each of a few times; of three axes in space a surface and middle planes.

    One axis in space and many times are a plane. Of more axes in space the first three are shown, in the middle of
    the others.

    >>> import numpy as np
    >>> from sirenpde import Box
    >>> axes = Box(t=(0, 1), x=(0, 1), y=(0, 1)).axes
    >>> [view.title for view in grid_views(axes, [np.linspace(0, 1, 99)] * 3)]
    ['t = 0', 't = 0.5', 't = 1']
    """
    wide = [i for i, line in enumerate(coordinates) if len(line) > 1] or [0]
    space = [i for i in wide if not axes[i].is_time][:3]
    few = all(len(coordinates[i]) <= _MOMENTS for i in wide if axes[i].is_time)
    shown = space if len(space) > 1 or (space and few) else wide[:2]
    moments = moments_of(axes, coordinates, shown)
    if len(shown) < 3:
        return [_grid_plane(axes, coordinates, shown, at, title) for title, at in moments]
    views = [_box_surface(axes, coordinates, shown, at, title) for title, at in moments]
    for cut in shown if len(moments) == 1 else shown[-1:]:
        place = len(coordinates[cut]) // 2
        flat, text = [i for i in shown if i != cut], _at(axes[cut], coordinates[cut][place])
        views += [
            _grid_plane(axes, coordinates, flat, {**at, cut: place}, _joined(title, text))
            for title, at in moments
        ]
    return views


def cells_views(axes: Sequence[Axis], cells: Cells) -> list[View]:
    """The views of a shape's mesh, like those of a grid, with the boundary as a line."""
    lines = [line.numpy() for line in cells.lines]
    points, corners = cells.points.numpy(), cells.corners.numpy()
    k = points.shape[1]
    if k == 1:
        order = np.argsort(points[:, 0])
        views = grid_views(axes, [points[order, 0], *lines])
        return [replace(view, take=_sorted(view.take, order)) for view in views]
    runs = [i for i, line in enumerate(lines) if len(line) > 1 and not axes[k + i].is_time]
    depth = runs[:1] if k == corners.shape[1] - 1 == 2 else []
    drawn = (*axes[:k], *(axes[k + i] for i in depth))
    if depth:
        line = lines[depth[0]]
        corners = tetrahedra_of(corners, len(line))
        points = np.column_stack([np.repeat(points, len(line), axis=0), np.tile(line, len(points))])
    moments = [
        (title, _at_places(len(lines), at)) for title, at in moments_of(axes[k:], lines, depth)
    ]  # fmt: skip
    if len(drawn) == 2:
        outline = edges_of(corners)
        return [View(title, drawn, points, take, (), corners, outline) for title, take in moments]
    views = [_surface(drawn, points, corners, title, take) for title, take in moments]
    for cut in range(3) if len(moments) == 1 else (2,):
        views += _sections(drawn, points, corners, cut, moments) if corners.shape[1] == 4 else []
    return views


def _sorted(take: Take, order: Array) -> Take:
    return lambda values: take(values[order])


def cloud_view(axes: Sequence[Axis], points: Array) -> View | None:
    """Single points (n, d) in one to three axes; None of more."""
    d = points.shape[1]
    if d > 3:
        return None
    order = np.argsort(points[:, 0]) if d == 1 else np.arange(len(points))
    return View("", tuple(axes), points[order], lambda values: values[order])


def moments_of(
    axes: Sequence[Axis], lines: Sequence[Array], runs: Collection[int]
) -> list[tuple[str, Places]]:
    """Titles and places on the lines that do not run: a few times, and the middle of the others."""
    middle = {i: len(line) // 2 for i, line in enumerate(lines) if i not in runs}
    time = next((i for i in middle if axes[i].is_time and len(lines[i]) > 1), None)
    held = [_at(axes[i], lines[i][place]) for i, place in middle.items() if i != time]
    note = ", ".join(held) if len(held) <= 2 else "middle of the other axes"
    if time is None:
        return [(note, middle)]
    return [
        (_joined(_at(axes[time], lines[time][place]), note), {**middle, time: place})
        for place in shown_along(len(lines[time]))
    ]


def shown_along(n: int) -> list[int]:
    """Which of n times are shown: the ends and the middle; all of a few."""
    return list(range(n)) if n <= _MOMENTS else [0, n // 2, n - 1]


# ------------------------------------------------------------------------------------------------- of a grid


def _grid_plane(
    axes: Sequence[Axis], coordinates: Sequence[Array], shown: Sequence[int], at: Places, title: str
) -> View:
    """The curve or plane of the axes that are shown, at places on the others; x runs across the page."""
    names = [axes[i].name for i in shown]
    if len(shown) == 2 and names[1] == "x" and not axes[shown[0]].is_time:
        shown = shown[::-1]
    lines = [coordinates[i] for i in shown]
    own = sorted(shown)

    def take(values: Array) -> Array:
        cut = values[tuple(at.get(i, slice(None)) for i in range(len(coordinates)))]
        moved = np.transpose(cut, (*(own.index(i) for i in shown), *range(len(shown), cut.ndim)))
        flat: Array = moved.reshape(-1, *moved.shape[len(shown) :])
        return flat

    shape = tuple(map(len, lines))
    return View(title, tuple(axes[i] for i in shown), _lattice(lines), take, shape)


def _box_surface(
    axes: Sequence[Axis], coordinates: Sequence[Array], shown: Sequence[int], at: Places, title: str
) -> View:
    """The faces of a box that are seen."""
    ends = [len(coordinates[i]) - 1 for i in shown]
    picked = [np.unique(np.linspace(0, n, min(n + 1, _FACETS)).round().astype(int)) for n in ends]
    seen, indices, triangles, first = _towards(), [], [], 0
    for across in range(3):
        index = [p if i != across else p[[-1 if seen[i] > 0 else 0]] for i, p in enumerate(picked)]
        indices.append(_lattice(index))
        u, v = (len(p) for i, p in enumerate(index) if i != across)
        triangles.append(first + _grid_triangles(u, v))
        first += len(indices[-1])
    chosen = np.concatenate(indices)
    points = np.column_stack([coordinates[i][chosen[:, j]] for j, i in enumerate(shown)])

    def take(values: Array) -> Array:
        cut = values[tuple(at.get(i, slice(None)) for i in range(len(coordinates)))]
        facets: Array = cut[tuple(chosen.T)]
        return facets

    return View(title, tuple(axes[i] for i in shown), points, take, (), np.concatenate(triangles))


def _grid_triangles(u: int, v: int) -> Array:
    a = (np.arange(u - 1)[:, None] * v + np.arange(v - 1)).reshape(-1)
    return np.concatenate([np.stack([a, a + v, a + v + 1], 1), np.stack([a, a + v + 1, a + 1], 1)])


def _lattice(lines: Sequence[Array]) -> Array:
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, len(lines))


# ------------------------------------------------------------------------------------------------- of a mesh


def _at_places(lines: int, at: Places) -> Take:
    """The values of a mesh at places on its lines, one after the other."""

    def take(values: Array) -> Array:
        cut = values[(slice(None), *(at.get(i, slice(None)) for i in range(lines)))]
        running = 1 + lines - len(at)
        return cut.reshape(-1, *cut.shape[running:])

    return take


def _surface(axes: tuple[Axis, ...], points: Array, corners: Array, title: str, take: Take) -> View:
    """The surface of a solid as far as it is seen; an open surface whole."""
    triangles = corners
    if corners.shape[1] == 4:
        faces = surface_of(points, corners)
        a, b, c = (points[faces[:, i]] for i in range(3))
        triangles = faces[np.cross(b - a, c - a) @ _towards() > 0]
    used, index = np.unique(triangles, return_inverse=True)
    return View(title, axes, points[used], lambda v: take(v)[used], (), index.reshape(-1, 3))


def _sections(
    axes: tuple[Axis, ...], points: Array, corners: Array, cut: int, moments: Sequence[tuple[str, Take]]
) -> Iterator[View]:
    """The plane section through the middle across an axis at each moment, where it meets the solid."""
    level = _middle(points[:, cut])
    edges, share, triangles = section(points, corners, cut, level)
    if not len(triangles):
        return
    flat = [i for i in range(3) if i != cut]
    ends = points[edges][:, :, flat]
    places = ends[:, 0] + share[:, None] * (ends[:, 1] - ends[:, 0])
    outline, text = edges_of(triangles), _at(axes[cut], level)

    def between(take: Take) -> Take:
        def taken(values: Array) -> Array:
            whole = take(values)
            weight = share.reshape(-1, *(1 for _ in whole.shape[1:]))
            inside: Array = (1 - weight) * whole[edges[:, 0]] + weight * whole[edges[:, 1]]
            return inside

        return taken

    for title, take in moments:
        shown = tuple(axes[i] for i in flat)
        yield View(_joined(title, text), shown, places, between(take), (), triangles, outline)


def _middle(values: Array) -> float:
    """The middle of their range in few digits: that of a mesh is near the shape's."""
    low, high = float(values.min()), float(values.max())
    digits = 2 - math.floor(math.log10(high - low)) if high > low else 12
    return round((low + high) / 2, digits) + 0.0


# ----------------------------------------------------------------------------------------------------- words


def _towards() -> Array:
    """The unit vector to whoever looks."""
    up, around = np.radians(ELEVATION), np.radians(AZIMUTH)
    return np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)])


def _at(axis: Axis, value: float) -> str:
    return f"{axis.name} = {float(value) + 0.0:.3g}"


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)
