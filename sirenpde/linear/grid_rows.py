"""Least squares for tensor-product series on grids: never a matrix, one product per axis instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..calculus.symbols import Symbol
from ..engines.grid_transform import GridTransform
from ..engines.series import series_transform
from ..geometry import can
from ..networks.series import EvolvingSeries, SeparableSeries
from ..residuals import Batch, Rows, System
from .cgls import Preconditioner

FLOOR = 1e-12  # of the largest diagonal entry: a mode that no row sees keeps its coefficient


@dataclass(frozen=True)
class GridRows:
    """One constraint's rows as a map of the coefficients: scale * Σ slopes * derivatives, near ``target``."""

    transform: GridTransform
    symbols: tuple[Symbol, ...]
    grid: tuple[Tensor, ...]  # the coordinates along each axis of the field
    index: tuple[Tensor, ...]  # each point's place on the grid
    slopes: Tensor  # (n, m, requests, outputs), scaled by sqrt(weight / samples)
    target: Tensor  # (n m,)

    @property
    def rows(self) -> int:
        return self.target.numel()

    @property
    def columns(self) -> int:
        return self.transform.shape.numel()

    @property
    def like(self) -> Tensor:
        return self.target

    @property
    def matrix(self) -> None:
        return None

    def apply(self, coefficients: Tensor) -> Tensor:
        on_grid = self.transform.forth(coefficients.view(self.transform.shape))
        at_points = on_grid[self._at(1)]
        return torch.einsum("nmso,sno->nm", self.slopes, at_points).reshape(-1)

    def transpose(self, y: Tensor) -> Tensor:
        pulled = torch.einsum("nmso,nm->sno", self.slopes, y.view(self.slopes.shape[:2]))
        return self.transform.back(self._spread(pulled)).reshape(-1)

    def diagonal(self) -> Tensor:
        """The diagonal of AᵀA, (K1, ..., Kd, outputs)."""
        per_output = []
        for slope in self.slopes.unbind(-1):
            coupling = torch.einsum("nms,nmt->stn", slope, slope)
            on_grid = coupling.new_zeros(*coupling.shape[:2], *self.transform.points)
            on_grid[self._at(2)] = coupling
            per_output.append(self.transform.diagonal(on_grid))
        return torch.stack(per_output, dim=-1)

    def _at(self, leading: int) -> tuple[slice | Tensor, ...]:
        """Indices of the points on the grid, behind so many leading dimensions."""
        return (slice(None),) * leading + self.index

    def _spread(self, at_points: Tensor) -> Tensor:  # (S, n, o) -> (S, n1, ..., nd, o)
        on_grid = at_points.new_zeros(at_points.shape[0], *self.transform.points, at_points.shape[-1])
        on_grid[self._at(1)] = at_points
        return on_grid


def on_grids(system: System, batches: Sequence[Batch]) -> Field | None:
    """The one field that is a series and is asked for on tensor grids only; None where that is not so."""
    if len(system.parameters.networks) != 1:
        return None
    (u, module), *_ = system.parameters.networks.items()
    if not isinstance(module, SeparableSeries | EvolvingSeries):
        return None
    for group, batch in zip(system.groups, batches, strict=True):
        if not group.evaluator.is_plain:
            return None
        lattice = can.lattice_of(group.domain)
        if lattice is None or len(lattice.index) != len(batch):
            return None
        if isinstance(module, EvolvingSeries) and len(lattice.coordinates[0]) != 1:
            return None
    return u


def grid_rows(system: System, module: nn.Module, u: Field, batches: Sequence[Batch]) -> list[GridRows]:
    """The rows of every constraint."""
    lattices = {id(group.evaluator): can.lattice_of(group.domain) for group in system.groups}
    return [
        _rows(system, module, u, block, lattices[id(block.evaluator)])
        for block in system.linear_rows(batches)
    ]


def _rows(system: System, module: nn.Module, u: Field, block: Rows, lattice: Any) -> GridRows:
    columns = block.evaluator.columns[u]
    grid = [lattice.coordinates[a].to(device=system.device, dtype=system.dtype) for a in columns]
    symbols = tuple(d.symbol for d in block.evaluator.asked[u])
    scale = system.row_scale(block.constraint, block.batch, block.index)
    index = tuple(lattice.index[:, a].to(system.device) for a in columns)
    return GridRows(
        series_transform(module, symbols, grid),
        symbols,
        tuple(grid),
        index,
        scale[:, :, None, None] * block.slopes[0],
        (-scale * block.offset).reshape(-1),
    )


def by_diagonal(rows: Sequence[GridRows]) -> Preconditioner:
    """Divides by the diagonal of AᵀA, which on whole grids is all of it, and drops the modes that no row sees."""
    diagonal = torch.stack([block.diagonal() for block in rows]).sum(0).reshape(-1)
    seen = diagonal > FLOOR * diagonal.max()
    inverse = torch.where(seen, 1 / torch.where(seen, diagonal, 1.0), 0.0)

    def precondition(gradient: Tensor) -> tuple[Tensor, float]:
        divided = inverse * gradient
        return divided, float(gradient @ divided)

    return precondition
