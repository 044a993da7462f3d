"""Outputs and references, tried like constraints: where an output lives, what is wrong with it, and its name."""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...calculus.evaluate import point
from ...calculus.field import Derivative, Field, Unknown
from ...calculus.operators import PointFunction, Stack
from ...geometry.domain import Deferred, Domain, HasAxes
from ...geometry.gathered import NODES
from ...geometry.point import Axis
from ...geometry.shape import Shape
from ..constraint import in_precision, name_of
from .calling import call, call_together, check_field_axes, check_value
from .messages import ConstraintError, declared_at
from .recorder import Recorder, Requests
from .watch import ConversionWatch, DerivativeWatch

MANY = 10_000  # points of an infinite domain on which a reference is looked at
SOME = 100  # of them, where these tell enough
STATED = 0.01  # the least share of them on which it must be a number
_SINGLE = (torch.float32, torch.complex64)


@dataclass(frozen=True)
class Output:
    """A function of a point that a solution is asked for: the domain whose points it takes, and what it gives."""

    function: PointFunction
    domain: HasAxes
    shape: tuple[int, ...]
    is_complex: bool
    of_samples: bool = (
        False  # such as a whole picture: it is measured, and no function of a place that can be drawn
    )

    @property
    def who(self) -> str:
        return f"Output '{name_of(self.function)}'"


def check_names(functions: Sequence[PointFunction]) -> None:
    """Raises ValueError for outputs of one name, which would share one file, and names unfit for files."""
    names = [name_of(f) for f in functions]
    for f, name in zip(functions, names, strict=True):
        if not _is_fit(name):
            raise ValueError(
                f"An output{declared_at(f)} is called {name!r}; expected a name that a file can have, since its "
                f"values go to one: no slash, colon, quote, control character or dot at the start. Rename it."
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"Several outputs are called {', '.join(twice)}; names must differ, since each has a file and an error "
            f"of its own. Write them as functions with names: def flux(p): ..."
        )


def _is_fit(name: str) -> bool:
    plain = re.fullmatch(r'[^/\\:*?"<>|\x00-\x1f\x7f]{1,100}', name) is not None
    return name == "<lambda>" or (plain and not name.startswith(".") and name == name.strip())


def try_output(
    function: PointFunction, fields: Sequence[Field], unknowns: Sequence[Unknown], carriers: Sequence[Domain]
) -> Output:
    """Calls an output on points of the domain that it lives on.

    Raises ConstraintError where it fails, returns no numbers, or reads what no constraint determines.
    """
    who = f"Output '{name_of(function)}'"
    first: ConstraintError | None = None
    for domain in _homes(function, fields):
        try:
            requests = _asked(function, who, domain.axes, fields, unknowns, carriers)
        except ConstraintError as error:
            first = first or error
            continue
        home = _smallest(requests, domain)
        if home.axes != domain.axes:
            try:
                _asked(function, who, home.axes, fields, unknowns, carriers)
            except ConstraintError:
                home = domain  # it reads coordinates that its fields do not have
        of_samples = NODES in requests.data
        return Output(function, home, requests.shape, requests.is_complex, of_samples)
    assert first is not None
    raise first


def _homes(function: PointFunction, fields: Sequence[Field]) -> Iterator[HasAxes]:
    """The domains that an output may live on, the likeliest first."""
    first = function.partials[0] if isinstance(function, Stack) else function
    if isinstance(first, Field | Derivative):
        yield first.domain if isinstance(first, Field) else first.field.domain
        return
    if getattr(function, "axes", None):
        known: object = getattr(function, "domain", function)
        yield known  # type: ignore[misc]
        return
    # With most axes first; the sort is stable, so that the first field's domain leads among equals.
    by_axes: dict[tuple[Axis, ...], HasAxes] = {}
    for u in sorted(fields, key=lambda u: -len(u.axes)):
        by_axes.setdefault(u.axes, u.domain)
    yield from by_axes.values()


def _smallest(requests: Requests, domain: HasAxes) -> HasAxes:
    """The domain of the field that has the axes of all that were read; the given one where there is none.

    What reads fields of shapes side by side lives on their union.
    """
    names = {axis.name for u in requests.fields for axis in u.axes}
    shapes = [u.domain for u in requests.fields if isinstance(u.domain, Shape)]
    if len(shapes) == len(requests.fields) > 1 and _are_apart(shapes):
        return functools.reduce(operator.or_, shapes)
    for u in requests.fields:
        if {axis.name for axis in u.axes} == names:
            return domain if u.axes == domain.axes and hasattr(domain, "draw") else u.domain
    return domain


def _are_apart(shapes: Sequence[Shape]) -> bool:
    """Whether shapes have the same axes and no inner point in common."""
    for a, b in itertools.combinations(shapes, 2):
        if a == b or [axis.name for axis in a.axes] != [axis.name for axis in b.axes]:
            return False
        with contextlib.suppress(ValueError):  # of what is empty
            _ = a & b
            return False
    return True


