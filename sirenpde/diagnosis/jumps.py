"""Functions that jump where they are differentiated: a derivative at a point does not see the jump."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from ..calculus.evaluate import over_points, point
from ..calculus.field import Field
from ..calculus.operators import PointFunction
from ..geometry import can
from ..geometry.domain import Domain
from ..geometry.point import Axis
from ..networks.pieces import Pieces
from ..problem.constraint import Constraint
from ..problem.probe import Recorder
from ..problem.problem import Problem
from .waves import smooth_fields

LINES = 6  # along which a function is looked at, through points of the domain
PLACES = 257  # on each
CLOSER = 8  # of the steps of a line, the most uneven ones, are looked at more closely
PARTS, HALFWAY, ROUNDS = 8, 5, 10  # a step is cut into parts, and the steepest again, so many times
MANY_LINES, MANY = 12, 64  # where all planes on which it jumps are looked for
SAME, EXACT = 1e-7, 1e-11  # of an axis: places that are one, and how well one is known
BESIDE = 1e-5  # of the most uneven step, which others are to be looked at
JUMP = 1e-8  # of the function's size
FEWER = 10  # times the slack: the last decimal of a number that a user wrote
DENOMINATOR = 100  # of a fraction that a user wrote
POLE = 2.5  # of its size, above which it is not a jump but a pole
STAYS = 0.9  # of the difference over the step halfway, for a jump; of a slope next to nothing stays


@dataclass(frozen=True)
class Discontinuity:
    """A function that a constraint differentiates along ``axis``, and a point (d,) at which it jumps."""

    constraint: Constraint
    axis: Axis
    place: Tensor
    everywhere: bool  # at the same coordinate on all lines
    is_on_planes: bool  # at coordinates that several lines have in common
    along: tuple[float, ...]  # coordinates of all the points found

    def __str__(self) -> str:
        a, names = self.axis.name, [axis.name for axis in self.constraint.domain.axes]
        values = dict(zip(names, self.place.tolist(), strict=True))
        at = f"{a} = {values[a]:.6g}"
        where = at if self.everywhere else ", ".join(f"{n} = {x:.6g}" for n, x in values.items())
        side = f"Box({a}=({self.axis.low:g}, {values[a]:.6g}), ...)"
        return (
            f"Constraint '{self.constraint.name}' differentiates along {a} a function that jumps "
            f"{'at' if self.everywhere else 'in places, one of them'} {where}. A derivative at a point does not see "
            f"a jump, so that no equation joins the two sides there, and the answer is wrong. Declare one field on "
            f"each side, with an equation for each, and join them by value and by flux: "
            f"below, above = {side}, Box({a}=({values[a]:.6g}, {self.axis.high:g}), ...); "
            f'u, v = Field("u", below), Field("v", above); '
            f"on(below.at({a}={values[a]:.6g}), ...)(lambda p: u(p) - v(p)) and "
            f"on(below.at({a}={values[a]:.6g}), ...)(lambda p: k_u * D(u, {a})(p) - k_v * D(v, {a})(p))."
        )


@dataclass(frozen=True)
class JumpingFlux:
    """A function that a constraint differentiates along ``axis`` and that jumps across it, at these coordinates.

    It is continuous itself where the constraint holds on both sides: a flux k u_x is, where k jumps, and u_x is not.
    """

    constraint: Constraint
    function: PointFunction
    axis: Axis
    places: tuple[float, ...]


def jumping_fluxes(problem: Problem) -> list[JumpingFlux]:
    """The functions other than fields that constraints differentiate across planes on which they jump.

    >>> import torch
    >>> from sirenpde import Box, D, Field, Problem, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> (x, y), u = box.axes, Field("u", box)
    >>> def flux(p):
    ...     return torch.where(x(p) < 0.3, 1.0, 5.0) * D(u, x)(p)
    >>> @on(box, samples=100)
    ... def diffusion(p):
    ...     return D(flux, x)(p) + D(u, y, y)(p)
    >>> [(flux.axis.name, flux.places) for flux in jumping_fluxes(Problem(diffusion))]
    [('x', (0.3,))]
    """
    found = []
    for constraint in problem.constraints:
        domain = constraint.domain
        points, data = domain.draw(min(256, domain.size or 256), torch.Generator().manual_seed(1))
        for function, axis in _differentiated(constraint, points, data):
            at = _places(function, axis, domain, points, MANY_LINES, MANY)
            if at is not None and len(at):
                column = [a.name for a in domain.axes].index(axis.name)
                places = shared(at[:, column].tolist(), axis.high - axis.low)
                found.extend([JumpingFlux(constraint, function, axis, places)] if places else [])
    return found


def shared(places: Sequence[float], length: float) -> tuple[float, ...]:
    """The coordinates that several lines have in common, ascending, free of what rounding leaves."""
    groups: list[list[float]] = []
    for place in sorted(places):
        if groups and place - groups[-1][0] < SAME * length:
            groups[-1].append(place)
        else:
            groups.append([place])
    # They are that near to where it jumps, and a short number as near is what a user wrote.
    middles = [sum(group) / len(group) for group in groups if len(group) > 1]
    return tuple(short(middle, EXACT * length) for middle in middles)


def short(value: float, slack: float) -> float:
    """The number of few decimals, or the fraction of small denominator, within ``slack`` of a value; else the value.

    >>> short(0.299999999998, 1e-11), short(-0.33333333333, 1e-8), short(0.314159265, 1e-8)
    (0.3, -0.3333333333333333, 0.314159265)
    """
    for digits in range(17):
        rounded = round(value, digits)
        if 10.0**-digits < FEWER * slack:  # so many decimals come as near to any number
            break
        if abs(rounded - value) <= slack:
            return rounded
    fraction = float(Fraction(value).limit_denominator(DENOMINATOR))
    return fraction if abs(fraction - value) <= slack else value


def jumps(problem: Problem, recipes: Mapping[Field, object] | None = None) -> list[str]:
    """One paragraph for each constraint and axis along which a function that jumps is differentiated.

    None for those whose fields have cells that end there: ``recipes`` are the networks chosen, the declared ones if
    left out.
    """
    networks = {u: u.network for u in problem.fields} if recipes is None else recipes
    by_axis: dict[tuple[str, str], Discontinuity] = {}
    for constraint in problem.constraints:
        if _is_cut(problem, constraint, networks):
            continue
        for jump in _of(constraint):
            by_axis.setdefault((constraint.name, jump.axis.name), jump)
    return [str(jump) for jump in by_axis.values()]


def _is_cut(problem: Problem, constraint: Constraint, networks: Mapping[Field, object]) -> bool:
    """Whether its fields have cells that end wherever something jumps, joined by fluxes."""
    fields = problem.requests[problem.constraints.index(constraint)].fields
    return all(_ends_at(u, networks[u], jump) for jump in _of(constraint) for u in fields)


def _ends_at(u: Field, recipe: object, jump: Discontinuity) -> bool:
    """Whether the cells of a field end at a jump: those that are chosen do, on planes, and declared ones may."""
    if not isinstance(recipe, Pieces) or recipe.blend != "hard":
        return False
    if recipe.cells is None:
        return jump.is_on_planes
    axis = [other.name for other in u.axes].index(jump.axis.name)
    edges = recipe.partition([a.low for a in u.axes], [a.high for a in u.axes]).edges[axis]
    near = SAME * (jump.axis.high - jump.axis.low)
    at_edges = all(any(abs(place - edge) < near for edge in edges) for place in jump.along)
    return (jump.everywhere or jump.is_on_planes) and at_edges


def _of(constraint: Constraint) -> Iterator[Discontinuity]:
    domain = constraint.domain
    points, data = domain.draw(min(256, domain.size or 256), torch.Generator().manual_seed(1))
    for function, axis in _differentiated(constraint, points, data):
        jump_points = _places(function, axis, domain, points, LINES, CLOSER)
        if jump_points is not None and len(jump_points):
            along = jump_points[:, [a.name for a in domain.axes].index(axis.name)]
            same = float(along.max() - along.min()) < 1e-6 * (axis.high - axis.low)
            several = len(jump_points) > 1 or len(domain.axes) == 1
            planes = bool(shared(along.tolist(), axis.high - axis.low))
            places = tuple(along.tolist())
            yield Discontinuity(constraint, axis, jump_points[0], same and several, planes, places)


def _differentiated(constraint: Constraint, points: Tensor, data: object) -> list[tuple[PointFunction, Axis]]:
    """The functions that a constraint differentiates, other than fields, and the axes along which."""
    seen: list[tuple[PointFunction, Axis]] = []

    def observe(function: PointFunction, axis: Axis | None) -> None:
        seen.extend([] if axis is None else [(function, axis)])

    names = tuple(axis.name for axis in constraint.domain.axes)
    tensors: dict[str, Tensor] = data  # type: ignore[assignment]
    constraint.residual(point(names, points[0], Recorder().read, lambda key: tensors[key][0], observe))
    ranges = {axis.name: axis for axis in constraint.domain.axes}  # operators on all axes do not know them
    return list({(id(f), axis.name): (f, ranges[axis.name]) for f, axis in seen}.values())


def _places(
    function: PointFunction, axis: Axis, domain: Domain, points: Tensor, lines_count: int, closer: int
) -> Tensor | None:
    """Points of the domain (k, d) at which the function jumps along the axis; None where it cannot be evaluated.

    On so many lines, of each of which the most uneven steps are looked at more closely.
    """
    names = tuple(a.name for a in domain.axes)
    column = names.index(axis.name)
    low, high = float(points[:, column].min()), float(points[:, column].max())
    if high - low < 1e-6 * (axis.high - axis.low):
        return None
    base = points[torch.linspace(0, len(points) - 1, lines_count).long()]
    values = _evaluator(function, names)
    s = torch.linspace(low, high, PLACES, dtype=points.dtype)
    try:
        scan = values(_along(base, column, s.expand(lines_count, -1)))  # (lines, PLACES, m)
        size = scan.nan_to_num(0.0, 0.0, 0.0).abs().amax((0, 1)).clamp(min=1e-300)
        lines, steps = _steepest(scan / size, closer)
        if not len(lines):
            return points[:0]
        start, stop = s[steps], s[steps + 1]
        halfway = None
        for turn in range(ROUNDS):
            start, stop, rise = _closer(lambda x: values(_along(base[lines], column, x)) / size, start, stop)
            halfway = rise if turn + 1 == HALFWAY else halfway
    except (RuntimeError, ValueError, TypeError, KeyError, IndexError):
        return None
    assert halfway is not None
    jumped = (rise > JUMP) & (rise > STAYS * halfway) & (rise < POLE)
    below = base[lines[jumped]].clone()
    below[:, column] = start[jumped]
    beyond = below.clone()
    beyond[:, column] = stop[jumped]
    return below[can.contains(domain, below) & can.contains(domain, beyond)]


def _evaluator(function: PointFunction, names: tuple[str, ...]) -> Callable[[Tensor], Tensor]:
    reader = smooth_fields(names, 0)

    def over(points: Tensor) -> Tensor:
        value: Tensor = over_points(function, names, points.flatten(0, 1), {}, reader)
        value = torch.view_as_real(value) if value.is_complex() else value
        return value.double().reshape(*points.shape[:2], -1)

    return over


def _along(base: Tensor, column: int, s: Tensor) -> Tensor:
    """Points (lines, n, d) through base points (lines, d) at the coordinates s (lines, n)."""
    points = base[:, None].expand(-1, s.shape[1], -1).clone()
    points[..., column] = s
    return points


def _steepest(scan: Tensor, closer: int) -> tuple[Tensor, Tensor]:
    """Lines and steps over which the function rises otherwise than a parabola would.

    A jump between two places shows in the third difference that has them in its middle, three times as large.
    """
    third = (scan[:, 3:] - 3 * scan[:, 2:-1] + 3 * scan[:, 1:-2] - scan[:, :-3]).abs()
    top = third.nan_to_num(0.0, 0.0, 0.0).amax(2).topk(closer, dim=1)
    lines = torch.arange(len(scan))[:, None].expand_as(top.indices)
    worth = (top.values > JUMP) & (top.values > BESIDE * top.values.amax())
    return lines[worth], top.indices[worth] + 1


def _closer(values: Callable[[Tensor], Tensor], start: Tensor, stop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The steepest of the parts of every step, and how much the function rises over it."""
    weights = torch.linspace(0, 1, PARTS + 1, dtype=start.dtype)
    s = start[:, None] + (stop - start)[:, None] * weights
    f = values(s)
    rises = (f[:, 1:] - f[:, :-1]).abs().nan_to_num(0.0, 0.0, 0.0).amax(2)
    rise, step = rises.max(1)
    rows = torch.arange(len(s))
    return s[rows, step], s[rows, step + 1], rise
