"""The rows of one cell: its constraints, each in units of its own, and what joins it to its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
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

ROUNDED = 1e-9  # of a cell: coordinates that are one
NEAR = 1e-12  # of the largest: numbers that are one
FEW = 5  # points at which the features of two cells are compared


@dataclass(frozen=True)
class CellRows:
    """The rows of a cell: its constraints about the jets, and its joints with the place of each.

    ``system`` has the cell's networks in place of the fields', of which ``fields`` are asked for there. What
    ``blocks`` hold is scaled, so that features of the cell's own speed enter every constraint with about one.

    ``turn`` has -1 for axes along which its features are mirror images. Rows are in the order of the mirrored points,
    so that two cells that are mirror images have matrices that differ in ``signs`` of the joints' columns alone.
    """

    system: System
    fields: tuple[Field, ...]
    blocks: tuple[Rows, ...]
    joints: tuple[Joint, ...]
    cell: int
    centre: Tensor  # (d,)
    turn: Tensor  # (d,), 1 or -1
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
        order_of_nodes, _ = self._seen(joint)
        nodes = joint.seen_by(self.cell)[order_of_nodes].to(self.system.dtype)
        count, polynomials = joint.basis.shape
        held = (joint.roots[:, None] * joint.basis)[order_of_nodes].to(matrix.dtype)
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
                turn = float(self.turn[joint.face.axis]) ** j
                mine = (turn * unit * joint.scale(j))[order_of_nodes, None] * features[j]
                for component in range(self.components[u]):
                    lines = slice(first, first + count)
                    own = starts[u] + component * width
                    matrix[lines, own : own + width] = mine.to(matrix.dtype)
                    matrix[lines, column : column + polynomials] = -turn * held
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

    def signs(self) -> Tensor:
        """Those of the joints' columns (sum of widths,), with which mirror images have one matrix.

        The derivative across a face changes its sign, and so do odd polynomials along it.
        """
        parts = []
        for joint, fluxes in zip(self.joints, self._fluxes, strict=True):
            _, signs = self._seen(joint)
            for u, joined in joint.orders.items():
                turns = [float(self.turn[joint.face.axis]) ** j for j in range(joined - (u in joint.lowered))]
                parts += [turn * signs for turn in turns for _ in range(self.components[u])]
            parts += [torch.ones_like(signs) for flux in fluxes for _ in range(flux.offset.shape[1])]
        return torch.cat(parts) if parts else torch.ones(0, dtype=torch.float64)

    def _seen(self, joint: Joint) -> tuple[Tensor, Tensor]:
        """The order of a joint's nodes in the mirror image, and the signs of its polynomials there."""
        order = torch.arange(len(joint.nodes))
        if not joint.fluxes and joint.near is None and bool((self.turn < 0).any()):
            order = in_order(self.turn * (joint.seen_by(self.cell) - self.centre))
        return order, (joint.basis[order] * joint.basis).sum(0).sign()

    def _mirrored(self, block: Rows) -> tuple[Tensor, tuple[Tensor, ...]] | None:
        """Points about the centre and slopes, as the mirror image has them; None where derivatives are mixed."""
        slopes = []
        for u, slope in zip(block.evaluator.fields, block.slopes, strict=True):
            signs = self._parities(block, u)
            if signs is None:
                return None
            slopes.append(signs[:, None].to(slope.dtype) * slope)
        return self.turn * (block.batch.points - self.centre), tuple(slopes)

    def _parities(self, block: Rows, u: Field) -> Tensor | None:
        """The signs that a field's derivatives have in the mirror image."""
        turn, found = self.turn.tolist(), []
        for d in block.evaluator.asked[u]:
            signs = {
                math.prod(t**n for t, n in zip(turn, powers, strict=True)) for powers, _ in d.symbol.terms
            }
            if len(signs) > 1:
                return None
            found.append(signs.pop())
        return torch.tensor(found, dtype=torch.float64)

    @cached_property
    def _images(self) -> list[tuple[Tensor, tuple[Tensor, ...]] | None]:
        return [
            self._mirrored(block) for block in (*self.blocks, *(f for each in self._fluxes for f in each))
        ]

    @cached_property
    def _sampled(self) -> tuple[Tensor, ...]:
        """The features at a few points, by which networks of other features differ."""
        few = [replace(block, batch=block.batch.part(slice(0, FEW))) for block in self.blocks]
        theta = self.system.initial()
        found = []
        for block in few:
            for u in block.evaluator.fields:
                features = torch.cat(list(features_of(self.system, theta, block, u)), 1)
                signs = self._parities(block, u)
                found.append(features if signs is None else signs[:, None, None].to(features) * features)
        return tuple(found)

    def is_like(self, other: CellRows) -> bool:
        """Whether its matrix is the other's but for signs: the same points, slopes and joints in coordinates of the
        cell, or mirror images.
        """
        if len(self.blocks) != len(other.blocks) or len(self.joints) != len(other.joints):
            return False
        if self.fields != other.fields or self._differs_at_once(other):
            return False
        turned = not torch.equal(self.turn, other.turn)
        joints = zip(self.joints, other.joints, self._nodes, other._nodes, strict=True)
        for joint, its_joint, nodes, its_nodes in joints:
            if joint.face.axis != its_joint.face.axis or joint.orders != its_joint.orders:
                return False
            if not math.isclose(joint.length, its_joint.length) or joint.lowered != its_joint.lowered:
                return False
            if joint.basis.shape != its_joint.basis.shape or not _near(nodes, its_nodes):
                return False
            if turned and (joint.fluxes or joint.near is not None):
                return False
        if len(self._images) != len(other._images):
            return False
        mine, its = ([rows for each in of._fluxes for rows in each] for of in (self, other))
        pairs = zip((*self.blocks, *mine), (*other.blocks, *its), self._images, other._images, strict=True)
        for block, its_block, image, its_image in pairs:
            if block.constraint != its_block.constraint or block.offset.shape != its_block.offset.shape:
                return False
            if image is None or its_image is None:
                if turned:
                    return False
                image, its_image = (
                    (b.batch.points - c.centre, b.slopes) for b, c in ((block, self), (its_block, other))
                )
            if not _near(image[0], its_image[0]) or not all(map(_near, image[1], its_image[1])):
                return False
        return all(map(_alike, self._sampled, other._sampled))

    def _differs_at_once(self, other: CellRows) -> bool:
        """Whether sums over the slopes are farther apart than the sums of what is alike can be."""
        if self._print is None or other._print is None:
            return False
        (total, most, count), (its, its_most, its_count) = self._print, other._print
        return count != its_count or abs(total - its) > 10 * NEAR * count * max(most, its_most)

    @cached_property
    def _print(self) -> tuple[complex, float, int] | None:
        """A weighted sum of all slopes, the largest of them, and how many; None where the mirror image has none."""
        slopes = [slope.flatten() for image in self._images if image is not None for slope in image[1]]
        if not slopes or any(image is None for image in self._images):
            return None
        together = torch.cat([slope.to(torch.complex128) for slope in slopes])
        weights = torch.cos(torch.arange(len(together), dtype=torch.float64)).to(together.dtype)
        return complex(together @ weights), float(together.abs().amax()), len(together)

    @cached_property
    def _nodes(self) -> tuple[Tensor, ...]:
        """Those of every joint about the centre, as the mirror image has them."""
        about = ((joint, joint.seen_by(self.cell) - self.centre) for joint in self.joints)
        return tuple((self.turn * nodes)[self._seen(joint)[0]] for joint, nodes in about)


def in_order(points: Tensor) -> Tensor:
    """The order of points (n, d) by their coordinates, of which the first counts most; rounding has no part in it.

    >>> import torch
    >>> from sirenpde.linear.cell_rows import in_order
    >>> in_order(torch.tensor([[1.0, 0.0], [-1.0, 1.0], [-1.0, 0.0]])).tolist()
    [2, 1, 0]
    """
    size = ROUNDED * float(points.abs().amax()) if points.numel() else 1.0
    rounded = (points / (size or 1.0)).round()
    return torch.from_numpy(np.lexsort(rounded.T.flip(0).numpy()))


def _alike(a: Tensor, b: Tensor) -> bool:
    """Whether features are the same but for what rounding of the place of a cell makes of them."""
    return a.shape == b.shape and float((a - b).abs().amax()) <= 1e-6 * float(a.abs().amax())


def _near(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    return not a.numel() or float((a - b).abs().amax()) <= NEAR * float(a.abs().amax())


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
