"""The outputs of a solution, gridded and written."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from ..plots.fields import shown_along
from ..problem.constraint import name_of
from ..problem.problem import Problem
from .files import FORMATS, file_name, write_grid
from .grid import Array, Grid, coordinates_of, points_per_axis, sample
from .mesh import Mesh, sample_cells
from .surface import Restore, write_surface, zero_level


class Evaluable(Protocol):
    """A function of a point, of a solution: called on points (N, d) and their data."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...
    def __call__(self, points: Any, data: Mapping[str, Tensor] | None = None) -> Any: ...


class Solved(Protocol):
    """What is needed of a solution: its problem, and its functions."""

    @property
    def problem(self) -> Problem: ...

    def __getitem__(self, function: PointFunction) -> Evaluable: ...


@dataclass(frozen=True, eq=False)
class FieldSet:
    """Functions of a point on the same axes, by name, and the domain that carries their data, if one does."""

    functions: Mapping[str, PointFunction]
    axes: tuple[Axis, ...]
    domain: Domain | None  # finite and on a tensor grid, or a shape with a mesh of its own
    frame: Frame | None = None  # the way back to the units of a file, where a cloud or mesh was scaled

    @property
    def name(self) -> str:
        """Fit for a file."""
        return file_name("-".join(self.functions))

    @property
    def has_mesh(self) -> bool:
        """Whether they are shown on a mesh of the domain's own."""
        return isinstance(self.domain, can.Triangulate)

    @property
    def is_picture(self) -> bool:
        return isinstance(self.domain, can.Pictured)


