"""How fast along each axis what a problem says varies, before anything is solved: the sizes that networks need.

Sources, data and coefficients are read along lines, where fields vanish. Each gives a bandwidth by the decay of its
Chebyshev coefficients, layers where most of its variation lies in little of the line, and jumps. The slopes of the
constraints give the operator's own lengths: waves, layers of convection or reaction beside diffusion, and how fast
fields vary along an axis that is joined to another by an equation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..geometry import can
from ..geometry.instants import instant
from ..problem.constraint import Constraint
from ..problem.problem import Problem
from ..problem.scaling import scales_of
from .lines import Line, Told, lines_of, told
from .operator_lengths import Operator, operator_of
from .spectrum import chebyshev_coefficients, chebyshev_nodes, wavenumbers

PIECE = 257  # nodes of a part of a line between kinks
NODES = 1025  # of a line: waves of up to 150 lengths, and layers at its ends of 1e-5 of it
ROUGHLY, FINELY = 1e-2, 1e-8  # shares of the data that a bandwidth may leave
FAINT = 1e-9  # of a constraint's size: data so small are rounding
MOST, NARROW = 0.8, 0.1  # a layer: so much of the variation in so little of the line
TOLD = 0.5  # of its size, at least what a function varies that has layers
FALL = math.log(5)  # lengths in which an exponential falls by 0.8
STEEP = 0.4  # of the rise between two nodes that stays between any two places nearer to each other, at a jump
# Of the data's size, and of its slope over half the line.
JUMP, BEND = 1e-6, 1e-3
CELLS, ZOOMS, PARTS = 6, 4, 64  # the steepest steps of a line, and how often they are cut into how many parts
SAME = 1e-5  # of an axis: jumps so near are one
TIMES = 3.0  # an axis so much faster than the others is named so
FAST = 10.0  # e-foldings over half an axis of what is worth telling


@dataclass(frozen=True)
class Layer:
    """Where data vary within a small part of an axis: the place, and the length in which they fall by e."""

    place: float
    width: float


@dataclass(frozen=True)
class AxisScale:
    """What the constraints say along an axis, in its own units.

    ``bandwidth`` is the wavenumber up to which sources, data and coefficients have all but a hundredth of their
    size, ``finest`` all but 1e-8 of it, both in radians per unit; ``layers`` are theirs, and
    ``jumps`` and ``kinks`` the coordinates at which they, or their slopes, jump across the whole axis; what jumps has
    no part in the bandwidths, nor what has kinks in ``finest``, which is infinite where there is no such end.
    ``between`` is the bandwidth between kinks, for functions that are cut there: the tail of a kink has none of it.
    ``wavenumber`` is that of the equations' own waves, and ``length`` that of their own layers (infinite for none).
    ``entailed`` is the wavenumber that waves along other axes, in data at an end of this one, get along it by the
    equations, and ``decay`` the rate at which they fall off from there.
    """

    name: str
    low: float
    high: float
    bandwidth: float = 0.0
    finest: float = 0.0
    layers: tuple[Layer, ...] = ()
    jumps: tuple[float, ...] = ()
    kinks: tuple[float, ...] = ()
    wavenumber: float = 0.0
    length: float = math.inf
    entailed: float = 0.0
    decay: float = 0.0
    between: float = 0.0

    @property
    def half(self) -> float:
        """Half the length of the axis."""
        return (self.high - self.low) / 2

    @property
    def fastest(self) -> float:
        """The wavenumber that a network begins with, in radians per unit: of data, waves and what they entail."""
        return max(self.bandwidth, self.wavenumber, self.entailed)

    @property
    def thinnest(self) -> float:
        """The width of the thinnest layer, of data or of the equations; infinite where there is none."""
        return min([self.length, *(layer.width for layer in self.layers)])


_known: WeakKeyDictionary[Problem, tuple[AxisScale, ...]] = WeakKeyDictionary()


def axis_scales(problem: Problem) -> tuple[AxisScale, ...]:
    """The scales along every axis of a problem's fields: a function of its constraints alone, remembered.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.diagnosis.scales import axis_scales
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> (x, y), u = box.axes, Field("u", box)
    >>> @on(box, samples=100)
    ... def poisson(p):
    ...     return laplacian(u)(p) + torch.sin(60 * x(p)) * torch.sin(3 * y(p))
    >>> @on(box.boundary(), samples=100)
    ... def walls(p):
    ...     return u(p)
    >>> [round(scale.bandwidth) for scale in axis_scales(Problem(poisson, walls))]
    [60, 3]
    """
    if problem not in _known:
        _known[problem] = tuple(_scales(problem))
    return _known[problem]


def _scales(problem: Problem) -> Iterator[AxisScale]:
    read: list[_Reading] = []
    operators: list[Operator] = []
    by_constraint: dict[Constraint, list[Line]] = {}
    for line in lines_of(problem):
        by_constraint.setdefault(line.constraint, []).append(line)
    for constraint, lines in by_constraint.items():
        said = _said(problem, lines, [chebyshev_nodes(NODES)] * len(lines))
        if can.dimension_of(constraint.domain) == len(constraint.domain.axes):
            operators.append(operator_of(said, lines[0].requests))
        faint = FAINT * scales_of(problem).constraints[constraint.name]
        read += _readings(problem, lines, said.columns().unflatten(0, (len(lines), NODES)), faint)
    axes = {axis.name: axis for u in problem.fields for axis in u.axes}
    for axis in axes.values():
        yield _scale(problem, axis.name, read, operators)


def _scale(problem: Problem, name: str, read: Sequence[_Reading], operators: Sequence[Operator]) -> AxisScale:
    along = [reading for reading in read if reading.line.axis == name]
    ends = [(axis.low, axis.high) for u in problem.fields for axis in u.axes if axis.name == name]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    held = [reading for reading in read if _is_held(reading.line.constraint, name)]
    waves = {r.line.axis: 0.0 for r in held}
    for reading in held:
        waves[reading.line.axis] = max(waves[reading.line.axis], reading.bandwidth)
    entailed = [operator.entailed(name, waves) for operator in operators]
    return AxisScale(
        name,
        low,
        high,
        max((reading.bandwidth for reading in along), default=0.0),
        max((reading.finest for reading in along), default=0.0),
        _distinct([layer for reading in along for layer in reading.layers], high - low),
        _shared([reading.jumps for reading in along if reading.jumps], high - low),
        _shared([reading.kinks for reading in along if reading.kinks], high - low),
        max((operator.waves(name) for operator in operators), default=0.0),
        min((operator.length(name) for operator in operators), default=math.inf),
        max((wavenumber for wavenumber, _ in entailed), default=0.0),
        max((decay for _, decay in entailed), default=0.0),
        max((reading.between for reading in along), default=0.0),
    )


@dataclass(frozen=True)
class _Reading:
    """What one line tells, in units of its axis."""

    line: Line
    bandwidth: float
    finest: float
    layers: tuple[Layer, ...]
    jumps: tuple[float, ...]
    kinks: tuple[float, ...]
    between: float


def _said(problem: Problem, lines: Sequence[Line], places: Sequence[Tensor]) -> Told:
    """What a constraint says at places of [-1, 1] of several lines, one line after the other."""
    samples = [line.at(s) for line, s in zip(lines, places, strict=True)]
    points = torch.cat([points for points, _ in samples])
    data = {key: torch.cat([of[key] for _, of in samples]) for key in lines[0].requests.data}
    return told(problem, lines[0].constraint, lines[0].requests, points, data)


def _readings(problem: Problem, lines: Sequence[Line], values: Tensor, faint: float) -> Iterator[_Reading]:
    """What lines tell, from values (lines, nodes, columns)."""
    values = values.nan_to_num(0.0, 0.0, 0.0)
    coefficients = chebyshev_coefficients(values.movedim(1, 2))  # (lines, columns, nodes)
    whole = values.square().mean(1).sqrt().amax(0)  # (columns,)
    counts = whole > faint
    roughly = wavenumbers(coefficients, ROUGHLY, whole) * counts
    finely = wavenumbers(coefficients, FINELY, whole) * counts
    rough = counts & (finely > NODES / 2)  # (lines, columns)
    jumps = _breaks(problem, lines, rough, values, whole, _rises)
    smooth = counts & ~_marked(jumps, rough)
    kinks = _breaks(problem, lines, rough & smooth, values, whole, _bends)
    bent = smooth & ~_marked(kinks, rough)
    between = _between(problem, lines, kinks, whole)
    for i, line in enumerate(lines):
        clusters = [
            c for column in smooth[i].nonzero()[:, 0].tolist() for c in _clusters(values[i, :, column])
        ]
        endless = bool((rough[i] & bent[i]).any())
        yield _Reading(
            line,
            float((roughly[i] * smooth[i]).max()) / line.half,
            math.inf if endless else float((finely[i] * bent[i]).max()) / line.half,
            tuple(Layer(line.place(s), width * line.half) for s, width in clusters if line.straight),
            tuple(sorted({line.place(b.place) for b in jumps if b.line == i})),
            tuple(sorted({line.place(b.place) for b in kinks if b.line == i})),
            max(float((roughly[i] * bent[i]).max()), between[i]) / line.half,
        )


@dataclass(frozen=True)
class _Break:
    """Where a column jumps or bends on the line of a number, in [-1, 1]."""

    line: int
    column: int
    place: float


def _marked(breaks: Sequence[_Break], like: Tensor) -> Tensor:
    """Which columns of which lines have breaks, (lines, columns)."""
    marked = torch.zeros_like(like)
    for each in breaks:
        marked[each.line, each.column] = True
    return marked


def _between(problem: Problem, lines: Sequence[Line], kinks: Sequence[_Break], whole: Tensor) -> list[float]:
    """Of every line, the bandwidth between their kinks of the columns that have some."""
    parts: list[tuple[int, float, float]] = []  # line, middle, half
    columns = {i: sorted({kink.column for kink in kinks if kink.line == i}) for i in range(len(lines))}
    for i in range(len(lines)):
        edges = sorted({-1.0, 1.0, *(kink.place for kink in kinks if kink.line == i)})
        parts += [
            (i, (low + high) / 2, (high - low) / 2)
            for low, high in pairwise(edges)
            if columns[i] and (high - low) / 2 > SAME
        ]
    most = [0.0] * len(lines)
    if not parts:
        return most
    places = [middle + half * chebyshev_nodes(PIECE) for _, middle, half in parts]
    values = _said(problem, [lines[i] for i, _, _ in parts], places).columns().nan_to_num(0.0, 0.0, 0.0)
    for (i, _, half), f in zip(parts, values.split(PIECE), strict=True):
        coefficients = chebyshev_coefficients(f[:, columns[i]].T)
        most[i] = max(most[i], float(wavenumbers(coefficients, ROUGHLY, whole[columns[i]]).max()) / half)
    return most


def _clusters(signal: Tensor) -> list[tuple[float, float]]:
    """Where most of the variation lies in little of the line [-1, 1]: middles and widths."""
    nodes = chebyshev_nodes(len(signal))
    lengths, rises = nodes[1:] - nodes[:-1], (signal[1:] - signal[:-1]).abs()
    variation = float(rises.sum())
    if variation <= TOLD * float(signal.abs().max()):
        return []
    order = (rises / lengths).argsort(descending=True)
    needed = int((rises[order].cumsum(0) < MOST * variation).sum()) + 1
    steep = order[:needed]
    covered = float(lengths[steep].sum())
    if covered > 2 * NARROW:
        return []
    found: list[list[int]] = []
    for cell in sorted(steep.tolist()):
        near = found and float(nodes[cell] - nodes[found[-1][-1] + 1]) < covered / 2
        if near:
            found[-1].append(cell)
        else:
            found.append([cell])
    clusters = []
    for cells in found:
        weight, middles = rises[cells], (nodes[cells] + lengths[cells] / 2)
        width = float(nodes[cells[-1] + 1] - nodes[cells[0]]) / FALL
        clusters.append((float((weight * middles).sum() / weight.sum()), width))
    return clusters


def _rises(s: Tensor, f: Tensor) -> Tensor:
    """How much values (..., n) at places (..., n) rise from one to the next, (..., n - 1)."""
    return (f[..., 1:] - f[..., :-1]).abs()


def _bends(s: Tensor, f: Tensor) -> Tensor:
    """How much their slopes rise over three places, (..., n - 2)."""
    slopes = (f[..., 1:] - f[..., :-1]) / (s[..., 1:] - s[..., :-1])
    return (slopes[..., 1:] - slopes[..., :-1]).abs()


def _breaks(
    problem: Problem,
    lines: Sequence[Line],
    rough: Tensor,
    values: Tensor,
    whole: Tensor,
    measure: Callable[[Tensor, Tensor], Tensor],
) -> list[_Break]:
    """Where rough columns (lines, columns) of straight lines rise, or bend, however closely one looks."""
    straight = torch.tensor([line.straight for line in lines])
    number, column = (rough & straight[:, None]).nonzero().T
    nodes = chebyshev_nodes(values.shape[1])
    wide = 1 if measure is _rises else 2
    rises, cells = measure(nodes, values[number, :, column]).topk(CELLS)  # (columns, CELLS)
    steep = rises > (JUMP if measure is _rises else BEND) * whole[column][:, None]
    number, column = (of[:, None].expand_as(cells)[steep] for of in (number, column))
    cell, rise = cells[steep], rises[steep]
    low, high = nodes[cell], nodes[cell + wide]
    for _ in range(ZOOMS if measure is _rises else ZOOMS // 2):
        if not len(column):
            return []
        s = low[:, None] + (high - low)[:, None] * torch.linspace(0, 1, PARTS + 1, dtype=torch.float64)
        said = _said(problem, [lines[i] for i in number.tolist()], list(s))
        f = said.columns().reshape(*s.shape, -1)
        rows = torch.arange(len(s))
        most, step = measure(s, f[rows, :, column]).max(1)
        stays = most > STEEP * rise
        low, high = s[rows, step][stays], s[rows, step + wide][stays]
        number, column, rise = number[stays], column[stays], rise[stays]
    places = ((low + high) / 2).tolist()
    return [_Break(*each) for each in zip(number.tolist(), column.tolist(), places, strict=True)]


def _is_held(constraint: Constraint, name: str) -> bool:
    """Whether a constraint holds at one value of an axis, or at both ends of it."""
    domain = constraint.domain
    axis = next((a for a in domain.axes if a.name == name), None)
    if axis is None:
        return False
    parts = can.faces_of(domain) or (domain,)
    return any(instant(part, axis) is not None for part in parts)


def _distinct(layers: Sequence[Layer], length: float) -> tuple[Layer, ...]:
    """The thinnest of those that lie within each other's width."""
    kept: list[Layer] = []
    for layer in sorted(layers, key=lambda layer: layer.width):
        apart = all(abs(layer.place - other.place) > 2 * max(layer.width, other.width) for other in kept)
        if apart and layer.width < NARROW * length and len(kept) < CELLS:
            kept.append(layer)
    return tuple(sorted(kept, key=lambda layer: layer.place))


