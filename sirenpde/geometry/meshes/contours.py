"""The curves on which a function of the plane changes its sign, by marching squares."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from .triangulation import Array, Curve, Level

_CORNER = math.radians(40)  # of two lines of a contour, beyond which they meet at a corner
_PIECE = 32  # vertices of a curve: so few that its bends are seen


def contours(level: Level, bounds: Sequence[tuple[float, float]], resolution: int) -> list[Curve]:
    """Smooth curves that bound where ``level`` is negative within a rectangle, their ends on its change of sign.

    Of the level (points (n, 2) -> (n,)) the sign alone counts, so that a predicate has curves as well. What is
    smaller than the spacing of ``resolution`` points across is not seen, and corners are cut by as much.

    >>> import numpy as np
    >>> (one, *others) = contours(lambda p: (p**2).sum(1) - 1, ((-2, 2), (-2, 2)), 21)
    >>> bool(abs((one(np.array([0.0, 1.0])) ** 2).sum(1) - 1).max() < 1e-14)
    True
    """
    from skimage.measure import find_contours

    low, high = np.asarray(bounds, dtype=np.float64).T
    spacing = (high - low).max() / (resolution - 1)
    counts = np.maximum(3, np.ceil((high - low) / spacing - 1e-9).astype(int) + 1)
    step = (high - low) / (counts - 1)
    lines = [a - s + s * np.arange(n + 2) for a, s, n in zip(low, step, counts, strict=True)]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)

    def inside(points: Array) -> Array:
        within = ((points >= low) & (points <= high)).all(1)
        found: Array = within & (level(points) < 0)
        return found

    signs = np.where(inside(grid.reshape(-1, 2)).reshape(grid.shape[:2]), -1.0, 1.0)
    pieces: list[Curve] = []
    for path in find_contours(signs, 0.0):
        vertices = _spaced(_on_edges(path, grid, signs, inside), 0.5 * float(step.min()))
        if len(vertices) < 4:  # less than a cell
            continue
        pieces += _pieces(vertices)
    return pieces


def _on_edges(path: Array, grid: Array, signs: Array, inside: Level) -> Array:
    """The vertices of a contour moved along their edges of the grid to where the sign changes."""
    first, second = np.floor(path).astype(int), np.ceil(path).astype(int)
    swapped = signs[tuple(first.T)] > 0
    a = np.where(swapped[:, None], second, first)
    b = np.where(swapped[:, None], first, second)
    return _between(grid[tuple(a.T)], grid[tuple(b.T)], inside)


def _spaced(vertices: Array, least: float) -> Array:
    """A closed path without those vertices that are next to the one before."""
    kept = [vertices[0]]
    for vertex in vertices[1:-1]:
        if np.linalg.norm(vertex - kept[-1]) > least and np.linalg.norm(vertex - vertices[0]) > least:
            kept.append(vertex)
    return np.array([*kept, vertices[0]])


def _between(low: Array, high: Array, inside: Level) -> Array:
    """Where the way from points inside to points outside leaves the inside, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        within = inside(middle)[:, None]
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return low


def _pieces(vertices: Array) -> list[Curve]:
    """Cubic splines through the vertices of a closed path, from corner to corner."""
    steps = np.diff(vertices, axis=0)
    heading = np.arctan2(steps[:, 1], steps[:, 0])
    turns = np.angle(np.exp(1j * (heading - np.roll(heading, 1))))  # at the first end of each step
    corners = np.flatnonzero(np.abs(turns) > _CORNER)
    if not len(corners):
        cuts = [*range(0, len(steps), _PIECE), len(steps)]
        whole = _spline(vertices, "periodic")
        return [_between_vertices(whole, a, b) for a, b in itertools.pairwise(cuts)]
    start = corners[0]
    turned = np.concatenate([vertices[start:-1], vertices[: start + 1]])
    pieces = []
    for a, b in zip(corners - start, [*(corners[1:] - start), len(steps)], strict=True):
        piece = _spline(turned[a : b + 1], "natural")
        cuts = [*range(0, b - a, _PIECE), b - a]
        pieces += [_between_vertices(piece, c, d) for c, d in itertools.pairwise(cuts)]
    return pieces


def _spline(vertices: Array, ends: str) -> Curve:
    from scipy.interpolate import CubicSpline

    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(vertices, axis=0), axis=1))])
    spline = CubicSpline(at, vertices, bc_type=ends)

    def curve(index: Array) -> Array:
        points: Array = spline(np.interp(index, np.arange(len(at)), at))
        return points

    return curve


def _between_vertices(whole: Curve, first: int, last: int) -> Curve:
    """The part of a curve from one vertex to another."""
    return lambda s: whole(first + np.asarray(s) * (last - first))


def onto(level: Level, points: Array, normals: Array, reach: Array) -> Array:
    """Points moved along their normals to where the level changes its sign, if it does within their reach."""
    a, b = points - reach[:, None] * normals, points + reach[:, None] * normals
    inside = level(a) < 0
    found = inside & ~(level(b) < 0)
    moved: Array = points.copy()
    moved[found] = _between(a[found], b[found], lambda p: level(p) < 0)
    return moved
