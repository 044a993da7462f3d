"""The outputs of a solution, gridded and written."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ..calculus.operators import PointFunction
from ..geometry import can
from ..geometry.box import Box
from ..geometry.domain import Domain, HasAxes
from ..geometry.frame import Frame
from ..geometry.meshes.cells import Cells
from ..geometry.point import Axis
from ..problem.constraint import name_of
from ..problem.labels import Labels
from ..problem.probe.outputs import Output
from ..problem.problem import Problem
from ..problem.reference import Reference, exact_values
from . import derived
from .about import NOTHING, About
from .format import format_of
from .grid import SHOWN, Grid, coordinates_of, in_chunks, on_lattice, points_per_axis
from .mesh import Mesh, on_vertices
from .names import file_name
from .places import (
    AtPoints,
    OnBoundary,
    OnMesh,
    Place,
    boundary_cells,
    cells_on,
    outside,
    warn_outside,
    within,
)
from .room import check_memory, check_mesh, check_room
from .sampled import Array, Function
from .series import Series
from .steps import joined
from .surface import Restore, Surface, zero_level
from .vtk.image import better_as_image

STEPS = 51  # of a series, if nobody says
_PLANE, _SOLID = 129, 24  # points across the mesh of a shape
_LOOKED_AT = 64  # points of each constraint, to see whether all lie in one shape
_FINE = 25  # points along each axis in space of a volume over time


class Values(Protocol):
    """Values (N, ...) of a function of a point at points (N, d), with the data that they carry, if they do."""

    def __call__(
        self, function: PointFunction, points: Array, data: Mapping[str, Tensor] | None = None, /
    ) -> Array: ...


@dataclass(frozen=True, eq=False)
class FieldSet:
    """Functions of a point on the same axes, by name, and the domain that carries their data, if one does."""

    functions: Mapping[str, PointFunction]
    axes: tuple[Axis, ...]
    values: Values  # of the functions, and of any others of the same fields
    domain: Domain | None  # finite and on a tensor grid, or a shape with a mesh of its own
    frame: Frame | None = None  # the way back to the units of a file, where a cloud or mesh was scaled
    references: Mapping[PointFunction, Reference] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)
    known_on: Domain | None = (
        None  # elsewhere the values are not numbers; None for the whole range of the axes
    )
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of the values of each function
    residuals: Mapping[str, PointFunction] = field(default_factory=dict)  # of constraints on these axes

    @property
    def name(self) -> str:
        """Fit for a file."""
        return file_name("-".join(self.functions))

    @property
    def evaluated(self) -> dict[str, Function]:
        """The functions by name, of points (N, d); not numbers outside the domain."""
        known: dict[str, Function] = {name: partial(self.values, f) for name, f in self.functions.items()}
        if self.known_on is None:
            return known
        return {name: within(function, self.known_on) for name, function in known.items()}

    @property
    def has_mesh(self) -> bool:
        """Whether they are shown on a mesh of the domain's own."""
        return can.needs_mesh(self.domain)

    @property
    def is_picture(self) -> bool:
        return isinstance(self.domain, can.Pictured)


@dataclass(frozen=True)
class Request:
    """What is asked of a file: where, points along each axis, times, and what it says beside its values."""

    resolution: int | None = None  # the domain's own, or a number that fits
    times: Sequence[float] | None = None  # evenly spaced ones
    about: About = NOTHING
    place: Place | None = None  # the shape itself, the picture, or a grid where one fills the domain


_USUAL = Request()


def field_sets(
    problem: Problem, values: Values, outputs: Sequence[PointFunction] | None = None
) -> list[FieldSet]:
    """A problem's outputs, or these, those on the same axes, or on the same shape, together.

    ``values`` are those of its solution.
    """
    sets: dict[tuple[tuple[Axis, ...], Any], dict[str, Output]] = {}
    for function in outputs or problem.outputs:
        output = problem.output(function)
        functions = sets.setdefault((output.domain.axes, _known_on(problem, output.domain)), {})
        functions[_free_name(name_of(function), sets.values())] = output
    return [
        FieldSet(
            {name: output.function for name, output in functions.items()},
            axes,
            values,
            known_on if can.needs_mesh(known_on) else _gridded_domain(problem, axes),
            _frame(problem, axes),
            problem.reference,
            labels=problem.labels,
            known_on=known_on,
            shapes={name: output.shape for name, output in functions.items()},
            residuals=derived.residuals(problem, axes),
        )
        for (axes, known_on), functions in sets.items()
    ]


