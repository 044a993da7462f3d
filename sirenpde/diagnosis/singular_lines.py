"""Singular points in words: where, how wide the domain opens, what is given on both sides, which power of r."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from ..calculus.field import Field
from ..networks.singular import Singular, is_whole
from ..problem.problem import Problem
from .singular_points import Found, Look, found_points

DENOMINATOR = 60  # exponents are written as fractions up to it
SAME = 1e-9
ALONG = 1e-3  # radians, a direction so near to the normal is it
FEW = 8  # points that have a line each


def singular_lines(problem: Problem) -> Iterator[str]:
    """A line for each singular point that is certain, and one for those that are only tried, field by field.

    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.diagnosis.singular_lines import singular_lines
    >>> l_shape = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
    >>> u = Field("u", l_shape)
    >>> equation = on(l_shape, samples=100, name="equation")(lambda p: laplacian(u)(p) + 1)
    >>> edge = on(l_shape.boundary(), samples=100, name="edge")(lambda p: u(p))
    >>> for line in singular_lines(Problem(equation, edge)):
    ...     print(line)
    corner at (0, 0), 270 degrees, u fixed on both sides: r^(2/3)
    u: 5 more corners where powers times log r may appear; they are tried, and left out where they do not help
    """
    for u in problem.fields:
        points = found_points(problem, u)
        sure = [point for point in points if not point.singular.tried]
        yield from (singular_line(u, point) for point in sure[:FEW])
        if len(sure) > FEW:
            yield f"{u.name}: {len(sure) - FEW} more such points"
        tried = len(points) - len(sure)
        if tried:
            corners = f"{tried} {'more ' if sure else ''}corner{'s' if tried > 1 else ''}"
            they = (
                "they are tried, and left out where they do"
                if tried > 1
                else "it is tried, and left out where it does"
            )
            yield f"{u.name}: {corners} where powers times log r may appear; {they} not help"


def singular_line(u: Field, point: Found) -> str:
    """For example ``corner at (0, 0), 270 degrees, u fixed on both sides: r^(2/3)``."""
    singular = point.singular
    place = ", ".join(f"{c + 0.0:.4g}" for c in singular.at)
    first, second = singular.between or (0.0, 0.0)
    degrees = math.degrees((second - first) % (2 * math.pi)) or 360.0
    across = math.degrees(singular.opening)
    opens = f"{degrees:.4g} degrees"
    if abs(across - degrees) > 1e-6:
        opens += f" ({across:.4g} where the equation is a Laplacian)"
    name = {"crack": "tip of a crack", "corner": "corner", "source": "source"}[singular.kind]
    if singular.kind == "corner" and abs(degrees - 180) < 1e-6:
        name, opens = "change on a straight side", ""
    return f"{name} at ({place}), {opens + ', ' if opens else ''}{_sides(u, point)}: {_power(singular)}"


def _sides(u: Field, point: Found) -> str:
    """What is given on the two sides."""
    if 0.0 in point.singular.powers:
        return f"values of {u.name} jump"
    given = [_given(u, look) for look in point.sides]
    if given[0] == given[1]:
        return f"{given[0]} on both sides"
    given.sort(key=lambda words: not words.endswith("fixed"))
    return f"{given[0]} on one side, {given[1]} on the other"


def _given(u: Field, look: Look) -> str:
    """The kind of condition on a side."""
    kind, turned, _ = look
    if kind == 1:
        return f"{u.name} fixed"
    which = "normal" if abs(turned) < ALONG else "oblique"
    return f"{which} derivative of {u.name} given"


def _power(singular: Singular) -> str:
    """The lowest of the powers that are not smooth, as a fraction where it is one."""
    if 0.0 in singular.powers:
        return "the angle itself"
    power = next((p for p in singular.powers if not is_whole(p)), singular.powers[0])
    fraction = Fraction(power).limit_denominator(DENOMINATOR)
    if abs(float(fraction) - power) > SAME:
        return f"r^{power:.4f}"
    written = f"({fraction})" if fraction.denominator > 1 else f"{fraction}"
    return f"r^{written}{' log r' if is_whole(power) else ''}"
