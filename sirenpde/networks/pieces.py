"""One network per cell of a box, each in coordinates of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from .constant import set_constant
from .dense import DenseNetwork
from .partition import Partition
from .recipe import (
    Recipe,
    check_box,
    check_whole,
    highest_derivative,
    is_curved,
    is_linear,
    is_open,
    smallest,
    typical,
)
from .registry import known
from .sine_features import SineFeatures
from .windows import Windows, WindowsNetwork

FOUND = 1e-9  # of a cell: points so near to its faces lie on them

Cuts = int | tuple[float, ...]  # of one axis: equal parts, or the places where it is cut


class PiecesNetwork(nn.Module):
    """Routes each point to the network of its cell; a point on a face belongs to the cell below.

    ``turns`` has -1 for each cell and axis along which its frozen features are the mirror image of others', else 1.
    """

    def __init__(
        self,
        partition: Partition,
        networks: Sequence[nn.Module],
        turns: Sequence[tuple[float, ...]] | None = None,
    ) -> None:
        super().__init__()
        self.turns = tuple(turns or [(1.0,) * partition.dimension] * len(networks))
        # Plain numbers, not buffers: a network converted to float32 keeps its cells to the last digit.
        self.partition = partition
        self.networks = nn.ModuleList(networks)

    def set_constant(self, value: Tensor) -> None:
        for network in self.networks:
            set_constant(network, value.tolist())

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        cell = self.partition.locate(x)[..., None]
        total: Tensor = self.networks[0](x)
        for k, network in enumerate(self.networks):
            total = torch.where(cell == k, network(x), total)
        return total


@known
@dataclass(frozen=True)
class Pieces:
    """A network in each cell of the box, joined on the faces by the value and as many derivatives as equations need.

    Where a solution has many waves, layers or other coefficients in parts of the domain, many small networks reach
    digits that one of the same size does not, and cost as much as there are pieces. What is left out is chosen by the
    solver. Cells of one shape have the same frozen features, or their mirror images beyond the middle of an axis:
    equal ones, and mirror images of one another, are factorised once.

    Rows are scaled in each cell: where data contradict one another or are noisy, that scale weighs them, and the
    ``weight`` of a constraint does not change the balance.

    Args:
        recipe: of the network in each cell; a count of features is that of each cell.
        cells: one entry per axis, a number of equal parts or the places of the cuts; or a ``Partition``.
        blend: "hard", each point has the network of its cell, or "smooth", cells reach into their neighbours by
            windows that sum to one (`Windows`), and nothing is to be joined: a finite basis, which is trained as one
            network. The cells are then a grid.
        overlap: of windows, in parts of a cell.

    Raises ValueError for numbers that are no counts, and when built on a box that the cells do not tile.

    Source: the random feature method with pieces of Chen, Chi, E and Yang, 2022, section 2, with sharp cells; the
    joins are those of spectral elements by least squares. Windows: Moseley, Markham and Nissen-Meyer, Finite Basis
    Physics-Informed Neural Networks, 2023.

    >>> import torch
    >>> from sirenpde import SineFeatures
    >>> from sirenpde.networks.pieces import Pieces
    >>> recipe = Pieces(SineFeatures(100, bandwidth=8), cells=(2, (0.25, 0.5)))
    >>> recipe.describe()
    '2 x 3 cells of 100 frozen sines, bandwidth 8'
    >>> recipe.build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator()).partition.edges
    ((0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 1.0))
    """

    recipe: Recipe = field(default_factory=SineFeatures)
    cells: tuple[Cuts, ...] | Partition | None = None
    blend: Literal["hard", "smooth"] = "hard"
    overlap: float = 0.5

    def __post_init__(self) -> None:
        if self.blend not in ("hard", "smooth"):
            raise ValueError(
                f"blend={self.blend!r}; 'hard' or 'smooth' was expected. Leave it out for cells that are joined on "
                f"their faces."
            )
        if not 0 < self.overlap <= 1:
            raise ValueError(
                f"overlap={self.overlap!r}; a part of a cell, more than 0 and at most 1, was expected. Write 0.5."
            )
        if isinstance(self.cells, tuple):
            for cuts in self.cells:
                if not isinstance(cuts, tuple):
                    check_whole("cells", cuts)
        elif not isinstance(self.cells, Partition | None):
            raise ValueError(
                f"cells={self.cells!r}; one entry per axis was expected, a number of equal parts or a tuple of cuts. "
                f"Write cells=(4, 4) on two axes."
            )

    @property
    def highest_derivative(self) -> int:
        return highest_derivative(self.recipe)

    @property
    def is_linear(self) -> bool:
        return is_linear(self.recipe)

    @property
    def is_curved(self) -> bool:
        return is_curved(self.recipe)

    @property
    def is_open(self) -> bool:
        return self.cells is None or is_open(self.recipe)

    def smallest(self) -> Pieces:
        return replace(self, recipe=smallest(self.recipe))

    def typical(self) -> Pieces:
        return replace(self, recipe=typical(self.recipe))

    def partition(self, low: Sequence[float], high: Sequence[float]) -> Partition:
        """The cells of this box; the box itself where they are open. Raises ValueError where they do not tile it."""
        if isinstance(self.cells, Partition):
            _check_same_box(self.cells, low, high)
            return self.cells
        cells = (1,) * len(low) if self.cells is None else self.cells
        if len(cells) != len(low):
            raise ValueError(
                f"cells={cells} has {len(cells)} entries; one per axis, {len(low)}, was expected. Give one for each."
            )
        edges = [
            _edges(axis, cuts, a, b) for axis, (cuts, a, b) in enumerate(zip(cells, low, high, strict=True))
        ]
        return Partition.grid(edges)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> PiecesNetwork | WindowsNetwork:
        check_box(low, high, outputs, periodic)
        partition = self.partition(low, high)
        if self.blend == "smooth":
            return self._windows(partition, outputs, periodic, generator)
        seed = int(torch.randint(2**62, (), generator=generator))
        networks, turns = [], []
        for a, b in zip(partition.low, partition.high, strict=True):
            whole = [axis for axis in periodic if (a[axis], b[axis]) == (low[axis], high[axis])]
            alike = torch.Generator().manual_seed(seed)
            network = of_cell(self.recipe, a, b).build(a, b, outputs, whole, alike)
            turns.append(
                _turned(network, [c + d - e - f for c, d, e, f in zip(a, b, low, high, strict=True)])
            )
            networks.append(network)
        return PiecesNetwork(partition, networks, turns)

    def _windows(
        self, partition: Partition, outputs: int, periodic: Sequence[int], generator: Generator
    ) -> WindowsNetwork:
        edges = partition.edges
        if math.prod(len(places) - 1 for places in edges) != len(partition):
            raise ValueError(
                f"Windows of {len(partition)} cells that are no grid; cells=(4, 4), a number or the cuts of each "
                f"axis, was expected. Use blend='hard' for a tree of cells."
            )
        cut = [axis for axis in periodic if len(edges[axis]) > 2]
        if cut:
            raise ValueError(
                f"Windows along axis {cut[0]}, which is periodic; one cell was expected there. Cut the other axes, "
                f"or use blend='hard'."
            )
        windows = Windows(edges, self.overlap)
        networks = [
            self.recipe.build(*windows.box(j), outputs, periodic, generator) for j in range(len(windows))
        ]
        return WindowsNetwork(windows, networks)

    def describe(self) -> str:
        return f"{self._count()} of {self.recipe.describe()}"

    def _count(self) -> str:
        if self.cells is None:
            return "cells"
        if isinstance(self.cells, Partition):
            counts = [len(edges) - 1 for edges in self.cells.edges]
            if math.prod(counts) != len(self.cells):
                sides = " x ".join(f"{side:.3g}" for side in self.cells.smallest)
                return f"a tree of {len(self.cells)} cells down to {sides}"
        else:
            counts = [cuts if isinstance(cuts, int) else len(cuts) + 1 for cuts in self.cells]
        return f"{' x '.join(map(str, counts))} {'cells' if self.blend == 'hard' else 'windows'}"


def _turned(network: nn.Module, beyond: Sequence[float]) -> tuple[float, ...]:
    """Makes frozen sines their mirror images along the axes on which they lie ``beyond`` the middle; -1 for these."""
    if not isinstance(network, DenseNetwork) or len(network.hidden) or network.embedding.passed:
        return (1.0,) * len(beyond)
    waves = network.embedding
    slack = FOUND / waves.scale.double()  # in units of the axes
    turn = tuple(-1.0 if b > s else 1.0 for b, s in zip(beyond, slack.tolist(), strict=True))
    waves.frequencies.mul_(torch.tensor(turn).to(waves.frequencies))
    return turn


def of_cell(recipe: Recipe, low: Sequence[float], high: Sequence[float]) -> Recipe:
    """The recipe with those of its singular points that lie in a cell, from where the cell opens to one side."""
    if not isinstance(recipe, SineFeatures) or not recipe.singular:
        return recipe
    kept = []
    for point in recipe.singular:
        ends = [(low[axis], high[axis]) for axis in point.axes]
        slack = [FOUND * (b - a) for a, b in ends]
        if all(a - s <= c <= b + s for c, (a, b), s in zip(point.at, ends, slack, strict=True)):
            kept.append(point if point.between else replace(point, between=_opening(point.at, ends, slack)))
    return replace(recipe, singular=tuple(kept))


def _opening(
    at: Sequence[float], ends: Sequence[tuple[float, float]], slack: Sequence[float]
) -> tuple[float, float] | None:
    """The directions from a point in a box between which the box lies, against the clock; None for all of them."""
    sides = [
        (abs(c - a) <= s) - (abs(c - b) <= s) for c, (a, b), s in zip(at, ends, slack, strict=True)
    ]  # 1 where the box lies above the point along an axis, -1 where below, 0 where on both sides
    if sides == [0, 0]:
        return None
    middle = math.atan2(sides[1], sides[0])
    half = math.pi / 4 if 0 not in sides else math.pi / 2
    return middle - half, middle + half


def _edges(axis: int, cuts: Cuts, low: float, high: float) -> tuple[float, ...]:
    if isinstance(cuts, int):
        return (*(low + (high - low) * i / cuts for i in range(cuts)), high)
    slack = 1e-9 * (high - low)
    inner = tuple(c for c in cuts if abs(c - low) > slack and abs(c - high) > slack)
    if any(not low < c < high for c in inner) or any(a >= b for a, b in pairwise(inner)):
        raise ValueError(
            f"The cells along axis {axis} are cut at {cuts}, which does not tile {low:g} to {high:g}; "
            f"ascending places between these were expected. Give cuts inside the box, or a number of equal parts."
        )
    return (low, *inner, high)


def _check_same_box(partition: Partition, low: Sequence[float], high: Sequence[float]) -> None:
    for axis, ((a, b), c, d) in enumerate(zip(partition.bounds, low, high, strict=False)):
        if max(abs(a - c), abs(b - d)) > 1e-9 * (d - c):
            raise ValueError(
                f"The cells reach from {a:g} to {b:g} along axis {axis}, and the domain from {c:g} to {d:g}; cells "
                f"that tile the domain were expected. Build the partition on its box."
            )
    if partition.dimension != len(low):
        raise ValueError(
            f"The cells have {partition.dimension} axes and the domain {len(low)}; as many were expected. Build the "
            f"partition on the domain's box."
        )
