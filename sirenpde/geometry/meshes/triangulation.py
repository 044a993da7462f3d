"""Triangles that conform to the curves that bound a shape in the plane.

The curves are cut into chords no longer than the size of a triangle, shorter where they bend, near small holes and
where two of them come close. Points on a lattice, as dense as the chords ask for, fill the interior. The Delaunay
triangulation of both (scipy) has every chord as an edge once no chord's diametral circle holds another point
(a Gabriel edge): interior points that lie in one are left out, chords in which another boundary point lies are
halved on their curve (J. Ruppert, J. Algorithms 18 (1995) 548). Interior points move to the middle of their triangles
(L. Chen and J. Xu, J. Comput. Math. 22 (2004) 299), and the centres of those that are still bad are added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Curve = Callable[[Array], Array]  # parameters (n,) in [0, 1] -> points (n, 2)
Level = Callable[[Array], Array]  # points (n, 2) -> (n,), negative inside

TURN = math.pi / 12  # of a curve along one chord, at most; less on meshes of more than
_COARSE = 1 / 32  # of the extent, so that all that is round converges
_GROWTH = 0.35  # of the size of triangles by the distance from small ones
_SHARP = math.cos(math.radians(60))  # chords meet at such a corner in equal lengths
_LEAST_CHORD = 1e-2  # of the size asked for: into a cusp no finer
_SMOOTHINGS = 24
_WORK = 100_000  # points to be moved in all, of large meshes
_SETTLED, _GOOD = 4, 28.0  # steps without gain, and a least angle that is good enough
_GAP = 1.5  # chords to the distance from others


@dataclass(frozen=True, eq=False)
class Chords:
    """Boundary points (n, 2), and chords (m, 2) between them with their curve and its parameters (m, 2)."""

    points: Array
    ends: Array
    curve: Array
    parameters: Array

    @property
    def lengths(self) -> Array:
        a, b = self.points[self.ends].transpose(1, 0, 2)
        lengths: Array = np.linalg.norm(b - a, axis=1)
        return lengths


def triangulate(
    curves: Sequence[Curve], level: Level, size: float, turn: float = TURN
) -> tuple[Array, Array]:
    """Points (n, 2) and counterclockwise triangles (m, 3) of the shape within ``curves``, of about a ``size``.

    No chord spans more than ``turn`` radians of a curve.
    Boundary vertices lie on the curves, ends of curves are vertices. The angles are above 20 degrees but for
    those at sharper corners of the shape. ``level`` is negative inside; of it the sign alone is used.
    """
    chords = _apart(_chords(curves, size, turn), curves, size)
    density = _Density(chords, size)
    inner = _outside_circles(_seeds(chords, density, level), chords)
    best, since, found = -1.0, 0, (inner, inner)
    for _ in range(max(_SETTLED, min(_SMOOTHINGS, _WORK // (1 + len(inner))))):
        points, triangles = _delaunay(chords, inner, level)
        least, since = _least_angle(chords, points, triangles), since + 1
        if least > best:
            best, since, found = least, 0, (points, triangles)
        if since >= _SETTLED or (best > _GOOD and since):
            break
        moved = _smoothed(points, triangles, len(chords.points), density)
        inner = _outside_circles(_filled(moved, points, triangles, density), chords)
    return _used(*found)


# ------------------------------------------------------------------------------------------ the boundary


def _chords(curves: Sequence[Curve], size: float, turn: float) -> Chords:
    """Chords short enough for the size and the bend of each curve, joined where curves meet."""
    fine = np.linspace(0, 1, 257)
    extent = np.ptp(np.concatenate([curve(fine) for curve in curves]), axis=0).max()
    turn = turn * min(1.0, size / (_COARSE * extent))
    points: list[Array] = []
    parameters, owners = [], []
    for i, curve in enumerate(curves):
        s = _divided(curve, size, turn)
        points.append(curve(s))
        parameters.append(np.stack([s[:-1], s[1:]], axis=1))
        owners.append(np.full(len(s) - 1, i))
    counts = np.cumsum([0, *map(len, points)])
    ends = [
        np.stack([np.arange(n - 1), np.arange(1, n)], axis=1) + start
        for n, start in zip(map(len, points), counts, strict=False)
    ]
    merged, index = _merged(np.concatenate(points), 1e-7 * size)
    return Chords(merged, index[np.concatenate(ends)], np.concatenate(owners), np.concatenate(parameters))


def _divided(curve: Curve, size: float, turn: float) -> Array:
    """Parameters of the ends of chords of nearly equal length, short enough for a size and for the curve's bend."""
    fine = np.linspace(0, 1, 257)
    places = curve(fine)
    steps = np.diff(places, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    turns = np.abs(np.diff(heading))
    wanted = lengths / size  # how many chords each small step is worth
    bent = np.zeros(len(lengths))
    bent[:-1] += turns / 2
    bent[1:] += turns / 2
    wanted = np.maximum(wanted, bent / turn)
    grown = np.concatenate([[0], np.cumsum(wanted)])
    closed = np.linalg.norm(places[0] - places[-1]) <= 1e-7 * size
    count = max(3 if closed else 1, math.ceil(grown[-1] - 1e-9))
    s: Array = np.interp(np.linspace(0, grown[-1], count + 1), grown, fine)
    return s


def _merged(points: Array, tolerance: float) -> tuple[Array, Array]:
    """Points at the same place made one, and where each went."""
    from scipy.spatial import KDTree

    first = np.arange(len(points))
    for a, b in sorted(KDTree(points).query_pairs(tolerance)):
        first[b] = min(first[b], first[a])
    kept, index = np.unique(first, return_inverse=True)
    return points[kept], index


def _apart(chords: Chords, curves: Sequence[Curve], size: float) -> Chords:
    """Chords halved until no diametral circle of one holds the end of another, and lengths change gradually."""
    for _ in range(60):
        chords, equal = _equal_at_sharp_corners(chords, curves)
        split = _encroached(chords, chords.points) | _steep(chords) | _close(chords)
        split &= chords.lengths > _LEAST_CHORD * size
        if not split.any() and equal:
            return chords
        chords = _halved(chords, curves, split)
    return chords


def _encroached(chords: Chords, points: Array) -> Array:
    """Whether the diametral circle of each chord holds one of the points, the chord's own ends aside."""
    from scipy.spatial import KDTree

    middles = chords.points[chords.ends].mean(1)
    radii = chords.lengths / 2
    held = KDTree(points).query_ball_point(middles, radii * (1 - 1e-9), return_length=True)
    inside: Array = np.asarray(held) > 0
    return inside


def _steep(chords: Chords) -> Array:
    """Whether a chord is too long for the distance from a shorter one elsewhere."""
    return chords.lengths > 1.5 * _limited(chords)


def _close(chords: Chords) -> Array:
    """Whether a chord is too long for its distance from a part of the boundary that it is not joined to."""
    from scipy.spatial import KDTree

    tree = KDTree(chords.points)
    distance, near = tree.query(chords.points[chords.ends].mean(1), k=min(8, len(chords.points)))
    around = _neighbours(chords)
    apart = ~(near[:, :, None] == around[:, None, :]).any(2)
    closest: Array = np.where(apart, distance, np.inf).min(1)
    return chords.lengths > _GAP * closest


def _neighbours(chords: Chords) -> Array:
    """For each chord its ends and the other ends of chords there, (m, 6)."""
    count = len(chords.points)
    following = np.full((count, 2), -1)
    for column, (a, b) in enumerate((chords.ends.T, chords.ends[:, ::-1].T)):
        following[a, column] = b
    return np.concatenate([chords.ends, following[chords.ends].reshape(-1, 4)], axis=1)


def _limited(chords: Chords) -> Array:
    """For each chord the length that the shorter ones around it allow."""
    from scipy.spatial import KDTree

    middles, lengths = chords.points[chords.ends].mean(1), chords.lengths
    count = min(len(middles), 12)
    distance, near = KDTree(middles).query(middles, k=count)
    allowed: Array = (lengths[near] + _GROWTH * distance).reshape(len(middles), -1).min(1)
    return allowed


def _halved(chords: Chords, curves: Sequence[Curve], split: Array) -> Chords:
    """The chords of a mask halved, each where its curve is as far from both ends."""
    where = np.flatnonzero(split)
    return _cut(chords, curves, where, _middle(chords, curves, where))


def _middle(chords: Chords, curves: Sequence[Curve], where: Array) -> Array:
    """The parameters at which curves are equally far from the ends of their chords."""

    def excess(points: Array) -> Array:
        a, b = chords.points[chords.ends[where]].transpose(1, 0, 2)
        difference: Array = np.linalg.norm(points - a, axis=1) - np.linalg.norm(points - b, axis=1)
        return difference

    return _bisected(chords, curves, where, excess)


def _bisected(
    chords: Chords, curves: Sequence[Curve], where: Array, excess: Callable[[Array], Array]
) -> Array:
    """Parameters of chords at which a function of the curves' points turns from below to above zero."""
    low, high = chords.parameters[where].T.copy()
    for _ in range(50):
        middle = (low + high) / 2
        above = excess(_on_curves(curves, chords.curve[where], middle)) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    parameters: Array = (low + high) / 2
    return parameters


def _on_curves(curves: Sequence[Curve], which: Array, parameters: Array) -> Array:
    points = np.empty((len(which), 2))
    for i in np.unique(which):
        points[which == i] = curves[i](parameters[which == i])
    return points


def _cut(chords: Chords, curves: Sequence[Curve], where: Array, parameters: Array) -> Chords:
    """Each of these chords in two, at a parameter of its curve."""
    if not len(where):
        return chords
    new = len(chords.points) + np.arange(len(where))
    ends, spans = chords.ends.copy(), chords.parameters.copy()
    second_ends = np.stack([new, ends[where, 1]], axis=1)
    second_spans = np.stack([parameters, spans[where, 1]], axis=1)
    ends[where, 1], spans[where, 1] = new, parameters
    return Chords(
        np.concatenate([chords.points, _on_curves(curves, chords.curve[where], parameters)]),
        np.concatenate([ends, second_ends]),
        np.concatenate([chords.curve, chords.curve[where]]),
        np.concatenate([spans, second_spans]),
    )


def _equal_at_sharp_corners(chords: Chords, curves: Sequence[Curve]) -> tuple[Chords, bool]:
    """The two chords at each sharp corner in similar lengths, and whether they were.

    Else halving one would ask for halving the other, and so without end.
    """
    a, b = chords.ends.T
    order = np.argsort(np.concatenate([a, b]), kind="stable")
    corner, chord = np.concatenate([a, b])[order], np.concatenate([np.arange(len(a))] * 2)[order]
    pairs = np.flatnonzero(corner[:-1] == corner[1:])
    middle, first, second = corner[pairs], chord[pairs], chord[pairs + 1]
    lengths = chords.lengths

    def away(which: Array) -> Array:
        other = chords.ends[which].sum(1) - middle
        arrow: Array = (chords.points[other] - chords.points[middle]) / lengths[which][:, None]
        return arrow

    sharp = (away(first) * away(second)).sum(1) > _SHARP
    longer = np.where(lengths[first] > lengths[second], first, second)
    shortest = np.minimum(lengths[first], lengths[second])
    uneven = sharp & (lengths[longer] > 1.5 * shortest)  # so that neither part is short
    where, at = np.unique(longer[uneven], return_index=True)
    tips, radii = middle[uneven][at], shortest[uneven][at]
    from_start = chords.ends[where, 0] == tips

    def excess(points: Array) -> Array:
        far = np.linalg.norm(points - chords.points[tips], axis=1) - radii
        signed: Array = np.where(from_start, far, -far)
        return signed

    return _cut(chords, curves, where, _bisected(chords, curves, where, excess)), not len(where)


# ------------------------------------------------------------------------------------------ the interior


class _Density:
    """The size of triangles at a point: that of the nearest chords, growing with the distance up to a largest."""

    def __init__(self, chords: Chords, size: float) -> None:
        from scipy.spatial import KDTree

        middles = chords.points[chords.ends].mean(1)
        self._tree = KDTree(middles)
        self._lengths = np.minimum(chords.lengths, _limited(chords))
        self.largest = size

    def __call__(self, points: Array) -> Array:
        count = min(4, len(self._lengths))
        distance, near = self._tree.query(points, k=count)
        grown = (self._lengths[near] + _GROWTH * distance).reshape(len(points), -1).min(1)
        size: Array = np.minimum(self.largest, grown)
        return size

    @property
    def least(self) -> float:
        return float(self._lengths.min())


def _seeds(chords: Chords, density: _Density, level: Level) -> Array:
    """Points of triangular lattices inside the shape, each where its spacing is the size of triangles."""
    from scipy.spatial import KDTree

    low, high = chords.points.min(0), chords.points.max(0)
    spacing, seeds = density.largest, list[Array]()
    around = KDTree(np.concatenate([chords.points, chords.points[chords.ends].mean(1)]))
    where = _lattice(low, high, spacing)
    while len(where):
        size = density(where)
        fits = (size > spacing / math.sqrt(2)) if spacing > density.least else np.ones(len(where), bool)
        chosen = where[fits]
        if seeds:  # clear of the coarser lattice
            taken = KDTree(np.concatenate(seeds))
            chosen = chosen[taken.query(chosen)[0] > 0.6 * spacing] if taken.n else chosen
        seeds.append(chosen)
        finer = where[~fits]
        where = _refined(finer, spacing)
        spacing /= 2
    found = np.concatenate(seeds)
    clear = around.query(found)[0] > 0.6 * density(found)
    found = found[clear]
    inside: Array = found[level(found) < 0]
    return inside


def _lattice(low: Array, high: Array, spacing: float) -> Array:
    """A triangular lattice over a rectangle."""
    rise = spacing * math.sqrt(3) / 2
    rows = np.arange(math.ceil((high[1] - low[1]) / rise) + 1)
    columns = np.arange(math.ceil((high[0] - low[0]) / spacing) + 2) - 0.5
    x = low[0] + spacing * (columns[None] + 0.5 * (rows[:, None] % 2))
    y = np.broadcast_to(low[1] + rise * rows[:, None], x.shape)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _refined(points: Array, spacing: float) -> Array:
    """The lattice of half the spacing around these points of one."""
    angles = math.pi / 3 * np.arange(6)
    ring = spacing / 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    near = np.concatenate([points, *(points + step for step in ring)])
    return near[np.unique(np.round(near / (1e-3 * spacing)).astype(np.int64), axis=0, return_index=True)[1]]


def _outside_circles(inner: Array, chords: Chords) -> Array:
    """Interior points outside the diametral circles of all chords, so that each of these is a Delaunay edge."""
    from scipy.spatial import KDTree

    if not len(inner):
        return inner
    middles = chords.points[chords.ends].mean(1)
    held = KDTree(inner).query_ball_point(middles, chords.lengths / 2 * (1 + 1e-9))
    keep = np.ones(len(inner), dtype=bool)
    keep[[i for some in held for i in some]] = False
    return inner[keep]


def _delaunay(chords: Chords, inner: Array, level: Level) -> tuple[Array, Array]:
    """The Delaunay triangles inside the shape, counterclockwise, boundary points first."""
    from scipy.spatial import Delaunay

    points = np.concatenate([chords.points, inner])
    triangles: Array = Delaunay(points).simplices.astype(np.int64)
    area = _doubled_areas(points, triangles)
    triangles[area < 0] = triangles[area < 0][:, ::-1]
    scale = np.ptp(points, axis=0).max() ** 2
    triangles = triangles[np.abs(area) > 1e-14 * scale]
    return points, triangles[level(points[triangles].mean(1)) < 0]


def _doubled_areas(points: Array, triangles: Array) -> Array:
    a, b, c = points[triangles].transpose(1, 0, 2)
    u, v = b - a, c - a
    doubled: Array = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    return doubled


def _smoothed(points: Array, triangles: Array, fixed: int, density: _Density) -> Array:
    """Interior points moved to the mean of their triangles' centres by area over the square of the wanted one."""
    centres = points[triangles].mean(1)
    weights = np.abs(_doubled_areas(points, triangles)) / density(centres) ** 4
    total = np.bincount(triangles.ravel(), np.repeat(weights, 3), len(points))
    moved = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(weights * centre, 3), len(points)) for centre in centres.T],
        axis=1,
    )
    held = total[fixed:] > 0
    inner: Array = moved[fixed:][held] / total[fixed:][held][:, None]
    return inner


