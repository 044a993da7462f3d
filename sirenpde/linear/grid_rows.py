"""Least squares for tensor-product series on grids: never a matrix, one product per axis instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..calculus.sites import Site
from ..calculus.symbols import Symbol
from ..engines.grid_transform import GridTransform
from ..engines.series import grids_transform
from ..geometry import can
from ..networks.series import EvolvingSeries, SeparableSeries
from ..residuals import Batch, Group, Rows, System
from ..residuals.evaluator import ON_GRID
from .cgls import Preconditioner

Lines = tuple[Tensor, ...]
FLOOR = 1e-12  # of the largest diagonal entry: a mode that no row sees keeps its coefficient


@dataclass(frozen=True)
class GridRows:
    """One constraint's rows as a map of the coefficients: scale * Σ slopes * derivatives, near ``target``."""

    transform: GridTransform
    symbols: tuple[Symbol, ...]  # of the requests, one for each node
    grids: tuple[Lines, ...]  # where each of them is read: the coordinates along each axis of the field
    index: tuple[Tensor, ...]  # each sample's place on these grids
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
        if self.is_uniform:
            return torch.einsum("mso,sno->nm", self.slopes[0], at_points).reshape(-1)
        return torch.einsum("nmso,sno->nm", self.slopes, at_points).reshape(-1)

    def transpose(self, y: Tensor) -> Tensor:
        rows = y.view(self.slopes.shape[:2])
        if self.is_uniform:
            pulled = torch.einsum("mso,nm->sno", self.slopes[0], rows)
        else:
            pulled = torch.einsum("nmso,nm->sno", self.slopes, rows)
        return self.transform.back(self._spread(pulled)).reshape(-1)

    @property
    def is_uniform(self) -> bool:
        """Whether the slopes are the same at all points, and kept once."""
        return self.slopes.stride(0) == 0

    def diagonal(self) -> Tensor:
        """The diagonal of AᵀA, (K1, ..., Kd, outputs)."""
        per_output: list[Tensor] = []
        before: Tensor | None = None
        for slope in self.slopes.unbind(-1):
            one = slope[:1] if self.is_uniform else slope
            coupling = torch.einsum("nms,nmt->stn", one, one)
            if before is not None and torch.equal(coupling, before):  # as of colours
                per_output.append(per_output[-1])
                continue
            before = coupling
            on_grid = coupling.new_zeros(*coupling.shape[:2], *self.transform.points)
            on_grid[self._at(2)] = coupling.expand(-1, -1, len(slope))
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
        lattice = can.lattice_of(group.domain)
        if lattice is None or len(lattice.index) != len(batch):
            return None
        if isinstance(module, EvolvingSeries):
            if not group.evaluator.is_plain or len(lattice.coordinates[0]) != 1:
                return None
        elif any(_lines_at(site, u, group, batch) is None for site in group.evaluator.sites.get(u, ())):
            return None
    return u


def _lines_at(site: Site | None, u: Field, group: Group, batch: Batch) -> list[Lines] | None:
    """The coordinates along each axis of the grids on which the nodes of a site lie, one grid for each node.

    A node's coordinate along an axis depends on the sample's place along that axis alone; None where it does not.
    """
    lattice, columns = can.lattice_of(group.domain), group.evaluator.columns[u]
    assert lattice is not None
    own = tuple(lattice.coordinates[a].to(batch.points) for a in columns)
    if site is None:
        return [own]
    if site.count > ON_GRID:
        return None
    grids = []
    for node in group.evaluator.nodes_at(site, u, batch):
        lines = []
        for axis, line in enumerate(own):
            places = lattice.index[:, columns[axis]].to(line.device)
            there = line.clone()
            there[places] = node[:, axis]
            if not torch.equal(there[places], node[:, axis]):
                return None
            lines.append(there)
        grids.append(tuple(lines))
    return grids


def grid_rows(system: System, module: nn.Module, u: Field, batches: Sequence[Batch]) -> list[GridRows]:
    """The rows of every constraint."""
    groups = {id(group.evaluator): group for group in system.groups}
    return [
        _rows(system, module, u, block, groups[id(block.evaluator)]) for block in system.linear_rows(batches)
    ]


def _rows(system: System, module: nn.Module, u: Field, block: Rows, group: Group) -> GridRows:
    evaluator, lattice = block.evaluator, can.lattice_of(group.domain)
    assert lattice is not None
    at = {site: _lines_at(site, u, group, block.batch) or [] for site in evaluator.sites[u]}
    reads = [(d.symbol, lines) for d in evaluator.asked[u].requests for lines in at[d.site]]
    scale = system.row_scale(block.constraint, block.batch, block.index)
    index = tuple(lattice.index[:, a].to(system.device) for a in evaluator.columns[u])
    return GridRows(
        grids_transform(module, reads),
        tuple(symbol for symbol, _ in reads),
        tuple(lines for _, lines in reads),
        index,
        _scaled(scale, block.slopes[0]),
        (-scale * block.offset).reshape(-1),
    )


def _scaled(scale: Tensor, slopes: Tensor) -> Tensor:
    """Slopes (n, m, requests, outputs) times scales of the rows, (n, 1) or (1, 1); kept once if they may be."""
    if slopes.stride(0) == 0 and len(scale) == 1:
        return (scale[:, :, None, None] * slopes[:1]).expand_as(slopes)
    return scale[:, :, None, None] * slopes


def by_diagonal(rows: Sequence[GridRows]) -> Preconditioner:
    """Divides by the diagonal of AᵀA, which on whole grids is all of it, and drops the modes that no row sees."""
    diagonal = torch.stack([block.diagonal() for block in rows]).sum(0).reshape(-1)
    seen = diagonal > FLOOR * diagonal.max()
    inverse = torch.where(seen, 1 / torch.where(seen, diagonal, 1.0), 0.0)

    def precondition(gradient: Tensor) -> tuple[Tensor, float]:
        divided = inverse * gradient
        return divided, float(gradient @ divided)

    return precondition