def field_sets(solution: Solved, outputs: Sequence[PointFunction] | None = None) -> list[FieldSet]:
    """A solution's outputs, those on the same axes, or on the same shape, together."""
    sets: dict[tuple[tuple[Axis, ...], Any], dict[str, PointFunction]] = {}
    for function in outputs or solution.problem.outputs:
        domain = solution.problem.output(function).domain
        shape = domain if isinstance(domain, can.Triangulate) else None
        functions = sets.setdefault((solution[function].axes, shape), {})
        functions[_free_name(name_of(function), sets.values())] = function
    return [
        FieldSet(
            functions, axes, shape or _gridded_domain(solution.problem, axes), _frame(solution.problem, axes)
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
    solution: Solved,
    fields: FieldSet,
    resolution: int | None = None,
    coordinates: Sequence[Array] | None = None,
) -> Grid | Mesh:
    """The functions on a tensor grid: the given one, or ``resolution`` points along each axis, or the domain's own.

    Where the domain's points do not fill the grid, the rest is not a number. A shape that no grid fills has a
    mesh, about ``resolution`` points across.
    """
    if coordinates is None and fields.has_mesh:
        return on_cells(solution, fields, resolution)
    if coordinates is None and resolution is None and fields.domain is not None:
        return _on_domain(solution, fields, fields.domain)
    if coordinates is None:
        as_pixels = fields.is_picture and resolution is not None
        coordinates = (_pixels if as_pixels else coordinates_of)(fields.axes, resolution or 0)
    return sample({name: solution[f] for name, f in fields.functions.items()}, fields.axes, coordinates)


def on_cells(
    solution: Solved, fields: FieldSet, resolution: int | None = None, *, sections: bool = False
) -> Mesh:
    """The functions on their domain's own mesh, or where a figure shows it: at three values of its last axis."""
    cells = can.cells_of(fields.domain, resolution or points_per_axis(len(fields.axes)))
    assert cells is not None
    if sections and cells.lines:
        line = cells.lines[-1]
        shown = line[shown_along(len(line), fields.axes[-1])]
        cells = replace(cells, lines=(*cells.lines[:-1], shown))
    return sample_cells({name: solution[f] for name, f in fields.functions.items()}, fields.axes, cells)


def _on_domain(solution: Solved, fields: FieldSet, domain: Domain) -> Grid:
    lattice = can.lattice_of(domain)
    assert lattice is not None
    points, data = domain.draw(None, torch.Generator())
    order = [torch.argsort(c) for c in lattice.coordinates]  # rows of a picture run downwards
    index = tuple(torch.argsort(o)[i].numpy() for o, i in zip(order, lattice.index.T, strict=True))
    fields_on_grid = {}
    for name, function in fields.functions.items():
        values = solution[function](points.numpy(), data)
        empty = complex(np.nan, np.nan) if np.iscomplexobj(values) else np.nan
        full = np.full(lattice.shape + values.shape[1:], empty, dtype=values.dtype)
        full[index] = values
        fields_on_grid[name] = full
    coordinates = tuple(c[o].numpy() for c, o in zip(lattice.coordinates, order, strict=True))
    return Grid(domain.axes, coordinates, fields_on_grid)


def _pixels(axes: Sequence[Axis], resolution: int) -> tuple[Array, ...]:
    """Pixel centres: ``resolution`` of them along the longer side, squares all over."""
    longest = max(axis.high - axis.low for axis in axes)
    counts = [max(2, round(resolution * (axis.high - axis.low) / longest)) for axis in axes]
    return tuple(
        axis.low + (axis.high - axis.low) * (np.arange(n) + 0.5) / n
        for axis, n in zip(axes, counts, strict=True)
    )


def export_fields(
    solution: Solved,
    path: str | PathLike[str],
    resolution: int | None = None,
    *,
    derivatives: Sequence[str] = (),
    outputs: Sequence[PointFunction] | None = None,
) -> Path:
    """Write a solution's outputs to a file whose ending says how: .vtu, .npz, .png, .ply or .stl.

    Args:
        path: appears whole or not at all.
        resolution: points along each axis; if left out the picture's or volume's own, or a number that fits.
        derivatives: some of grad, laplacian, hessian, div, curl, as further arrays.
        outputs: all of the problem's if left out. Pictures and surfaces show the first of them.

    Raises:
        ValueError: for outputs on different axes, and what the format cannot hold.
    """
    kind = Path(path).suffix.removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(
            f"'{path}' was given as a file to write; expected a name that ends in .{', .'.join(FORMATS)}. Choose one."
        )
    sets = field_sets(solution, outputs)
    if len(sets) > 1:
        names = " and ".join(fields.name for fields in sets)
        raise ValueError(
            f"The outputs {names} have different axes, and one file holds one grid. Write them one by one: "
            f"outputs=(u,)."
        )
    return write_fields(path, solution, with_derivatives(sets[0], derivatives), resolution)


def write_fields(
    path: str | PathLike[str], solution: Solved, fields: FieldSet, resolution: int | None = None
) -> Path:
    """Write functions on the same axes to one file."""
    if Path(path).suffix in (".ply", ".stl"):
        name, function = next(iter(fields.functions.items()))
        restore = _restore(fields.frame)
        return write_surface(
            path, zero_level(solution[function], fields.axes, resolution or 129, restore, name)
        )
    grid = in_own_units(fields, on_grid(solution, fields, resolution))
    return write_grid(path, grid, picture=fields.is_picture)


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


def reference_on(
    problem: Problem, fields: FieldSet, grid: Grid | Mesh, exact: Callable[..., Tensor]
) -> Iterator[tuple[str, Array]]:
    """The references on the points of a grid, by the name of their output; not those known at samples only.

    ``exact`` evaluates one: (function, axes, points, data) -> values.
    """
    points = torch.from_numpy(grid.points)
    for name, function in fields.functions.items():
        known = problem.reference.get(function)
        if known is None or known.fit != "none":
            continue
        with contextlib.suppress(KeyError):  # it reads data that the grid does not carry
            values = exact(known.value, fields.axes, points, {}).numpy()
            yield name, values.reshape(grid.shape + values.shape[1:])
