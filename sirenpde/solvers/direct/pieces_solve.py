"""One linear solve of fields in pieces: rows of the cells, elimination of each, and of what joins them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...calculus.field import Field
from ...diagnosis.jumps import jumping_fluxes
from ...engines.flat import slices_of
from ...geometry import can
from ...linear.cell_rows import CellRows, in_order, scaled
from ...linear.dense_rows import in_complex, write_head
from ...linear.fluxes import Flux, flux_rows, with_fluxes
from ...linear.fronts import (
    Block,
    Eliminated,
    Forecast,
    Front,
    Shape,
    bisected,
    eliminate_all,
    forecast,
    solve_fronts,
)
from ...linear.joins import Joint, graded, joints, orders_along
from ...networks.linear_head import head_width
from ...networks.partition import Face, Partition
from ...networks.pieces import PiecesNetwork
from ...networks.polar import AroundPoints
from ...residuals import Batch, Rows, System
from ...residuals.unfit import MEMORY_LIMIT, TooLarge, TooLong, Unfit
from ...sampling.pieces import cell_batches, drawn_pattern
from ...sampling.refinement import singular_planes

ROWS = 3.0  # points inside a cell to a feature
SAME = 1e-9  # of a side: ends of cells that differ by rounding
ASIDE = 1e-4  # of a face: so far from a slit the shape is looked at
SPEED = 2e10  # operations per second of a fast core: what takes longer by it takes longer anywhere
HELD_OUT = 100  # points inside a cell at which what is left is measured
LOOKED_AT, HALVINGS = 257, 40  # places on a face at which a shape is looked at, and to find where it ends
SHORTEST = 1e-3  # of a face, that is joined
DRAWN = 13  # and the number of their draw
GRACE = 2.0  # seconds: so little work is done whatever the budget says


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
    """The parameters, how many unknowns and distinct cells there were, and the operations that these took."""

    theta: Tensor
    unknowns: int
    factorised: int
    work: float


def solve_pieces(
    system: System,
    fineness: Fineness,
    linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]] | None = None,
    workers: int = 2,
    deadline: float = math.inf,
) -> PiecesSolution:
    """The last layers of fields in pieces, by one least-squares problem.

    Args:
        system: its networks are ``PiecesNetwork`` of one partition, each cell's with a linear last layer.
        fineness: of points and joints, which the features ask for.
        linearised: the constraints' rows about jets, from batches of all cells together; for affine constraints those
            about nothing, which are exact. Newton's method gives others.
        workers: threads, each of which factorises one cell.
        deadline: of ``time.monotonic()``; ``TooLong`` where a fast machine could not be done by then.
    """
    return layout_of_pieces(system, fineness).solve(linearised, workers, deadline)


def left_in_cells(system: System, theta: Tensor, fineness: Fineness) -> tuple[float, ...]:
    """What fields leave of the constraints in each cell on points that nothing was fitted to.

    It counts as in the solve, in units of what features of the cell make of a constraint, so that it says about how
    much of the fields' size is missing there; the squares over all cells sum to a mean over the box.
    """
    networks = _networks(system)
    whole = max(networks, key=lambda u: len(networks[u].partition))
    partition, axes = networks[whole].partition, [axis.name for axis in whole.axes]
    batches = cell_batches(system, partition, axes, HELD_OUT, drawn_pattern(DRAWN))
    blocks = _by_cell(system, batches, lambda s, b: s.linear_rows(b, at=theta))
    found = []
    for of_cell, low, high, share in zip(
        blocks, partition.low, partition.high, partition.shares(), strict=True
    ):
        rates = [2 * rate / (b - a) for rate, a, b in zip(fineness.rates, low, high, strict=True)]
        squares = [float(scaled(block, rates, system).offset.abs().square().sum()) for block in of_cell]
        found.append(math.sqrt(share * sum(squares)))
    return tuple(found)


def rows_of_pieces(
    system: System,
    fineness: Fineness,
    linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]] | None = None,
) -> tuple[list[CellRows], list[Joint]]:
    """The rows of every cell, and what joins them; arguments as for ``solve_pieces``."""
    layout = layout_of_pieces(system, fineness)
    return layout.rows(linearised), layout.joints


@dataclass(frozen=True)
class PiecesLayout:
    """What does not depend on the fields: the points of every cell, and the cells and their joints without rows.

    ``rates`` are those of the features of each of the ``cells``, in radians per unit of each axis.
    """

    system: System
    batches: list[tuple[Batch, ...]]
    cells: list[CellRows]
    rates: list[list[float]]
    joints: list[Joint]

    def rows(
        self, linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]] | None = None
    ) -> list[CellRows]:
        """The cells with the rows of their constraints, about nothing or as ``linearised`` gives them."""
        blocks = _by_cell(self.system, self.batches, linearised or (lambda s, b: s.linear_rows(b)))
        numbers = {id(group.evaluator): g for g, group in enumerate(self.system.groups)}
        found = []
        for cell, rates in zip(self.cells, self.rates, strict=True):
            groups = cell.system.groups
            mine = tuple(
                scaled(
                    replace(block, evaluator=groups[numbers[id(block.evaluator)]].evaluator),
                    rates,
                    cell.system,
                )
                for block in blocks[cell.cell]
            )
            found.append(replace(cell, blocks=mine))
        return _in_one_field_of_numbers(found)

    def solve(
        self,
        linearised: Callable[[System, Sequence[Batch]], Iterable[Rows]] | None = None,
        workers: int = 2,
        deadline: float = math.inf,
    ) -> PiecesSolution:
        """The last layers that meet these rows and the joints best."""
        cells = self.rows(linearised)
        solved = _eliminate(cells, self.joints, workers, deadline)
        theta = self.system.initial()
        places = _places_of_heads(self.system)
        for cell, values in zip(cells, solved.values, strict=True):
            _write(self.system, theta, cell, values, places)
        return PiecesSolution(theta, solved.unknowns, solved.factorised, solved.work)


def layout_of_pieces(system: System, fineness: Fineness) -> PiecesLayout:
    """The points and the joints of all cells; arguments as for ``solve_pieces``."""
    networks = _networks(system)
    whole = max(networks, key=lambda u: len(networks[u].partition))
    partition, axes = networks[whole].partition, [axis.name for axis in whole.axes]
    planes = singular_planes([network for module in networks.values() for network in module.networks])
    batches = cell_batches(system, partition, axes, fineness.points, singular=planes)
    places = {u: places_in(partition, u, module.partition) for u, module in networks.items()}
    active = [_active(system, of_cell, places, cell) for cell, of_cell in enumerate(batches)]
    turns = [_turn(networks, places, of_cell, cell) for cell, of_cell in enumerate(active)]
    batches = [
        _mirrored(of, partition, turn, cell)
        for cell, (of, turn) in enumerate(zip(batches, turns, strict=True))
    ]
    periodic = [whole.axes.index(axis) for axis in whole.periodic]
    # A cell all around a period has periodic features.
    faces = [face for face in partition.faces(periodic) if face.first != face.second]
    orders = [orders_along(system, axis) for axis in range(len(whole.axes))]
    of_faces = [
        {
            u: n
            for u, n in orders[f.axis].items()
            if u in active[f.first] and u in active[f.second] and not is_slit(u, f)
        }
        for f in faces
    ]
    kept = [
        (part, order)
        for face, joined in zip(faces, of_faces, strict=True)
        for part, order in _parts(face, joined, networks, places)
        if any(order.values())
    ]
    fluxes = [
        Flux.of(flux.constraint, flux.function, axes.index(flux.axis.name), flux.places)
        for flux in jumping_fluxes(system.problem)
    ]
    plain = joints(
        partition,
        [face for face, _ in kept],
        [order for _, order in kept],
        fineness.polynomials,
        fineness.rates,
    )
    points = [plane.centre for plane in planes if plane.axes == (0, 1)]
    joined = [with_fluxes(graded(joint, points), fluxes) for joint in plain]
    cells = _cells(system, partition, places, active, joined, turns)
    halves = [
        [(b - a) / 2 for a, b in zip(partition.low[cell.cell], partition.high[cell.cell], strict=True)]
        for cell in cells
    ]
    rates = [[rate / h for rate, h in zip(fineness.rates, half, strict=True)] for half in halves]
    return PiecesLayout(system, batches, cells, rates, joined)


def _parts(
    face: Face,
    orders: Mapping[Field, int],
    networks: Mapping[Field, PiecesNetwork],
    places: Mapping[Field, Mapping[int, int]],
) -> list[tuple[Face, dict[Field, int]]]:
    """A face with what is joined on all of it, and its parts where fields are joined within their domains alone.

    So are those of which one of the two cells has functions of a singular point: outside of the domain, on the two
    sides of a corner, these are not the same.
    """
    two_valued = {
        u
        for u in orders
        if any(_is_singular(networks[u].networks[places[u][cell]]) for cell in (face.first, face.second))
    }
    whole = {u: n for u, n in orders.items() if u not in two_valued}
    parts = [(part, {u: orders[u]}) for u in two_valued for part in parts_within(u, face)]
    if all(part == face for part, _ in parts) and len(parts) == len(two_valued):
        return [(face, dict(orders))]
    return [(face, whole), *parts]


def _is_singular(network: nn.Module) -> bool:
    return isinstance(network, AroundPoints) and bool(network.singular)


def parts_within(u: Field, face: Face) -> list[Face]:
    """The parts of a face that lie in a field's domain, a shape in the plane; the face itself of other domains."""
    along = [axis for axis, (a, b) in enumerate(zip(face.low, face.high, strict=True)) if a < b]
    if not isinstance(u.domain, can.Level) or len(u.domain.axes) != len(face.low) or len(along) != 1:
        return [face]
    level = u.domain.level
    low, high = torch.tensor([face.low, face.high], dtype=torch.float64)
    size = float((high - low).max())

    def is_in(t: Tensor) -> Tensor:
        return level(low + t[:, None] * (high - low)) <= SAME * size

    t = torch.linspace(0, 1, LOOKED_AT, dtype=torch.float64)
    inside = is_in(t)
    if bool(inside.all()):
        return [face]
    changes = (inside[1:] != inside[:-1]).nonzero()[:, 0]
    a, b = t[changes], t[changes + 1]
    for _ in range(HALVINGS):
        middle = (a + b) / 2
        same = is_in(middle) == inside[changes]
        a, b = torch.where(same, middle, a), torch.where(same, b, middle)
    ends = [*([0.0] if inside[0] else []), *a.tolist(), *([1.0] if inside[-1] else [])]
    found = []
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        if last - first > SHORTEST:
            places = [(low + s * (high - low)).tolist() for s in (first, last)]
            found.append(replace(face, low=tuple(places[0]), high=tuple(places[1])))
    return found