def _asked(
    function: PointFunction,
    who: str,
    axes: Sequence[Axis],
    fields: Sequence[Field],
    unknowns: Sequence[Unknown],
    carriers: Sequence[Domain],
) -> Requests:
    names = tuple(axis.name for axis in axes)
    points = _inside(axes)
    coords, recorder = points[0].requires_grad_(), Recorder()
    sampled: dict[str, Tensor] = {}

    def here(value: Tensor) -> Tensor:
        return value + 0.0 * coords.sum() if value.is_floating_point() or value.is_complex() else value

    def read(key: Hashable) -> Tensor:
        known = key.field in fields if isinstance(key, Derivative) else key in unknowns
        if not known:
            what = f"the field {key.field.name}" if isinstance(key, Derivative) else f"the number {key.name}"  # type: ignore[attr-defined]
            raise ValueError(
                f"It reads {what}, which no constraint mentions. Add a constraint on it, or leave it out."
            )
        check_field_axes(key, names, ", ".join(names))
        for name in key.reads if isinstance(key, Derivative) else ():
            sample(name)
        return here(recorder.read(key))

    def sample(key: str) -> Tensor:
        sampled[key] = _carried(key, carriers)
        return here(sampled[key][0])

    function = in_precision(function)
    value = call(function, who, point(names, coords, read, sample), ConversionWatch())
    check_value(
        value, who, function, "its values. End the function with 'return', and evaluate fields at p: u(p)"
    )
    known = {key: recorder.read(key).expand(len(points), *v.shape) for key, v in recorder.asked.items()}
    data = {key: v[:1].expand(len(points), *v.shape[1:]) for key, v in sampled.items()}
    call_together(function, who, names, points.detach(), known, data)
    return recorder.requests(value, tuple(sampled))


def _inside(axes: Sequence[Axis]) -> Tensor:
    """Three points (3, d)."""
    shares = torch.tensor([0.31, 0.53, 0.72], dtype=torch.float64)
    columns = [axis.low + (axis.high - axis.low) * shares.roll(i) for i, axis in enumerate(axes)]
    return torch.stack(columns, dim=1)


def _carried(key: str, carriers: Sequence[Domain]) -> Tensor:
    for domain in carriers:
        data = domain.draw(min(3, domain.size or 3), torch.Generator().manual_seed(0))[1]
        if key in data:
            return data[key]
    raise ValueError(
        f"It reads the data '{key}', which no points carry. Write it in terms of fields, coordinates and data that "
        f"there are."
    )


def try_reference(value: PointFunction, output: Output, domain: Domain, samples: int) -> None:
    """Evaluates what an output is compared with.

    Raises ConstraintError where it fails, has another shape, is complex beside a real output, or is hardly ever a
    number.
    """
    who = f"The reference of '{name_of(output.function)}'"
    value = in_precision(value)
    if not hasattr(domain, "draw"):
        raise ConstraintError(
            f"{who} is compared on a {type(domain).__name__}, which has no points to draw. Say where: "
            f"Reference(exact, on=Box(...))."
        )
    axes = tuple(axis.name for axis in domain.axes)
    _check_home(who, output, domain, axes)
    points, data = _points_of(domain, samples)
    sampled: dict[str, Tensor] = {}

    def read(key: object) -> Tensor:
        what = f"field {key.field.name}" if isinstance(key, Derivative) else f"unknown {key}"
        raise ValueError(
            f"It reads the {what}; expected a known function of the coordinates. Write it in terms of the axes and "
            f"data only."
        )

    def sample(key: str) -> Tensor:
        if key not in data:
            raise ValueError(
                f"It reads the data '{key}', which the points of '{domain.name}' do not carry; they carry "
                f"{', '.join(data) or 'none'}. Say where it is known: Reference(cloud['{key}'], on=cloud)."
            )
        if isinstance(data, Deferred):
            raise _Later
        sampled[key] = data[key]
        return data[key][0]

    coords = points[0].clone().requires_grad_()
    try:
        one = call(value, who, point(axes, coords, read, sample), ConversionWatch())
    except _Later:
        return
    example = "the exact value, such as torch.sin(x(p)), or 0 * x(p) + 2 for a constant"
    check_value(one, who, value, example)
    if one.dtype not in _SINGLE:
        call(value, who, point(axes, points[0], read, sample), DerivativeWatch((), single_precision=False))
    if _without_ones(one.shape) != _without_ones(output.shape):
        raise ConstraintError(
            f"{who}{declared_at(value)} has shape {tuple(one.shape)}; expected {output.shape}, that of the output. "
            f"Return as many components, stacked in the same order: torch.stack([...])."
        )
    if one.is_complex() and not output.is_complex:
        raise ConstraintError(
            f"{who}{declared_at(value)} is complex and the output is real, so that an imaginary part would be lost. "
            f"Return its .real, or declare the field with dtype=complex."
        )
    for rows, enough in ((_some(len(points)), 0.1), (slice(None), STATED)):
        known = {key: values[rows] for key, values in sampled.items()}
        exact = call_together(value, who, axes, points[rows], {}, known).detach()
        stated = exact.isfinite().reshape(len(exact), -1).all(1)
        if int(stated.sum()) >= enough * len(stated):
            return
    raise ConstraintError(
        f"{who}{declared_at(value)} is a number on {int(stated.sum())} of {len(points)} points of '{domain.name}'; "
        f"expected at least {STATED:.0%} of them, so that its error speaks of more than a handful. Say where it is "
        f"known: Reference(exact, on=part of the domain)."
    )


def _some(count: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(0))[:SOME]


class _Later(BaseException):
    """Data that are computed when they are first needed, which may take long; a declaration does not wait."""


def _points_of(domain: Domain, samples: int) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Points to look at a reference on, and their data."""
    count = min(samples, MANY) if domain.size is None else None
    points, data = domain.draw(count, torch.Generator().manual_seed(0))
    return points.detach().double().clone(), data


def _check_home(who: str, output: Output, domain: Domain, axes: tuple[str, ...]) -> None:
    missing = [axis.name for axis in output.domain.axes if axis.name not in axes]
    if missing:
        raise ConstraintError(
            f"{who} is compared on '{domain.name}' (axes {', '.join(axes)}), which has no {', '.join(missing)}; the "
            f"output needs {'them' if len(missing) > 1 else 'it'}. Compare on a domain with its axes."
        )


def _without_ones(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)
