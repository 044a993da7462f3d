"""Samples of every constraint, cell by cell of a partition, whose weighted sums are means over whole domains."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..geometry import can
from ..geometry.arrays import as_mask
from ..geometry.domain import Domain, quasi_random
from ..geometry.nodes import WeightedNodes, gauss
from ..geometry.patch import Patch
from ..geometry.point import Axis
from ..geometry.tensor_grid import TensorGrid
from ..networks.partition import Partition
from ..networks.polar import Plane
from ..residuals import Batch, Group, System
from .refinement import CLOSEST

SLACK = 1e-9  # of a side: less of it is rounding
MOST_AXES = 3  # up to which nodes are a tensor product: beyond, each axis would have too few
SIDES = 1.5  # times as many nodes along an axis on a face as inside: they hold what the inside leaves open
CLOSER = 3  # how often the nodes of a cell that a shape cuts are doubled, until enough of them lie inside
TOUCHED = 4096  # points that tell which cells a domain without a pattern has points in
MOST = 1 << 18  # points of a finite domain

Nodes = tuple[Tensor, Tensor]  # of the unit cube (n, k), and weights (n,) that sum to one
Pattern = Callable[[int, int], Nodes]  # from the number of axes k, and of nodes along each
Predicate = Callable[[Tensor], Tensor]


def gauss_pattern(axes: int, count: int) -> Nodes:
    """``count`` nodes of Gauss along each axis, dense towards the ends; in many axes as many quasi-random points.

    >>> points, weights = gauss_pattern(2, 3)
    >>> round(float((points[:, 0] * points[:, 1] ** 5) @ weights), 12)  # 1/2 times 1/6
    0.083333333333
    """
    if axes > MOST_AXES:
        return drawn_pattern(0)(axes, count)
    line = gauss(0.0, 1.0, count)
    weights = torch.ones(1, dtype=torch.float64)
    for _ in range(axes):
        weights = (weights[:, None] * line.weights).reshape(-1)
    points = TensorGrid.full([line.nodes] * axes).points if axes else torch.zeros(1, 0, dtype=torch.float64)
    return points, weights


def drawn_pattern(seed: int) -> Pattern:
    """Quasi-random points of equal weight, to hold out."""

    def pattern(axes: int, count: int) -> Nodes:
        points = quasi_random(count**axes, axes, torch.Generator().manual_seed(seed))
        return points, torch.full((len(points),), 1 / len(points), dtype=torch.float64)

    return pattern


def cell_batches(
    system: System,
    cells: Partition,
    axes: Sequence[str],
    points: int | Sequence[int],
    pattern: Pattern = gauss_pattern,
    seed: int = 0,
    singular: Sequence[Plane] = (),
) -> list[tuple[Batch, ...]]:
    """For every cell a batch for each group of the system's constraints, empty where the group has no point there.

    Args:
        cells: of a box whose axes have the names ``axes``; along others a domain is not cut.
        points: about how many inside a cell, one number or one for each; on its faces as many along each axis.
        pattern: of nodes in a cell's own coordinates, so that equal cells have equal nodes.
        seed: of what is drawn, on domains that are no products of intervals and no shapes.
        singular: polar coordinates about singular points, towards which the nodes of the cells that touch them move.

    The factors in ``Batch.weights`` are such that the terms of the objective, ``System.losses``, summed over all
    cells, are means over the constraints' whole domains: exactly so for polynomials on boxes and their faces, and up
    to the cells along its boundary on a shape. What a point inside a shape counts for does not depend on the shape,
    so that cells inside keep the pattern. A point on an inner face belongs to the cell below.

    >>> import torch
    >>> from sirenpde import Box, D, Field, Problem, SineFeatures, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u = Field("u", box, SineFeatures(10, 2.0))
    >>> @on(box, samples=100)
    ... def steep(p):
    ...     return D(u, box.axes[0])(p) - box.axes[1](p)
    >>> problem = Problem(steep)
    >>> network = u.network.build([0, 0], [1, 1], 1, (), torch.Generator().manual_seed(0))
    >>> system = System(problem, {u: network}, torch.device("cpu"), torch.float64)
    >>> cells = Partition.grid([(0, 0.5, 1), (0, 1)])
    >>> (left,), (right,) = cell_batches(system, cells, "xy", 16)
    >>> len(left), round(float(((left.points[:, 1] ** 2)[:, None] * left.weights).mean()), 12)  # half of 1/3
    (16, 0.166666666667)
    """
    wanted = [points] * len(cells) if isinstance(points, int) else list(points)
    tiles = Tiles(cells, tuple(axes), wanted)
    by_group = [_batches(system, group, tiles, pattern, seed, singular) for group in system.groups]
    return list(zip(*by_group, strict=True))


@dataclass(frozen=True)
class Tiles:
    """The cells, the names of their axes, and how many points are wanted in each."""

    cells: Partition
    axes: tuple[str, ...]
    wanted: Sequence[int]

    def ends(self, cell: int, axis: Axis) -> tuple[float, float]:
        """Those of a cell along an axis of a domain."""
        if axis.name not in self.axes:
            return axis.low, axis.high
        k = self.axes.index(axis.name)
        return self.cells.low[cell][k], self.cells.high[cell][k]

    def holds(self, cell: int, axis: Axis, value: float) -> bool:
        """Whether what has this one value along an axis belongs to a cell; on an inner face to the cell below."""
        if axis.name not in self.axes:
            return True
        low, high = self.ends(cell, axis)
        first, last = self.cells.bounds[self.axes.index(axis.name)]
        return (value > low or low == first) and (value <= high or high == last)

    def per_axis(self, cell: int, axes: int, free: int) -> int:
        """How many nodes along an axis of a part that has ``free`` of the ``axes``."""
        count: float = max(1, self.wanted[cell]) ** (1 / axes) * (1 if free == axes else SIDES)
        return max(2, math.ceil(count - SLACK))

    def locate(self, axes: Sequence[Axis], points: Tensor) -> Tensor:
        """The cells (n,) of points (n, d) of a domain with these axes."""
        names = [axis.name for axis in axes]
        return self.cells.locate(points[:, [names.index(name) for name in self.axes]])


def _batches(
    system: System, group: Group, tiles: Tiles, pattern: Pattern, seed: int, singular: Sequence[Plane]
) -> list[Batch]:
    layout = layout_of(group.domain)
    if layout is not None and group.data and set(group.data) - layout.knows:
        layout = None
    if layout is None:
        nodes = _drawn(group, tiles, torch.Generator().manual_seed(seed))
    else:
        nodes = [layout.nodes(tiles, cell, pattern) for cell in range(len(tiles.cells))]
        if len(tiles.axes) == len(group.domain.axes) and can.dimension_of(group.domain) == len(tiles.axes):
            nodes = [_towards(of, tiles, cell, singular) for cell, of in enumerate(nodes)]
    total = sum(float(of.weights.sum()) for of in nodes)
    if not total > 0:
        raise ValueError(
            f"No point in {len(tiles.cells)} cells lies in '{group.domain.name}'; some should. Cut the box of the "
            f"field so that its cells are about as small as that domain is, or check its predicate."
        )
    return [_batch(system, group, of, total) for of in nodes]


def _batch(system: System, group: Group, nodes: WeightedNodes, total: float) -> Batch:
    batch = system.batch(nodes.points, {key: nodes.data[key] for key in group.data})
    factors = (len(nodes.weights) / total * nodes.weights).to(batch.points)
    return replace(batch, weights=factors[:, None].expand(-1, len(group.members)).contiguous())


@dataclass(frozen=True)
class Layout:
    """A domain as products of intervals, predicates on points (n, d) that hold in it, and values computed there."""

    patches: tuple[Patch, ...]
    holds: tuple[Predicate, ...] = ()
    carried: can.Carry | None = None

    @property
    def knows(self) -> set[str]:
        """The names of the data that its points have."""
        carried = {} if self.carried is None else self.carried.data_at(self._somewhere())
        return {*carried, *([] if self.patches[0].normal is None else ["normal"])}

    def _somewhere(self) -> Tensor:
        return torch.tensor([[low for low, _ in self.patches[0].intervals]], dtype=torch.float64)

    def nodes(self, tiles: Tiles, cell: int, pattern: Pattern) -> WeightedNodes:
        """The nodes of one cell; their weights sum to its share of the patches.

        Where predicates take some of them away, the pattern is made finer, until as many are left as were wanted.
        """
        of_patches = [self._on_patch(patch, tiles, cell, pattern) for patch in self.patches]
        points, weights = (torch.cat([of[i] for of in of_patches]) for i in range(2))
        data = {}
        if self.patches[0].normal is not None:
            normals = [patch.normal for patch in self.patches if patch.normal is not None]
            rows = [n.expand(len(of[0]), -1) for n, of in zip(normals, of_patches, strict=True)]
            data["normal"] = torch.cat(rows)
        if self.carried is not None:
            computed = self.carried.data_at(points if len(points) else self._somewhere())
            data.update({key: value[: len(points)] for key, value in computed.items()})
        return WeightedNodes(points, weights, data)

    def _on_patch(self, patch: Patch, tiles: Tiles, cell: int, pattern: Pattern) -> Nodes:
        cut = _within(patch, tiles, cell)
        if cut is None:
            return torch.zeros(0, len(patch.axes), dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
        low, high = torch.tensor(cut.intervals, dtype=torch.float64).T
        free = (low < high).nonzero()[:, 0]
        count = tiles.per_axis(cell, len(patch.axes), len(free))
        wanted = count ** len(free)
        for _ in range(CLOSER + 1):
            unit, weights = pattern(len(free), count)
            points = low.expand(len(unit), -1).clone()
            points[:, free] += (high - low)[free] * unit
            inside = self._inside(points)
            if bool(inside.all()):
                break
            if not bool(inside.any()) or int(inside.sum()) >= 0.8 * wanted or not len(free):
                break
            grown = (wanted / int(inside.sum())) ** (1 / len(free))
            count = math.ceil(count * min(2.0, grown))
        return points[inside], cut.share * weights[inside]

    def _inside(self, points: Tensor) -> Tensor:
        inside = torch.ones(len(points), dtype=torch.bool)
        for holds in self.holds:
            inside &= as_mask(holds(points), (len(points),), "a predicate")
        return inside


def _within(patch: Patch, tiles: Tiles, cell: int) -> Patch | None:
    """The part of a patch in a cell, with its share of the whole; None for nothing."""
    intervals, share = [], patch.share
    for axis, (a, b) in zip(patch.axes, patch.intervals, strict=True):
        low, high = tiles.ends(cell, axis)
        first, last = max(a, low), min(b, high)
        if a == b:
            if not tiles.holds(cell, axis, a):
                return None
            first = last = a
        elif last - first <= SLACK * (b - a):
            return None
        else:
            share *= (last - first) / (b - a)
        intervals.append((first, last))
    return replace(patch, intervals=tuple(intervals), share=share)


def layout_of(domain: Domain) -> Layout | None:
    """A domain as patches and predicates, where it is a part of boxes and their faces, or knows its inside."""
    if isinstance(domain, can.Carry):
        bare = layout_of(domain.bare)
        return None if bare is None or bare.carried else replace(bare, carried=domain)
    patches = can.patches_of(domain)
    if patches is not None:
        return Layout(patches)
    if domain.size is not None:
        return None
    if isinstance(domain, can.Restricted):
        whole = layout_of(domain.whole)
        return None if whole is None else Layout(whole.patches, (*whole.holds, domain.predicate))
    if isinstance(domain, can.Contain) and isinstance(domain, can.Bound):
        around = Patch(domain.axes, domain.bounds)
        volume = math.prod(b - a for a, b in around.intervals if b > a)
        # Both sides of a slit are twice as much as what lies between their ends, and their points are on either hand.
        twice = getattr(domain, "measure", 0.0) > (1 + SLACK) * volume
        if can.dimension_of(domain) == len(around.free) and not twice:
            return Layout((around,), (domain.contains,))
    return None


def _towards(nodes: WeightedNodes, tiles: Tiles, cell: int, singular: Sequence[Plane]) -> WeightedNodes:
    """With as many nodes again, at distances r of all sizes from the singular points of a cell.

    Each is an old one, moved along its ray; what it counts for is as in ``refinement.refined``.
    """
    low, high = (
        torch.tensor(ends[cell], dtype=torch.float64) for ends in (tiles.cells.low, tiles.cells.high)
    )
    points, weights = [nodes.points], nodes.weights
    depth = -math.log(CLOSEST)
    touching: list[tuple[list[int], Tensor]] = []
    for plane in singular:
        columns, centre = list(plane.axes), torch.tensor(plane.centre, dtype=torch.float64)
        slack = SLACK * (high - low)[columns]
        if not bool(((centre >= low[columns] - slack) & (centre <= high[columns] + slack)).all()):
            continue
        unit = quasi_random(len(nodes.points), 1, torch.Generator().manual_seed(len(points)))
        moved = nodes.points.clone()
        moved[:, columns] = centre + torch.exp(-depth * unit) * (moved[:, columns] - centre)
        points.append(moved)
        touching.append((columns, centre))
    if not touching:
        return nodes
    every = torch.cat(points)
    weights = weights.repeat(len(points)) / len(points)
    for columns, centre in touching:
        reach = float((torch.maximum(centre - low[columns], high[columns] - centre)).norm())
        near = ((every[:, columns] - centre).norm(dim=1) / reach).clamp(CLOSEST, 1)
        weights = weights / (0.5 + 0.5 * (near**-2 - 1) / (2 * depth))
    rows = len(points)
    return WeightedNodes(every, weights, {key: value.repeat(rows, 1) for key, value in nodes.data.items()})


def _drawn(group: Group, tiles: Tiles, generator: torch.Generator) -> list[WeightedNodes]:
    """Points of a domain by cell, all of them, or so many that each cell in which there are some has enough."""
    domain = group.domain
    if domain.size is not None and (group.samples is None or domain.size <= MOST):
        points, data = domain.draw(None, generator)
    else:
        cells = tiles.locate(domain.axes, domain.draw(TOUCHED, generator)[0]).unique().tolist()
        axes, free = len(domain.axes), can.dimension_of(domain)
        wanted = sum(tiles.per_axis(cell, axes, free) ** free for cell in cells)
        points, data = domain.draw(max(group.samples or 1, 2 * wanted), generator)
    place, weight = tiles.locate(domain.axes, points), torch.full((len(points),), 1 / len(points)).double()
    found = []
    for cell in range(len(tiles.cells)):
        rows = (place == cell).nonzero()[:, 0]
        chosen = {key: data[key][rows] for key in group.data}
        found.append(WeightedNodes(points[rows], weight[rows], chosen))
    return found
