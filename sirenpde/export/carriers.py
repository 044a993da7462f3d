"""Where functions are evaluated for a file: on grids, meshes, boundaries and series in time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ..geometry import can
from ..geometry.box import Box
from ..geometry.domain import Domain
from ..geometry.frame import Frame
from ..geometry.meshes.cells import Cells
from ..geometry.point import Axis
from .about import NOTHING, About
from .fields import FieldSet
from .grid import SHOWN, Grid, coordinates_of, in_chunks, on_lattice, points_per_axis
from .mesh import Mesh, on_vertices
from .places import AtPoints, OnBoundary, OnMesh, Place, boundary_cells, cells_on, warn_outside
from .room import check_memory, check_mesh
from .sampled import Array, Function
from .series import Series
from .steps import joined
from .surface import Restore, Surface, zero_level

STEPS = 51  # of a series, if nobody says
_PLANE, _SOLID = 129, 24  # points across the mesh of a shape
_FINE = 25  # points along each axis in space of a volume over time


@dataclass(frozen=True)
class Request:
    """What is asked of a file: where, points along each axis, times, and what it says beside its values."""

    resolution: int | None = None  # the domain's own, or a number that fits
    times: Sequence[float] | None = None  # evenly spaced ones
    about: About = NOTHING
    place: Place | None = None  # the shape itself, the picture, or a grid where one fills the domain


USUAL = Request()


def on_grid(
    fields: FieldSet, resolution: int | None = None, coordinates: Sequence[Array] | None = None
) -> Grid | Mesh:
    """The functions on a tensor grid: the given one, or ``resolution`` points along each axis, or the domain's own.

    Where the domain's points do not fill the grid, the rest is not a number. A shape that no grid fills has a
    mesh, about ``resolution`` points across.
    """
    lazy = _on_grid(fields, resolution, coordinates)
    check_memory(fields.name, lazy)
    return replace(lazy, values=dict(lazy.values))


def _on_grid(
    fields: FieldSet, resolution: int | None = None, coordinates: Sequence[Array] | None = None
) -> Grid | Mesh:
    """The same, evaluated when a writer asks, but for what reads data on the domain's own points."""
    if coordinates is None and fields.has_mesh:
        return _on_cells(fields, resolution)
    if coordinates is None and resolution is None and fields.domain is not None:
        return _on_domain(fields, fields.domain)
    if coordinates is None:
        if fields.is_picture and resolution is not None:
            around = can.surroundings_of(fields.domain)
            share = 1.0 if around is None else around.share()  # the resolution is that of the whole picture
            coordinates = _pixels(fields.axes, max(1, round(share * resolution)))
        else:
            coordinates = coordinates_of(fields.axes, resolution or 0)
    grid = on_lattice(fields.evaluated, fields.axes, coordinates)
    return replace(grid, is_picture=fields.is_picture, around=can.surroundings_of(fields.domain))


def _on_cells(fields: FieldSet, resolution: int | None = None) -> Mesh:
    assert fields.domain is not None
    return on_vertices(fields.evaluated, fields.axes, mesh_of(fields.domain, resolution))


def mesh_of(domain: Domain, resolution: int | None = None) -> Cells:
    """A domain's own mesh, kept for the next file or figure: tetrahedra take their time."""
    space = sum(not axis.is_time for axis in domain.axes)
    usual = _SOLID if space > 2 else points_per_axis(3) if space < len(domain.axes) else _PLANE
    check_mesh(domain.name, resolution or usual, space)
    return _kept(domain, resolution or usual)  # type: ignore[arg-type]  # all domains are hashable


@functools.lru_cache(maxsize=8)
def _kept(domain: Domain, resolution: int) -> Cells:
    cells = can.cells_of(domain, resolution)
    assert cells is not None
    return cells


def _on_domain(fields: FieldSet, domain: Domain) -> Grid:
    points, data = domain.draw(None, torch.Generator())
    values = {name: fields.values(f, points.numpy(), data) for name, f in fields.functions.items()}
    return spread(domain, values, fields.is_picture)


