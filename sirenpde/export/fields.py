"""The outputs of a solution as functions on the same axes, and what is derived from them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from ..calculus.operators import PointFunction
from ..geometry import can
from ..geometry.domain import Domain, HasAxes
from ..geometry.frame import Frame
from ..geometry.point import Axis
from ..problem.constraint import name_of
from ..problem.labels import Labels
from ..problem.probe.outputs import Output
from ..problem.problem import Problem
from ..problem.reference import Reference, exact_values
from . import derived
from .grid import Grid
from .mesh import Mesh
from .names import file_name
from .places import outside, within
from .sampled import Array, Function

_LOOKED_AT = 64  # points of each constraint, to see whether all lie in one shape


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
        own = (name for name, f in self.functions.items() if not isinstance(f, derived.Deviation))
        return file_name("-".join(own))

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

    @property
    def film(self) -> can.Filmed | None:
        """The film that they are functions on, if they are."""
        domain: object = self.domain
        return domain if isinstance(domain, can.Filmed) else None


def field_sets(
    problem: Problem, values: Values, outputs: Sequence[PointFunction] | None = None
) -> list[FieldSet]:
    """A problem's outputs, or these, those on the same axes, or on the same shape, together.

    Without those of samples, which have no value at a place. ``values`` are those of its solution.
    """
    sets: dict[tuple[tuple[Axis, ...], Any], dict[str, Output]] = {}
    for function in outputs or problem.outputs:
        output = problem.output(function)
        if output.of_samples:
            continue
        functions = sets.setdefault((output.domain.axes, _known_on(problem, output.domain)), {})
        functions[_free_name(name_of(function), sets.values())] = output
    return [
        FieldSet(
            {name: output.function for name, output in functions.items()},
            axes,
            values,
            known_on if can.needs_mesh(known_on) else _gridded_domain(problem, axes, functions.values()),
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


def _gridded_domain(problem: Problem, axes: tuple[Axis, ...], outputs: Iterable[Output]) -> Domain | None:
    """The picture, volume or other grid that outputs or a problem's fields are declared on, or else sampled on."""
    domains: list[Any] = [output.domain for output in outputs] + [u.domain for u in problem.fields]
    domains += [c.domain for c in problem.constraints if isinstance(c.domain, can.Pictured)]
    grids: list[Any] = [d for d in domains if can.lattice_of(d) is not None and d.axes == axes]
    return max(grids, key=lambda d: d.size or 0, default=None)


def with_deviations(fields: FieldSet) -> FieldSet:
    """The functions and ``u_deviation``, the standard deviation of each."""
    found = {f"{name}_deviation": derived.Deviation(f) for name, f in fields.functions.items()}
    shapes = {f"{name}_deviation": shape for name, shape in fields.shapes.items()}
    return replace(fields, functions={**fields.functions, **found}, shapes={**fields.shapes, **shapes})


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
    """The functions and ``residual_NAME``, the residual of each constraint that holds throughout the domain.

    Raises ValueError where there is no such constraint.
    """
    if not fields.residuals:
        raise ValueError(
            f"Residuals were asked for beside {', '.join(fields.functions)}, and no constraint holds throughout a "
            f"domain of the axes {', '.join(a.name for a in fields.axes)}. Leave them out."
        )
    return replace(fields, functions={**fields.functions, **fields.residuals})


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
