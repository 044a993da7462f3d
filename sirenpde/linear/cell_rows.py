"""The rows of one cell: its constraints, each in units of its own, and what joins it to its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Symbol
from ..engines.flat import flatten
from ..engines.registry import engine_for
from ..networks.linear_head import head_width
from ..residuals import Rows, System
from .dense_rows import features_of, fill
from .joins import Joint

FEW = 5  # points at which the features of two cells are compared


@dataclass(frozen=True)
class CellRows:
    """The rows of a cell: its constraints about the jets, and its joints with the place of each.

    ``system`` has the cell's networks in place of the fields', of which ``fields`` are asked for there. What
    ``blocks`` hold is scaled, so that features of the cell's own speed enter every constraint with about one.
    """

    system: System
    fields: tuple[Field, ...]
    blocks: tuple[Rows, ...]
    joints: tuple[Joint, ...]
    cell: int
    centre: Tensor  # (d,)
    fluxes: tuple[tuple[Rows, ...], ...] = ()  # of each joint, in place of derivatives

    @property
    def is_complex(self) -> bool:
        return any(block.offset.is_complex() for block in self.blocks)

    @property
    def components(self) -> dict[Field, int]:
        """How many unknown functions each field counts as."""
        return {u: u.components if self.is_complex else u.outputs for u in self.fields}

    @property
    def columns(self) -> int:
        """How many unknowns the cell has of its own."""
        networks, components = self.system.parameters.networks, self.components
        return sum(head_width(networks[u]) * components[u] for u in self.fields)

    def widths(self) -> list[int]:
        """The numbers of unknowns on its joints."""
        return [joint.width(self.components) for joint in self.joints]

    def target(self) -> Tensor:
        """What the rows have to give, (rows, 1)."""
        parts = [-block.offset.flatten() for block in self.blocks]
        like = self.blocks[0].offset
        for joint, fluxes in zip(self.joints, self._fluxes, strict=True):
            orders = {u: n - (u in joint.lowered) for u, n in joint.orders.items()}
            joined = len(joint.nodes) * sum(n * self.components[u] for u, n in orders.items())
            parts += [like.new_zeros(joined), *(-flux.offset.T.flatten() for flux in fluxes)]
        return torch.cat(parts)[:, None]

    @property
    def _fluxes(self) -> tuple[tuple[Rows, ...], ...]:
        return self.fluxes or ((),) * len(self.joints)

    def matrix(self) -> Tensor:
        """(rows, own columns and then those of the joints)."""
        own, widths = self.columns, self.widths()
        like, networks, components = self.blocks[0].offset, self.system.parameters.networks, self.components
        rows = len(self.target())
        matrix = like.new_zeros(rows, own + sum(widths))
        starts, start = {}, 0
        for u in self.fields:
            starts[u] = start
            start += head_width(networks[u]) * components[u]
        theta = self.system.initial()
        first = 0
        for block in self.blocks:
            lines = slice(first, first + block.offset.numel())
            entries = matrix[lines].view(*block.offset.shape, -1)
            for u, slopes in zip(block.evaluator.fields, block.slopes, strict=True):
                fill(entries[:, :, starts[u] :], slopes, features_of(self.system, theta, block, u))
            first = lines.stop
        column = own
        for joint, fluxes, width in zip(self.joints, self._fluxes, widths, strict=True):
            first = self._join(matrix, first, column, joint, fluxes, starts)
            column += width
        return matrix

    def _join(
        self,
        matrix: Tensor,
        first: int,
        column: int,
        joint: Joint,
        fluxes: Sequence[Rows],
        starts: Mapping[Field, int],
    ) -> int:
        """Fills the rows of one joint from ``first`` on; where the next ones begin."""
        nodes, (count, polynomials) = joint.seen_by(self.cell).to(self.system.dtype), joint.basis.shape
        held = (joint.roots[:, None] * joint.basis).to(matrix.dtype)
        for u, joined in joint.orders.items():
            order = joined - (u in joint.lowered)
            if not order:
                continue
            module, d = self.system.parameters.networks[u], len(u.axes)
            symbols = [
                Symbol.partial(d, joint.face.axis, j) if j else Symbol.identity(d) for j in range(order)
            ]
            engine = engine_for(module, symbols, d)
            features = engine.features(engine.load(flatten(module)), nodes)
            assert features is not None
            unit, width = 1 / self.system.sizes[u], features.shape[2]
            for j in range(order):
                mine = (unit * joint.scale(j))[:, None] * features[j]
                for component in range(self.components[u]):
                    lines = slice(first, first + count)
                    own = starts[u] + component * width
                    matrix[lines, own : own + width] = mine.to(matrix.dtype)
                    matrix[lines, column : column + polynomials] = -held
                    first, column = lines.stop, column + polynomials
        for flux in fluxes:
            for component in range(flux.offset.shape[1]):
                lines = slice(first, first + count)
                entries = matrix[lines].view(count, 1, -1)
                for u, slopes in zip(flux.evaluator.fields, flux.slopes, strict=True):
                    one = slopes[:, component : component + 1]
                    fill(
                        entries[:, :, starts[u] :],
                        one,
                        features_of(self.system, self.system.initial(), flux, u),
                    )
                matrix[lines, column : column + polynomials] = -held
                first, column = lines.stop, column + polynomials
        return first

    @cached_property
    def _sampled(self) -> tuple[Tensor, ...]:
        """The features at a few points, by which networks of other features differ."""
        few = [replace(block, batch=block.batch.part(slice(0, FEW))) for block in self.blocks]
        theta = self.system.initial()
        return tuple(
            torch.cat(list(features_of(self.system, theta, block, u)), 1)
            for block in few
            for u in block.evaluator.fields
        )

    def is_like(self, other: CellRows) -> bool:
        """Whether its matrix is the other's: the same points, slopes and joints in coordinates of the cell."""
        if len(self.blocks) != len(other.blocks) or len(self.joints) != len(other.joints):
            return False
        if self.fields != other.fields:
            return False
        for joint, its_joint in zip(self.joints, other.joints, strict=True):
            a, b = joint.seen_by(self.cell) - self.centre, its_joint.seen_by(other.cell) - other.centre
            if joint.face.axis != its_joint.face.axis or joint.orders != its_joint.orders:
                return False
            if not math.isclose(joint.length, its_joint.length) or joint.lowered != its_joint.lowered:
                return False
            if joint.basis.shape != its_joint.basis.shape or not _near(a, b):
                return False
        mine, its = ([rows for each in of._fluxes for rows in each] for of in (self, other))
        if len(mine) != len(its):
            return False
        for block, its_block in zip((*self.blocks, *mine), (*other.blocks, *its), strict=True):
            if block.constraint != its_block.constraint or block.offset.shape != its_block.offset.shape:
                return False
            a, b = block.batch.points - self.centre, its_block.batch.points - other.centre
            if not _near(a, b) or not all(map(_near, block.slopes, its_block.slopes)):
                return False
        return all(map(_alike, self._sampled, other._sampled))


