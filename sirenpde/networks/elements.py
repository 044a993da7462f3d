"""Polynomials in cells of any shape, continuous between them, and in slabs of time: spectral elements."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from .lobatto import lobatto, slopes_at_nodes, through_nodes
from .recipe import check_box, check_whole
from .registry import known

Numbers = tuple[float, ...]

SAME = 1e-9  # of the box: nodes so near are one
WITHIN = 1e-6  # of a cell, beyond its sides, where a point still is in it
CANDIDATES = 32  # cells whose boxes may hold a point: beside curved sides they overlap
NEWTON = 12  # steps to where a point lies in its cell; straight cells need one


def products(rows: Sequence[Tensor]) -> Tensor:
    """Functions (n, k) of each of several coordinates -> all their products (n, k1 k2 ...), the last fastest."""
    return reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).flatten(1), rows)


class ElementSeries(nn.Module):
    """u(t, x) = sum over slabs, times and nodes of values[s, m, k] T_m(t) phi_k(x).

    In a cell, the image of [-1, 1]^d under polynomials of the degree ``bend``, the phi_k are the products of the
    polynomials of degree ``order`` through its nodes of Lobatto, in the coordinates of [-1, 1]^d; nodes that two
    cells share are one. In a slab of time the T_m are the polynomials of degree ``degree`` through its nodes.

    ``corners`` (cells, (bend + 1)^d, d) are the nodes of the cells' own maps, the last axis fastest. Axes: time is
    number ``time`` of them, the others are those of the cells in their order.
    """

    corners: Tensor  # (cells, (bend + 1)^d, d)
    positions: Tensor  # (cells, n, d), of the nodes
    numbers: Tensor  # (cells, n), which of all nodes these are
    values: nn.Parameter  # (slabs, degree + 1, nodes, outputs)

    def __init__(
        self,
        corners: Tensor,
        order: int,
        slabs: Sequence[float],
        degree: int,
        time: int,
        outputs: int,
        turns: Sequence[tuple[float, float] | None] = (),
    ) -> None:
        super().__init__()
        self.order, self.degree, self.time = order, degree, time
        self.dim = corners.shape[-1]
        self.bend = round(corners.shape[1] ** (1 / self.dim)) - 1
        self.slabs = tuple(map(float, slabs))
        self.turns = tuple(turns) or (None,) * self.dim
        positions = self.through_cells(self.reference_nodes(order)) @ corners
        numbers, count = _numbered(positions, self.turns)
        self.register_buffer("corners", corners)
        self.register_buffer("positions", positions)
        self.register_buffer("numbers", numbers)
        shape = len(self.slabs) - 1, degree + 1, count, outputs
        self.values = nn.Parameter(torch.zeros(shape, dtype=torch.float64))

    @property
    def nodes(self) -> int:
        return self.values.shape[2]

    def reference_nodes(self, order: int) -> Tensor:
        """The nodes of a cell in [-1, 1]^d, ((order + 1)^d, d), the last axis fastest."""
        line, _ = lobatto(order)
        return torch.cartesian_prod(*[line] * self.dim).reshape(-1, self.dim)

    def through_cells(self, xi: Tensor) -> Tensor:
        """The functions of the cells' own maps at xi (n, d): (n, (bend + 1)^d)."""
        return products([through_nodes(self.bend, x) for x in xi.unbind(1)])

    def set_constant(self, value: Tensor) -> None:
        self.values.copy_(value.expand_as(self.values))

    def times(self, slab: int) -> Tensor:
        """The nodes of a slab in time, (degree + 1,)."""
        low, high = self.slabs[slab : slab + 2]
        return low + (lobatto(self.degree)[0] + 1) * ((high - low) / 2)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Points (n, axes) -> their times (n,), and their places (n, d)."""
        space = [axis for axis in range(x.shape[1]) if axis != self.time]
        return x[:, self.time], x[:, space]

    def in_time(self, t: Tensor, derivative: int) -> tuple[Tensor, Tensor]:
        """The slab of each time (n,), and the derivative of its functions there, (n, degree + 1)."""
        edges = torch.tensor(self.slabs, dtype=torch.float64, device=t.device)
        slab = (torch.searchsorted(edges, t.detach().double().contiguous(), right=True) - 1).clamp(
            0, len(edges) - 2
        )
        half = ((edges[1:] - edges[:-1]) / 2)[slab]
        tau = (t.double() - edges[slab]) / half - 1
        rows = through_nodes(self.degree, tau)
        slopes = slopes_at_nodes(self.degree).to(rows)
        for _ in range(derivative):
            rows = (rows @ slopes) / half[:, None]
        return slab, rows.to(t.dtype)

    def located(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Places (n, d) -> the cell of each, and where it is there, in [-1, 1]^d.

        Of cells that share the place one, and the nearest for a place outside of all.
        """
        there = self._folded(x.double())
        with torch.no_grad():
            cell, xi = self._searched(there.detach())
        # One more step, exact in straight cells, through which derivatives by the place are passed on.
        error = there - (self.through_cells(xi)[:, None] @ self.corners[cell])[:, 0]
        return cell, xi + (self._inverse_slopes(cell, xi) @ error[:, :, None])[:, :, 0]

    def _folded(self, x: Tensor) -> Tensor:
        columns = [
            c if turn is None else turn[0] + torch.remainder(c - turn[0], turn[1] - turn[0])
            for c, turn in zip(x.unbind(1), self.turns, strict=True)
        ]
        return torch.stack(columns, dim=1)

    def _searched(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low, high = self.positions.amin(1), self.positions.amax(1)
        size = high - low
        # How far outside of each cell's box, in units of it.
        beyond = torch.maximum((low - x[:, None]) / size, (x[:, None] - high) / size).amax(2)
        found = torch.zeros(len(x), dtype=torch.long, device=x.device)
        place, best = torch.zeros_like(x), torch.full((len(x),), math.inf, dtype=x.dtype, device=x.device)
        for rank in range(min(CANDIDATES, len(low))):
            distance, cell = beyond.min(1)
            rows = ((distance < 0.1 if rank else distance < math.inf) & (best > WITHIN)).nonzero()[:, 0]
            if not len(rows):
                break
            xi = self._newton(cell[rows], x[rows])
            off = xi.abs().amax(1) - 1
            better = off < best[rows]
            kept = rows[better]
            found[kept], place[kept], best[kept] = cell[kept], xi[better], off[better]
            beyond[torch.arange(len(x), device=x.device), cell] = math.inf
        return found, place

    def _newton(self, cell: Tensor, x: Tensor) -> Tensor:
        xi = torch.zeros_like(x)
        for _ in range(NEWTON if self.bend > 1 or self.dim > 1 else 1):
            error = x - (self.through_cells(xi)[:, None] @ self.corners[cell])[:, 0]
            step = (self._inverse_slopes(cell, xi) @ error[:, :, None])[:, :, 0]
            xi = (xi + step).clamp(-1.5, 1.5)
            if float(step.abs().max()) < 1e-13:
                break
        return xi

    def _inverse_slopes(self, cell: Tensor, xi: Tensor) -> Tensor:
        """The derivatives of the cells' coordinates by the place, (n, d, d), at coordinates (n, d)."""
        rows = [through_nodes(self.bend, c) for c in xi.unbind(1)]
        slopes = slopes_at_nodes(self.bend).to(xi)
        columns = []
        for axis in range(self.dim):
            along = [row @ slopes if i == axis else row for i, row in enumerate(rows)]
            columns.append((products(along)[:, None] @ self.corners[cell])[:, 0])
        inverse: Tensor = torch.linalg.inv(torch.stack(columns, dim=2))
        return inverse

    def forward(self, x: Tensor) -> Tensor:  # (..., axes) -> (..., outputs)
        t, place = self.split(x.reshape(-1, x.shape[-1]))
        slab, in_time = self.in_time(t, 0)
        cell, xi = self.located(place)
        rows = products([through_nodes(self.order, c) for c in xi.unbind(1)]).to(x.dtype)
        values = self.values[
            slab[:, None, None], torch.arange(self.degree + 1)[:, None], self.numbers[cell][:, None]
        ]
        at_time = torch.einsum("nm,nmko->nko", in_time, values)
        return torch.einsum("nk,nko->no", rows, at_time).reshape(*x.shape[:-1], -1)


def _numbered(positions: Tensor, turns: Sequence[tuple[float, float] | None]) -> tuple[Tensor, int]:
    """A number for every node of all cells, the same for nodes at the same place, and how many there are."""
    low = positions.amin((0, 1))
    size = float((positions.amax((0, 1)) - low).max())
    flat = positions.flatten(0, 1).clone()
    for axis, turn in enumerate(turns):
        if turn is not None:
            flat[(flat[:, axis] - turn[1]).abs() < SAME * size, axis] = turn[0]
    # Shifted by no round number, so that nodes of round coordinates are not between two whole ones.
    keys = torch.floor((flat - low) / (SAME * 8 * size) + 0.382).long()
    distinct, numbers = torch.unique(keys, dim=0, return_inverse=True)
    return numbers.reshape(positions.shape[:2]), len(distinct)


@known
@dataclass(frozen=True)
class Elements:
    """Polynomials of degree ``order`` in the ``cells`` of a shape, continuous between them: spectral elements.

    Along the axis ``time``, a number, they are polynomials of degree ``degree`` in every slab between the times
    ``slabs``. Each cell lists the nodes of its map from [-1, 1]^d, one coordinate after another: two corners of an
    interval, four of a quadrilateral, the last axis fastest, and more of a curved one.

    What is left out is chosen by the solver, ``SpectralElements``: cells by the shape and the waves on it.
    Raises ValueError for an order or a degree below 1.

    >>> import torch
    >>> recipe = Elements(3, (((0.0,), (1.0,)), ((1.0,), (2.0,))), (0.0, 1.0), 2)
    >>> recipe.build([0.0, 0.0], [1.0, 2.0], 1, (), torch.Generator()).values.shape
    torch.Size([1, 3, 7, 1])
    """

    is_linear: ClassVar[bool] = True
    is_curved: ClassVar[bool] = True

    order: int | None = None
    cells: tuple[tuple[Numbers, ...], ...] = ()
    slabs: Numbers = ()
    degree: int = 1
    time: int = 0

    def __post_init__(self) -> None:
        check_whole("degree", self.degree)
        if self.order is not None:
            check_whole("order", self.order)

    @property
    def is_open(self) -> bool:
        return not self.cells or self.order is None

    def smallest(self) -> Elements:
        return replace(self, order=self.order or 2, degree=2)

    def typical(self) -> Elements:
        return replace(self, order=self.order or 4, degree=4)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> ElementSeries:
        check_box(low, high, outputs, periodic)
        space = [axis for axis in range(len(low)) if axis != self.time]
        ends = [(float(low[a]), float(high[a])) for a in space]
        cells = torch.tensor(self.cells or (tuple(itertools.product(*ends)),), dtype=torch.float64)
        slabs = self.slabs or (low[self.time], high[self.time])
        turns = [end if a in periodic else None for a, end in zip(space, ends, strict=True)]
        return ElementSeries(cells, self.order or 2, slabs, self.degree, self.time, outputs, turns)

    def describe(self) -> str:
        if self.is_open:
            return "spectral elements, sizes chosen by the solver"
        return (
            f"{len(self.cells)} spectral elements of order {self.order}, {len(self.slabs) - 1} slabs of time"
        )
