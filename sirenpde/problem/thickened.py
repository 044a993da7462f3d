"""Problems near a nonlinear one and easier: with layers that are thicker, for a start of Newton's method.

Of a constraint r(..., ∂^a u, ...) = 0 that is not affine, the derivatives of the highest order, two or more, count c
times as much: c ν Δu in place of ν Δu. That is a flow of a Reynolds number c times smaller, or a layer or front √c to
c times as thick; for large c hardly more than the linear part is left. At c = 1 it is the problem itself.

Source: Allgower and Georg, Introduction to Numerical Continuation Methods, 2003, for continuation in a parameter.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from torch import Tensor

from ..calculus.evaluate import point
from ..calculus.field import Derivative
from ..geometry.point import Point
from .affine import affine_in_fields
from .constraint import Constraint
from .probe import Requests
from .problem import Problem


def thickened(problem: Problem, factor: float) -> Problem | None:
    """The problem whose curved constraints have highest derivatives that count ``factor`` times as much.

    None where there is no such constraint. What is known of the solution is left out.

    >>> import torch
    >>> from sirenpde import Box, D, Field, Problem, on
    >>> box = Box(x=(0, 1))
    >>> u, (x,) = Field("u", box), box.axes
    >>> burgers = on(box, samples=10, name="burgers")(lambda p: u(p) * D(u, x)(p) - D(u, x, x)(p) / 100)
    >>> thickened(Problem(burgers, on(box.boundary(), samples=2, name="ends")(u)), 10.0).constraints[0].name
    'burgers'
    """
    pairs = list(zip(problem.constraints, problem.requests, strict=True))
    curved = [
        _top(requests) >= 2 and not affine_in_fields(problem, i) for i, (_, requests) in enumerate(pairs)
    ]
    if not any(curved):
        return None
    changed = [
        _changed(constraint, _top(requests), factor) if bends else constraint
        for (constraint, requests), bends in zip(pairs, curved, strict=True)
    ]
    return Problem.derived(*changed, requests=problem.requests)


def _top(requests: Requests) -> int:
    return max((d.symbol.order for d in requests.derivatives), default=0)


def _changed(constraint: Constraint, order: int, factor: float) -> Constraint:
    def residual(p: Point) -> Tensor:
        def read(key: Hashable) -> Tensor:
            value = p.read(key)
            return factor * value if isinstance(key, Derivative) and key.symbol.order == order else value

        return constraint.residual(point(p.axes, p.place, read, p.sample, p.observe, p.moved))

    return replace(constraint, residual=residual)