def _shared(jumps: Sequence[Sequence[float]], length: float) -> tuple[float, ...]:
    """Places at which two lines jump, or the only one that does: across the axis, not on a curve."""
    every = sorted(place for line in jumps for place in line)
    near = SAME * length
    kept: list[float] = []
    for place in every:
        lines = sum(any(abs(place - other) < near for other in line) for line in jumps)
        if (lines > 1 or len(jumps) == 1) and not any(abs(place - other) < near for other in kept):
            kept.append(place)
    return tuple(kept)


def describe(scales: Sequence[AxisScale]) -> list[str]:
    """A line for each axis along which something is known.

    >>> from sirenpde.diagnosis.scales import AxisScale, Layer, describe
    >>> x = AxisScale("x", 0.0, 1.0, bandwidth=62.8, finest=63.0)
    >>> y = AxisScale("y", 0.0, 1.0, bandwidth=3.1, finest=3.3, layers=(Layer(0.0, 0.01),))
    >>> for line in describe([x, y]):
    ...     print(line)
    x: data up to 63 rad per unit, 20 times the others
    y: data up to 3.1 rad per unit; a layer of width 0.01 at y = 0
    """
    return [f"{scale.name}: {'; '.join(words)}" for scale in scales if (words := list(_words(scale, scales)))]