def is_slit(u: Field, face: Face) -> bool:
    """Whether a field may differ on the two sides of a face, which lies on a slit of its domain."""
    if not isinstance(u.domain, can.Level) or len(u.domain.axes) != len(face.low):
        return False
    ends = torch.tensor([face.low, face.high], dtype=torch.float64)
    middle, aside = ends.mean(0), torch.zeros(len(face.low), dtype=torch.float64)
    size = float((ends[1] - ends[0]).max())
    aside[face.axis] = ASIDE * size
    on, below, above = u.domain.level(torch.stack([middle, middle - aside, middle + aside])).tolist()
    return bool(below < 0 and above < 0 and abs(on) < SAME * size)


def places_in(partition: Partition, u: Field, own: Partition) -> dict[int, int]:
    """The numbers among a field's own cells of those of a partition of all fields, where it has them.

    Raises ``Unfit`` where they are not the same.
    """
    ends = torch.tensor([own.low, own.high], dtype=torch.float64)
    around = torch.tensor([partition.low, partition.high], dtype=torch.float64)
    cells = partition.locate(ends.mean(0))
    sides = around[1, cells] - around[0, cells]
    same = ((around[:, cells] - ends).abs() <= SAME * sides).all(2).all(0)
    found = {int(cell): number for number, cell in enumerate(cells) if same[number]}
    if len(found) != len(own):
        raise Unfit(
            f"Field '{u.name}' has {len(own)} cells of which {len(own) - len(found)} are not among the "
            f"{len(partition)} of the largest field; the same cells were expected where both are. Give cuts at the "
            f"ends of the smaller box, or leave the cells out."
        )
    return found


