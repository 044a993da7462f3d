"""Cells that fill a shape and conform to its boundary."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from .cells import Cells
from .contours import contours, onto
from .triangulation import TURN, Array, Curve, Level, triangulate

Bounds = Sequence[tuple[float, float]]

_ENVELOPE = 1e-3  # of the diagonal, within which the boundary stays
_ENERGY = 30.0  # of the worst tetrahedron, at which it is good enough to draw; 10 would take twice as long
_PROGRAM = f"""
import numpy, pytetwild
with numpy.load("surface.npz") as given:
    points, corners = pytetwild.tetrahedralize(
        given["vertices"], given["faces"], edge_length_abs=float(given["edge"]), epsilon={_ENVELOPE},
        stop_energy={_ENERGY}, num_threads=1, quiet=True,
    )
numpy.savez("cells.npz", points=points, corners=corners)
"""


@runtime_checkable
class Along(Protocol):
    """A curve of the plane: fractions (n,) in [0, 1] -> points (n, 2)."""

    def at(self, s: Tensor) -> Tensor: ...


class Meshable(Protocol):
    """A shape with an inside, a boundary and a box around it."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def bounds(self) -> tuple[tuple[float, float], ...]: ...
    @property
    def sides(self) -> Sequence[object]: ...
    def level(self, points: Tensor) -> Tensor: ...


@runtime_checkable
class Skinned(Protocol):
    """A solid that knows the vertices and faces of a closed surface, sharp edges and all."""

    def surface(self, resolution: int) -> tuple[Tensor, Tensor]: ...


def cells_within(shape: Meshable, resolution: int) -> Cells:
    """Lines, triangles or tetrahedra of a shape, about ``resolution`` points across. See ``triangulate``.

    Raises ValueError for more than three dimensions, and for a shape that is too small to be seen at the resolution.
    """
    if shape.dimension == 1:
        ((low, high),) = shape.bounds
        line = torch.linspace(low, high, resolution, dtype=torch.float64)[:, None]
        return Cells(line, torch.arange(resolution - 1)[:, None] + torch.arange(2))
    if shape.dimension == 2:
        arcs = [side for side in shape.sides if isinstance(side, Along)]
        if arcs and len(arcs) == len(shape.sides):
            return triangles_within(arcs, shape.level, shape.bounds, resolution)
        return triangles_where(shape.level, shape.bounds, resolution)
    if shape.dimension == 3:
        vertices, faces = skin_of(shape, resolution)
        return tetrahedra_within(vertices, faces, resolution, shape.level)
    raise ValueError(
        f"A mesh of '{shape.name}' was asked for, which has {shape.dimension} dimensions; expected three at most. "
        f"Take a slice, or evaluate on a grid."
    )


def skin_of(shape: Meshable, resolution: int) -> tuple[Tensor, Tensor]:
    """Vertices and faces of a closed surface around a solid: its own, or by marching cubes where it has none."""
    if isinstance(shape, Skinned):
        return shape.surface(resolution)
    from skimage.measure import marching_cubes

    low, high = torch.tensor(shape.bounds, dtype=torch.float64).T
    step = float((high - low).max()) / max(1, 2 * resolution - 1)  # as fine again: it cuts edges and corners
    counts = [int(n) + 3 for n in torch.ceil((high - low) / step - 1e-9)]
    lines = [a - step + step * torch.arange(n + 1) for a, n in zip(low.tolist(), counts, strict=True)]
    grid = torch.cartesian_prod(*(line.double() for line in lines))
    values = shape.level(grid).reshape([len(line) for line in lines]).numpy()
    values = np.where(np.abs(values) < 1e-3 * step, np.where(values < 0, -1e-3 * step, 1e-3 * step), values)
    if not values.min() < 0:
        raise ValueError(
            f"No point of a grid of {resolution} points across lies inside '{shape.name}', of which a mesh was "
            f"asked. Raise the resolution."
        )
    vertices, faces, _, _ = marching_cubes(values, 0.0, gradient_direction="ascent")
    places = low - step + step * torch.from_numpy(vertices.astype(np.float64))
    return places, torch.from_numpy(faces.astype(np.int64))