def _words(scale: AxisScale, scales: Sequence[AxisScale]) -> Iterator[str]:
    if scale.bandwidth:
        others = max((other.half * other.bandwidth for other in scales if other is not scale), default=0.0)
        times = scale.half * scale.bandwidth / others if others else 1.0
        beside = f", {times:.0f} times the others" if times >= TIMES else ""
        yield f"data up to {scale.bandwidth:.2g} rad per unit{beside}"
    if scale.wavenumber:
        yield f"waves of the equations up to {scale.wavenumber:.2g} rad per unit"
    if scale.entailed:
        yield f"waves that follow from those along other axes, up to {scale.entailed:.2g} rad per unit"
    if scale.decay * scale.half > FAST:
        yield f"what is given at an end falls off by e in {1 / scale.decay:.2g}"
    for layer in scale.layers:
        place = 0.0 if abs(layer.place) < layer.width else layer.place
        yield f"a layer of width {layer.width:.2g} at {scale.name} = {place:.3g}"
    if scale.length < NARROW * scale.half:
        yield f"layers of the equations as thin as {scale.length:.2g}"
    for word, places in (("jumps", scale.jumps), ("kinks", scale.kinks)):
        if places:
            yield f"{word} at {scale.name} = {', '.join(f'{place:.4g}' for place in places)}"