def _active(
    system: System, batches: Sequence[Batch], places: Mapping[Field, Mapping[int, int]], cell: int
) -> tuple[Field, ...]:
    """The fields that a cell's constraints ask for: outside of a shape, there are none."""
    asked = {u for group, _ in system.paired(batches) for u in group.evaluator.fields}
    return tuple(u for u, place in places.items() if u in asked and cell in place)


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


def _turn(
    networks: Mapping[Field, PiecesNetwork],
    places: Mapping[Field, Mapping[int, int]],
    active: Sequence[Field],
    cell: int,
) -> Tensor:
    """Along which axes a cell's features are mirror images, (d,), where those of all its fields are."""
    turns = {networks[u].turns[places[u][cell]] for u in active}
    whole = (1.0,) * next(iter(networks.values())).partition.dimension
    return torch.tensor(turns.pop() if len(turns) == 1 else whole, dtype=torch.float64)


def _mirrored(batches: tuple[Batch, ...], partition: Partition, turn: Tensor, cell: int) -> tuple[Batch, ...]:
    """The samples of a cell in the order of their mirror images."""
    centre = torch.tensor([partition.low[cell], partition.high[cell]], dtype=torch.float64).mean(0)
    return tuple(
        b.part(in_order(turn * (b.points - centre))) if b.points.shape[1:] == turn.shape else b
        for b in batches
    )


