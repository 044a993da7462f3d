"""Where functions are evaluated: on a mesh file, at points, on a grid, on a boundary; else on the shape itself."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..geometry import can
from ..geometry.domain import Domain
from ..geometry.frame import Frame
from ..geometry.meshes.cells import Cells
from ..geometry.meshes.meshing import boundary_of, skin_of
from ..geometry.point import Axis
from ..geometry.readers.columns import labelled_columns
from ..geometry.readers.places import read_places
from ..geometry.region import Region
from .grid import lattice
from .sampled import Array, Function

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NEAR = 1e-3  # of a shape's size: a point so near to it counts as in it, since chords of a mesh leave curved sides
_ROUNDING = 1e-6  # of an axis: files in single precision
_NAMED = 3
_MOST_FACES = 100_000  # before triangles of a surface are halved


@dataclass(frozen=True)
class OnMesh:
    """The points of a mesh file, in the units of the file."""

    path: str | PathLike[str]


@dataclass(frozen=True, eq=False)
class AtPoints:
    """Points (n, d) with a column for each axis, in the units of the file that a domain came from."""

    points: Array
    name: str = ""  # of the table that they are from


@dataclass(frozen=True)
class OnGrid:
    """A tensor grid over the ranges of the axes, not numbers outside the domain."""


@dataclass(frozen=True)
class OnBoundary:
    """The boundary of the domain, with its outward unit normal as a further array."""


Place = OnMesh | AtPoints | OnGrid | OnBoundary


def place_of(
    axes: Sequence[Axis],
    on: str | PathLike[str] | None = None,
    at: str | PathLike[str] | ArrayLike | None = None,
    grid: bool = False,
    boundary: bool = False,
) -> Place | None:
    """The place that was asked for, or None for the usual one. ValueError for more than one.

    ``at`` is a table's path, or points (n, d); one point alone is taken as such.
    """
    asked = {"on": on is not None, "at": at is not None, "grid": grid, "boundary": boundary}
    given = [name for name, is_given in asked.items() if is_given]
    if len(given) > 1:
        raise ValueError(
            f"{' and '.join(given)} were given; a field is evaluated at one kind of place. Choose one of them."
        )
    if on is not None:
        return OnMesh(on)
    if isinstance(at, str | PathLike):
        return points_of(at, axes)
    if at is not None:
        return AtPoints(np.atleast_2d(np.asarray(at, dtype=np.float64)))
    return OnGrid() if grid else OnBoundary() if boundary else None


def points_of(path: str | PathLike[str], axes: Sequence[Axis]) -> AtPoints:
    """The points of a table: the columns that are named like the axes. ValueError names those that are missing."""
    names = [axis.name for axis in axes]
    columns = labelled_columns(Path(path), names, names).columns
    missing = [name for name in names if name not in columns]
    if missing:
        there = ", ".join(columns) or "none"
        raise ValueError(
            f"'{path}' has no column {', '.join(map(repr, missing))}; points need a column for each of the axes "
            f"{', '.join(names)}, and it has {there}. Name its columns like the axes."
        )
    points = np.stack([np.asarray(columns[name], dtype=np.float64) for name in names], axis=1)
    gaps = np.flatnonzero(~np.isfinite(points).all(1))
    if len(gaps):
        raise ValueError(
            f"'{path}' has no number in row {gaps[0] + 1} of its points, and in {len(gaps)} rows in all; every point "
            f"needs all its coordinates. Complete or delete them."
        )
    if not len(points):
        raise ValueError(f"'{path}' has no points; at least one is needed. Write a line for each.")
    return AtPoints(points, Path(path).stem)


def cells_on(place: OnMesh | AtPoints, axes: Sequence[Axis], frame: Frame | None) -> Cells:
    """The points and cells of a place given by the user, in the box: its units are undone.

    Raises ValueError for points or a mesh of another dimension.
    """
    names = ", ".join(axis.name for axis in axes)
    if isinstance(place, OnMesh):
        points, corners = read_places(Path(place.path), len(axes), names)
    else:
        points, corners = np.asarray(place.points, dtype=np.float64), np.arange(len(place.points))[:, None]
        if points.ndim != 2 or points.shape[1] != len(axes) or not len(points):
            raise ValueError(
                f"Points of shape {points.shape} were given; expected (n, {len(axes)}), a number for each of "
                f"{names}. Give every point all of these."
            )
    there = torch.from_numpy(np.ascontiguousarray(points))
    return Cells(there if frame is None else frame.apply(there), torch.from_numpy(corners))


def boundary_cells(domain: Domain, resolution: int) -> tuple[Cells, Array]:
    """The mesh of a domain's boundary, one dimension lower, and the outward unit normal (n, d) at its points."""
    cells = _faces(can.bounds_of(domain), resolution) if not can.needs_mesh(domain) else None
    if cells is None and len(domain.axes) == 3:
        cells = _skin(domain, resolution)
    if cells is None:
        whole = can.cells_of(domain, resolution)
        assert whole is not None and not whole.lines
        faces = boundary_of(whole.corners)
        used, corners = torch.unique(faces, return_inverse=True)
        cells = Cells(whole.points[used], corners.reshape(faces.shape))
    return cells, _normals(cells)