def _known_on(problem: Problem, declared: HasAxes) -> Domain | None:
    """The shape on which a function is known, that of its fields or of the constraints; None where a grid fills it.

    A field that is declared on a box, while all equations hold on one shape within it, is known on that shape.
    """
    if _is_part(declared):
        return declared  # type: ignore[return-value]
    names = [axis.name for axis in declared.axes]
    there = [c.domain for c in problem.constraints if [axis.name for axis in c.domain.axes] == names]
    solids = [d for d in there if d.size is None and can.dimension_of(d) == len(names)]
    parts = list(dict.fromkeys(solids))
    if len(parts) != 1 or not _is_part(parts[0]):
        return None
    points = [d.draw(None if d.size else _LOOKED_AT, torch.Generator().manual_seed(0))[0] for d in there]
    reach_out = any(
        outside(parts[0], some.numpy()).any() for some in points
    )  # data, or a boundary of the box
    return None if reach_out else parts[0]


def _is_part(domain: Any) -> bool:
    """Whether a domain is less than the whole range of its axes: a shape, or what a predicate holds in."""
    if getattr(domain, "size", 0) is not None:
        return False
    return can.needs_mesh(domain) or isinstance(domain, can.Restricted)


def _free_name(name: str, taken: Iterable[Mapping[str, Output]]) -> str:
    """The name, with a number where another output has it: each has a file of its own."""
    names = {known for functions in taken for known in functions}
    numbered = (f"{name}_{i}" for i in itertools.count(2))
    return name if name not in names else next(other for other in numbered if other not in names)


def _gridded_domain(problem: Problem, axes: tuple[Axis, ...]) -> Domain | None:
    """The picture, volume or other grid that a problem's fields are declared on, or else sampled on."""
    domains: list[Any] = [u.domain for u in problem.fields]
    domains += [c.domain for c in problem.constraints if isinstance(c.domain, can.Pictured)]
    grids: list[Any] = [d for d in domains if can.lattice_of(d) is not None and d.axes == axes]
    return max(grids, key=lambda d: d.size or 0, default=None)


def with_derivatives(fields: FieldSet, operators: Sequence[str]) -> FieldSet:
    """The functions and those of the derivatives that they have, by the coordinates of the file of a scaled cloud."""
    scale = 1.0 if fields.frame is None else fields.frame.scale
    found = derived.derivatives(fields.functions, fields.shapes, fields.axes, operators, scale)
    return replace(fields, functions={**fields.functions, **found})


def with_further(
    fields: FieldSet, operators: Sequence[str] = (), *, with_error: bool = False, with_residual: bool = False
) -> FieldSet:
    """The functions, their derivatives, errors and residuals, as they are asked for."""
    found = with_derivatives(fields, operators)
    found = (
        replace(found, functions={**found.functions, **with_errors(fields).functions})
        if with_error
        else found
    )
    return with_residuals(found) if with_residual else found


def with_errors(fields: FieldSet) -> FieldSet:
    """The functions and ``error_u``, their difference from the reference. ValueError where none has one."""
    found = derived.errors(fields.functions, fields.references)
    if not found:
        raise ValueError(
            f"Errors were asked for of {', '.join(fields.functions)}, which have no reference that is compared as it "
            f"is. Declare one, as Problem(..., reference={{u: exact}}), or leave them out."
        )
    return replace(fields, functions={**fields.functions, **found})