def _cells(
    system: System,
    partition: Partition,
    places: Mapping[Field, Mapping[int, int]],
    active: Sequence[tuple[Field, ...]],
    joined: Sequence[Joint],
    turns: Sequence[Tensor],
) -> list[CellRows]:
    """The cells in which something is asked for, without the rows of their constraints."""
    of_cell: list[list[Joint]] = [[] for _ in range(len(partition))]
    for joint in joined:
        of_cell[joint.face.first].append(joint)
        of_cell[joint.face.second].append(joint)
    networks, found = _networks(system), []
    for cell in range(len(partition)):
        if not active[cell]:
            continue
        own = system.with_networks(
            {u: networks[u].networks[place.get(cell, 0)] for u, place in places.items()}
        )
        low, high = (
            torch.tensor(ends[cell], dtype=torch.float64) for ends in (partition.low, partition.high)
        )
        centre, turn = (low + high) / 2, turns[cell]

        def place_of(
            joint: Joint,
            cell: int = cell,
            centre: Tensor = centre,
            turn: Tensor = turn,
            sides: Tensor = high - low,
        ) -> tuple[float, ...]:
            image = turn * (joint.seen_by(cell).mean(0) - centre) / sides
            return joint.face.axis, *(image / SAME).round().tolist()

        joints_here = tuple(sorted(of_cell[cell], key=place_of))
        fluxes = tuple(flux_rows(own, joint, cell) for joint in joints_here)
        found.append(CellRows(own, active[cell], (), joints_here, cell, centre, turn, fluxes))
    return found


def _in_one_field_of_numbers(cells: list[CellRows]) -> list[CellRows]:
    """In complex numbers, where all rows of all cells can be."""
    together = [[in_complex(block) for block in cell.blocks] for cell in cells]
    if any(block is None for blocks in together for block in blocks):
        return cells
    if not all(u.is_complex for u in cells[0].system.problem.fields):
        return cells
    return [
        replace(cell, blocks=tuple(block for block in blocks if block is not None), fluxes=_complex(cell))
        for cell, blocks in zip(cells, together, strict=True)
    ]


def _complex(cell: CellRows) -> tuple[tuple[Rows, ...], ...]:
    converted = [[in_complex(rows) for rows in of_joint] for of_joint in cell.fluxes]
    return tuple(tuple(rows for rows in of_joint if rows is not None) for of_joint in converted)


@dataclass(frozen=True)
class _Solved:
    values: list[Tensor]  # of every cell
    unknowns: int
    factorised: int
    work: float


