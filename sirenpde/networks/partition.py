"""Boxes that tile a box, as plain numbers: where they are, which of them touch, in which order to eliminate them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from .registry import known

SLACK = 1e-9  # of an axis: edges computed in other ways are still the same

Corner = tuple[float, ...]


@dataclass(frozen=True)
class Face:
    """What two cells have in common: ``first`` lies below ``place`` along ``axis``, ``second`` above.

    ``low`` and ``high`` (d,) are its ends along all axes, ``place`` twice along its own. Around a period the second
    cell sees it at ``beyond`` instead, the low end of the axis; elsewhere that is ``place``.
    """

    first: int
    second: int
    axis: int
    place: float
    low: Corner
    high: Corner
    beyond: float


@known
@dataclass(frozen=True)
class Partition:
    """Cells that tile a box: the low and the high corner (d,) of each.

    Raises ValueError for cells that are empty, overlap, or leave a gap.

    >>> from sirenpde.networks.partition import Partition
    >>> four = Partition.grid([(0.0, 0.5, 2.0), (0.0, 1.0, 3.0)])
    >>> five = four.split(0, axis=0)
    >>> five.low[:2], five.high[:2]
    (((0.0, 0.0), (0.25, 0.0)), ((0.25, 1.0), (0.5, 1.0)))
    >>> [(face.first, face.second, face.place) for face in five.faces() if face.axis == 1]
    [(0, 2, 1.0), (1, 2, 1.0), (3, 4, 1.0)]
    >>> five.locate(torch.tensor([[0.3, 0.5], [0.3, 2.0]])).tolist()
    [1, 2]
    """

    low: tuple[Corner, ...]
    high: tuple[Corner, ...]

    def __post_init__(self) -> None:
        _check_shape(self.low, self.high)
        ends = torch.tensor([self.low, self.high], dtype=torch.float64)
        if not bool((ends[0] < ends[1]).all()):
            cell = int((ends[0] >= ends[1]).any(1).nonzero()[0])
            raise ValueError(
                f"Cell {cell} of a partition is from {self.low[cell]} to {self.high[cell]}; each of its sides was "
                f"expected to be longer than 0. Leave the cell out, or order its ends."
            )
        for axis in range(ends.shape[2]):
            _snap(ends[:, :, axis])
        object.__setattr__(self, "low", tuple(map(tuple, ends[0].tolist())))
        object.__setattr__(self, "high", tuple(map(tuple, ends[1].tolist())))
        self._check_tiling()

    @staticmethod
    def grid(edges: Sequence[Sequence[float]]) -> Partition:
        """The product of intervals, the last axis running fastest; ``edges`` ascend along each axis, ends included.

        >>> Partition.grid([(0, 1, 4), (0, 2)]).high
        ((1.0, 2.0), (4.0, 2.0))
        """
        for axis, places in enumerate(edges):
            if len(places) < 2 or any(not a < b for a, b in pairwise(places)):
                raise ValueError(
                    f"The edges of cells along axis {axis} are {tuple(places)}; two or more ascending numbers were "
                    f"expected, both ends of the axis among them. Sort them, and drop those given twice."
                )
        cells = list(itertools.product(*(list(pairwise(map(float, places))) for places in edges)))
        return Partition(
            tuple(tuple(low for low, _ in cell) for cell in cells),
            tuple(tuple(high for _, high in cell) for cell in cells),
        )

    @staticmethod
    def spaced(edges: Sequence[Sequence[float]], widest: float) -> Partition:
        """The grid with these edges, and as many others, evenly between, as keep sides no longer than ``widest``.

        >>> Partition.spaced([(0, 1, 4), (0, 1)], 2.0).edges
        ((0.0, 1.0, 2.5, 4.0), (0.0, 1.0))
        """
        if not widest > 0:
            raise ValueError(
                f"Cells were to be no wider than {widest:g}; a number above 0 was expected. For waves of the "
                f"wavenumber k take about 16 / k."
            )
        even = []
        for places in edges:
            counts = [max(1, math.ceil((b - a) / widest - SLACK)) for a, b in pairwise(places)]
            parts = zip(pairwise(places), counts, strict=True)
            even.append([a + (b - a) * i / n for (a, b), n in parts for i in range(n)] + [places[-1]])
        return Partition.grid(even)

    @property
    def dimension(self) -> int:
        return len(self.low[0])

    def __len__(self) -> int:
        return len(self.low)

    @cached_property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """The low and high end of the box along each axis."""
        axes = range(self.dimension)
        return tuple((min(c[a] for c in self.low), max(c[a] for c in self.high)) for a in axes)

    @cached_property
    def edges(self) -> tuple[tuple[float, ...], ...]:
        """All coordinates at which a cell begins or ends, ascending along each axis."""
        axes = range(self.dimension)
        return tuple(tuple(sorted({c[a] for c in self.low} | {c[a] for c in self.high})) for a in axes)

    def split(self, cell: int, axis: int, at: float | None = None) -> Partition:
        """With a cell cut in two across an axis, in the middle or at a coordinate; the halves take its place."""
        low, high = self.low[cell], self.high[cell]
        place = (low[axis] + high[axis]) / 2 if at is None else float(at)
        if not low[axis] < place < high[axis]:
            raise ValueError(
                f"Cell {cell} was to be cut at {place:g} along axis {axis}, where it runs from {low[axis]:g} to "
                f"{high[axis]:g}; a number between these was expected. Cut another cell."
            )
        middle = (*low[:axis], place, *low[axis + 1 :]), (*high[:axis], place, *high[axis + 1 :])
        return Partition(
            (*self.low[:cell], low, middle[0], *self.low[cell + 1 :]),
            (*self.high[:cell], middle[1], high, *self.high[cell + 1 :]),
        )

    def refined(self, cells: Collection[int], axes: Collection[int] | None = None) -> Partition:
        """With these cells halved along all axes, or the given ones; their parts take their places.

        >>> len(Partition.grid([(0, 1, 2), (0, 1, 2)]).refined([3]))
        7
        """
        lows: list[Corner] = []
        highs: list[Corner] = []
        across = set(range(self.dimension) if axes is None else axes)
        for cell, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            halves = [
                [(a, (a + b) / 2), ((a + b) / 2, b)] if cell in cells and axis in across else [(a, b)]
                for axis, (a, b) in enumerate(zip(low, high, strict=True))
            ]
            for part in itertools.product(*halves):
                lows.append(tuple(a for a, _ in part))
                highs.append(tuple(b for _, b in part))
        return Partition(tuple(lows), tuple(highs))

    def shares(self) -> tuple[float, ...]:
        """What part of the box each cell is.

        >>> Partition.grid([(0, 1, 4), (0, 2)]).shares()
        (0.25, 0.75)
        """
        lengths = [high - low for low, high in self.bounds]
        return tuple(
            math.prod((b - a) / length for a, b, length in zip(low, high, lengths, strict=True))
            for low, high in zip(self.low, self.high, strict=True)
        )

    @property
    def smallest(self) -> Corner:
        """The sides of the smallest cell."""
        shares = self.shares()
        cell = shares.index(min(shares))
        return tuple(b - a for a, b in zip(self.low[cell], self.high[cell], strict=True))

    def locate(self, points: Tensor) -> Tensor:
        """Points (..., d) -> the cell of each (...): on an inner edge the one below, beyond the box the nearest."""
        place = torch.zeros(points.shape[:-1], dtype=torch.int64, device=points.device)
        for axis, edges in enumerate(self.edges):
            inner = torch.tensor(edges[1:-1], dtype=points.dtype, device=points.device)
            place = place * (len(edges) - 1) + (points[..., axis, None] > inner).sum(-1)
        return self._cell_at.to(points.device)[place]

    @cached_property
    def _cell_at(self) -> Tensor:
        """The cell of every interval of ``edges``, the last axis running fastest."""
        spans = self._spans
        table = torch.full([len(edges) - 1 for edges in self.edges], -1)
        for cell in range(len(self)):
            table[tuple(slice(first, last) for first, last in spans[cell])] = cell
        return table.flatten()

    @cached_property
    def _spans(self) -> list[list[tuple[int, int]]]:
        """Of every cell, along each axis, its first interval of ``edges`` and the one after its last."""
        numbers = [{place: i for i, place in enumerate(edges)} for edges in self.edges]
        return [
            [(number[a], number[b]) for number, a, b in zip(numbers, low, high, strict=True)]
            for low, high in zip(self.low, self.high, strict=True)
        ]

    def faces(self, periodic: Collection[int] = ()) -> tuple[Face, ...]:
        """One for each pair of cells that touch, in the order of axes, places and cells.

        Along a periodic axis the cells at its high end touch those at its low end too.
        """
        low, high = (torch.tensor(c, dtype=torch.float64) for c in (self.low, self.high))
        found: list[Face] = []
        for axis, edges in enumerate(self.edges):
            sites = [(place, place) for place in edges[1:-1]]
            if axis in periodic:
                sites.append((edges[-1], edges[0]))
            for place, beyond in sites:
                below = (high[:, axis] == place).nonzero()[:, 0]
                above = (low[:, axis] == beyond).nonzero()[:, 0]
                starts = torch.maximum(low[below, None], low[None, above])  # (below, above, d)
                stops = torch.minimum(high[below, None], high[None, above])
                starts[..., axis], stops[..., axis] = place - 1, place + 1
                touching = (starts < stops).all(-1).nonzero()
                starts[..., axis], stops[..., axis] = place, place
                for i, j in touching.tolist():
                    a, b = tuple(starts[i, j].tolist()), tuple(stops[i, j].tolist())
                    found.append(Face(int(below[i]), int(above[j]), axis, place, a, b, beyond))
        return tuple(found)

    def like(self) -> tuple[tuple[int, ...], ...]:
        """The cells by shape: those together that are equal up to a translation."""
        lengths = [high - low for low, high in self.bounds]
        classes: dict[tuple[int, ...], list[int]] = {}
        for cell, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            sides = (round((b - a) / size / SLACK) for a, b, size in zip(low, high, lengths, strict=True))
            classes.setdefault(tuple(sides), []).append(cell)
        return tuple(map(tuple, classes.values()))

    def dissection(self, faces: Sequence[Face]) -> Dissection:
        """An order in which to eliminate the cells and the faces between them, by nested dissection."""
        cells: list[int] = []
        groups: list[tuple[int, ...]] = []
        ends = [[face.first, face.second] for face in faces]
        touching: list[list[int]] = [[] for _ in range(len(self))]
        for number, pair in enumerate(ends):
            for cell in pair:
                touching[cell].append(number)

        def descend(part: list[int]) -> None:
            if len(part) == 1:
                # A period of a single cell joins it with itself.
                own = tuple(n for n in dict.fromkeys(touching[part[0]]) if set(ends[n]) == {part[0]})
                cells.append(part[0])
                groups.extend([own] if own else [])
                return
            lower, upper, between = min(
                (self._halved(part, axis, ends, touching) for axis in range(self.dimension)),
                key=lambda cut: (len(cut[2]) + 1) / min(len(cut[0]), len(cut[1])),
            )
            descend(lower)
            descend(upper)
            groups.extend([between] if between else [])

        descend(list(range(len(self))))
        return Dissection(tuple(cells), tuple(groups))

    def _halved(
        self, part: list[int], axis: int, ends: list[list[int]], touching: list[list[int]]
    ) -> tuple[list[int], list[int], tuple[int, ...]]:
        """Cells below and above the middle one along an axis, and the faces between them."""
        ordered = sorted(part, key=lambda cell: (self.low[cell][axis] + self.high[cell][axis], cell))
        half = len(ordered) // 2
        # The whole of a layer of equal cells goes to one side where that is not far from the middle.
        for cut in (half, *(half + s * k for k in range(1, half // 2 + 1) for s in (1, -1))):
            if self.low[ordered[cut]][axis] > self.low[ordered[cut - 1]][axis]:
                half = cut
                break
        lower, upper = ordered[:half], ordered[half:]
        below, above = set(lower), set(upper)
        between = {
            n
            for cell in lower
            for n in touching[cell]
            if (ends[n][0] in above) != (ends[n][1] in above)
            and (ends[n][0] in below) != (ends[n][1] in below)
        }
        return lower, upper, tuple(sorted(between))

    def _check_tiling(self) -> None:
        cells = math.prod(len(edges) - 1 for edges in self.edges)
        counts = torch.zeros([len(edges) - 1 for edges in self.edges], dtype=torch.int32)
        assert cells == counts.numel()
        for span in self._spans:
            counts[tuple(slice(first, last) for first, last in span)] += 1
        wrong = (counts != 1).nonzero()
        if len(wrong):
            place = wrong[0].tolist()
            where = ", ".join(
                f"{self.edges[axis][i]:g} to {self.edges[axis][i + 1]:g}" for axis, i in enumerate(place)
            )
            covered = int(counts[tuple(place)])
            raise ValueError(
                f"The {len(self)} cells of a partition do not tile their box: {where} lies in "
                f"{covered or 'none'} of them; one was expected everywhere. Build the partition by "
                f"Partition.grid(...), split and refined, or give cells without gaps and overlaps."
            )


@dataclass(frozen=True)
class Dissection:
    """An order of elimination: first the ``cells``, then groups of ``faces``, by their numbers.

    Each group separates two parts whose own faces come before it, so that what is left of a part after its faces are
    gone reaches only to its outer faces.

    Source: George, Nested dissection of a regular finite element mesh, 1973.
    """

    cells: tuple[int, ...]
    faces: tuple[tuple[int, ...], ...]


def _check_shape(low: Sequence[Corner], high: Sequence[Corner]) -> None:
    sizes = {len(corner) for corner in (*low, *high)}
    if not low or len(low) != len(high) or len(sizes) != 1 or 0 in sizes:
        raise ValueError(
            f"A partition was given {len(low)} low and {len(high)} high corners, of {sorted(sizes)} coordinates; as "
            f"many of each were expected, one number per axis. Build it by Partition.grid(...)."
        )
    if not all(math.isfinite(x) for corner in (*low, *high) for x in corner):
        raise ValueError(
            "A corner of a cell is not finite; finite numbers were expected. Cut where the box is."
        )


def _snap(ends: Tensor) -> None:
    """Makes coordinates (2, cells) of one axis that differ by rounding the same."""
    values, where = ends.unique(return_inverse=True)
    slack = SLACK * float(values[-1] - values[0])
    first = torch.cat([torch.ones(1, dtype=torch.bool), values.diff() > slack])
    ends.copy_(values[first][first.cumsum(0) - 1][where])
