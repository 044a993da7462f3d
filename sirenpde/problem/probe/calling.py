"""Calling a function of a point at declaration, to see what it asks for and what is wrong with it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from ...calculus.evaluate import over_known, point
from ...calculus.field import Derivative, Unknown
from ...calculus.operators import PointFunction
from ...geometry.domain import Domain
from ...geometry.point import Point
from ..constraint import Constraint
from .messages import ConstraintError, declared_at, explained, failed, line_of
from .recorder import Recorder, Requests
from .watch import ConversionWatch


def probe(constraint: Constraint) -> Requests:
    """Call a constraint on one recording point, then on several points at once, and say what it asked for."""
    who, domain = f"Constraint '{constraint.name}'", constraint.domain
    points, data = few(domain)
    axes = tuple(axis.name for axis in domain.axes)
    recorder = Recorder()
    sampled: dict[str, Tensor] = {}

    coords = points[0].requires_grad_()

    def here(value: Tensor) -> Tensor:
        """The value, marked as one that belongs to the point."""
        return value + 0.0 * coords.sum() if value.is_floating_point() or value.is_complex() else value

    def read(key: Hashable) -> Tensor:
        check_field_axes(key, axes, domain.name)
        for name in key.reads if isinstance(key, Derivative) else ():
            sample(name)
        return here(recorder.read(key))

    def sample(key: str) -> Tensor:
        if key not in data:
            raise KeyError(
                f"The points of '{domain.name}' carry no data '{key}'; they carry "
                f"{', '.join(data) or 'none'}. Declare the constraint on the domain that has them."
            )
        sampled[key] = data[key]
        return here(data[key][0])

    residual = call(constraint.residual, who, point(axes, coords, read, sample), ConversionWatch())
    check_value(residual, who, constraint.residual)
    if not any(isinstance(key, Derivative | Unknown) for key in recorder.asked):
        raise ConstraintError(
            f"{who} uses no field, so nothing could satisfy it{declared_at(constraint.residual)}; expected at least "
            f"one field or unknown. Evaluate a field at the point, as in u(p)."
        )
    recorded = {
        key: recorder.read(key).expand(len(points), *recorder.asked[key].shape) for key in recorder.asked
    }
    call_together(constraint.residual, who, axes, points.detach(), recorded, sampled)
    return recorder.requests(residual, tuple(sampled))


def few(domain: Domain) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Three points of a domain, or all of fewer, and their data."""
    points, data = domain.draw(min(3, domain.size or 3), torch.Generator().manual_seed(0))
    return points.detach().double().clone(), data


def check_field_axes(key: Hashable, axes: tuple[str, ...], where: str) -> None:
    if not isinstance(key, Derivative):
        return
    there = axes if key.site is None else key.site.axes(axes)
    missing = [a.name for a in key.field.axes if a.name not in there]
    if missing:
        raise ValueError(
            f"Field '{key.field.name}' needs the axes {', '.join(missing)}, which the points of "
            f"'{where}' (axes {', '.join(axes)}) do not have. Declare the constraint on a domain "
            f"with these axes, or the field on one without."
        )


def call(function: PointFunction, who: str, p: Point, watch: AbstractContextManager[object]) -> Tensor:
    try:
        with torch.enable_grad(), watch:
            return function(p)
    except ConstraintError:
        raise
    except Exception as error:
        raise failed(who, error, function) from error


RESIDUAL = (
    "the residual that must vanish. End the function with 'return left-hand side - right-hand side', and evaluate "
    "operators at the point: laplacian(u)(p)"
)


def check_value(value: object, who: str, function: PointFunction, meaning: str = RESIDUAL) -> None:
    """Raises ConstraintError where a function of a point gave no real or complex numbers."""
    where = declared_at(function)
    if not isinstance(value, Tensor):
        given = "nothing" if value is None else f"a {type(value).__name__}"
        raise ConstraintError(f"{who} returned {given}{where}; expected a tensor, {meaning}.")
    if not (value.is_floating_point() or value.is_complex()):
        raise ConstraintError(
            f"{who} returned a tensor of {value.dtype}{where}; expected real or complex numbers. Return the "
            f"difference of the two sides, not a comparison of them."
        )
    if value.numel() == 0:
        raise ConstraintError(
            f"{who} returned an empty tensor of shape {tuple(value.shape)}{where}; expected values."
        )


def call_together(
    function: PointFunction,
    who: str,
    axes: tuple[str, ...],
    points: Tensor,
    known: Mapping[Hashable, Tensor],
    sampled: Mapping[str, Tensor],
) -> Tensor:
    """The values at several points at once, under vmap, where a branch on a value shows."""

    try:
        with torch.enable_grad(), ConversionWatch():
            return over_known(function, axes, points, sampled, known)
    except Exception as error:
        raise ConstraintError(
            f"{who} works on one point but not on many at once, at {line_of(error)}: {explained(error)}"
        ) from error