def _skin(domain: Domain, resolution: int) -> Cells:
    """The closed surface of a solid, its own where it knows one, in triangles no longer than twice the spacing."""
    from trimesh.remesh import subdivide

    solid: Any = domain.signed if isinstance(domain, Region) else domain
    vertices, faces = (array.numpy() for array in skin_of(solid, resolution))
    size = 2 * float(np.ptp(vertices, axis=0).max()) / resolution
    while _longest(vertices, faces) > size and len(faces) < _MOST_FACES:
        vertices, faces = subdivide(vertices, faces)  # type: ignore[no-untyped-call]
    a, b, c = (vertices[faces] - vertices[0]).transpose(1, 0, 2)
    outward = float((a * np.cross(b, c)).sum()) > 0
    faces = np.array(faces if outward else faces[:, ::-1], dtype=np.int64)
    return Cells(torch.from_numpy(np.array(vertices, dtype=np.float64)), torch.from_numpy(faces))


def _longest(vertices: Array, faces: Array) -> float:
    corners = vertices[faces]
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max())


def _faces(bounds: Sequence[tuple[float, float]], resolution: int) -> Cells:
    """The sides of a box as simplices, seen from outside counterclockwise; a corner belongs to each of its sides."""
    points, corners, count = list[Array](), list[Array](), 0
    for axis in range(len(bounds)):
        for end, high in enumerate((False, True)):
            lines = [np.linspace(*ends, resolution) for ends in bounds]
            lines[axis] = np.array([bounds[axis][end]])
            side = lattice(lines)
            simplices = _split([len(line) for i, line in enumerate(lines) if i != axis])
            if high == bool(axis % 2):  # the others in order, then this axis: a turn by its number
                simplices = simplices[:, ::-1]
            points.append(side)
            corners.append(simplices + count)
            count += len(side)
    return Cells(torch.from_numpy(np.concatenate(points)), torch.from_numpy(np.concatenate(corners).copy()))


def _split(shape: Sequence[int]) -> Array:
    """The simplices of a grid of points or of one of a line or plane, by the numbers of its points."""
    if not shape:
        return np.array([[0]])
    index = np.arange(int(np.prod(shape))).reshape(shape)
    if len(shape) == 1:
        return np.stack([index[:-1], index[1:]], axis=1)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    halves = [np.stack(half, axis=-1).reshape(-1, 3) for half in ((a, b, c), (a, c, d))]
    return np.concatenate(halves)


def _normals(cells: Cells) -> Array:
    """The mean outward normal of the cells at each point, by their size."""
    points, corners = cells.points.numpy(), cells.corners.numpy()
    if corners.shape[1] == 1:
        middle = points.mean(0)
        signs: Array = np.sign(points - middle)
        return signs
    edge = points[corners[:, 1]] - points[corners[:, 0]]
    if corners.shape[1] == 2:
        outward = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
    else:
        outward = np.cross(edge, points[corners[:, 2]] - points[corners[:, 0]])
    total = np.zeros_like(points)
    for column in corners.T:
        np.add.at(total, column, outward)
    unit: Array = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)
    return unit


# ------------------------------------------------------------------------------------------ outside


def outside(domain: Domain, points: Array) -> Array:
    """Which points (n, d) lie outside a domain and not only by rounding, or by the chords of a mesh of it."""
    there = torch.from_numpy(np.ascontiguousarray(points, dtype=np.float64))
    beyond: Array = _beyond(domain, there).numpy()
    return beyond


def _beyond(domain: Domain, points: Tensor) -> Tensor:
    low, high = points.new_tensor(can.bounds_of(domain)).T
    slack = torch.full_like(low, _ROUNDING) * (high - low)
    if isinstance(domain, can.Level) and can.needs_mesh(domain):
        far: Tensor = domain.level(points) > NEAR * float((high - low).max())
        return far
    if isinstance(domain, can.Multiplied):
        k = len(domain.shape.axes)
        ends = (points[:, k:] < low[k:] - slack[k:]) | (points[:, k:] > high[k:] + slack[k:])
        either: Tensor = _beyond(domain.shape, points[:, :k]) | ends.any(1)
        return either
    beside: Tensor = ((points < low - slack) | (points > high + slack)).any(1)
    if isinstance(domain, can.Restricted):
        inner = torch.minimum(torch.maximum(points, low), high)
        beside = beside | ~can.contains(domain, inner)
    return beside


def within(function: Function, domain: Domain) -> Function:
    """The function, not a number outside a domain, and not evaluated there."""
    return partial(_within, function, domain)


def _within(function: Function, domain: Domain, points: Array) -> Array:
    hidden = outside(domain, points)
    if not hidden.any():
        return function(points)
    shown = np.asarray(function(points[~hidden] if not hidden.all() else points[:1]))
    kind = shown.dtype if shown.dtype.kind in "fc" else np.dtype(np.float64)
    values = np.full(
        (len(points), *shown.shape[1:]), complex(np.nan, np.nan) if kind.kind == "c" else np.nan, kind
    )
    if not hidden.all():
        values[~hidden] = shown
    return values


def warn_outside(domain: Domain, points: Array, shown: Array, names: Sequence[str], what: str) -> None:
    """Warn of points that were asked for and lie outside, how many and the first, in the user's units ``shown``."""
    rows = np.flatnonzero(outside(domain, points))
    if not len(rows):
        return
    first = "; ".join(
        f"{i + 1}: " + ", ".join(f"{name} = {value:.6g}" for name, value in zip(names, shown[i], strict=True))
        for i in rows[:_NAMED]
    )
    more = ", ..." if len(rows) > _NAMED else ""
    where = f" of {what}" if what else ""
    warnings.warn(
        f"{len(rows)} of the {len(points)} points{where} lie outside the domain, where the field is not known "
        f"({first}{more}). Their values are not numbers.",
        stacklevel=2,
    )
