"""Where the cells of a slab lie: they are halved across the march where fields are no short polynomials in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...calculus.field import Field
from ...diagnosis.cuts import cuts_of
from ...diagnosis.spectrum import chebyshev_coefficients, chebyshev_nodes
from ...geometry.slab import Slab
from ...geometry.tensor_grid import TensorGrid
from ...networks.partition import Partition
from ...problem.problem import Problem
from ...residuals import Evaluator, evaluate, requests_of
from .handover import Before

# Nodes along an axis of a cell, and the degree beyond which what is read there has to be faint: across the march and
# along it.
ACROSS, ALONG = (25, 14), (15, 9)
LEAST = 1e-3  # of the largest field: a smaller one is measured by that
MOST = 400  # cells
HALVINGS = 24  # of one cell at most


def values_of(known: Before, u: Field, points: Tensor) -> Tensor:
    """(n, d) -> (n, outputs)"""
    axes = tuple(axis.name for axis in u.axes)
    batch = known.system.batch(points, {})
    evaluator = Evaluator([u], requests_of([u], batch, axes), axes, known.parameters)
    found = evaluate(evaluator, known.theta, batch, known.system.device)[0]
    return found.reshape(len(points), -1).to("cpu", torch.float64)


def tails(partition: Partition, known: Before, axis: int, at: float | None = None) -> Tensor:
    """What of the fields is beyond short polynomials along each axis in each cell, (cells, d), in units of theirs.

    ``axis`` is that of the march; with ``at`` the fields are read at this one place of it.
    """
    counts, degrees = [ACROSS[0]] * partition.dimension, [ACROSS[1]] * partition.dimension
    counts[axis], degrees[axis] = ALONG if at is None else (1, 1)
    unit = TensorGrid.full([chebyshev_nodes(n) if n > 1 else torch.zeros(1).double() for n in counts]).points
    low, high = (torch.tensor(e, dtype=torch.float64)[:, None] for e in (partition.low, partition.high))
    points = ((low + high) / 2 + (high - low) / 2 * unit).reshape(-1, partition.dimension)
    if at is not None:
        points[:, axis] = at
    values = [
        values_of(known, u, points).view(len(partition), *counts, -1) for u in known.parameters.networks
    ]
    sizes = [float(v.abs().max()) for v in values]
    worst = torch.zeros(len(partition), partition.dimension, dtype=torch.float64)
    for a, degree in enumerate(degrees):
        if counts[a] == 1:
            continue
        for v, size in zip(values, sizes, strict=True):
            coefficients = chebyshev_coefficients(v.movedim(1 + a, -1))
            tail = coefficients[..., degree:].abs().sum(-1).flatten(1).amax(1)
            worst[:, a] = torch.maximum(worst[:, a], tail / (max(size, LEAST * max(sizes)) or 1.0))
    return worst


def halved(
    partition: Partition, read: Callable[[Partition], Tensor], axis: int, tolerance: float
) -> Partition:
    """The cells, halved once along each axis across the march along which their tails exceed the tolerance."""
    for a in range(partition.dimension):
        if a != axis and len(partition) < MOST:
            poor = (read(partition)[:, a] > tolerance).nonzero()[:, 0].tolist()
            partition = partition.refined(poor, [a]) if poor else partition
    return partition


def resolving(
    partition: Partition, read: Callable[[Partition], Tensor], axis: int, tolerance: float
) -> Partition:
    """The cells, halved until their tails are within the tolerance."""
    for _ in range(HALVINGS):
        finer = halved(partition, read, axis, tolerance)
        if len(finer) == len(partition):
            break
        partition = finer
    return partition


def first_cells(problem: Problem, fields: Sequence[Field], slab: Slab) -> Partition:
    """The largest cells of a slab: one along the march, cut across it where what the constraints say jumps or bends.

    Two at least along a period, since one that is as long as it has waves of that period alone.
    """
    u, cuts = fields[0], cuts_of(problem)
    edges: list[tuple[float, ...]] = []
    for axis in u.axes:
        if axis.name == slab.axis.name:
            edges.append((slab.low, slab.high))
            continue
        inner = cuts[axis.name]
        if axis in u.periodic and not inner:
            inner = ((axis.low + axis.high) / 2,)
        edges.append((axis.low, *inner, axis.high))
    return Partition.grid(edges)