def _alike(a: Tensor, b: Tensor) -> bool:
    """Whether features are the same but for what rounding of the place of a cell makes of them."""
    return a.shape == b.shape and float((a - b).abs().amax()) <= 1e-6 * float(a.abs().amax())


def _near(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    return not a.numel() or float((a - b).abs().amax()) <= 1e-12 * float(a.abs().amax())


def scaled(block: Rows, rates: Sequence[float], system: System) -> Rows:
    """A constraint's rows in units of what features of these rates, in radians per unit of each axis, make of it.

    The sum of their squares is the mean over the cell that the weights of the batch say.
    """
    size = 0.0
    for u, slopes in zip(block.evaluator.fields, block.slopes, strict=True):
        for s, d in enumerate(block.evaluator.asked[u]):
            usual = max(
                abs(c) * math.prod(rate**n for rate, n in zip(rates, powers, strict=True))
                for powers, c in d.symbol.terms
            )
            rms = float(slopes[:, :, s].abs().square().sum(2).mean().sqrt())
            size = max(size, rms * usual * system.sizes[u])
    weights, count = block.batch.weights, len(block.batch)
    share = block.batch.points.new_ones(count) if weights is None else weights[:, block.index]
    factor = (share / share.sum()).sqrt() / (size or 1.0)
    each = tuple(factor[:, None, None, None] * slope for slope in block.slopes)
    return replace(block, offset=factor[:, None] * block.offset, slopes=each)
