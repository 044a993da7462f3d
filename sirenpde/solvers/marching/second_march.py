"""A second march beside the first, in fewer functions: how far apart the two are is the error bar of the first.

Every slab that is closed is solved once more with one polynomial fewer along the march and a tenth fewer functions
across it, from where the second march stood, so that what its slabs leave out is carried on as the first one's errors
are. It begins each slab from the solution of the first, and needs few corrections.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...linear.axis_basis import along_axis
from ...linear.axis_polynomials import AxisPolynomials
from ...linear.tensor_rows import TensorRows
from ...residuals import System
from ..direct.box_growth import functions_on, resized, rows_on
from .apart import Apart
from .slab_polynomials import Solved, arrived_at, tau_rows

FEWER = 0.9  # of the functions across the march
CLOSER = 0.03  # of the tolerance: corrections of the first march that were left out are seen so
LEAST = 4  # functions along an axis


@dataclass(frozen=True)
class SecondMarch:
    """The last slab of the second march: its functions, and the amplitudes of what it has more than the first."""

    counts: tuple[int, ...]
    low: float
    high: float
    difference: Tensor
    apart: Apart


def followed(
    system: System, axis: int, first: Solved, before: SecondMarch | None, tolerance: float, deadline: float
) -> SecondMarch | None:
    """The second march, one slab on; None where it finds no solution, or no time.

    Args:
        system: that of a slab's problem, which is handed over from the first march.
        axis: the position of the march's axis.
        first: the slab as the first march solved it.
        before: the second march so far, unless the slab is its first.
        tolerance: of the march.
        deadline: of ``time.monotonic()``.
    """
    # Two fewer across at least: a symmetric field has nothing in every second one.
    fewer = [n - 1 if a == axis else min(math.ceil(FEWER * n), n - 2) for a, n in enumerate(first.counts)]
    rows = rows_on(system, [max(LEAST, n) for n in fewer])
    functions = rows.bases[rows.fields[0]]
    known = [functions_on(f, n) for f, n in zip(functions, first.counts, strict=True)]
    sizes = [math.prod(first.counts) * u.outputs for u in rows.fields]
    firsts = [
        x.view(*first.counts, u.outputs)
        for u, x in zip(rows.fields, first.amplitudes.split(sizes), strict=True)
    ]
    start = torch.cat([resized(x, known, functions).reshape(-1) for x in firsts])
    shift = torch.zeros_like(start) if before is None else _carried(rows, axis, before)
    tau = tau_rows(system, rows, start, axis)
    offset = tau.vector(start + shift) - tau.vector(start)
    for equation, part in tau.by_equation(offset).items():
        if equation.axis != axis:
            part.zero_()
    found = arrived_at(tau, start + shift, CLOSER * tolerance, deadline, offset)
    if found is None:
        return None
    apart, squares, length = [], [], first.high - first.low
    for x, y in zip(firsts, rows.split(found.x).values(), strict=True):
        apart.append(length * float((x - resized(y, functions, known)).square().sum()))
        squares.append(length * float(x.square().sum()))
    counts, here = tuple(f.count for f in functions), Apart(tuple(apart), tuple(squares))
    far = here if before is None else before.apart.plus(here)
    return SecondMarch(counts, first.low, first.high, found.x - start, far)


def _carried(rows: TensorRows, axis: int, before: SecondMarch) -> Tensor:
    """What the second march has more at its last slab's end, with as many derivatives as are handed over, and on."""
    functions = rows.bases[rows.fields[0]]
    old = [functions_on(f, n) for f, n in zip(functions, before.counts, strict=True)]
    there, here = AxisPolynomials(before.low, before.high, before.counts[axis]), functions[axis]
    assert isinstance(here, AxisPolynomials)
    line = here.line(replace(rows.fields[0].axes[axis], low=here.low, high=here.high), here.count)
    end = line.nodes.new_full((1,), before.high)
    taylor = sum(
        ((line.nodes - here.low)[:, None] ** order / math.factorial(order)) * there.matrix(end, order)
        for order in range(_handed_over(rows, axis))
    )
    change = here.project(line, torch.as_tensor(taylor))
    sizes = [math.prod(before.counts) * u.outputs for u in rows.fields]
    old[axis] = here
    pieces = []
    for u, x in zip(rows.fields, before.difference.split(sizes), strict=True):
        moved = along_axis(change, x.view(*before.counts, u.outputs), axis)
        pieces.append(resized(moved, old, functions).reshape(-1))
    return torch.cat(pieces)


def _handed_over(rows: TensorRows, axis: int) -> int:
    """How many derivatives along the axis, the value among them, hold at the start of a slab."""
    orders = [
        powers[axis]
        for block in rows.blocks
        for transform in block.transforms
        for powers in (term.keys for term in transform.terms)
    ]
    return max(orders)
