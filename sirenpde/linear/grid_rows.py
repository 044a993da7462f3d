"""Least squares for tensor-product series on grids: never a matrix, one product per axis instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..calculus.symbols import Symbol
from ..engines.series import GridTransform
from ..networks.series import EvolvingSeries, SeparableSeries
from ..residuals import Batch, Rows, System
from .preconditioner import Preconditioner


@dataclass(frozen=True)
class GridRows:
    """One constraint's rows as a map of the coefficients: r + offset = scale * Σ slopes * derivatives."""

    transform: GridTransform
    symbols: tuple[Symbol, ...]
    grid: tuple[Tensor, ...]  # the coordinates along each axis of the field
    index: tuple[Tensor, ...]  # each point's place on the grid
    slopes: Tensor  # (n, m, requests, outputs), scaled by sqrt(weight / samples)
    target: Tensor  # (n, m)

    @property
    def size(self) -> int:
        return self.target.numel()

    def apply(self, coefficients: Tensor) -> Tensor:
        on_grid = self.transform.evaluate(coefficients)
        at_points = on_grid[self._at(1)]
        return torch.einsum("nmso,sno->nm", self.slopes, at_points).reshape(-1)

    def transpose(self, rows: Tensor) -> Tensor:
        pulled = torch.einsum("nmso,nm->sno", self.slopes, rows.reshape(self.target.shape))
        return self.transform.adjoint(self._spread(pulled))

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
        lattice = getattr(group.domain, "lattice", None)
        if lattice is None or len(lattice.index) != len(batch):
            return None
        if isinstance(module, EvolvingSeries) and len(lattice.coordinates[0]) != 1:
            return None
    return u


def grid_rows(system: System, module: nn.Module, u: Field, batches: Sequence[Batch]) -> list[GridRows]:
    """The rows of every constraint."""
    lattices = {id(group.sweep): group.domain.lattice for group in system.groups}  # type: ignore[attr-defined]
    return [
        _rows(system, module, u, block, lattices[id(block.sweep)]) for block in system.linear_rows(batches)
    ]


def _rows(system: System, module: nn.Module, u: Field, block: Rows, lattice: Any) -> GridRows:
    columns = block.sweep.columns[u]
    grid = [lattice.coordinates[a].to(device=system.device, dtype=system.dtype) for a in columns]
    symbols = tuple(d.symbol for d in block.sweep.asked[u])
    scale = system.row_scale(block.constraint, block.batch, block.place)
    index = tuple(lattice.index[:, a].to(system.device) for a in columns)
    return GridRows(
        GridTransform(module, symbols, grid),
        symbols,
        tuple(grid),
        index,
        scale[:, :, None, None] * block.slopes[0],
        -scale * block.offset,
    )


def solve_on_grids(
    rows: Sequence[GridRows], start: Tensor, precondition: Preconditioner, tolerance: float, iterations: int
) -> tuple[Tensor, int]:
    """Preconditioned conjugate gradients for least squares (Björck 1996, section 7.4.1); iterations done.

    It works on the residual of the rows, never on AᵀA. It stops when the preconditioned gradient has fallen
    by ``tolerance``.
    """

    def transpose(r: Sequence[Tensor]) -> Tensor:
        return torch.stack([block.transpose(part) for block, part in zip(rows, r, strict=True)]).sum(0)

    x = start.clone()
    r = [block.target.reshape(-1) - block.apply(x) for block in rows]
    s = transpose(r)
    p = z = precondition(s)
    first = gamma = float((s * z).sum())
    for count in range(1, iterations + 1):
        if gamma <= tolerance**2 * first or gamma <= 0:
            return x, count - 1
        q = [block.apply(p) for block in rows]
        alpha = gamma / sum(float(part.square().sum()) for part in q)
        x = x + alpha * p
        r = [part - alpha * step for part, step in zip(r, q, strict=True)]
        s = transpose(r)
        z = precondition(s)
        before, gamma = gamma, float((s * z).sum())
        p = z + (gamma / before) * p
    return x, iterations
