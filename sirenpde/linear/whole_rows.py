"""Constraints on whole grids as one linear map of a field's values on the grid, which are the unknowns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ..calculus.components import flat
from ..calculus.field import Field
from ..engines.grid_transform import GridTransform
from ..engines.series import series_transform
from ..geometry import can
from ..geometry.gathered import Whole
from ..networks.series import SeparableSeries
from ..residuals import Batch, System
from .cgls import cgls

TOLERANCE, ITERATIONS = 1e-12, 200  # of the fit of a series to values on a grid
FLOOR = 1e-12  # of the largest diagonal entry: a mode that no point of the grid sees keeps its coefficient


@dataclass(frozen=True)
class WholeRows:
    """The linear part of all residuals, unscaled, by the values (N outputs,) of the field on the grid.

    Rows are in the order of the groups, of their constraints, and of the components of each.
    """

    system: System
    batches: Sequence[Batch]
    offsets: tuple[Tensor, ...]  # of each constraint for vanishing values, (m,)
    members: tuple[int, ...]  # which constraint of the problem each of them is
    u: Field
    count: int

    @property
    def rows(self) -> int:
        return sum(map(len, self.offsets))

    @property
    def columns(self) -> int:
        return self.count * self.u.outputs

    @property
    def like(self) -> Tensor:
        return self.offsets[0]

    @property
    def matrix(self) -> None:
        return None

    @property
    def target(self) -> Tensor:
        """What the rows are to be, for residuals that vanish."""
        return -torch.cat(self.offsets)

    def apply(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat(_components(self.system, self.batches, self._jets(x))) + self.target

    def transpose(self, y: Tensor) -> Tensor:
        x, rows = self._graph
        (pulled,) = torch.autograd.grad(rows, x, y, retain_graph=True)
        return pulled

    @cached_property
    def _graph(self) -> tuple[Tensor, Tensor]:
        """Values and their rows; one graph serves every pull back, since the map is linear."""
        x = self.like.new_zeros(self.columns).requires_grad_()
        with torch.enable_grad():
            return x, torch.cat(_components(self.system, self.batches, self._jets(x)))

    def per_row(self, values: Sequence[float]) -> Tensor:
        """A number of each constraint for each of its rows."""
        sizes = torch.tensor([len(offset) for offset in self.offsets], device=self.like.device)
        return self.like.new_tensor([values[i] for i in self.members]).repeat_interleave(sizes)

    def _jets(self, x: Tensor) -> Tensor:
        return x.view(self.count, 1, self.u.outputs)


def _components(system: System, batches: Sequence[Batch], jets: Tensor) -> list[Tensor]:
    numbers = jets.new_zeros(0)
    return [
        flat(value)[0]
        for group, batch in system.paired(batches)
        for value in group.evaluator.over(batch, [jets], numbers)
    ]


@dataclass(frozen=True)
class OnGrid:
    """A series on all points of a grid: coefficients (columns,) <-> values (N outputs,) in the grid's order."""

    transform: GridTransform
    index: tuple[Tensor, ...]
    empty: Tensor  # of the dtype and on the device of the values

    def apply(self, x: Tensor) -> Tensor:
        on_grid = self.transform.forth(x.view(self.transform.shape))
        return on_grid[0][self.index].reshape(-1)

    def transpose(self, y: Tensor) -> Tensor:
        outputs = self.transform.shape[-1]
        on_grid = y.new_zeros(1, *self.transform.points, outputs)
        on_grid[0][self.index] = y.view(-1, outputs)
        return self.transform.back(on_grid).reshape(-1)

    def fitted(self, values: Tensor) -> Tensor:
        """The coefficients of the series that is nearest to these values.

        Its functions are orthogonal on the centres of equal cells, where one division gives them.
        """
        ones = values.new_ones(1, 1, *self.transform.points)
        diagonal = self.transform.diagonal(ones)[..., None].expand(self.transform.shape).reshape(-1)
        seen = diagonal > FLOOR * diagonal.max()
        inverse = torch.where(seen, 1 / torch.where(seen, diagonal, 1.0), 0.0)

        def precondition(gradient: Tensor) -> tuple[Tensor, float]:
            return inverse * gradient, float(gradient @ (inverse * gradient))

        return cgls(self, values, precondition, TOLERANCE, ITERATIONS).x

    @property
    def rows(self) -> int:
        return len(self.index[0]) * self.transform.shape[-1]

    @property
    def columns(self) -> int:
        return self.transform.shape.numel()

    @property
    def like(self) -> Tensor:
        return self.empty

    @property
    def matrix(self) -> None:
        return None


def whole_rows(system: System, batches: Sequence[Batch]) -> tuple[WholeRows, OnGrid] | None:
    """The rows of a problem all of whose constraints read the values of one series on all of one grid; else None."""
    found = _field_and_grid(system)
    if found is None:
        return None
    u, grid = found
    lattice = can.lattice_of(grid)
    module = system.parameters.networks[u]
    if lattice is None or not isinstance(module, SeparableSeries):
        return None
    count = len(lattice.index)
    zero = system.initial().new_zeros(count, 1, u.outputs)
    with torch.no_grad():
        offsets = tuple(_components(system, batches, zero))
    members = tuple(i for group, _ in system.paired(batches) for i in group.members)
    names = [axis.name for axis in grid.axes]
    columns = [names.index(axis.name) for axis in u.axes]
    lines = [lattice.coordinates[a].to(device=system.device, dtype=system.dtype) for a in columns]
    index = tuple(lattice.index[:, a].to(system.device) for a in columns)
    symbol = system.groups[0].evaluator.asked[u].requests[0].symbol
    on_grid = OnGrid(series_transform(module, [symbol], lines), index, zero[:0, 0, 0])
    return WholeRows(system, batches, offsets, members, u, count), on_grid


def _field_and_grid(system: System) -> tuple[Field, Any] | None:
    grids = {
        id(group.domain.grid): group.domain.grid for group in system.groups if isinstance(group.domain, Whole)
    }
    whole = all(isinstance(group.domain, Whole) for group in system.groups)
    if not whole or len(grids) != 1 or len(system.parameters.networks) != 1 or system.problem.unknowns:
        return None
    (u,) = system.parameters.networks
    for group in system.groups:
        asked = group.evaluator.asked.get(u)
        if asked is None or len(asked.requests) != 1 or asked.requests[0].site is None:
            return None
        if asked.requests[0].symbol.order:
            return None
    return u, next(iter(grids.values()))
