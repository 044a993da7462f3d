"""One linear solve of fields in pieces: rows of the cells, elimination of each, and of what joins them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...calculus.field import Field
from ...linear.cell_rows import CellRows, scaled
from ...linear.dense_rows import in_complex, write_head
from ...linear.fronts import Block, Eliminated, Front, bisected, eliminate_all, solve_fronts
from ...linear.joins import Joint, joints, orders_along
from ...networks.linear_head import head_width
from ...networks.pieces import PiecesNetwork
from ...residuals import Batch, Rows, System
from ...sampling.pieces import cell_batches

ROWS = 3.0  # points inside a cell to a feature


@dataclass(frozen=True)
class Fineness:
    """What resolves a solution in each cell.

    ``rates`` are how fast the features are along each axis, in radians per half side; ``polynomials`` how many along
    each axis of a face; ``points`` how many inside.
    """

    features: int
    rates: tuple[float, ...]
    polynomials: tuple[int, ...]
    points: int


@dataclass(frozen=True)
class PiecesSolution:
    """The parameters, and how many unknowns and distinct cells there were."""

    theta: Tensor
    unknowns: int
    factorised: int


def solve_pieces(
    system: System,
    fineness: Fineness,
    linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]] | None = None,
    workers: int = 2,
) -> PiecesSolution:
    """The last layers of fields in pieces, by one least-squares problem.

    Args:
        system: its networks are ``PiecesNetwork`` of one partition, each cell's with a linear last layer.
        fineness: of points and joints, which the features ask for.
        linearised: the constraints' rows about jets, from batches of all cells together; for affine constraints those
            about nothing, which are exact. Newton's method gives others.
        workers: threads, each of which factorises one cell.
    """
    cells, joined = rows_of_pieces(system, fineness, linearised)
    solved = _eliminate(cells, joined, workers)
    theta, networks = system.initial(), _networks(system)
    for cell in cells:
        _write(system, networks, theta, cell, solved.values[cell.cell])
    return PiecesSolution(theta, solved.unknowns, solved.factorised)


def rows_of_pieces(
    system: System,
    fineness: Fineness,
    linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]] | None = None,
) -> tuple[list[CellRows], list[Joint]]:
    """The rows of every cell, and what joins them; arguments as for ``solve_pieces``."""
    networks = _networks(system)
    first = next(iter(networks))
    partition = networks[first].partition
    batches = cell_batches(system, partition, [axis.name for axis in first.axes], fineness.points)
    blocks = _by_cell(system, batches, linearised or (lambda s, b: s.linear_rows(b)))
    periodic = [first.axes.index(axis) for axis in first.periodic]
    # A cell all around a period has periodic features.
    faces = [face for face in partition.faces(periodic) if face.first != face.second]
    orders = [orders_along(system, axis) for axis in range(len(first.axes))]
    joined = joints(partition, faces, orders, fineness.polynomials, fineness.rates)
    return _cells(system, networks, blocks, joined, fineness), joined


def _networks(system: System) -> dict[Field, PiecesNetwork]:
    modules = system.parameters.networks.items()
    return {u: module for u, module in modules if isinstance(module, PiecesNetwork)}


def _by_cell(
    system: System,
    batches: Sequence[Sequence[Batch]],
    linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]],
) -> list[list[Rows]]:
    """The rows of every cell, from one pass over all points: what a constraint is does not depend on the networks."""
    together = [_joined([of_cell[g] for of_cell in batches]) for g in range(len(system.groups))]
    numbers = {id(group.evaluator): g for g, group in enumerate(system.groups)}
    found: list[list[Rows]] = [[] for _ in batches]
    for block in linearised(system, together):
        g, start = numbers[id(block.evaluator)], 0
        for cell, of_cell in enumerate(batches):
            lines = slice(start, start + len(of_cell[g]))
            start = lines.stop
            if len(of_cell[g]):
                slopes = tuple(slope[lines] for slope in block.slopes)
                found[cell].append(
                    replace(block, batch=of_cell[g], offset=block.offset[lines], slopes=slopes)
                )
    return found


def _joined(batches: Sequence[Batch]) -> Batch:
    data = {key: torch.cat([b.data[key] for b in batches]) for key in batches[0].data}
    weights = (
        None
        if batches[0].weights is None
        else torch.cat([b.weights for b in batches if b.weights is not None])
    )
    return Batch(torch.cat([b.points for b in batches]), data, weights)


def _cells(
    system: System,
    networks: Mapping[Field, PiecesNetwork],
    blocks: Sequence[Sequence[Rows]],
    joined: Sequence[Joint],
    fineness: Fineness,
) -> list[CellRows]:
    partition = next(iter(networks.values())).partition
    of_cell: list[list[Joint]] = [[] for _ in range(len(partition))]
    for joint in joined:
        of_cell[joint.face.first].append(joint)
        of_cell[joint.face.second].append(joint)
    numbers = {id(group.evaluator): g for g, group in enumerate(system.groups)}
    found = []
    for cell in range(len(partition)):
        own = system.with_networks({u: module.networks[cell] for u, module in networks.items()})
        low, high = (
            torch.tensor(ends[cell], dtype=torch.float64) for ends in (partition.low, partition.high)
        )
        rates = [rate / half for rate, half in zip(fineness.rates, ((high - low) / 2).tolist(), strict=True)]
        mine = [
            scaled(replace(block, evaluator=own.groups[numbers[id(block.evaluator)]].evaluator), rates, own)
            for block in blocks[cell]
        ]
        found.append(CellRows(own, tuple(mine), tuple(of_cell[cell]), cell, (low + high) / 2))
    return _in_one_field_of_numbers(found)


def _in_one_field_of_numbers(cells: list[CellRows]) -> list[CellRows]:
    """In complex numbers, where all rows of all cells can be."""
    together = [[in_complex(block) for block in cell.blocks] for cell in cells]
    if any(block is None for blocks in together for block in blocks):
        return cells
    if not all(u.is_complex for u in cells[0].system.problem.fields):
        return cells
    return [
        replace(cell, blocks=tuple(block for block in blocks if block is not None))
        for cell, blocks in zip(cells, together, strict=True)
    ]


@dataclass(frozen=True)
class _Solved:
    values: list[Tensor]  # of every cell
    unknowns: int
    factorised: int


def _eliminate(cells: Sequence[CellRows], joined: Sequence[Joint], workers: int) -> _Solved:
    count = len(cells)
    numbers: dict[int, Block] = {id(joint): count + i for i, joint in enumerate(joined)}

    def eliminated_of(members: Sequence[int]) -> list[tuple[Eliminated, Front]]:
        matrix, fronts = cells[members[0]].matrix(), []
        for i in members:
            pairs = zip(cells[i].joints, cells[i].widths(), strict=True)
            blocks = ((i, cells[i].columns), *((numbers[id(joint)], width) for joint, width in pairs))
            fronts.append(Front(blocks, matrix, cells[i].target()))
        return eliminate_all(fronts, [[i] for i in members])

    classes = _classes(cells)
    own: dict[int, Eliminated] = {}
    rest: dict[int, Front] = {}
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for members, pairs in zip(classes, pool.map(eliminated_of, classes), strict=True):
            for i, (eliminated, front) in zip(members, pairs, strict=True):
                own[i], rest[i] = eliminated, front
    known: dict[Block, Tensor] = {}
    if joined:
        tree = bisected([cell.centre.tolist() for cell in cells])
        known = solve_fronts([rest[i] for i in range(count)], tree, workers=workers)
    values = [own[i].solve(known)[i][:, 0] for i in range(count)]
    unknowns = sum(len(value) for value in values) + sum(len(value) for value in known.values())
    return _Solved(values, unknowns, len(classes))


def _classes(cells: Sequence[CellRows]) -> list[list[int]]:
    """The numbers of cells with equal matrices."""
    classes: list[list[int]] = []
    for i, cell in enumerate(cells):
        members = next((members for members in classes if cell.is_like(cells[members[0]])), None)
        if members is None:
            classes.append([i])
        else:
            members.append(i)
    return classes


def _write(
    system: System, networks: Mapping[Field, PiecesNetwork], theta: Tensor, cell: CellRows, values: Tensor
) -> None:
    start = 0
    for u, module in networks.items():
        of_cell = module.networks[cell.cell]
        width = head_width(of_cell)
        stop = start + width * cell.components[u]
        layer = values[start:stop].reshape(-1, width)
        layer = torch.cat([layer.real, layer.imag]) if layer.is_complex() else layer
        sizes = [sum(p.numel() for p in n.parameters() if p.requires_grad) for n in module.networks]
        first = list(itertools.accumulate([0, *sizes]))[cell.cell]
        write_head(system.parameters.of(u, theta)[first : first + sizes[cell.cell]], of_cell, layer)
        start = stop
