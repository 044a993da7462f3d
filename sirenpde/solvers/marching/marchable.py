"""What can be marched along an axis, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Mapping

from ...calculus.field import Field
from ...geometry.point import Axis
from ...networks.slabs import Slabs
from ...problem.problem import Problem
from ...residuals.unfit import Unfit


class NotMarchable(Unfit):
    """A problem that cannot be solved slab after slab."""


def axis_of(problem: Problem, name: str) -> Axis:
    """The axis of this name, with the range that the fields are declared on."""
    for u in problem.fields:
        for axis in u.axes:
            if axis.name == name:
                return axis
    raise NotMarchable(
        f"March('{name}') was asked for, but no field has an axis '{name}'. Name an axis of the fields' box."
    )


def check_marchable(problem: Problem, recipes: Mapping[Field, object], axis_name: str) -> None:
    """Raise NotMarchable unless every field has the axis and a recipe, and nothing else is unknown."""
    if problem.unknowns:
        raise NotMarchable(
            f"March('{axis_name}') was asked for, but {problem.unknowns[0].name} is an unknown number, which is the "
            f"same in all slabs; fields alone can be found slab after slab. Solve for it without slabs."
        )
    for u in problem.fields:
        if axis_name not in [axis.name for axis in u.axes]:
            raise NotMarchable(
                f"March('{axis_name}') was asked for, but the field {u.name} has the axes "
                f"{', '.join(axis.name for axis in u.axes)}; every field must have the axis to march along. "
                f"Name another, or leave March out."
            )
        if not hasattr(recipes[u], "build") or isinstance(recipes[u], Slabs):
            raise NotMarchable(
                f"March builds a network for every slab from a recipe; {u.name} was given a "
                f"{type(recipes[u]).__name__}. Give a recipe such as SineLattice() or Siren(...)."
            )
