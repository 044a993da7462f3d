"""Where a domain is cut into cells, so that what the constraints say is smooth inside of each, and not too fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..geometry import can
from ..geometry.instants import instant
from ..problem.probe import Requests
from ..problem.problem import Problem
from .jumps import jumping_fluxes, shared, short
from .lines import told
from .pieces import Piece, pieces
from .scales import AxisScale, axis_scales

SAME = 1e-9  # of an axis: cuts that are one
JUMP, KINK = (
    1e-8,
    2e-6,
)  # of an axis: how well the places of jumps and kinks are known, of which users write short ones
# Of the length in which an exponential falls by e: within the first some twenty polynomials resolve it, beyond the
# second nothing is left of it.
NEAR, GONE = 8.0, 36.0
THIN = 0.25  # of an axis: a cell next to its end that were longer is none of its own
WAVE = 0.1  # radians of the equations' own waves in the length of a layer
STEEP = 20.0  # times the length in which it falls: in half a cell of that length an exponential is resolved
GRADED = 4.0  # how much longer each cell is than the one nearer to a layer of data, whose shape is not known
DRAWN = 128  # points of a domain, through which lines lead
BESIDE = 1e-5  # of an axis: so far from where a predicate changes one looks which equations hold
PLACES, LINES, HALVINGS = 257, 24, 44  # where predicates are read, and how closely


_known: WeakKeyDictionary[Problem, dict[str, tuple[float, ...]]] = WeakKeyDictionary()


def cuts_of(problem: Problem) -> dict[str, tuple[float, ...]]:
    """The coordinates inside of each axis of the fields at which cells have to end, remembered.

    - Coefficients, sources or data jump there or have a kink, or fluxes that are differentiated jump.
    - A constraint's domain ends there, as those of two materials do, or a condition on a face gives way to another.
    - Layers end there, those of data, and those of the equations, which lie at the ends of the axis.

    Only what lies on planes across an axis is found; boxes cannot be cut along curves.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.diagnosis.cuts import cuts_of
    >>> box = Box(x=(0, 1), y=(0, 2))
    >>> (x, y), u = box.axes, Field("u", box)
    >>> @on(box, samples=100)
    ... def heated(p):
    ...     return laplacian(u)(p) + torch.where(x(p) < 0.3, 1.0, 0.0) * y(p)
    >>> cuts_of(Problem(heated))
    {'x': (0.3,), 'y': ()}
    """
    if problem not in _known:
        _known[problem] = _cuts(problem)
    return dict(_known[problem])


def _cuts(problem: Problem) -> dict[str, tuple[float, ...]]:
    scales = axis_scales(problem)
    cuts: dict[str, list[float]] = {}
    for scale in scales:
        length = scale.high - scale.low
        jumps = [place for place in scale.jumps if _is_plane(problem, scale, place, 0)]
        kinks = [place for place in scale.kinks if _is_plane(problem, scale, place, 1)]
        cuts[scale.name] = [*_layers(scale), *(short(place, JUMP * length) for place in jumps)]
        cuts[scale.name] += [short(place, KINK * length) for place in kinks]
    for flux in jumping_fluxes(problem):
        cuts.setdefault(flux.axis.name, []).extend(flux.places)
    for name, place in _ends(problem):
        cuts.setdefault(name, []).append(place)
    return {scale.name: _distinct(cuts[scale.name], scale.low, scale.high) for scale in scales}


def speed_between(scale: AxisScale) -> float:
    """How fast what lies between the cuts of an axis varies, in radians per unit, as far as it is known.

    Beside layers, whose cells are their own, the bandwidth of the whole axis says nothing about the rest of it.
    """
    thin = NEAR * scale.length < THIN * (scale.high - scale.low) or bool(scale.layers)
    return scale.wavenumber if thin else max(scale.between, scale.wavenumber, scale.entailed)


def _is_plane(problem: Problem, scale: AxisScale, place: float, order: int) -> bool:
    """Whether what a constraint says jumps, or its slope does (``order`` 1), on more than one line at a coordinate.

    On lines through a curve it would do so at other coordinates. Of what jumps a difference stays, and of what has a
    kink it halves, where the steps are halved; of what is smooth they would halve and quarter.
    """
    step = (1e-4 if order else 1e-7) * (scale.high - scale.low)
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        domain = constraint.domain
        names = [axis.name for axis in domain.axes]
        if set(requests.data) - {"normal"} or not requests.is_plain or scale.name not in names:
            continue
        column = names.index(scale.name)
        points, data = domain.draw(DRAWN if domain.size is None else None, torch.Generator().manual_seed(10))
        along = torch.ones(len(points), dtype=torch.bool)
        if "normal" in data:  # along what is curved, or across a face, one leaves the domain
            along = data["normal"][:, column].abs() < SAME
        moved = [points.index_fill(1, torch.tensor(column), place) for _ in range(5)]
        for offset, p in zip((-2, -1, 0, 1, 2), moved, strict=True):
            p[:, column] += offset * step
            along &= can.contains(domain, p)
        if instant(domain, domain.axes[column]) is not None or not bool(along.any()):
            continue
        some = {key: torch.cat([data[key][along]] * len(moved)) for key in requests.data}
        said = told(problem, constraint, requests, torch.cat([p[along] for p in moved]), some)
        values = said.columns().unflatten(0, (len(moved), -1))
        size = values.abs().amax((0, 1)).clamp(min=1e-300)
        far, near = values[4] - values[0], values[3] - values[1]
        if order:
            far, near = values[4] - 2 * values[2] + values[0], values[3] - 2 * values[2] + values[1]
        steps = (near.abs() > 1e-9 * size) & (near.abs() > (0.4 if order else 0.75) * far.abs())
        lines = int(steps.any(1).sum())
        if lines > 1 or (lines == 1 and can.dimension_of(domain) == 1):
            return True
    return False


def _layers(scale: AxisScale) -> Iterator[float]:
    """Cuts beside the layers of an axis: of equations one cell in which they fall, and one in which they vanish."""
    low, high, half = scale.low, scale.high, (scale.high - scale.low) / 2
    most, near, gone = THIN * (high - low), NEAR * scale.length, GONE * scale.length
    # What falls off within a wave is no layer: the cells that waves ask for resolve it.
    if near < most and scale.wavenumber * scale.length < WAVE:
        yield from (low + near, high - near)
        if half - near > STEEP * scale.length:  # what is left of it begins the next cell
            yield from (min(low + gone, low + half), max(high - gone, high - half))
    yield from data_layers(scale)


def data_layers(scale: AxisScale) -> Iterator[float]:
    """Cuts beside layers of data, each cell longer than the one nearer to the layer."""
    low, high = scale.low, scale.high
    most = THIN * (high - low)
    for layer in scale.layers:
        depth = NEAR * layer.width
        while depth < most:
            yield from (place for place in (layer.place - depth, layer.place + depth) if low < place < high)
            depth *= GRADED


def _ends(problem: Problem) -> Iterator[tuple[str, float]]:
    """Where the domains of constraints end along their axes, planes on which their predicates change among them.

    Not where fields are held by more equations on one side than on the other, and by the same ones but for these:
    so where a field goes on beyond all its equations, it is as smooth there as elsewhere.
    """
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if set(requests.data) - {"normal"}:
            continue
        for piece in pieces(constraint, requests.data):
            if piece.points is not None:
                continue
            for column, name in enumerate(piece.names):
                low, high = piece.intervals[column]
                yield from ((name, low), (name, high))
                if piece.holds and low < high:
                    yield from ((name, place) for place in _changes(problem, requests, piece, column))


def _changes(problem: Problem, requests: Requests, piece: Piece, column: int) -> tuple[float, ...]:
    """The coordinates along an axis at which the predicates of a piece change, on some lines, and equations do."""
    low, high = torch.tensor(piece.intervals, dtype=torch.float64).T
    random = torch.rand(LINES, len(low), dtype=torch.float64, generator=torch.Generator().manual_seed(9))
    base = piece.inward(low + (high - low) * random)
    places = torch.linspace(float(low[column]), float(high[column]), PLACES, dtype=torch.float64)

    def at(rows: Tensor, place: Tensor) -> Tensor:
        points = base[rows].clone()
        points[:, column] = place
        return points

    rows = torch.arange(LINES).repeat_interleave(PLACES)
    held = piece.contains(at(rows, places.repeat(LINES))).view(LINES, PLACES)
    line, step = (held[:, 1:] != held[:, :-1]).nonzero().T
    start, stop, before = places[step], places[step + 1], held[line, step]
    for _ in range(HALVINGS if len(line) else 0):
        middle = (start + stop) / 2
        same = piece.contains(at(line, middle)) == before
        start, stop = torch.where(same, middle, start), torch.where(same, stop, middle)
    length = piece.constraint.domain.axes[column].high - piece.constraint.domain.axes[column].low
    if piece.dimension == len(low) and len(line):
        aside = BESIDE * length
        kept = ~_is_nested(problem, requests, at(line, start - aside), at(line, stop + aside))
        stop = stop[kept]
    return shared(stop.tolist(), length)


def _is_nested(problem: Problem, requests: Requests, one: Tensor, other: Tensor) -> Tensor:
    """Of pairs of points (n, d) inside of all fields' domains, at which the equations of one are among the other's.

    That is asked for each field that a constraint's ``requests`` name.
    """
    nested = torch.ones(len(one), dtype=torch.bool)
    for u in requests.fields:
        nested &= can.contains(u.domain, one) & can.contains(u.domain, other)
        more, less = torch.zeros_like(nested), torch.zeros_like(nested)
        for constraint, its in zip(problem.constraints, problem.requests, strict=True):
            domain = constraint.domain
            if u in its.fields and can.dimension_of(domain) == len(domain.axes):
                here, there = can.contains(domain, one), can.contains(domain, other)
                more, less = more | (here & ~there), less | (there & ~here)
        nested &= ~(more & less)
    return nested


def _distinct(places: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    """Those inside of an axis, ascending, without those next to each other."""
    slack = SAME * (high - low)
    kept: list[float] = []
    for place in sorted(places):
        if place - (kept[-1] if kept else low) > slack and high - place > slack:
            kept.append(place)
    return tuple(kept)