def with_residuals(fields: FieldSet) -> FieldSet:
    """The functions and ``residual_NAME``, the residual of each constraint that holds throughout the domain."""
    if not fields.residuals:
        raise ValueError(
            f"Residuals were asked for beside {', '.join(fields.functions)}, and no constraint holds throughout a "
            f"domain of the axes {', '.join(a.name for a in fields.axes)}. Leave them out."
        )
    return replace(fields, functions={**fields.functions, **fields.residuals})


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
        as_pixels = fields.is_picture and resolution is not None
        coordinates = (_pixels if as_pixels else coordinates_of)(fields.axes, resolution or 0)
    grid = on_lattice(fields.evaluated, fields.axes, coordinates)
    return replace(grid, is_picture=fields.is_picture)


def _on_cells(fields: FieldSet, resolution: int | None = None) -> Mesh:
    assert fields.domain is not None
    return on_vertices(fields.evaluated, fields.axes, mesh_of(fields.domain, resolution))


def mesh_of(domain: Domain, resolution: int | None = None) -> Cells:
    """A domain's own mesh, kept for the next file: tetrahedra take their time."""
    return _mesh_of(domain, resolution)  # type: ignore[arg-type]  # all domains are hashable


@functools.lru_cache(maxsize=8)
def _mesh_of(domain: Domain, resolution: int | None) -> Cells:
    space = sum(not axis.is_time for axis in domain.axes)
    usual = _SOLID if space > 2 else points_per_axis(3) if space < len(domain.axes) else _PLANE
    check_mesh(domain.name, resolution or usual, space)
    cells = can.cells_of(domain, resolution or usual)
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
    return Grid(domain.axes, coordinates, fields_on_grid, is_picture)


def _pixels(axes: Sequence[Axis], resolution: int) -> tuple[Array, ...]:
    """Pixel centres: ``resolution`` of them along the longer side, squares all over."""
    longest = max(axis.high - axis.low for axis in axes)
    counts = [max(2, round(resolution * (axis.high - axis.low) / longest)) for axis in axes]
    return tuple(
        axis.low + (axis.high - axis.low) * (np.arange(n) + 0.5) / n
        for axis, n in zip(axes, counts, strict=True)
    )


def export_fields(
    sets: Sequence[FieldSet],
    path: str | PathLike[str],
    request: Request = _USUAL,
    *,
    derivatives: Sequence[str] = (),
    with_error: bool = False,
    with_residual: bool = False,
) -> Path:
    """Write functions to a file whose ending says how, by a format of the register.

    Args:
        sets: of a solution's outputs; one alone, since a file has one set of axes.
        path: appears whole or not at all.
        request: where and when they are evaluated, and what else the file says.
        derivatives: some of grad, laplacian, hessian, div, curl, as further arrays.
        with_error, with_residual: the errors against the references, and the residuals of the constraints, as well.

    Raises:
        ValueError: for outputs on different axes, and what the format cannot hold.
    """
    format_of(path)
    if len(sets) > 1:
        names = " and ".join(fields.name for fields in sets)
        raise ValueError(
            f"The outputs {names} have different axes, and one file holds one grid. Write them one by one: "
            f"outputs=(u,)."
        )
    further = with_further(sets[0], derivatives, with_error=with_error, with_residual=with_residual)
    return write_fields(path, further, request)


def write_fields(path: str | PathLike[str], fields: FieldSet, request: Request = _USUAL) -> Path:
    """Write functions on the same axes to one file, in the format of its ending."""
    kind = format_of(path)
    _check_times(fields, request.times)
    carrier = CARRIERS[kind.carrier](fields, request)
    check_room(Path(path), carrier)
    return kind.write(Path(path), carrier, _about(fields, request))


def _about(fields: FieldSet, request: Request) -> About:
    """What a file says: facts, units as facts of the name ``unit_u``, and the names of components."""
    labels, functions = fields.labels, fields.functions
    units = {f"unit_{name}": labels.units[f] for name, f in functions.items() if f in labels.units}
    units |= {f"unit_{axis.name}": labels.axes[axis.name] for axis in fields.axes if axis.name in labels.axes}
    components = {name: labels.components[f] for name, f in functions.items() if f in labels.components}
    return About({**request.about.facts, **units}, {**components, **request.about.components})


