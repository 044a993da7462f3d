"""The zero level set of a function in space, as a closed triangle mesh (``.ply``, ``.stl``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..geometry.point import Axis
from .grid import in_chunks, lattice
from .sampled import Array, Function

Restore = Callable[[Array], Array]  # points (n, 3) of the box -> points in the units they came in


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh: ``vertices`` (v, 3) and ``faces`` (f, 3), counterclockwise seen from outside.

    Each entry of ``values`` has one row for each vertex.
    """

    vertices: Array
    faces: Array
    values: Mapping[str, Array] = field(default_factory=dict)


def zero_level(
    function: Function,
    axes: Sequence[Axis],
    resolution: int = 129,
    restore: Restore | None = None,
    name: str = "u",
) -> Surface:
    """Where a real function of points (N, 3) vanishes, by marching cubes on a grid of ``resolution`` per axis.

    Outside is the side whose sign prevails on the boundary of the box; a surface that leaves the box is
    closed there. Normals point outside. ``restore`` takes the vertices back to their original units.

    Raises ValueError where the function is not real, or has one sign only.

    >>> from sirenpde import Box
    >>> box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    >>> sphere = zero_level(lambda p: (p**2).sum(1) ** 0.5 - 0.5, box.axes, 33)
    >>> bool(abs((sphere.vertices**2).sum(1) ** 0.5 - 0.5).max() < 1e-3)
    True
    """
    from skimage.measure import marching_cubes

    if len(axes) != 3:
        raise ValueError(
            f"A surface of {name} was asked for, a field of the axes {', '.join(a.name for a in axes)}; the zero "
            f"level set is a surface in three dimensions. Write VTU or PNG instead."
        )
    coordinates = [np.linspace(axis.low, axis.high, resolution) for axis in axes]
    volume, least = _volume(function, coordinates, name)
    if _border(volume).mean() > 0.5:
        volume = -volume
    volume = np.where(np.isfinite(volume), volume, np.nanmax(np.abs(volume)))  # what is not known is outside
    volume = _off_zero(volume, least)
    if _border(volume).any():
        volume = np.pad(volume, 1, constant_values=np.abs(volume).max())
        coordinates = [np.concatenate([[2 * c[0] - c[1]], c, [2 * c[-1] - c[-2]]]) for c in coordinates]
    vertices, faces, _, _ = marching_cubes(volume, 0.0, gradient_direction="descent")
    start = np.array([c[0] for c in coordinates])
    step = np.array([c[1] - c[0] for c in coordinates])
    positions = start + step * vertices.astype(np.float64)
    return Surface(positions if restore is None else restore(positions), faces.astype(np.int64))


def _volume(function: Function, coordinates: Sequence[Array], name: str) -> tuple[Array, float]:
    """The function on the grid, where a zero can be near, and a thousandth of its typical step from point to point.

    Far from all zeros every point has the value of a coarser grid's nearest one, which has the right sign.
    """
    n = len(coordinates[0])
    step = 4 if (n - 1) % 4 == 0 and n > 16 else 1
    lines = [c[::step] for c in coordinates]
    values = in_chunks(function, lattice(lines))
    if values.ndim != 1 or np.iscomplexobj(values):
        raise ValueError(
            f"A surface of {name} was asked for, whose values have shape {values.shape[1:]} and dtype "
            f"{values.dtype}; the zero level set needs a real scalar. Export VTU, or name a scalar output."
        )
    coarse = _known(values).reshape([len(c) for c in lines])
    if not np.isfinite(coarse).any():
        raise ValueError(
            f"{name} is finite nowhere on the grid; a zero level set needs values of both signs. Check that the "
            f"field has been solved."
        )
    least = 1e-3 / step * float(np.nanmedian(np.abs(np.diff(coarse, axis=0))))
    nearest = (np.arange(n) + step // 2) // step
    volume = coarse[np.ix_(nearest, nearest, nearest)]
    near = _near_zero(coarse, lines, step) if step > 1 else np.zeros(volume.shape, dtype=bool)
    if near.any():
        points = np.stack([c[i] for c, i in zip(coordinates, np.nonzero(near), strict=True)], axis=-1)
        volume[near] = _known(in_chunks(function, points))
    low, high = np.nanmin(volume), np.nanmax(volume)
    if not (low < 0 < high):
        raise ValueError(
            f"{name} runs from {low:.3g} to {high:.3g} on the grid; a zero level set needs both signs. Raise "
            f"--resolution, or check that the field has been solved."
        )
    return volume, least or 1e-3 * float(max(-low, high))


def _known(values: Array) -> Array:
    """Values with NaN for all that is not finite, such as beyond the end of a march that was cut off."""
    return np.where(np.isfinite(values), values, np.nan)


def _near_zero(coarse: Array, lines: Sequence[Array], step: int) -> Array:
    """The points of the fine grid in blocks that can hold a zero.

    In the others the function is everywhere too far from zero, even if it were half as steep again as
    anywhere on the coarse grid.
    """
    sides = [c[1] - c[0] for c in lines]
    steps = [np.abs(np.diff(coarse, axis=i)) for i in range(len(sides))]
    slopes = [np.nanmax(s, initial=0.0) / side for s, side in zip(steps, sides, strict=True)]
    reach = 1.5 * float(np.max(slopes)) * float(np.linalg.norm(sides)) / 2
    corners = np.stack([_shifted(coarse, offset) for offset in np.ndindex(2, 2, 2)])
    blocks = (np.abs(corners).min(0) <= reach) | (corners.min(0) * corners.max(0) <= 0)
    blocks |= np.isnan(corners).any(0) & np.isfinite(corners).any(0)  # the edge of what is known
    cells = blocks.repeat(step, 0).repeat(step, 1).repeat(step, 2)
    near: Array = np.zeros(np.array(cells.shape) + 1, dtype=bool)
    for offset in np.ndindex(2, 2, 2):
        _shifted(near, offset)[...] |= cells
    return near


def _shifted(values: Array, offset: tuple[int, ...]) -> Array:
    """A view of one corner of every cell."""
    return values[tuple(slice(i, n - 1 + i) for i, n in zip(offset, values.shape, strict=True))]


def _border(volume: Array) -> Array:
    """Whether each value on the faces of the box is negative."""
    faces = [np.take(volume, i, axis=axis).ravel() for axis in range(3) for i in (0, -1)]
    return np.concatenate(faces) < 0


def _off_zero(volume: Array, least: float) -> Array:
    """Values moved away from zero by a thousandth of a cell: a vertex on a grid point would meet others there,
    and the mesh would no longer be a closed manifold."""
    moved: Array = np.where(np.abs(volume) < least, np.where(volume < 0, -least, least), volume)
    return moved


def area_vectors(surface: Surface) -> Array:
    """Twice the area of every face, along its normal."""
    a, b, c = surface.vertices[surface.faces].transpose(1, 0, 2)
    vectors: Array = np.cross(b - a, c - a)
    return vectors


def vertex_normals(surface: Surface) -> Array:
    """The mean normal of the faces at every vertex, by their area."""
    total = np.zeros_like(surface.vertices)
    np.add.at(total, surface.faces.reshape(-1), np.repeat(area_vectors(surface), 3, axis=0))
    return unit(total)


def unit(vectors: Array) -> Array:
    """The vectors (n, 3) with length 1, or 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Array = vectors / np.where(length > 0, length, 1)
    return unit
