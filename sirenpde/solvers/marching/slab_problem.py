"""What must hold in one slab: the problem's constraints there, and the values handed over by the slab before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from ...calculus.field import Derivative, Field
from ...calculus.operators import PointFunction
from ...calculus.symbols import Symbol
from ...geometry import can
from ...geometry.carrying import Carrying
from ...geometry.domain import Domain
from ...geometry.instants import instant, moved
from ...geometry.point import Point
from ...geometry.region import within
from ...geometry.slab import Slab
from ...networks.slabs import Slabs
from ...problem.constraint import Constraint
from ...problem.problem import Problem
from ...residuals import Parameters, Sweep, System, evaluate, record
from ...residuals.unfit import Unfit

HAND_OVER = 100.0  # how much more the start of a slab counts than what holds within it
SAMPLES = 1024  # of the start, where no constraint says how many


class NotMarchable(Unfit):
    """A problem that cannot be solved slab after slab."""


@dataclass(frozen=True)
class SlabProblem:
    """The constraints of one slab, where each comes from, and the factor that its weight was given."""

    problem: Problem
    origins: tuple[int | None, ...]  # the constraint's place in the whole problem; None for a hand-over
    factors: tuple[float, ...]


@dataclass(frozen=True)
class Before:
    """The fields of the slab before."""

    parameters: Parameters
    theta: Tensor
    system: System  # for its precision and device

    def values(
        self, functions: Sequence[PointFunction], axes: tuple[str, ...], points: Tensor
    ) -> list[Tensor]:
        """Functions of a point at points (n, d), each (n, *shape)."""
        batch = self.system.batch(points, {})
        sweep = Sweep(functions, record(functions, batch, axes), axes, self.parameters)
        return evaluate(sweep, self.theta, batch, self.system.device)


def check(problem: Problem, recipes: Mapping[Field, object], axis_name: str) -> None:
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


def slab_problem(problem: Problem, slab: Slab, before: Before | None) -> SlabProblem:
    """The problem of one slab.

    Constraints at the start of the axis hold in the first slab; later ones get the end values of the slab
    before in their place, of every time derivative below the highest that a field is asked for. A constraint
    on derivatives of order q along the axis counts (length of the slab / length of the axis)^(2 q) of its
    weight, as if the slab had length one, and the start HAND_OVER times as much.
    """
    kept: list[tuple[Constraint, int | None, float]] = []
    # By identity: constraints that share their samples do so still.
    parts = {id(c.domain): within(c.domain, slab.axis, slab.low, slab.high) for c in problem.constraints}
    for i, (constraint, requests) in enumerate(zip(problem.constraints, problem.requests, strict=True)):
        domain = parts[id(constraint.domain)]
        if domain is None:
            continue
        factor = _clock(slab, _order(requests.derivatives, slab))
        if _at_start(constraint.domain, slab):
            factor *= HAND_OVER
        kept.append((replace(constraint, domain=domain, weight=constraint.weight * factor), i, factor))
    if not slab.is_first:
        assert before is not None
        kept += [(constraint, None, 1.0) for constraint in _hand_over(problem, slab, before)]
    constraints, origins, factors = zip(*kept, strict=True)
    return SlabProblem(Problem.derived(*constraints), origins, factors)


def at_rest(problem: Problem, slab: Slab) -> Problem:
    """What a first guess has to satisfy: the start, and no change of the highest derivative along the axis."""
    found = []
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if _at_start(constraint.domain, slab):
            factor = HAND_OVER * _clock(slab, _order(requests.derivatives, slab))
            found.append(replace(constraint, weight=factor * constraint.weight))
    for u in problem.fields:
        order = highest(problem, u, slab)
        domains = [
            part
            for constraint, requests in zip(problem.constraints, problem.requests, strict=True)
            if u in requests.fields and instant(constraint.domain, slab.axis) is None
            if (part := within(constraint.domain, slab.axis, slab.low, slab.high)) is not None
        ]
        if domains:
            domain = next((d for d in domains if isinstance(d, can.Slice)), domains[0])
            samples = SAMPLES if domain.size is None else None
            name, weight = f"steady {u.name}", _clock(slab, order)
            found.append(Constraint(name, _along(u, slab, order), domain, samples, weight))
    return Problem.derived(*found)


def highest(problem: Problem, u: Field, slab: Slab) -> int:
    """The highest order of a derivative along the axis that the constraints ask of a field."""
    return max(_order(requests.of(u), slab) for requests in problem.requests)


def _hand_over(problem: Problem, slab: Slab, before: Before) -> list[Constraint]:
    found = []
    for u in problem.fields:
        orders = range(highest(problem, u, slab))
        functions = [_along(u, slab, order) for order in orders]
        if not functions:
            continue
        for number, (start, samples, weight) in enumerate(_starts(problem, u, slab)):
            place = moved(start, slab.axis, slab.low)
            axes = tuple(axis.name for axis in place.axes)
            carrying = Carrying(place, _carried(before, functions, axes))
            for order, function in zip(orders, functions, strict=True):
                name = f"hand-over of {function}" + (f" ({number + 1})" if number else "")
                counted = HAND_OVER * weight * _clock(slab, order)
                found.append(Constraint(name, _difference(function, order), carrying, samples, counted))
    return found


def _carried(
    before: Before, functions: Sequence[Derivative], axes: tuple[str, ...]
) -> Callable[[Tensor], Mapping[str, Tensor]]:
    def data(points: Tensor) -> dict[str, Tensor]:
        values = before.values(functions, axes, points)
        return {f"before {order}": value for order, value in enumerate(values)}

    return data


def _difference(function: Derivative, order: int) -> PointFunction:
    def continued(p: Point) -> Tensor:
        return function(p) - p.sample(f"before {order}")

    return continued


def _starts(problem: Problem, u: Field, slab: Slab) -> list[tuple[Domain, int | None, float]]:
    """Where a field's start is given, with samples and weight: of constraints there, or its whole box."""
    found: dict[int, tuple[Domain, int | None, float]] = {}
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if u in requests.fields and _at_start(constraint.domain, slab):
            _, _, known = found.get(id(constraint.domain), (None, None, 0.0))
            found[id(constraint.domain)] = (
                constraint.domain,
                constraint.samples,
                max(known, constraint.weight),
            )
    if not found and isinstance(u.domain, can.Slice):
        return [(u.domain.at(**{slab.axis.name: slab.axis.low}), SAMPLES, 1.0)]
    if not found:
        raise NotMarchable(
            f"March cannot tell where to hand {u.name} over from slab to slab: no constraint on it holds at "
            f"{slab.axis.name} = {slab.axis.low:g} alone, and it is declared on a {type(u.domain).__name__}. "
            f"Declare its initial value with @on(box.at({slab.axis.name}={slab.axis.low:g})), or the field on a Box."
        )
    return list(found.values())


def _at_start(domain: Domain, slab: Slab) -> bool:
    t = instant(domain, slab.axis)
    return t is not None and Slab(slab.axis, slab.axis.low, slab.axis.low).holds_instant(t)


def _along(u: Field, slab: Slab, order: int) -> Derivative:
    place = u.position(slab.axis)
    return Derivative(u, Symbol.partial(len(u.axes), place, order))


def _order(derivatives: Sequence[Derivative], slab: Slab) -> int:
    return max(
        (powers[d.field.position(slab.axis)] for d in derivatives for powers, _ in d.symbol.terms),
        default=0,
    )


def _clock(slab: Slab, order: int) -> float:
    return (slab.length / (slab.axis.high - slab.axis.low)) ** (2 * order)