def _check_times(fields: FieldSet, times: Sequence[float] | None) -> None:
    """Raises ValueError for times of a field without time, and for those that are not in order within its own."""
    if times is None:
        return
    axis = next((axis for axis in fields.axes if axis.is_time), None)
    if axis is None:
        raise ValueError(
            f"Times were given for {fields.name}, a field of {', '.join(a.name for a in fields.axes)}; expected one "
            f"that depends on time. Leave them out."
        )
    slack = 1e-9 * (axis.high - axis.low)
    if not len(times) or not axis.low - slack <= min(times) <= max(times) <= axis.high + slack:
        given = f"{min(times):g} to {max(times):g}" if len(times) else "none"
        raise ValueError(
            f"Times from {given} were given for {fields.name}, which is known for {axis.name} from {axis.low:g} to "
            f"{axis.high:g}. Choose some of these."
        )
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise ValueError(
            f"The times {', '.join(f'{t:g}' for t in times)} were given; expected each once, in ascending order."
        )


def gridded(fields: FieldSet, request: Request = _USUAL) -> Grid | Mesh:
    """The functions on a grid or mesh, with the coordinates of the file that a cloud or mesh came from."""
    if request.times is None and request.place is None:
        return in_own_units(fields, on_grid(fields, request.resolution))
    series = stepped(fields, request)
    check_memory(fields.name, series)
    return joined(series) if isinstance(series, Series) else replace(series, values=dict(series.values))


def stepped(fields: FieldSet, request: Request = _USUAL) -> Series | Grid | Mesh:
    """Functions of space and time as a series; of either alone on a grid or mesh; in the units of their file."""
    if isinstance(request.place, AtPoints):
        return _asked_for(fields, request.place, fields.axes)
    space = tuple(axis for axis in fields.axes if not axis.is_time)
    own_points = fields.domain is not None and not fields.has_mesh and request.resolution is None
    own_points = own_points and request.times is None and request.place is None
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


def first_surface(fields: FieldSet, request: Request = _USUAL) -> Surface:
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


def default_format(fields: FieldSet, place: Place | None = None) -> str:
    """The format that a field is best seen in: one file of all times, else an image on a box, or a mesh.

    VTKHDF holds all times in one file, with its mesh once, where PVD has a folder of files.
    """
    space = [axis for axis in fields.axes if not axis.is_time]
    if isinstance(place, AtPoints):
        return "csv"
    if space and len(space) < len(fields.axes):
        return "vtkhdf"
    if isinstance(place, OnMesh | OnBoundary) or len(fields.axes) == 1 or (fields.has_mesh and place is None):
        return "vtu"
    lattice = None if fields.domain is None else can.lattice_of(fields.domain)
    if lattice is None:
        return "vti"
    lines = tuple(np.sort(line.numpy()) for line in lattice.coordinates)
    return "vti" if better_as_image(Grid(fields.axes, lines, {})) else "vtu"


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


def _frame(problem: Problem, axes: tuple[Axis, ...]) -> Frame | None:
    """The frame of the cloud or mesh that was scaled into the box, over these of its axes."""
    for domain in (*(c.domain for c in problem.constraints), *(u.domain for u in problem.fields)):
        frame = can.frame_of(domain)
        if frame is not None and {a.name for a in axes} <= {a.name for a in domain.axes}:
            return frame.over(domain.axes, axes)
    return None


def reference_on(fields: FieldSet, grid: Grid | Mesh) -> Iterator[tuple[str, Array]]:
    """The references on the points of a grid, by the name of their output; not those known at samples only."""
    points = torch.from_numpy(grid.points)
    for name, function in fields.functions.items():
        known = fields.references.get(function)
        if known is None:
            continue
        with contextlib.suppress(KeyError):  # it reads data that the grid does not carry
            values = exact_values(known.value, fields.axes, points, {}).numpy()
            yield name, values.reshape(grid.shape + values.shape[1:])
