"""The outputs of a solution, gridded and written."""

from __future__ import annotations

import contextlib
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

from ..calculus.operators import PointFunction, curl, div, grad, hessian, laplacian
from ..geometry import can
from ..geometry.domain import Domain
from ..geometry.frame import Frame
from ..geometry.point import Axis
from ..problem.constraint import name_of
from ..problem.labels import Labels
from ..problem.problem import Problem
from ..problem.reference import Reference, exact_values
from .about import NOTHING, About
from .format import format_of
from .grid import SHOWN, Grid, coordinates_of, on_lattice, points_per_axis
from .mesh import Mesh, on_vertices
from .names import file_name
from .sampled import Array, Function
from .series import Series
from .steps import joined
from .surface import Restore, Surface, zero_level
from .vtk.image import better_as_image

STEPS = 51  # of a series, if nobody says
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

    @property
    def name(self) -> str:
        """Fit for a file."""
        return file_name("-".join(self.functions))

    @property
    def evaluated(self) -> dict[str, Function]:
        """The functions by name, of points (N, d)."""
        return {name: partial(self.values, function) for name, function in self.functions.items()}

    @property
    def has_mesh(self) -> bool:
        """Whether they are shown on a mesh of the domain's own."""
        return can.needs_mesh(self.domain)

    @property
    def is_picture(self) -> bool:
        return isinstance(self.domain, can.Pictured)


@dataclass(frozen=True)
class Request:
    """What is asked of a file: points along each axis, times, and what it says beside its values."""

    resolution: int | None = None  # the domain's own, or a number that fits
    times: Sequence[float] | None = None  # evenly spaced ones
    about: About = NOTHING


_USUAL = Request()


def field_sets(
    problem: Problem, values: Values, outputs: Sequence[PointFunction] | None = None
) -> list[FieldSet]:
    """A problem's outputs, or these, those on the same axes, or on the same shape, together.

    ``values`` are those of its solution.
    """
    sets: dict[tuple[tuple[Axis, ...], Any], dict[str, PointFunction]] = {}
    for function in outputs or problem.outputs:
        domain = problem.output(function).domain
        shape = domain if can.needs_mesh(domain) else None
        functions = sets.setdefault((domain.axes, shape), {})
        functions[_free_name(name_of(function), sets.values())] = function
    return [
        FieldSet(
            functions,
            axes,
            values,
            shape or _gridded_domain(problem, axes),
            _frame(problem, axes),
            problem.reference,
            problem.labels,
        )
        for (axes, shape), functions in sets.items()
    ]


def _free_name(name: str, taken: Iterable[Mapping[str, PointFunction]]) -> str:
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
    """The functions and their derivatives: ``grad_u``, ``laplacian_u``, ...

    A gradient has its time component last, as files have their axes. The others are taken in space alone.
    Where a cloud or mesh was scaled into the box, they are by the coordinates in its own units. Raises
    ValueError for an operator there is not.
    """
    space = [axis for axis in fields.axes if not axis.is_time]
    ordered = space + [axis for axis in fields.axes if axis.is_time]
    known: dict[str, Callable[[PointFunction], PointFunction]] = {
        "grad": lambda f: times(grad(f, *ordered), scale),
        "laplacian": lambda f: times(laplacian(f, *space), scale**2),
        "hessian": lambda f: times(hessian(f, *space), scale**2),
        "div": lambda f: times(div(f, *space), scale),
        "curl": lambda f: times(curl(f, *space), scale),
    }
    scale = 1.0 if fields.frame is None else fields.frame.scale

    def times(f: PointFunction, factor: float) -> PointFunction:
        return f if factor == 1 else lambda p: factor * f(p)

    functions = dict(fields.functions)
    for operator in operators:
        if operator not in known:
            raise ValueError(
                f"'{operator}' was given as a derivative; expected some of {', '.join(known)}. "
                f"Separate them by commas."
            )
        functions |= {f"{operator}_{name}": known[operator](f) for name, f in fields.functions.items()}
    return replace(fields, functions=functions)