def spread(domain: Domain, values: Mapping[str, Array], is_picture: bool = False) -> Grid:
    """Values (n, *shape) at the points of a domain on a tensor grid, not numbers at those of the grid it lacks."""
    lattice = can.lattice_of(domain)
    assert lattice is not None
    order = [torch.argsort(c) for c in lattice.coordinates]  # rows of a picture run downwards
    index = tuple(torch.argsort(o)[i].numpy() for o, i in zip(order, lattice.index.T, strict=True))
    fields_on_grid = {}
    for name, value in values.items():
        empty = complex(np.nan, np.nan) if np.iscomplexobj(value) else np.nan
        full = np.full(lattice.shape + value.shape[1:], empty, dtype=value.dtype)
        full[index] = value
        fields_on_grid[name] = full
    coordinates = tuple(c[o].numpy() for c, o in zip(lattice.coordinates, order, strict=True))
    return Grid(domain.axes, coordinates, fields_on_grid, is_picture, can.surroundings_of(domain))


def _pixels(axes: Sequence[Axis], resolution: int) -> tuple[Array, ...]:
    """Pixel centres: ``resolution`` of them along the longer side, squares all over."""
    longest = max(axis.high - axis.low for axis in axes)
    counts = [max(2, round(resolution * (axis.high - axis.low) / longest)) for axis in axes]
    return tuple(
        axis.low + (axis.high - axis.low) * (np.arange(n) + 0.5) / n
        for axis, n in zip(axes, counts, strict=True)
    )


def gridded(fields: FieldSet, request: Request = USUAL) -> Grid | Mesh:
    """The functions on a grid or mesh, with the coordinates of the file that a cloud or mesh came from."""
    if request.times is None and request.place is None:
        return in_own_units(fields, on_grid(fields, request.resolution))
    series = stepped(fields, request)
    check_memory(fields.name, series)
    return joined(series) if isinstance(series, Series) else replace(series, values=dict(series.values))


def stepped(fields: FieldSet, request: Request = USUAL) -> Series | Grid | Mesh:
    """Functions of space and time as a series; of either alone on a grid or mesh; in the units of their file."""
    if isinstance(request.place, AtPoints):
        return _asked_for(fields, request.place, fields.axes)
    space = tuple(axis for axis in fields.axes if not axis.is_time)
    own_points = fields.domain is not None and not fields.has_mesh and request.resolution is None
    own_points = own_points and request.times is None and request.place is None
    if own_points and fields.film is not None:
        return _frames(fields, fields.film)
    still = not space or len(space) == len(fields.axes)
    if own_points or (still and (request.place is None or not space)):
        return in_own_units(fields, _on_grid(fields, request.resolution))
    carrier = _places(fields, request, space)
    if still:
        return in_own_units(fields, carrier)
    (time,) = (axis for axis in fields.axes if axis.is_time)
    steps = (request.resolution or STEPS) if time.high > time.low else 1
    shown = np.linspace(time.low, time.high, steps) if request.times is None else np.asarray(request.times)
    series = Series(replace(carrier, values={}), fields.axes, shown, _with_normals(fields, carrier))
    return series if fields.frame is None else series.restored(fields.frame)


def _frames(fields: FieldSet, film: can.Filmed) -> Series:
    """The functions on the pixels of a film, a frame after the other."""
    time, *lines = (np.sort(line.numpy()) for line in film.lines)
    pixels = Grid(fields.axes[1:], tuple(lines), {}, is_picture=True)
    return Series(pixels, fields.axes, time, fields.evaluated)


def _places(fields: FieldSet, request: Request, space: tuple[Axis, ...]) -> Grid | Mesh:
    """Where functions are evaluated in space, in the box; their values at it where there is no time."""
    place, resolution = request.place, request.resolution
    if isinstance(place, OnMesh):
        return _asked_for(fields, place, space, restored=False)
    if isinstance(place, OnBoundary):
        return _boundary(fields, resolution, space)
    if place is None and fields.has_mesh:
        assert fields.domain is not None
        cells = mesh_of(fields.domain, resolution)
        return Mesh(space, replace(cells, lines=cells.lines[: len(space) - cells.points.shape[1]]), {})
    finest = len(fields.axes) > SHOWN and len(space) < len(fields.axes)
    count = resolution or (_FINE if finest else points_per_axis(len(fields.axes)))
    coordinates = coordinates_of(space, count)
    return on_lattice(fields.evaluated if space == fields.axes else {}, space, coordinates)


