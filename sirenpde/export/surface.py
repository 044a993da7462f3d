"""The zero level set of a function in space, as a closed triangle mesh (``.ply``, ``.stl``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..geometry.point import Axis
from .grid import in_chunks, lattice
from .sampled import Array, Function

_FEW = 16  # points along an axis, all of which are evaluated
_STEP = 4  # points from block to block
_MOST_BLOCKS = 160  # along an axis
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
    closed there. Normals point outside. ``restore`` takes the vertices back to their original units. The grid is
    gone through slab by slab, with the function evaluated near its zeros only: beside the surface itself the memory
    is that of a few layers.

    Raises ValueError where the function is not real, or has one sign only.

    >>> from sirenpde import Box
    >>> box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    >>> sphere = zero_level(lambda p: (p**2).sum(1) ** 0.5 - 0.5, box.axes, 33)
    >>> bool(abs((sphere.vertices**2).sum(1) ** 0.5 - 0.5).max() < 1e-3)
    True
    """
    if len(axes) != 3:
        raise ValueError(
            f"A surface of {name} was asked for, a field of the axes {', '.join(a.name for a in axes)}; the zero "
            f"level set is a surface in three dimensions. Write VTU or PNG instead."
        )
    lines = [np.linspace(axis.low, axis.high, resolution) for axis in axes]
    blocks = _blocks(function, lines, name)
    places, faces = _joined(_marched(blocks, i) for i in range(len(blocks.at) - 1))
    if not len(faces):
        raise _one_sign(name, blocks.values)
    start, step = np.array([line[0] for line in lines]), np.array([line[1] - line[0] for line in lines])
    positions = start + step * places
    return Surface(positions if restore is None else restore(positions), faces)


@dataclass(frozen=True, eq=False)
class _Blocks:
    """A function on a grid, where a zero can be near; elsewhere every point has the nearest block corner's value.

    ``values`` are those at the corners, every few points ``at`` along each axis; ``near`` says which blocks between
    them can hold a zero. Points beyond all zeros have the right sign by their corner.
    """

    function: Function  # negative inside
    lines: Sequence[Array]
    at: Array
    values: Array
    near: Array
    least: float  # of a value, by size: a thousandth of its typical step from point to point
    beyond: float  # what surrounds the grid

    def layers(self, start: int, end: int) -> Array:
        """The values (end - start, n, n) on some layers along the first axis, none of them 0."""
        here = np.arange(start, end)
        corner = np.searchsorted((self.at[1:] + self.at[:-1]) / 2, np.arange(len(self.lines[0])))
        block = (
            np.minimum(np.searchsorted(self.at, np.arange(len(corner)), side="right"), len(self.at) - 1) - 1
        )
        volume: Array = self.values[np.ix_(corner[here], corner, corner)]
        near = np.zeros(volume.shape, dtype=bool)
        for offset in np.ndindex(2, 2, 2):  # a point on a corner or a face belongs to blocks on both sides
            sides = [
                np.where(np.isin(i, self.at[1:-1]), block[i] - o, block[i])
                for i, o in zip((here, np.arange(len(corner)), np.arange(len(corner))), offset, strict=True)
            ]
            near |= self.near[np.ix_(*sides)]
        if near.any():
            chosen = np.nonzero(near)
            points = np.stack(
                [
                    self.lines[0][here[chosen[0]]],
                    *(c[i] for c, i in zip(self.lines[1:], chosen[1:], strict=True)),
                ],
                axis=-1,
            )
            volume[near] = _known(in_chunks(self.function, points))
        volume = np.where(np.isfinite(volume), volume, self.beyond)  # what is not known is outside
        return np.where(np.abs(volume) < self.least, np.where(volume < 0, -self.least, self.least), volume)


