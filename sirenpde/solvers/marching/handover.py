"""What a slab takes over from the one before: of each field the value, and its derivatives along the axis below the
highest that the constraints ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ...calculus.field import Derivative, Field
from ...calculus.operators import PointFunction
from ...calculus.symbols import Symbol
from ...geometry import can
from ...geometry.carrying import Carrying
from ...geometry.domain import Domain
from ...geometry.instants import held_at, instant
from ...geometry.point import Point
from ...geometry.slab import Slab
from ...problem.constraint import Constraint
from ...problem.problem import Problem
from ...residuals import Evaluator, Parameters, System, evaluate, requests_of
from .marchable import NotMarchable

HAND_OVER = 100.0  # how much more the start of a slab counts than what holds within it
SAMPLES = 1024  # of the start, where no constraint says how many


@dataclass(frozen=True)
class Before:
    """The fields of the slab before."""

    parameters: Parameters
    theta: Tensor
    system: System  # for its precision and device

    @staticmethod
    def of(system: System, theta: Tensor) -> Before:
        """The fields of a system's own networks."""
        return Before(system.parameters, theta, system)


@dataclass
class Carried:
    """Functions of the fields of the slab before, as data of points over the named axes."""

    before: Before
    functions: Sequence[PointFunction]
    axes: tuple[str, ...]
    # Made at the first points: what is asked for there is asked for at all others.
    evaluator: Evaluator | None = None

    def __call__(self, points: Tensor) -> dict[str, Tensor]:  # (n, d) -> each (n, *shape)
        before = self.before
        batch = before.system.batch(points, {})
        if self.evaluator is None:
            requests = requests_of(self.functions, batch, self.axes)
            self.evaluator = Evaluator(self.functions, requests, self.axes, before.parameters)
        values = evaluate(self.evaluator, before.theta, batch, before.system.device)
        return {f"before {order}": value.to(points.device) for order, value in enumerate(values)}


def highest(problem: Problem, u: Field, slab: Slab) -> int:
    """The highest order of a derivative along the axis that the constraints ask of a field."""
    return max(order_along(requests.of(u), slab) for requests in problem.requests)


def handed_over(problem: Problem, slab: Slab, before: Before) -> list[Constraint]:
    """What holds at the start of a slab: every field, and its lower derivatives along the axis, go on."""
    constraints = []
    for u in problem.fields:
        orders = range(highest(problem, u, slab))
        functions = [derivative_along(u, slab, order) for order in orders]
        if not functions:
            continue
        for number, (start, samples, weight) in enumerate(_starts(problem, u, slab)):
            domain = held_at(start, slab.axis, slab.low)
            axes = tuple(axis.name for axis in domain.axes)
            carrying = Carrying(domain, Carried(before, functions, axes))
            for order, function in zip(orders, functions, strict=True):
                name = f"hand-over of {function}" + (f" ({number + 1})" if number else "")
                counted = HAND_OVER * weight * clock(slab, order)
                constraints.append(Constraint(name, _difference(function, order), carrying, samples, counted))
    return constraints


def _difference(function: Derivative, order: int) -> PointFunction:
    def continued(p: Point) -> Tensor:
        return function(p) - p.sample(f"before {order}")

    return continued


def _starts(problem: Problem, u: Field, slab: Slab) -> list[tuple[Domain, int | None, float]]:
    """Where a field's start is given, with samples and weight: of constraints there, or its whole box."""
    starts: dict[object, tuple[Domain, int | None, float]] = {}
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if u in requests.fields and at_start(constraint.domain, slab):
            place = _place(constraint.domain)
            _, _, known = starts.get(place, (None, None, 0.0))
            starts[place] = (
                constraint.domain,
                constraint.samples,
                max(known, constraint.weight),
            )
    if not starts and isinstance(u.domain, can.Slice):
        return [(u.domain.at(**{slab.axis.name: slab.axis.low}), SAMPLES, 1.0)]
    if not starts:
        raise NotMarchable(
            f"March cannot tell where to hand {u.name} over from slab to slab: no constraint on it holds at "
            f"{slab.axis.name} = {slab.axis.low:g} alone, and it is declared on a {type(u.domain).__name__}. "
            f"Declare its initial value with @on(box.at({slab.axis.name}={slab.axis.low:g})), or the field on a Box."
        )
    return list(starts.values())


def _place(domain: Domain) -> object:
    """The same of domains that are the same part of a box, though declared twice."""
    patches = can.patches_of(domain)
    return tuple(patch.intervals for patch in patches) if patches else id(domain)


def at_start(domain: Domain, slab: Slab) -> bool:
    """Whether a domain lies where the axis starts."""
    t = instant(domain, slab.axis)
    return t is not None and Slab(slab.axis, slab.axis.low, slab.axis.low).holds_instant(t)


def derivative_along(u: Field, slab: Slab, order: int) -> Derivative:
    """The derivative of a field along the axis."""
    position = u.position(slab.axis)
    return Derivative(u, Symbol.partial(len(u.axes), position, order))


def order_along(derivatives: Sequence[Derivative], slab: Slab) -> int:
    """The highest order of these along the axis."""
    return max(
        (powers[d.field.position(slab.axis)] for d in derivatives for powers, _ in d.symbol.terms),
        default=0,
    )


def clock(slab: Slab, order: int) -> float:
    """What the square of a derivative of this order along the axis counts, as if the slab had length one."""
    return (slab.length / (slab.axis.high - slab.axis.low)) ** (2 * order)