def _eliminate(cells: Sequence[CellRows], joined: Sequence[Joint], workers: int, deadline: float) -> _Solved:
    count = len(cells)
    numbers: dict[int, Block] = {id(joint): count + i for i, joint in enumerate(joined)}

    def eliminated_of(members: Sequence[int]) -> list[tuple[Eliminated, Front]]:
        own_columns, matrix, fronts = cells[members[0]].columns, cells[members[0]].matrix(), []
        matrix[:, own_columns:] *= cells[members[0]].signs()
        for i in members:
            pairs = zip(cells[i].joints, cells[i].widths(), strict=True)
            blocks = ((i, cells[i].columns), *((numbers[id(joint)], width) for joint, width in pairs))
            fronts.append(Front(blocks, matrix, cells[i].target()))
        found, images = [], dict[bytes, tuple[Tensor, Tensor]]()  # those of one orientation are shared
        for i, (eliminated, front) in zip(
            members, eliminate_all(fronts, [[i] for i in members]), strict=True
        ):
            signs = cells[i].signs()
            key = signs.numpy().tobytes()
            if key not in images:
                images[key] = eliminated.coupling * signs, front.matrix * signs
            coupling, left = images[key]
            found.append((replace(eliminated, coupling=coupling), replace(front, matrix=left)))
        return found

    classes = _classes(cells)
    distinct = [cells[members[0]] for members in classes]
    tree = bisected([cell.centre.tolist() for cell in cells])
    kinds = {i: kind for kind, members in enumerate(classes) for i in members}
    merged = Forecast(0, 0, 0, 0.0)
    if joined:
        shapes = [
            Shape(
                tuple((numbers[id(j)], w) for j, w in zip(cell.joints, cell.widths(), strict=True)),
                sum(cell.widths()),
                (kinds[i], cell.signs().numpy().tobytes()),
            )
            for i, cell in enumerate(cells)
        ]
        merged = forecast(shapes, tree, workers)
    _check_memory(distinct, workers, merged.most)
    _check_time(distinct, workers, deadline, merged.work)
    own: dict[int, Eliminated] = {}
    rest: dict[int, Front] = {}
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for members, pairs in zip(classes, pool.map(eliminated_of, classes), strict=True):
            for i, (eliminated, front) in zip(members, pairs, strict=True):
                own[i], rest[i] = eliminated, front
    known: dict[Block, Tensor] = {}
    if joined:
        known = solve_fronts([rest[i] for i in range(count)], tree, workers=workers)
    values = [own[i].solve(known)[i][:, 0] for i in range(count)]
    unknowns = sum(len(value) for value in values) + sum(len(value) for value in known.values())
    work = sum(map(_work, distinct))
    return _Solved(values, unknowns, len(classes), work)


def _work(cell: CellRows) -> float:
    """Operations of a cell's factorisation."""
    own = cell.columns
    rows, columns = len(cell.target()) + own, own + sum(cell.widths())
    return (8.0 if cell.is_complex else 2.0) * own * columns * max(rows - own / 3, own)


def _check_memory(distinct: Sequence[CellRows], workers: int, merged: int) -> None:
    """Raises ``TooLarge`` before anything is factorised, where the factors and the matrices at work would not fit.

    ``merged`` are the entries of the fronts between cells, which come after these.
    """
    kept = most = 0
    for cell in distinct:
        own, held = cell.columns, sum(cell.widths())
        number = cell.target().element_size()
        kept += (own * (own + held) + held * held) * number
        most = max(most, 3 * (len(cell.target()) + own) * (own + held) * number)
    needed = kept + max(workers * most, merged * number)
    if needed > MEMORY_LIMIT:
        raise TooLarge(
            f"{len(distinct)} different cells of {distinct[0].columns} unknowns would need {needed / 2**30:.1f} GiB; "
            f"{MEMORY_LIMIT >> 30} GiB are allowed. Give fewer cells or fewer features in each."
        )


def _check_time(distinct: Sequence[CellRows], workers: int, deadline: float, merged: float) -> None:
    """Raises ``TooLong`` before anything is factorised, where the factorisations alone would outlast the deadline.

    ``merged`` are the operations of those between cells.
    """
    needed = (sum(map(_work, distinct)) + merged) / (SPEED * max(1, workers))
    left = max(0.0, deadline - time.monotonic())
    if needed > max(left, GRACE):
        raise TooLong(
            f"{len(distinct)} different cells of {distinct[0].columns} unknowns would take {needed:.2g} s at least; "
            f"of the budget {left:.2g} s are left, which buy no solution. Give a larger budget, or fewer cells or "
            f"fewer features in each."
        )


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


def _places_of_heads(system: System) -> dict[nn.Module, slice]:
    """Where in its field's parameters the network of each cell has its own."""
    found: dict[nn.Module, slice] = {}
    for whole in _networks(system).values():
        found.update(zip(whole.networks, slices_of(whole.networks), strict=True))
    return found


def _write(
    system: System, theta: Tensor, cell: CellRows, values: Tensor, places: Mapping[nn.Module, slice]
) -> None:
    start, networks = 0, cell.system.parameters.networks
    for u in cell.fields:
        module = networks[u]
        stop = start + head_width(module) * cell.components[u]
        layer = values[start:stop].reshape(-1, head_width(module))
        layer = torch.cat([layer.real, layer.imag]) if layer.is_complex() else layer
        write_head(system.parameters.of(u, theta)[places[module]], module, layer)
        start = stop
