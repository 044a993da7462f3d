"""Functions made of a solution's own: derivatives, errors against the references, residuals of the constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..calculus.operators import PointFunction, curl, div, grad, hessian, laplacian
from ..geometry import can
from ..geometry.point import Axis, Point
from ..problem.constraint import name_of
from ..problem.problem import Problem
from ..problem.reference import Reference

if TYPE_CHECKING:
    from torch import Tensor

Functions = Mapping[str, PointFunction]


@dataclass(frozen=True)
class Deviation:
    """The standard deviation of a function of a point, as far as data leave its fields open.

    It is no function of the fields' values, and has no derivatives: a solution evaluates it.
    """

    of: PointFunction

    @property
    def name(self) -> str:
        return f"{name_of(self.of)}_deviation"

    def __call__(self, p: Point) -> Tensor:
        raise TypeError(
            f"{self.name} was called at a point; expected solution.deviation(...) to evaluate it."
        )


def derivatives(
    functions: Functions,
    shapes: Mapping[str, tuple[int, ...]],
    axes: Sequence[Axis],
    operators: Sequence[str],
    scale: float = 1.0,
) -> dict[str, PointFunction]:
    """``grad_u``, ``laplacian_u``, ...: of each function those of the operators that it has.

    A gradient has its time component last, as files have their axes. The others are taken in space alone; a
    divergence is one of vectors with a component for each axis in space, and a curl of such of two or three axes.
    ``scale`` is that of the box against the units that derivatives are to be in.

    Raises:
        ValueError: for an operator that there is not, and for one that none of the functions has.
    """
    space = [axis for axis in axes if not axis.is_time]
    ordered = space + [axis for axis in axes if axis.is_time]
    known: dict[str, tuple[Callable[[PointFunction], PointFunction], int]] = {
        "grad": (lambda f: grad(f, *ordered), 1),
        "laplacian": (lambda f: laplacian(f, *space), 2),
        "hessian": (lambda f: hessian(f, *space), 2),
        "div": (lambda f: div(f, *space), 1),
        "curl": (lambda f: curl(f, *space), 1),
    }
    found: dict[str, PointFunction] = {}
    for operator in operators:
        if operator not in known:
            raise ValueError(
                f"'{operator}' was given as a derivative; expected some of {', '.join(known)}. "
                f"Separate them by commas."
            )
        operate, order = known[operator]
        able = {
            name: f
            for name, f in functions.items()
            if not isinstance(f, Deviation) and _has(operator, shapes[name], len(space))
        }
        if not able:
            given = ", ".join(f"{name} of shape {shapes[name]}" for name in functions)
            raise ValueError(
                f"'{operator}' was asked for of {given}, on {len(space)} axes in space; {_NEEDS[operator]}. Ask for "
                f"another derivative, or for other fields."
            )
        found |= {f"{operator}_{name}": _times(operate(f), scale**order) for name, f in able.items()}
    return found


_NEEDS = {
    "grad": "it is one of any function",
    "laplacian": "it is one of functions of space",
    "hessian": "it is one of functions of space",
    "div": "it is one of vectors with a component for each axis in space",
    "curl": "it is one of vectors on two or three axes in space",
}


def _has(operator: str, shape: tuple[int, ...], axes: int) -> bool:
    if operator == "grad":
        return True
    if operator in ("laplacian", "hessian"):
        return axes > 0
    if operator == "div":
        return shape[-1:] == (axes,)
    return shape == (axes,) and axes in (2, 3)


def _times(function: PointFunction, factor: float) -> PointFunction:
    return function if factor == 1 else lambda p: factor * function(p)


def errors(functions: Functions, references: Mapping[PointFunction, Reference]) -> dict[str, PointFunction]:
    """``error_u``, the difference from its reference, of each function whose reference is compared as it is."""
    return {
        f"error_{name}": _difference(f, references[f].value)
        for name, f in functions.items()
        if f in references and references[f].fit == "none"
    }


def _difference(function: PointFunction, exact: PointFunction) -> PointFunction:
    return lambda p: function(p) - exact(p)


def residuals(problem: Problem, axes: Sequence[Axis]) -> dict[str, PointFunction]:
    """``residual_NAME`` of each constraint that holds on a domain of these axes, and not on a boundary alone."""
    names = [axis.name for axis in axes]
    return {
        f"residual_{constraint.name}": constraint.residual
        for constraint in problem.constraints
        if [axis.name for axis in constraint.domain.axes] == names
        and constraint.domain.size is None
        and can.dimension_of(constraint.domain) == len(names)
    }
