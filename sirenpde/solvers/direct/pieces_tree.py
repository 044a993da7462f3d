"""Which cells a tree cuts: before the first solve by what the constraints say, after each by what it has left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ...diagnosis.lines import told
from ...linear.qr import solve_dense
from ...networks.dense import DenseNetwork
from ...networks.partition import Partition
from ...networks.pieces import of_cell
from ...networks.polar import AroundPoints
from ...networks.sine_features import SineFeatures
from ...residuals import Batch, Group, System
from ...sampling.pieces import cell_batches, drawn_pattern

READ = 1 << 16  # points of a box at which data are read: what is narrower than their distance is not seen
EACH = 4  # and in each cell at least so many to a feature
FACE = 3  # points to a feature where these are too few for all of them
DRAWN = 12  # the number of their draw
ROUGHLY = 1e-2  # of the data's size, what the features of a cell may leave of them
FAINT = 1e-6  # of a constraint's unit, what is not worth a cut before the first solve
FEWEST = 64  # cells that a tree may always have
HOLDS = 0.99  # of the squared residual: the fewest cells that hold so much of it are cut

# Of the constraints' columns, mean squares: what is left, and the data's.
Misfits = dict[int, tuple[Tensor, Tensor]]


def cut_by_data(system: System, cells: Partition, sines: SineFeatures, most: int) -> Partition | None:
    """The cells, halved along all axes until their features represent what the constraints say in each.

    Sources, data and coefficients are read where fields vanish, at points of every cell, and fitted by its features
    at some of these: no solve is needed. None where that takes more cells than ``most``, or than ``FEWEST`` if these
    are more: equal cells are then as good.

    Args:
        cells: of the box of all fields.
        sines: the features of every cell.
    """
    parts, most = 2**cells.dimension, max(most, FEWEST)
    sines = replace(sines, around=())
    new, sizes = list(range(len(cells))), dict[int, Tensor]()
    while True:
        left = _misfits(system, cells, new, sines)
        sizes = sizes or _sizes(left)
        units = [system.scales.constraints[c.name] for c in system.problem.constraints]
        most_left = {i: (ROUGHLY**2 * size).clamp(min=(FAINT * units[i]) ** 2) for i, size in sizes.items()}
        rough = [c for c in new if any((m > most_left[i]).any() for i, (m, _) in left[c].items())]
        if not rough:
            return cells
        if len(cells) + (parts - 1) * len(rough) > most:
            return None
        new = [c + (parts - 1) * k + part for k, c in enumerate(rough) for part in range(parts)]
        cells = cells.refined(rough)


def holding(left: Sequence[float]) -> tuple[int, ...]:
    """The fewest cells that hold all but a hundredth of the squares of what is left in each."""
    squares = torch.tensor(left, dtype=torch.float64).square()
    most, order = squares.sort(descending=True)
    count = int((most.cumsum(0) < HOLDS * squares.sum()).sum()) + 1
    return tuple(sorted(order[:count].tolist()))


def _misfits(system: System, cells: Partition, new: Sequence[int], sines: SineFeatures) -> dict[int, Misfits]:
    """What features leave of what the constraints say in the cells ``new``, as shares of means over the whole."""
    volumes, least = cells.shares(), EACH * (sines.count or 1)
    wanted = [1] * len(cells)
    for c in new:
        wanted[c] = max(least, math.ceil(READ * volumes[c]))
    batches = cell_batches(system, cells, _names(system), wanted, drawn_pattern(DRAWN))
    return {
        c: {
            i: misfit
            for group, batch in system.paired(batches[c])
            for i, misfit in _of_group(system, group, batch, (cells.low[c], cells.high[c]), sines).items()
        }
        for c in new
    }


def _of_group(
    system: System, group: Group, batch: Batch, ends: tuple[Sequence[float], ...], sines: SineFeatures
) -> Misfits:
    if set(group.data) - {"normal"}:  # what was measured has noise
        return {}
    problem, points, names, found = system.problem, batch.points.double(), _names(system), Misfits()
    low, high = (
        [end[names.index(a.name)] if a.name in names else (a.low, a.high)[side] for a in group.domain.axes]
        for side, end in enumerate(ends)
    )
    count = min(sines.count or 1, max(1, len(points) // FACE))  # of faces there are fewer points
    recipe = of_cell(replace(sines, count=count), low, high)
    network = recipe.build(low, high, 1, (), torch.Generator().manual_seed(DRAWN))
    assert isinstance(network, DenseNetwork | AroundPoints)
    with torch.no_grad():
        features = network.features(points)
    some = slice(None, None, max(2, len(points) // (EACH * count)))
    for index, i in enumerate(group.members):
        data = told(problem, problem.constraints[i], problem.requests[i], points, batch.data).columns()
        data = data.detach().nan_to_num(0.0, 0.0, 0.0)
        misfit = data - features @ solve_dense(features[some], data[some]).x
        weights = points.new_ones(len(points)) if batch.weights is None else batch.weights[:, index].double()
        each = weights[:, None] / len(points)
        found[i] = (each * misfit.square()).sum(0), (each * data.square()).sum(0)
    return found


def _names(system: System) -> list[str]:
    return [axis.name for axis in system.problem.fields[0].axes]


def _sizes(left: dict[int, Misfits]) -> dict[int, Tensor]:
    """The mean squares of the constraints' columns over the whole domain."""
    sizes: dict[int, Tensor] = {}
    for misfits in left.values():
        for i, (_, data) in misfits.items():
            sizes[i] = sizes[i] + data if i in sizes else data
    return sizes