def _blocks(function: Function, lines: Sequence[Array], name: str) -> _Blocks:
    n = len(lines[0])
    step = max(_STEP, -(-(n - 1) // _MOST_BLOCKS)) if n > _FEW else 1
    at = np.unique(np.append(np.arange(0, n, step), n - 1))
    corners = [line[at] for line in lines]
    values = in_chunks(function, lattice(corners))
    if values.ndim != 1 or np.iscomplexobj(values):
        raise ValueError(
            f"A surface of {name} was asked for, whose values have shape {values.shape[1:]} and dtype "
            f"{values.dtype}; the zero level set needs a real scalar. Export VTU, or name a scalar output."
        )
    values = _known(values).reshape([len(at)] * 3)
    if not np.isfinite(values).any():
        raise ValueError(
            f"{name} is finite nowhere on the grid; a zero level set needs values of both signs. Check that the "
            f"field has been solved."
        )
    border = _border(values)
    sign = -1.0 if border.size and border.mean() > 0.5 else 1.0
    largest = float(np.nanmax(np.abs(values)))
    least = 1e-3 / step * float(np.nanmedian(np.abs(np.diff(values, axis=0)))) or 1e-3 * largest
    near = _near_zero(values, corners) if step > 1 else np.zeros([max(1, len(at) - 1)] * 3, dtype=bool)
    return _Blocks(lambda p: sign * function(p), lines, at, sign * values, near, least, largest or 1.0)


def _one_sign(name: str, values: Array) -> ValueError:
    return ValueError(
        f"{name} runs from {np.nanmin(values):.3g} to {np.nanmax(values):.3g} on the grid; a zero level set needs "
        f"both signs. Raise --resolution, or check that the field has been solved."
    )


def _known(values: Array) -> Array:
    """Values with NaN for all that is not finite, such as beyond the end of a march that was cut off."""
    return np.where(np.isfinite(values), values, np.nan)


def _near_zero(corners: Array, lines: Sequence[Array]) -> Array:
    """The blocks that can hold a zero.

    In the others the function is everywhere too far from zero, even if it were half as steep again as
    anywhere between corners.
    """
    sides = [np.diff(c) for c in lines]
    steps = [np.abs(np.diff(corners, axis=i)) for i in range(3)]
    shaped = [side.reshape([-1 if i == axis else 1 for i in range(3)]) for axis, side in enumerate(sides)]
    slopes = [np.nanmax(s / side, initial=0.0) for s, side in zip(steps, shaped, strict=True)]
    reach = 1.5 * float(np.max(slopes)) * float(np.linalg.norm([side.max() for side in sides])) / 2
    ends = np.stack([_shifted(corners, offset) for offset in np.ndindex(2, 2, 2)])
    near: Array = (np.abs(ends).min(0) <= reach) | (ends.min(0) * ends.max(0) <= 0)
    near |= np.isnan(ends).any(0) & np.isfinite(ends).any(0)  # the edge of what is known
    return near


def _shifted(values: Array, offset: tuple[int, ...]) -> Array:
    """A view of one corner of every block."""
    return values[tuple(slice(i, n - 1 + i) for i, n in zip(offset, values.shape, strict=True))]


def _border(volume: Array) -> Array:
    """Whether each value that is known on the faces of the box is negative."""
    faces = np.concatenate([np.take(volume, i, axis=axis).ravel() for axis in range(3) for i in (0, -1)])
    known: Array = faces[np.isfinite(faces)] < 0
    return known


def _marched(blocks: _Blocks, i: int) -> tuple[Array, Array, int, int]:
    """The vertices, counted in points of the grid, and faces in a slab of blocks; the slab's first and last layer.

    Around the grid is outside, so that what leaves it is closed.
    """
    from skimage.measure import marching_cubes

    start, end = int(blocks.at[i]), int(blocks.at[i + 1])
    volume = blocks.layers(start, end + 1)
    ends = (i == 0, i == len(blocks.at) - 2)
    volume = np.pad(volume, [(int(ends[0]), int(ends[1])), (1, 1), (1, 1)], constant_values=blocks.beyond)
    if volume.min() > 0:
        return np.empty((0, 3)), np.empty((0, 3), np.int64), start, end
    vertices, faces, _, _ = marching_cubes(volume, 0.0, gradient_direction="descent")
    places = vertices.astype(np.float64) + np.array([start - int(ends[0]), -1.0, -1.0])
    return places, faces.astype(np.int64), start, end


def _joined(slabs: Iterator[tuple[Array, Array, int, int]]) -> tuple[Array, Array]:
    """The vertices and faces of consecutive slabs, those on the layer between two made one."""
    places: list[Array] = []
    faces: list[Array] = []
    count, seam, known = 0, np.empty((0, 2)), np.empty(0, np.int64)
    for vertices, own, start, end in slabs:
        shared = np.flatnonzero(vertices[:, 0] == start) if count or len(known) else np.empty(0, np.int64)
        number = np.empty(len(vertices), np.int64)
        fresh = np.ones(len(vertices), dtype=bool)
        if len(shared) and len(known):
            fresh[shared] = False
            order, wanted = np.lexsort(seam.T), np.lexsort(vertices[shared, 1:].T)
            number[shared[wanted]] = known[order]
        number[fresh] = count + np.arange(fresh.sum())
        places.append(vertices[fresh])
        faces.append(number[own])
        count += int(fresh.sum())
        last = np.flatnonzero(vertices[:, 0] == end)
        seam, known = vertices[last, 1:], number[last]
    return np.concatenate(places), np.concatenate(faces)


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