def _asked_for(
    fields: FieldSet, place: OnMesh | AtPoints, axes: tuple[Axis, ...], *, restored: bool = True
) -> Mesh:
    """Values at the user's points or on the user's mesh; those outside the domain are told."""
    frame = None if fields.frame is None else fields.frame.over(fields.axes, axes)
    cells = cells_on(place, axes, frame)
    if axes == fields.axes:
        known_on: Domain = fields.known_on or Box(**{a.name: (a.low, a.high) for a in axes})
        alone = replace(fields, known_on=known_on)
        mesh = on_vertices(alone.evaluated, axes, cells)
        shown = mesh.points if frame is None else mesh.restored(frame).points
        name = place.name if isinstance(place, AtPoints) else f"'{place.path}'"
        warn_outside(known_on, mesh.points, shown, [a.name for a in axes], name)
    else:
        mesh = Mesh(axes, cells, {})
    return mesh if frame is None or not restored else mesh.restored(frame)


def _boundary(fields: FieldSet, resolution: int | None, space: tuple[Axis, ...]) -> Mesh:
    domain: Any = fields.known_on or Box(**{a.name: (a.low, a.high) for a in fields.axes})
    if len(space) < len(fields.axes):
        still = Box(**{a.name: (a.low, a.high) for a in space})
        domain = domain.shape if isinstance(domain, can.Multiplied) else still
    usual = (_SOLID if can.needs_mesh(domain) else points_per_axis(3)) if len(space) > 2 else _PLANE
    cells, normals = boundary_cells(domain, resolution or usual)
    mesh = Mesh(space, cells, {"normal": normals})
    return on_vertices(_with_normals(fields, mesh), space, cells) if space == fields.axes else mesh


def _with_normals(fields: FieldSet, carrier: Grid | Mesh) -> dict[str, Function]:
    """The functions, and of a boundary its normal: a function of those points alone, found by their coordinates."""
    if "normal" not in carrier.values:
        return fields.evaluated
    from scipy.spatial import KDTree

    columns = [i for i, axis in enumerate(fields.axes) if axis in carrier.axes]
    tree, normals = KDTree(carrier.points), carrier.values["normal"]

    def normal(points: Array) -> Array:
        found: Array = normals[tree.query(points[:, columns])[1]]
        return found

    return {**fields.evaluated, "normal": normal}


def first_surface(fields: FieldSet, request: Request = USUAL) -> Surface:
    """The surface of a solid with the values on it; of a field on a box the zero level of the first function.

    Both are in the units of the file that a cloud or mesh came from. Raises ValueError for a function of time, unless
    one time is asked for.
    """
    axes, column = fields.axes, next((i for i, axis in enumerate(fields.axes) if axis.is_time), None)
    if column is not None and (request.times is None or len(request.times) != 1):
        raise ValueError(
            f"A surface of {fields.name} was asked for, a field of {', '.join(a.name for a in axes)}, and a file of "
            f"a surface holds one time. Choose one, or write VTKHDF, PVD or XDMF."
        )
    # A distance that is solved for in a shell has its sign beyond it as well.
    functions, space = (fields if fields.has_mesh else replace(fields, known_on=None)).evaluated, axes
    if column is not None:
        assert request.times is not None
        time = float(request.times[0])
        functions = {name: at_time(f, column, time) for name, f in functions.items()}
        space = axes[:column] + axes[column + 1 :]
    frame = _over(fields.frame, axes, space)
    if fields.has_mesh and len(space) == SHOWN:
        mesh = _boundary(fields, request.resolution, space)
        values = {name: in_chunks(function, mesh.points) for name, function in functions.items()}
        place = mesh if frame is None else mesh.restored(frame)
        return Surface(place.points, place.cells.corners.numpy(), values)
    name, function = next(iter(functions.items()))
    return zero_level(function, space, request.resolution or 129, _restore(frame), name)


def at_time(function: Function, column: int, time: float) -> Function:
    """A function of points of all axes as one of points in space, at one time."""
    return lambda points: function(np.insert(points, column, time, axis=1))


def _over(frame: Frame | None, axes: tuple[Axis, ...], some: tuple[Axis, ...]) -> Frame | None:
    return None if frame is None else frame.over(axes, some)


CARRIERS: Mapping[str, Callable[[FieldSet, Request], Any]] = {
    "grid": gridded,
    "series": stepped,
    "surface": first_surface,
}


def in_own_units(fields: FieldSet, grid: Grid | Mesh) -> Grid | Mesh:
    """The grid with the coordinates of the file that a cloud or mesh came from, where it was scaled."""
    return grid if fields.frame is None else grid.restored(fields.frame)


def _restore(frame: Frame | None) -> Restore | None:
    return None if frame is None else lambda points: frame.restore(torch.from_numpy(points)).numpy()