def angles_of(points: Array, triangles: Array) -> Array:
    """The angles (m, 3) of triangles in degrees."""
    corners = points[triangles]
    before, after = np.roll(corners, 1, axis=1) - corners, np.roll(corners, -1, axis=1) - corners
    cosine = (before * after).sum(2) / (np.linalg.norm(before, axis=2) * np.linalg.norm(after, axis=2))
    angles: Array = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return angles


def _circumcircles(points: Array, triangles: Array) -> tuple[Array, Array]:
    a, b, c = points[triangles].transpose(1, 0, 2)
    u, v = b - a, c - a
    doubled = 2 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    uu, vv = (u**2).sum(1), (v**2).sum(1)
    offset = np.stack(
        [(v[:, 1] * uu - u[:, 1] * vv) / doubled, (u[:, 0] * vv - v[:, 0] * uu) / doubled], axis=1
    )
    return a + offset, np.linalg.norm(offset, axis=1)


def _filled(inner: Array, points: Array, triangles: Array, density: _Density) -> Array:
    """The points, and the centres of circles around triangles that are far too large."""
    centres, radii = _circumcircles(points, triangles)
    large = np.flatnonzero(radii > 0.85 * density(centres))
    kept: list[Array] = []
    for i in large[np.argsort(-radii[large])]:
        if all(np.linalg.norm(centres[i] - centres[j]) > radii[i] for j in kept):
            kept.append(i)
    return np.concatenate([inner, centres[kept]])


def _least_angle(chords: Chords, points: Array, triangles: Array) -> float:
    """The least angle of the triangles, those in corners of the shape aside."""
    least = angles_of(points, triangles).min(1)
    return float(least[~_at_corners(chords, points, triangles)].min(initial=60))


def _used(points: Array, triangles: Array) -> tuple[Array, Array]:
    """Without the points that no triangle has."""
    used, corners = np.unique(triangles, return_inverse=True)
    return points[used], corners.reshape(triangles.shape)


def _at_corners(chords: Chords, points: Array, triangles: Array) -> Array:
    """Whether a triangle lies between two chords that meet at a corner, whose angle is the shape's own."""
    n = len(points)
    edges = np.sort(chords.ends, axis=1)
    keys = edges[:, 0] * n + edges[:, 1]
    sides = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2), axis=2)
    on_boundary = np.isin(sides[..., 0] * n + sides[..., 1], keys)
    between: Array = on_boundary.sum(1) >= 2
    return between
