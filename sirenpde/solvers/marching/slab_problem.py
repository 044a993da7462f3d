"""What must hold in one slab: the problem's constraints there, and what the slab before hands over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...geometry import can
from ...geometry.instants import instant
from ...geometry.region import within
from ...geometry.slab import Slab
from ...problem.constraint import Constraint
from ...problem.problem import Problem
from .handover import (
    HAND_OVER,
    SAMPLES,
    Before,
    at_start,
    clock,
    derivative_along,
    handed_over,
    highest,
    order_along,
)


@dataclass(frozen=True)
class SlabProblem:
    """The constraints of one slab, where each comes from, and the factor that its weight was given."""

    problem: Problem
    origins: tuple[int | None, ...]  # the constraint's place in the whole problem; None for a hand-over
    factors: tuple[float, ...]


def slab_problem(problem: Problem, slab: Slab, before: Before | None) -> SlabProblem:
    """The problem of one slab.

    Constraints at the start of the axis hold in the first slab; later ones get the end values of the slab
    before in their place, of every time derivative below the highest that a field is asked for. A constraint
    on derivatives of order q along the axis counts (length of the slab / length of the axis)^(2 q) of its
    weight, as if the slab had length one, and the start HAND_OVER times as much.
    """
    held: list[tuple[Constraint, int | None, float]] = []
    # By identity: constraints that share their samples do so still.
    domains = {id(c.domain): within(c.domain, slab.axis, slab.low, slab.high) for c in problem.constraints}
    for i, (constraint, requests) in enumerate(zip(problem.constraints, problem.requests, strict=True)):
        domain = domains[id(constraint.domain)]
        if domain is None:
            continue
        factor = clock(slab, order_along(requests.derivatives, slab))
        if at_start(constraint.domain, slab):
            factor *= HAND_OVER
        held.append((replace(constraint, domain=domain, weight=constraint.weight * factor), i, factor))
    if not slab.is_first:
        assert before is not None
        held += [(constraint, None, 1.0) for constraint in handed_over(problem, slab, before)]
    constraints, origins, factors = zip(*held, strict=True)
    known = [None if i is None else problem.requests[i] for i in origins]
    return SlabProblem(Problem.derived(*constraints, requests=known), origins, factors)


def at_rest(problem: Problem, slab: Slab) -> Problem:
    """What a first guess has to satisfy: the start, and no change of the highest derivative along the axis."""
    constraints = []
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if at_start(constraint.domain, slab):
            factor = HAND_OVER * clock(slab, order_along(requests.derivatives, slab))
            constraints.append(replace(constraint, weight=factor * constraint.weight))
    for u in problem.fields:
        order = highest(problem, u, slab)
        domains = [
            cut
            for constraint, requests in zip(problem.constraints, problem.requests, strict=True)
            if u in requests.fields and instant(constraint.domain, slab.axis) is None
            if (cut := within(constraint.domain, slab.axis, slab.low, slab.high)) is not None
        ]
        if domains:
            # The interior, if it is among them, and a box rather than a part of one.
            domain = max(domains, key=lambda d: (can.dimension_of(d), isinstance(d, can.Slice)))
            samples = SAMPLES if domain.size is None else None
            name, weight = f"steady {u.name}", clock(slab, order)
            constraints.append(Constraint(name, derivative_along(u, slab, order), domain, samples, weight))
    return Problem.derived(*constraints)
