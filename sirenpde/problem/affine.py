"""Constraints that are affine in the fields: found by trying."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..calculus.components import flat
from ..calculus.evaluate import over_known
from ..calculus.field import Derivative, Field
from .constraint import Constraint
from .declared import Declared
from .probe import Requests
from .scaling import natural_size, scales_of

TRIED = 200  # points at which constraints are tried
SIZES = (1e-6, 1e-3, 1.0, 1e3, 1e6)  # of usual jets, that they are tried with
MANY = 10_000  # nodes of a sample, such as a volume, whose jets of all sizes together would fill the memory
ROUNDING = 1e-11  # of a component's size, for what is affine


def has_squares(problem: Declared) -> bool:
    """Whether the objective is a sum of squares, as least-squares solvers need."""
    return all(constraint.loss.is_square for constraint in problem.constraints)


def is_affine(problem: Declared) -> bool:
    """Whether every constraint is affine in the fields, found by trying: r(a) + r(b) - r(0) = r(a + b).

    It is tried at many points, with jets from 1e-6 to 1e6 times their usual size. What is finite for some jets
    only, as 1/u and log(u) are, is not affine. Unknown numbers count as not affine, and so does any loss but ``l2``.
    """
    if problem.unknowns or not has_squares(problem):
        return False
    return all(affine_in_fields(problem, i) for i in range(len(problem.constraints)))


def affine_in_fields(problem: Declared, i: int) -> bool:
    """Whether one constraint, by its place, is affine in the fields, found by trying as above."""
    return _affine(problem.constraints[i], problem.requests[i], scales_of(problem).sizes)


def _affine(constraint: Constraint, requests: Requests, sizes: Mapping[Field, float]) -> bool:
    generator = torch.Generator().manual_seed(1)
    count = min(TRIED, constraint.domain.size or TRIED)
    points, data = constraint.domain.draw(count, generator)
    read = {key: data[key] for key in requests.data}

    axes = tuple(axis.name for axis in constraint.domain.axes)

    def at(*jets: Mapping[Derivative, Tensor]) -> Tensor:
        """What the residual is for each of several jets, (len(jets), n, m)."""
        together = {d: torch.cat([each[d] for each in jets]) for d in requests.derivatives}
        known = {key: torch.cat([value] * len(jets)) for key, value in read.items()}
        values = over_known(constraint.residual, axes, points.repeat(len(jets), 1), known, together)
        said: Tensor = flat(values).unflatten(0, (len(jets), len(points)))
        return said

    def random(size: float) -> dict[Derivative, Tensor]:
        return {
            d: size
            * sizes[d.field]
            * natural_size(d)
            * torch.randn(
                len(points),
                *d.shape,
                dtype=torch.complex128 if d.field.is_complex else torch.float64,
                generator=generator,
            )
            for d in requests.derivatives
        }

    zero = {d: torch.zeros_like(value) for d, value in random(0.0).items()}
    pairs = [(random(size), random(3.0 * size)) for size in SIZES]
    tried = [(a, b, zero, {d: a[d] + b[d] for d in a}) for a, b in pairs]
    if max((math.prod(d.shape) for d in requests.derivatives), default=1) > MANY:
        return all(_adds_up(at(*four)) for four in tried)
    values = at(*(jets for four in tried for jets in four)).unflatten(0, (len(SIZES), 4))
    return all(_adds_up(of_size) for of_size in values)


def _adds_up(values: Tensor) -> bool:
    """Whether r(a) + r(b) - r(0) = r(a + b) where any of the four (4, n, m) is finite, component by component."""
    finite = values.isfinite()
    known = finite.all(0)
    if bool((finite.any(0) & ~known).any()) or not bool(known.any()):
        return False
    values = torch.where(known, values, 0.0)
    error = (values[0] + values[1] - values[2] - values[3]).abs()
    size = values.abs().sum(0).amax(0)  # of a component, over the points
    return bool((error <= ROUNDING * size).all())
