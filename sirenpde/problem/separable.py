"""Whether a problem on a box has as many conditions across every axis as derivatives along it."""

from __future__ import annotations

from ..calculus.field import Field
from ..geometry import can
from ..geometry.patch import Patch
from ..geometry.point import Axis
from .declared import Declared


def is_separable(problem: Declared) -> bool:
    """Whether equations on a box and conditions on its whole faces match the fields one by one.

    Then axes can be taken apart: the conditions across an axis belong to the derivatives along it. All fields must be
    on one box with at least two axes without a period.

    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u = Field("u", box)
    >>> inside = on(box, samples=10, name="inside")(laplacian(u))
    >>> Problem(inside, on(box.boundary(), samples=10, name="edges")(u)).traits.separable
    True
    >>> Problem(inside, on(box.boundary("x"), samples=10, name="sides")(u)).traits.separable
    False
    """
    first = problem.fields[0]
    same = all(u.axes == first.axes and u.periodic == first.periodic for u in problem.fields)
    without = [axis for axis in first.axes if axis not in first.periodic]
    if not same or len(without) < 2 or any(not requests.is_plain for requests in problem.requests):
        return False
    inside, across = 0, dict.fromkeys(first.axes, 0)
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if constraint.domain.axes != first.axes:
            return False
        for patch in can.patches_of(constraint.domain) or ():
            fixed = _fixed(patch)
            if fixed is None or len(fixed) > 1:
                return False
            if fixed:
                across[fixed[0]] += requests.size
            else:
                inside += requests.size
        if not can.patches_of(constraint.domain):
            return False
    orders = {axis: sum(u.outputs * _order(problem, u, axis) for u in problem.fields) for axis in without}
    return inside == sum(u.outputs for u in problem.fields) and all(
        across[axis] == orders.get(axis, 0) for axis in first.axes
    )


def _fixed(patch: Patch) -> list[Axis] | None:
    """The axes along which a patch is one value; None where it is but a part of another axis."""
    fixed = []
    for axis, (low, high) in zip(patch.axes, patch.intervals, strict=True):
        if low == high:
            fixed.append(axis)
        elif max(abs(low - axis.low), abs(high - axis.high)) > 1e-9 * (axis.high - axis.low):
            return None
    return fixed


def _order(problem: Declared, u: Field, axis: Axis) -> int:
    """The highest derivative of a field along an axis in the equations on the box."""
    place = u.position(axis)
    return max(
        (
            powers[place]
            for constraint, requests in zip(problem.constraints, problem.requests, strict=True)
            if all(_fixed(patch) == [] for patch in can.patches_of(constraint.domain) or ())
            for d in requests.derivatives
            if d.field is u
            for powers, _ in d.symbol.terms
        ),
        default=0,
    )