def on_grid(
    fields: FieldSet, resolution: int | None = None, coordinates: Sequence[Array] | None = None
) -> Grid | Mesh:
    """The functions on a tensor grid: the given one, or ``resolution`` points along each axis, or the domain's own.

    Where the domain's points do not fill the grid, the rest is not a number. A shape that no grid fills has a
    mesh, about ``resolution`` points across.
    """
    lazy = _on_grid(fields, resolution, coordinates)
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
    cells = can.cells_of(fields.domain, resolution or points_per_axis(len(fields.axes)))
    assert cells is not None
    return on_vertices(fields.evaluated, fields.axes, cells)


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
) -> Path:
    """Write functions to a file whose ending says how, by a format of the register.

    Args:
        sets: of a solution's outputs; one alone, since a file has one set of axes.
        path: appears whole or not at all.
        request: where and when they are evaluated, and what else the file says.
        derivatives: some of grad, laplacian, hessian, div, curl, as further arrays.

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
    return write_fields(path, with_derivatives(sets[0], derivatives), request)


def write_fields(path: str | PathLike[str], fields: FieldSet, request: Request = _USUAL) -> Path:
    """Write functions on the same axes to one file, in the format of its ending."""
    kind = format_of(path)
    _check_times(fields, request.times)
    return kind.write(Path(path), CARRIERS[kind.carrier](fields, request), _about(fields, request))


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
    if request.times is None:
        return in_own_units(fields, on_grid(fields, request.resolution))
    series = stepped(fields, request)
    return joined(series) if isinstance(series, Series) else replace(series, values=dict(series.values))


def stepped(fields: FieldSet, request: Request = _USUAL) -> Series | Grid | Mesh:
    """Functions of space and time as a series; of either alone on a grid or mesh; in the units of their file."""
    resolution, times = request.resolution, request.times
    space = tuple(axis for axis in fields.axes if not axis.is_time)
    own_points = fields.domain is not None and not fields.has_mesh and resolution is None and times is None
    if not space or len(space) == len(fields.axes) or own_points:
        return in_own_units(fields, _on_grid(fields, resolution))
    (time,) = (axis for axis in fields.axes if axis.is_time)
    if fields.has_mesh:
        cells = can.cells_of(fields.domain, resolution or points_per_axis(len(fields.axes)))
        assert cells is not None
        carrier: Grid | Mesh = Mesh(space, replace(cells, lines=cells.lines[:-1]), {})
    else:
        count = resolution or (_FINE if len(fields.axes) > SHOWN else points_per_axis(len(fields.axes)))
        carrier = Grid(space, coordinates_of(space, count), {})
    steps = (resolution or STEPS) if time.high > time.low else 1
    shown = np.linspace(time.low, time.high, steps) if times is None else np.asarray(times)
    series = Series(carrier, fields.axes, shown, fields.evaluated)
    return series if fields.frame is None else series.restored(fields.frame)


def first_surface(fields: FieldSet, request: Request = _USUAL) -> Surface:
    """The zero level of the first function, in the units of the file that a cloud or mesh came from.

    Raises ValueError for a function of time, unless one time is asked for.
    """
    name, function = next(iter(fields.evaluated.items()))
    axes, restore = fields.axes, _restore(fields.frame)
    column = next((i for i, axis in enumerate(axes) if axis.is_time), None)
    if column is None:
        return zero_level(function, axes, request.resolution or 129, restore, name)
    if request.times is None or len(request.times) != 1:
        raise ValueError(
            f"A surface of {name} was asked for, a field of {', '.join(a.name for a in axes)}, and a file of a "
            f"surface holds one time. Choose one, or write VTKHDF, PVD or XDMF."
        )
    still = at_time(function, column, float(request.times[0]))
    space = axes[:column] + axes[column + 1 :]
    return zero_level(
        still, space, request.resolution or 129, _restore(_over(fields.frame, axes, space)), name
    )


def at_time(function: Function, column: int, time: float) -> Function:
    """A function of points of all axes as one of points in space, at one time."""
    return lambda points: function(np.insert(points, column, time, axis=1))


def _over(frame: Frame | None, axes: tuple[Axis, ...], some: tuple[Axis, ...]) -> Frame | None:
    return None if frame is None else frame.over(axes, some)


def default_format(fields: FieldSet) -> str:
    """The format that a field is best seen in: one file of all times, else an image on a box, or a mesh.

    VTKHDF holds all times in one file, with its mesh once, where PVD has a folder of files.
    """
    space = [axis for axis in fields.axes if not axis.is_time]
    if space and len(space) < len(fields.axes):
        return "vtkhdf"
    if fields.has_mesh or len(fields.axes) == 1:
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
