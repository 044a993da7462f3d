"""Boxes without periods, solved for in polynomials whose numbers grow until two lattices agree.

The lattice of sines that a field asked for is fitted to the polynomials, as small as it represents them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from ...calculus.field import Field
from ...diagnosis.scales import axis_scales
from ...linear.axis_basis import AxisBasis, AxisFunctions, along_axis
from ...linear.axis_polynomials import AxisPolynomials
from ...linear.newton import UNDAMPED, newton
from ...linear.steps import SeparableSteps
from ...linear.tau_rows import TauRows
from ...linear.tensor_rows import TensorRows, Unsuited, axis_bases, strong_products
from ...networks.series import SeparableSeries
from ...networks.sine_lattice import SineLattice
from ...residuals import System


@dataclass(frozen=True)
class BoxPolicy:
    """How many polynomials to start with, how they follow the field, and when they are enough."""

    # Polynomials along each axis to start with, by the number of axes; more than four have fewer still.
    start: tuple[int, ...] = (16, 14, 12, 9, 6)
    # Parts of the polynomials beyond which amplitudes count as the highest.
    highest: float = 0.8
    # What functions leave out is at least this part of what is in the highest.
    falling: float = 0.1
    # Two lattices that differ so little, relative to the field, agree to rounding.
    rounding: float = 1e-13
    # Waves that are this small beyond the highest part are no reason to grow, nor are, while fields are hardly known,
    # those that are less than so much of the worst axis': what one axis does not resolve leaves traces along others.
    faint: float = 1e-13
    beside: float = 0.1
    hardly: float = 1e-3
    # Polynomials per radian of half an axis that a problem's data vary in, and unknowns that these may start with.
    per_radian: float = 1.2
    first: int = 20_000
    # Polynomials grow by half, or where the field is known but for its last digits, by less.
    growth: float = 1.5
    gentle: float = 1.2
    known: float = 1e-6
    # Once a lattice changes less than the first, one that changes more than the second part of what the last one did
    # says that the field is not smooth, as at a corner. More polynomials are a poor way to it where they are many.
    roughly: float = 0.1
    slow: float = 0.3
    many: int = 50_000
    # Of the tolerance: less need not change.
    agreed: float = 0.01
    # Unknowns of all fields together.
    largest: int = 1_500_000
    # Lattices one after the other on which Newton's method did not arrive.
    patience: int = 2
    # What a lattice of sines may lose of a field, relative to it, by how much its orders grow until it does, and how
    # many sines it may have for each polynomial: layers at the ends, where polynomials are dense, ask for more.
    lost: float = 2e-13
    finer: float = 1.1
    sines: float = 1.5


BOX = BoxPolicy()


@dataclass
class Box:
    """The polynomials that stand for the fields: how many along each axis, and their amplitudes.

    ``change`` is what the last lattice changed, relative to the fields, and ``before`` what the one before it did.
    """

    counts: list[int]
    amplitudes: Tensor | None = None
    change: float = math.inf
    before: float = math.inf
    failures: int = 0


@dataclass(frozen=True)
class BoxSolve:
    """One lattice of polynomials: its rows and residuals there, and how it ended."""

    rows: TensorRows
    residual: Tensor
    arrived: bool
    note: str
    late: bool


def started(system: System) -> Box | None:
    """Polynomials to begin with; None where the problem does not separate into as many equations as unknowns.

    That is asked on few polynomials: there must be equations on the box and conditions on whole faces, as many of
    them across each axis as derivatives along it.
    """
    fields = tuple(system.parameters.networks)
    axes = fields[0].axes
    without = [axis for axis in axes if axis not in fields[0].periodic]
    if any(u.axes != axes or u.periodic != fields[0].periodic for u in fields) or len(without) < 2:
        return None
    try:
        rows = rows_on(system, [7] * len(axes))
        TauRows(rows, zero(rows))
    except Unsuited:
        return None
    least = BOX.start[min(len(axes), len(BOX.start)) - 1]
    radians = {scale.name: scale.fastest * scale.half for scale in axis_scales(system.problem)}
    counts = [least + math.ceil(BOX.per_radian * radians.get(axis.name, 0.0)) for axis in axes]
    return Box(counts if math.prod(counts) <= BOX.first else [least] * len(axes))


def solved(system: System, box: Box, iterations: int, deadline: float) -> BoxSolve:
    """Newton's method on one lattice, from the last one's solution on; the box is brought up to date."""
    rows = rows_on(system, box.counts)
    start = zero(rows) if box.amplitudes is None else box.amplitudes
    tau = TauRows(rows, start)
    steps = SeparableSteps(deadline=deadline)
    result = newton(tau, start, steps, UNDAMPED, iterations, deadline=deadline)
    arrived = result.end == "arrived" and bool(result.x.isfinite().all())
    size = float(result.x.norm())
    if arrived:
        change = float((result.x - start).norm()) / (size or 1.0)
        box.before, box.change = box.change, change if size and box.amplitudes is not None else math.inf
        box.failures = 0
    else:
        box.failures += 1
    box.amplitudes = result.x if arrived else start
    note = (
        f"{' x '.join(map(str, box.counts))} polynomials, {len(result.x)} coefficients, {result.steps} Newton "
        f"steps, {steps.iterations} inner iterations{'' if arrived else ', not converged'}"
    )
    late = not arrived and time.monotonic() >= deadline
    return BoxSolve(rows, rows.vector(box.amplitudes), arrived, note, late)


def grown(rows: TensorRows, box: Box, tolerance: float) -> Box | None:
    """More polynomials where the highest are not faint.

    None where two lattices agree well within the tolerance, where they come nearer slowly, or where more polynomials
    are not affordable.
    """
    assert box.amplitudes is not None
    waves = tails(rows, box.amplitudes)
    slow = BOX.slow * box.before < box.change <= BOX.roughly
    agreed = box.change <= max(BOX.rounding, tolerance if slow else BOX.agreed * tolerance)
    if agreed or (slow and len(box.amplitudes) > BOX.many):
        return None
    factor = BOX.gentle if box.change <= BOX.known and not slow else BOX.growth
    least = BOX.faint if max(waves) <= BOX.hardly else max(BOX.faint, BOX.beside * max(waves))
    counts = [
        math.ceil(factor * n) if wave >= least or max(waves) <= BOX.faint else n
        for n, wave in zip(box.counts, waves, strict=True)
    ]
    unknowns = sum(math.prod(counts) * shape[-1] for shape in rows.shapes)
    if unknowns > BOX.largest:
        return None
    larger = [functions_on(f, n) for f, n in zip(rows.bases[rows.fields[0]], counts, strict=True)]
    pieces = [resized(x, rows.bases[u], larger).reshape(-1) for u, x in rows.split(box.amplitudes).items()]
    return replace(box, counts=[f.count for f in larger], amplitudes=torch.cat(pieces))


def rows_on(system: System, counts: Sequence[int]) -> TensorRows:
    """The rows of a system for so many polynomials along each axis, between the ends of its networks."""
    fields = tuple(system.parameters.networks)
    series = system.parameters.networks[fields[0]]
    assert isinstance(series, SeparableSeries)
    functions = [functions_on(basis, n) for basis, n in zip(axis_bases(series), counts, strict=True)]
    return TensorRows(system, dict.fromkeys(fields, functions))


def functions_on(functions: AxisFunctions, count: int) -> AxisFunctions:
    """About so many functions on the axis of others, waves where these are."""
    low, high = functions.low, functions.high
    return _waves(low, high, count // 2, True) if functions.is_periodic else AxisPolynomials(low, high, count)


def tails(
    rows: TensorRows, amplitudes: Tensor, least: float = 0.0, low: float = BOX.highest, high: float = 1.0
) -> list[float]:
    """The share of the fields, the worst of all, in the highest functions of every axis, or in another part of these.

    Fields less than this part of the largest are measured by that.
    """
    return [max(shares) for shares in zip(*_shares(rows, amplitudes, least, low, high), strict=True)]


def beyond(rows: TensorRows, amplitudes: Tensor, least: float = 0.0) -> list[float]:
    """The share of the fields, the worst of all, that the functions of every axis leave out.

    It is to that in the highest of them as this to that in as many before, as of smooth fields, or a tenth of it.
    """
    highest = _shares(rows, amplitudes, least, BOX.highest, 1.0)
    before = _shares(rows, amplitudes, least, 2 * BOX.highest - 1, BOX.highest)
    rest = [
        [h * min(max(h / (b or 1.0), BOX.falling), 1.0) for h, b in zip(*pair, strict=True)]
        for pair in zip(highest, before, strict=True)
    ]
    return [max(shares) for shares in zip(*rest, strict=True)]


def _shares(rows: TensorRows, amplitudes: Tensor, least: float, low: float, high: float) -> list[list[float]]:
    """Field by field, axis by axis."""
    by_field, shares = rows.split(amplitudes), []
    least *= max(float(x.norm()) for x in by_field.values())
    for u, x in by_field.items():
        of_field = []
        for axis, functions in enumerate(rows.bases[u]):
            index, order = torch.arange(functions.count), functions.count - 1
            if functions.is_periodic:
                order //= 2
                index = torch.where(index > order, index - order, index)
            chosen = (index > low * order) & (index <= high * order)
            part = x.index_select(axis, chosen.nonzero()[:, 0].to(x.device))
            of_field.append(float(part.norm()) / (max(float(x.norm()), least) or 1.0))
        shares.append(of_field)
    return shares


# ------------------------------------------------------------------------------------------ to sines


def lattices(
    rows: TensorRows, amplitudes: Tensor, recipes: Mapping[Field, SineLattice]
) -> dict[Field, SineLattice]:
    """The smallest lattices of sines, of the same orders for all fields, that represent these polynomials."""
    orders = [1] * (len(rows.shapes[0]) - 1)
    for u, x in rows.split(amplitudes).items():
        for axis in range(len(orders)):
            orders[axis] = max(orders[axis], _order(axis, rows.bases[u][axis], x))
    return {u: replace(recipe, orders=tuple(orders)) for u, recipe in recipes.items()}


def coefficients(
    rows: TensorRows, amplitudes: Tensor, networks: Mapping[Field, object]
) -> tuple[Tensor, float]:
    """The coefficients with which series of sines are nearest to polynomials, and what is lost of these.

    That is relative to the fields, the worst of all, and found by going back.
    """
    pieces, lost = [], 0.0
    for u, x in rows.split(amplitudes).items():
        series = networks[u]
        assert isinstance(series, SeparableSeries)
        waves = axis_bases(series)
        changes = [_change(f, basis) for f, basis in zip(rows.bases[u], waves, strict=True)]
        y = x
        for axis, change in enumerate(changes):
            y = along_axis(change, y, axis)
        y = y * strong_products([basis.strength for basis in waves]).to(y)
        for axis, basis in enumerate(waves):
            y = basis.to_coefficients(y, axis)
        pieces.append(y.reshape(-1))
        for axis, (basis, change) in enumerate(zip(waves, changes, strict=True)):
            y = along_axis(change.T, basis.to_amplitudes(y, axis), axis)
        lost = max(lost, float((x - y).norm()) / (float(x.norm()) or 1.0))
    return torch.cat(pieces), lost


def _order(axis: int, functions: AxisFunctions, x: Tensor) -> int:
    if functions.is_periodic:
        return functions.count // 2
    # A few random combinations of the rows along the other axes tell what all of them lose.
    random = torch.Generator().manual_seed(0)
    flat = x.movedim(axis, 0).flatten(1)
    mixed = torch.randn(flat.shape[1], 8, generator=random, dtype=torch.float64).to(flat)
    sketch = (flat @ mixed).cpu()
    order = max(2, math.ceil(functions.count / 4))
    while 2 * order + 1 < BOX.sines * functions.count + 4:
        change = _change(functions, _waves(functions.low, functions.high, order, False))
        if float((sketch - change.T @ (change @ sketch)).norm()) <= BOX.lost * float(sketch.norm()):
            break
        order = math.ceil(BOX.finer * order + 0.5)
    return order


def _change(functions: AxisFunctions, basis: AxisBasis) -> Tensor:
    """Amplitudes of functions -> of the orthonormal sines nearest to them."""
    if functions.is_periodic:
        return torch.eye(functions.count, dtype=torch.float64)
    return basis.project(functions.matrix(basis.reference().nodes, 0))


@lru_cache(maxsize=64)
def _waves(low: float, high: float, order: int, periodic: bool) -> AxisBasis:
    around = (0,) if periodic else ()
    return AxisBasis(SineLattice(order).build([low], [high], 1, around, torch.Generator()).basis(0))


def resized(x: Tensor, functions: Sequence[AxisFunctions], wanted: Sequence[AxisFunctions]) -> Tensor:
    """Amplitudes of other numbers of functions, with zeros for those that are new."""
    for axis, (old, new) in enumerate(zip(functions, wanted, strict=True)):
        if not old.is_periodic:
            x = _cut_or_filled(x, axis, new.count)
            continue
        cosines, sines = x.split([old.count // 2 + 1, old.count // 2], dim=axis)
        half = new.count // 2
        x = torch.cat([_cut_or_filled(cosines, axis, half + 1), _cut_or_filled(sines, axis, half)], dim=axis)
    return x


def _cut_or_filled(x: Tensor, axis: int, count: int) -> Tensor:
    known = x.narrow(axis, 0, min(x.shape[axis], count))
    new = count - known.shape[axis]
    return torch.cat([known, x.new_zeros([new if a == axis else n for a, n in enumerate(x.shape)])], dim=axis)


def zero(rows: TensorRows) -> Tensor:
    """Amplitudes of fields that vanish."""
    return rows.like.new_zeros(sum(math.prod(shape) for shape in rows.shapes))