def triangles_within(
    arcs: Sequence[Along],
    level: Callable[[Tensor], Tensor],
    bounds: Bounds,
    resolution: int,
    turn: float = TURN,
) -> Cells:
    """Triangles of a shape in the plane that is bounded by arcs, about ``resolution`` points across.

    Vertices on the boundary lie on the arcs; chords are shorter where an arc bends by more than ``turn`` radians, and
    where parts of the boundary come close. ``level`` is negative inside.
    """
    return _cells([_curve(arc) for arc in arcs], _sign(level), bounds, resolution, turn)


def triangles_where(level: Callable[[Tensor], Tensor], bounds: Bounds, resolution: int) -> Cells:
    """Triangles of where ``level`` is negative within a rectangle, about ``resolution`` points across.

    The boundary is found on a grid twice as fine: parts smaller than its spacing are not seen, and corners are cut
    by as much.
    """
    sign = _within(_sign(level), bounds)
    curves = contours(sign, bounds, 2 * resolution)
    if not curves:
        raise ValueError(
            f"No point of a grid of {2 * resolution} points across lies inside the shape that was to be meshed. "
            f"Raise the resolution, or check the shape."
        )
    lines = _cells(curves, sign, bounds, resolution)
    points, edges = lines.points.numpy(), boundary_of(lines.corners).numpy()
    return Cells(torch.from_numpy(_moved(points, edges, sign)), lines.corners)


def _within(level: Level, bounds: Bounds) -> Level:
    """The level, 1 outside the rectangle."""
    low, high = np.asarray(bounds, dtype=np.float64).T

    def within(points: Array) -> Array:
        found: Array = np.where(((points >= low) & (points <= high)).all(1), level(points), 1.0)
        return found

    return within


def _moved(points: Array, edges: Array, level: Level) -> Array:
    """The ends of edges on the boundary moved to where the level changes its sign, between straight lines."""
    along = points[edges[:, 1]] - points[edges[:, 0]]
    lengths = np.linalg.norm(along, axis=1)
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normals, reach = np.zeros_like(points), np.full(len(points), np.inf)
    for end in edges.T:
        np.add.at(normals, end, outward)
        np.minimum.at(reach, end, 0.35 * lengths)
    skin = np.unique(edges)
    units = normals[skin] / np.maximum(np.linalg.norm(normals[skin], axis=1), 1e-300)[:, None]
    moved = points.copy()
    moved[skin] = onto(level, points[skin], units, reach[skin])
    return moved


def _cells(
    curves: Sequence[Curve], level: Level, bounds: Bounds, resolution: int, turn: float = TURN
) -> Cells:
    size = max(high - low for low, high in bounds) / max(1, resolution - 1)
    points, corners = triangulate(curves, level, size, turn)
    return Cells(torch.from_numpy(points), torch.from_numpy(corners))


def _curve(arc: Along) -> Curve:
    def curve(s: Array) -> Array:
        points: Array = arc.at(torch.from_numpy(np.asarray(s, dtype=np.float64))).numpy()
        return points

    return curve


def _sign(level: Callable[[Tensor], Tensor]) -> Level:
    def sign(points: Array) -> Array:
        values: Array = level(torch.from_numpy(points)).numpy()
        return values

    return sign


