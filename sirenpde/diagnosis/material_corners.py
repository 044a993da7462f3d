"""Points at which materials meet in a cross: where solutions behave like r^λ, and with which exponents."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Callable, Sequence

import torch

from ..calculus.field import Field
from ..networks.singular import Singular
from ..problem.constraint import Constraint
from ..problem.problem import Problem
from .jumps import JumpingFlux, jumping_fluxes
from .lines import told
from .singular_points import singular_points

AT_EDGES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)  # where a material ends at a side of the box
HIGHEST = 16.0  # exponents end here: beyond, they are as smooth as the waves beside them
STEP = 1e-3  # between the exponents at which one looks for a change of sign
ASIDE = 1e-4  # of the box: so far from the point the materials are read
SAME = 1e-6  # of a coefficient: materials that are one
TOUCHES = 1e-7  # how near to 0 a maximum is a double root


def material_corners(problem: Problem, u: Field) -> tuple[Singular, ...]:
    """The points at which quadrants of materials a meet in -div(a grad u) = f, unless one line divides two of them.

    Beside them, where there are materials, the points at which one ends at a side of the box, and its corners. With
    u and a u_θ carried around the point, of r^λ φ(θ), the exponents are those for which they return as they were.

    Source: Kellogg, On the Poisson equation with intersecting interfaces, 1975.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, div, grad, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> (x, y), u = box.axes, Field("u", box)
    >>> def flux(p):
    ...     return torch.where((x(p) < 0.5) == (y(p) < 0.4), 1.0, 10.0) * grad(u)(p)
    >>> @on(box, samples=100)
    ... def diffusion(p):
    ...     return div(flux)(p) + 1
    >>> [(s.at, round(s.powers[0], 6)) for s in material_corners(Problem(diffusion), u) if s.powers[0] < 1]
    [((0.5, 0.4), 0.389964)]
    """
    if len(u.axes) != 2 or u.outputs != 1:
        return ()
    fluxes = [
        flux for flux in jumping_fluxes(problem) if set(problem_fields(problem, flux.constraint)) == {u}
    ]
    places: dict[str, set[float]] = {axis.name: set() for axis in u.axes}
    for flux in fluxes:
        places.setdefault(flux.axis.name, set()).update(flux.places)
    found = []
    for at in itertools.product(*(sorted(places[axis.name]) for axis in u.axes)):
        materials = _around(problem, u, fluxes, at)
        if materials is not None:
            exponents = exponents_around(materials)
            found.append(Singular("corner", at=(at[0], at[1]), exponents=exponents))
    if not found:
        return ()
    ends = [(axis.low, axis.high) for axis in u.axes]
    for column, axis in enumerate(u.axes):  # there log z joins whole powers, as at a right angle
        for place, end in itertools.product(sorted(places[axis.name]), ends[1 - column]):
            edge = (place, end) if column == 0 else (end, place)
            found.append(Singular("corner", at=edge, exponents=AT_EDGES))
    known = {point.at for point in found}
    return (*found, *(corner for corner in singular_points(problem, u) if corner.at not in known))


def problem_fields(problem: Problem, constraint: Constraint) -> tuple[Field, ...]:
    """The fields that a constraint asks for."""
    return problem.requests[problem.constraints.index(constraint)].fields


def _around(
    problem: Problem, u: Field, fluxes: Sequence[JumpingFlux], at: tuple[float, ...]
) -> tuple[float, ...] | None:
    """The materials of the four quadrants around a point, against the clock; None where it is not singular."""
    aside = [ASIDE * (axis.high - axis.low) for axis in u.axes]
    quadrants = torch.tensor([[1, 1], [-1, 1], [-1, -1], [1, -1]], dtype=torch.float64)
    points = torch.tensor(at, dtype=torch.float64) + quadrants * torch.tensor(aside, dtype=torch.float64)
    constraint = fluxes[0].constraint
    requests = problem.requests[problem.constraints.index(constraint)]
    if requests.data or [axis.name for axis in constraint.domain.axes] != [axis.name for axis in u.axes]:
        return None
    slopes = told(problem, constraint, requests, points, {}).slopes
    along = [slopes.get((u, powers)) for powers in ((2, 0), (0, 2))]
    if along[0] is None or along[1] is None:
        return None
    first, second = (slope[:, 0].abs() for slope in along if slope is not None)
    if not bool(((first - second).abs() <= SAME * first).all()) or not bool((first > 0).all()):
        return None  # an equation that no quadrant makes a Laplacian
    a, b, c, d = first.tolist()

    def is_same(p: float, q: float) -> bool:
        return abs(p - q) <= SAME * max(p, q)

    if (is_same(a, b) and is_same(c, d)) or (is_same(a, d) and is_same(b, c)):
        return None
    return a, b, c, d


def exponents_around(materials: Sequence[float], highest: float = HIGHEST) -> tuple[float, ...]:
    """The exponents of sectors of equal angle around a point, ascending, without 0.

    >>> [round(power, 6) for power in exponents_around([1, 3, 1, 3], 2.5)]  # 2/3, and what adds to 2
    [0.666667, 1.333333, 2.0]
    """
    angle = 2 * math.pi / len(materials)

    def excess(power: float) -> float:
        """The trace of what carries (u, a u_θ / λ) around the point, less 2: 0 where they return."""
        p, q, r, s = 1.0, 0.0, 0.0, 1.0
        turn = cmath.exp(1j * power * angle)
        for a in materials:
            c, sine = turn.real, turn.imag
            p, q, r, s = (
                c * p + sine / a * r,
                c * q + sine / a * s,
                -a * sine * p + c * r,
                -a * sine * q + c * s,
            )
        return p + s - 2

    steps = [STEP * (i + 0.3) for i in range(int(highest / STEP))]
    values = [excess(step) for step in steps]
    size = max(map(abs, values))
    found = []
    for i in range(1, len(steps) - 1):
        before, here, after = values[i - 1 : i + 2]
        if here * after <= 0:
            found.append(_root(excess, steps[i], steps[i + 1]))
        elif (before < here > after and here <= 0) or (before > here < after and here >= 0):
            top = _extremum(excess, steps[i - 1], steps[i + 1])
            if abs(excess(top)) < TOUCHES * size:
                found.append(top)
    return tuple(power for power in found if power > 1e-6)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        if function(low) * function(middle) <= 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _extremum(function: Callable[[float], float], low: float, high: float) -> float:
    """Where the slope of a function changes sign between two places."""
    h = 1e-6

    def slope(x: float) -> float:
        return function(x + h) - function(x - h)

    return _root(slope, low, high)
