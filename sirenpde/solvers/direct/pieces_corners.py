"""Singular points in open cells: which there are, and where cells are cut for them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from ...calculus.field import Field
from ...diagnosis.singular_points import singular_points
from ...networks.singular import Singular
from ...problem.problem import Problem
from ...residuals.unfit import Unfit

STRAIGHT = 1e-9  # of a crack's direction: so near to an axis it lies along it


def shape_corners(problem: Problem, u: Field) -> tuple[Singular, ...]:
    """The singular points of a field's shape and conditions, of which cells get the functions.

    Where those of all points may turn out to be smooth there are none: cells are halved towards them, where it needs
    that.

    Raises ``Unfit`` for a crack along no axis, which runs through cells.
    """
    if len(u.axes) != 2:
        return ()
    found = singular_points(problem, u)
    for point in found:
        if point.kind == "crack" and not _is_along_axis(point):
            raise Unfit(
                f"The {point.describe()} of '{u.name}' lies along no axis, so that it would run through the cells; "
                f"one along an axis was expected. Turn the coordinates, or use SineFeatures() without pieces."
            )
    return found if any(not point.tried for point in found) else ()


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