def tetrahedra_within(
    vertices: Tensor, faces: Tensor, resolution: int, level: Callable[[Tensor], Tensor] | None = None
) -> Cells:
    """Tetrahedra of the solid within a closed surface of triangles, about ``resolution`` points across (fTetWild).

    The boundary stays within 1/1000 of the diagonal of the surface that is given. With ``level``, a function of
    points (n, 3) that vanishes on the solid's exact boundary, the vertices on the boundary are then moved onto it.
    """
    extent = float((vertices.amax(0) - vertices.amin(0)).max())
    points, corners = _tetrahedralised(
        vertices.double().numpy(), faces.int().numpy(), extent / max(1, resolution - 1)
    )
    places, tetrahedra = torch.from_numpy(points), torch.from_numpy(corners.astype(np.int64))
    used, index = torch.unique(tetrahedra, return_inverse=True)
    places, tetrahedra = places[used], _turned(places[used], index.reshape(tetrahedra.shape))
    return Cells(places if level is None else _onto(level, places, tetrahedra, extent), tetrahedra)


def _tetrahedralised(vertices: Array, faces: Array, edge: float) -> tuple[Array, Array]:
    """fTetWild's points and tetrahedra, from a process of its own: it writes files where it is, and may end all."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "surface.npz", vertices=vertices, faces=faces, edge=edge)
        done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=folder, capture_output=True, text=True)
        result = Path(folder) / "cells.npz"
        if done.returncode or not result.exists():
            why = " ".join(done.stderr.split())[-200:] or f"it ended with code {done.returncode}"
            raise ValueError(
                f"fTetWild could not fill a surface of {len(faces)} triangles ({why}). Check that it is closed "
                f"and does not cross itself, or raise or lower the resolution."
            )
        with np.load(result) as arrays:
            return arrays["points"], arrays["corners"]


def _turned(points: Tensor, tetrahedra: Tensor) -> Tensor:
    """The tetrahedra with positive volume, without those that have none."""
    volumes = volumes_of(points, tetrahedra)
    turned = torch.where((volumes < 0)[:, None], tetrahedra[:, [0, 1, 3, 2]], tetrahedra)
    return turned[volumes != 0]


def volumes_of(points: Tensor, tetrahedra: Tensor) -> Tensor:
    """The volumes (m,) of tetrahedra, positive where the last corner is on the side of the first three's normal."""
    a, b, c, d = points[tetrahedra].unbind(1)
    volumes: Tensor = torch.linalg.det(torch.stack([b - a, c - a, d - a], dim=1)) / 6
    return volumes


def boundary_of(corners: Tensor) -> Tensor:
    """The faces (f, s) of simplices (m, s + 1) that belong to one alone, seen from outside counterclockwise.

    >>> boundary_of(torch.tensor([[0, 1, 2], [1, 3, 2]])).tolist()
    [[0, 1], [2, 0], [1, 3], [3, 2]]
    """
    width = corners.shape[1]
    kept = {2: [[1], [0]], 3: [[0, 1], [1, 2], [2, 0]], 4: [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]}
    faces = torch.stack([corners[:, columns] for columns in kept[width]], dim=1).reshape(-1, width - 1)
    _, which, times = torch.unique(faces.sort(1).values, dim=0, return_inverse=True, return_counts=True)
    return faces[times[which] == 1]


def _onto(level: Callable[[Tensor], Tensor], points: Tensor, tetrahedra: Tensor, extent: float) -> Tensor:
    """The vertices on the boundary moved along the level's gradient to where it vanishes, where that is near."""
    skin = torch.unique(boundary_of(tetrahedra))
    step, reach = 1e-6 * extent, 0.02 * extent
    start = points[skin]
    moved = start.clone()
    for _ in range(8):
        values = level(moved)
        slopes = torch.stack(
            [(level(moved + e) - level(moved - e)) / (2 * step) for e in step * torch.eye(3).double()], dim=1
        )
        moved = moved - values[:, None] * slopes / slopes.square().sum(1, keepdim=True).clamp(min=1e-12)
    near = ((moved - start).norm(dim=1) < reach) & (level(moved).abs() < level(start).abs())
    result = points.clone()
    result[skin] = torch.where(near[:, None], moved, start)
    flat = volumes_of(result, tetrahedra) <= 0.1 * volumes_of(points, tetrahedra)
    kept = torch.unique(tetrahedra[flat])  # a vertex whose tetrahedra would turn over stays
    result[kept] = points[kept]
    return result
