"""Which faces of a box carry conditions on a field, and how many an equation along each axis asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ..calculus.field import Field
from ..geometry import can
from ..geometry.point import Axis
from ..problem.constraint import Constraint
from ..problem.problem import Problem
from .pieces import Piece, pieces

DRAWN = 64  # points of a boundary, at which its normals are looked at
TURNED = 0.1  # part of a normal along an axis, from which on a boundary ends the axis


@dataclass(frozen=True)
class Ends:
    """An axis of a field: the order of the equations along it, and how many conditions hold at its two ends."""

    axis: Axis
    order: int
    low: int
    high: int


def ends(problem: Problem, u: Field) -> list[Ends]:
    """The axes of a field, without those along which it is periodic; conditions count by their components."""
    periodic = {axis.name for axis in u.periodic}
    return [_ends(problem, u, i, axis) for i, axis in enumerate(u.axes) if axis.name not in periodic]


def _ends(problem: Problem, u: Field, column: int, axis: Axis) -> Ends:
    orders, counts = [0], {"low": 0, "high": 0}
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if u not in requests.fields:
            continue
        if isinstance(constraint.domain, can.Joined):
            counts["low"] += requests.size * (constraint.domain.axis == axis)
            continue
        touched = {side for piece in pieces(constraint, requests.data) for side in sides(piece, axis)}
        across = () if touched & set(counts) else _facing(constraint, axis)
        for side in (*(touched & set(counts)), *across):
            counts[side] += requests.size
        if "inside" in touched or not touched:
            orders += [
                powers[column] for d in requests.of(u) if d.site is None for powers, _ in d.symbol.terms
            ]
    return Ends(axis, max(orders), counts["low"], counts["high"])


def _facing(constraint: Constraint, axis: Axis) -> tuple[str, ...]:
    """The directions along an axis in which a condition on a rim, an oblique side or an interface faces."""
    domain = constraint.domain
    if can.dimension_of(domain) == len(domain.axes) or axis not in domain.axes or domain.size is not None:
        return ()
    _, data = domain.draw(DRAWN, torch.Generator().manual_seed(4))
    if "normal" not in data:
        return ()
    towards = data["normal"][:, domain.axes.index(axis)]
    found = (("low", float(towards.min()) < -TURNED), ("high", float(towards.max()) > TURNED))
    return tuple(side for side, faces in found if faces)


def sides(piece: Piece, axis: Axis) -> Iterator[str]:
    """Whether a piece lies at an end of an axis, or inside."""
    if axis.name not in piece.names:
        return
    column = piece.names.index(axis.name)
    low, high = piece.intervals[column]
    if piece.points is not None:
        low, high = float(piece.points[:, column].min()), float(piece.points[:, column].max())
    slack = 1e-9 * (axis.high - axis.low)
    if high <= axis.low + slack:
        yield "low"
    elif low >= axis.high - slack:
        yield "high"
    else:
        yield "inside"


def missing_conditions(problem: Problem, u: Field) -> str:
    """Along which axes a field has fewer conditions than the order of its equations, in words; or nothing."""
    words = []
    for end in ends(problem, u):
        count = end.low + end.high
        if count < end.order * u.outputs:
            name = end.axis.name
            where = [
                f"{n} at {name} = {x:g}" for n, x in ((end.low, end.axis.low), (end.high, end.axis.high)) if n
            ]
            each = f" in {u.outputs} components" if u.outputs > 1 else ""
            words.append(
                f"along {name} the equations of {u.name} are of order {end.order}{each}, and there "
                f"{'is' if count == 1 else 'are'} {' and '.join(where) or 'none'}"
            )
    return "; ".join(words)
