"""Singular points in open cells: which there are, and where cells are cut for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ...calculus.field import Field
from ...diagnosis.singular_points import corners_of_holes, singular_points
from ...geometry import can
from ...networks.partition import Partition
from ...networks.singular import Singular
from ...problem.problem import Problem
from ...residuals.unfit import Unfit

TOUCHES = 1e-9  # of a cell's sides: points so near to it
CLEAR, RAY = (
    1e-3,
    200,
)  # of a cell's diagonal: from there on functions may not jump, looked at in so many places
STRAIGHT = 1e-9  # of a crack's direction: so near to an axis it lies along it


def shape_corners(problem: Problem, u: Field) -> tuple[Singular, ...]:
    """The singular points of a field's shape and conditions, of which cells get the functions.

    Where those of all points may turn out to be smooth there are none: cells are halved towards them, where it needs
    that.

    Raises ``Unfit`` for a crack along no axis, which runs through cells.
    """
    if len(u.axes) != 2:
        return ()
    found = (*singular_points(problem, u), *(p for p in corners_of_holes(problem, u) if not p.tried))
    for point in found:
        if point.kind == "crack" and not _is_along_axis(point):
            raise Unfit(
                f"The {point.describe()} of '{u.name}' lies along no axis, so that it would run through the cells; "
                f"one along an axis was expected. Turn the coordinates, or use SineFeatures() without pieces."
            )
    return found if any(not point.tried for point in found) else ()


def with_room(u: Field, points: Iterable[Singular], cells: Partition) -> tuple[Singular, ...]:
    """Those whose functions do not jump within the field's domain in the cells that touch them."""
    return tuple(point for point in points if not _jumps(u, point, cells))


def _jumps(u: Field, point: Singular, cells: Partition) -> bool:
    if point.cut is None or not isinstance(u.domain, can.Level):
        return False
    at, away = _double(point.at), _double((math.cos(point.cut), math.sin(point.cut)))
    for low, high in zip(cells.low, cells.high, strict=True):
        a, b = _double(low), _double(high)
        slack = TOUCHES * (b - a)
        if not bool(((at >= a - slack) & (at <= b + slack)).all()):
            continue
        steps = float((b - a).norm()) * torch.linspace(CLEAR, 1, RAY, dtype=torch.float64)
        ray = at + steps[:, None] * away
        here = ray[((ray >= a) & (ray <= b)).all(1)]
        if len(here) and bool((u.domain.level(here) < 0).any()):
            return True
    return False


def _double(numbers: Sequence[float]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def _is_along_axis(point: Singular) -> bool:
    assert point.between is not None
    angle = point.between[0]
    return min(abs(math.cos(angle)), abs(math.sin(angle))) < STRAIGHT


def with_points(cuts: set[float], points: Iterable[Singular], axis: int, slack: float) -> set[float]:
    """Cuts along an axis with those that make points that are surely singular vertices of cells.

    What was found within ``slack`` of such a place is that place.
    """
    places = {point.at[axis] for point in points if not point.tried}
    return {cut for cut in cuts if all(abs(cut - place) > slack for place in places)} | places


def cuts_between(points: Iterable[Singular], axis: int) -> set[float]:
    """Where cells are cut halfway between singular points, so that each has one at most."""
    places = sorted({point.at[axis] for point in points})
    return {(a + b) / 2 for a, b in pairwise(places)}
