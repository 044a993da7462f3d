"""A problem's residuals on tensor nodes, for tensor-product series: one small product per axis, never a matrix.

Along each axis the functions of a series are made orthonormal first, so that the unknowns are amplitudes of
equal worth however redundant the functions are. Along periodic axes the products are fast Fourier transforms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Symbol
from ..engines.grid_transform import GridTerm, GridTransform
from ..geometry.nodes import Line, TensorNodes
from ..geometry.point import Axis
from ..geometry.quadrature import quadrature
from ..networks.series import Harmonics, SeparableSeries
from ..residuals import Batch, Group, System
from ..residuals.chunks import chunked
from ..residuals.unfit import Unfit
from .axis_basis import AxisBasis, AxisFunctions, broadcast_along

CHUNK = 2**15  # nodes at which residuals are taken at once: what comes between fits a cache
WEAK = 1e-15  # strength of a product of functions below which it is left out: its coefficients would be huge


class Unsuited(Unfit):
    """A problem whose residuals are no tensor products."""


class NoNodes(Unfit):
    """A domain that is no tensor product."""


def amplitude_transform(
    bases: Sequence[AxisFunctions], symbols: Sequence[Symbol], lines: Sequence[Line], like: Tensor
) -> GridTransform:
    """Amplitudes (K1, ..., Kd, outputs) of orthonormal functions -> derivatives on a tensor grid."""
    wanted = {powers for symbol in symbols for powers, _ in symbol.terms}
    return GridTransform(
        len(symbols),
        [GridTerm(s, powers, c) for s, symbol in enumerate(symbols) for powers, c in symbol.terms],
        [
            {p: basis.map(line, p, like) for p in {powers[axis] for powers in wanted}}
            for axis, (basis, line) in enumerate(zip(bases, lines, strict=True))
        ],
        [None],
        (*(basis.count for basis in bases), 1),
        [len(line.nodes) for line in lines],
    )


def axis_bases(series: SeparableSeries) -> list[AxisBasis]:
    """The functions of a series along each axis."""
    return [_axis_basis(_Same(series.basis(axis))) for axis in range(series.dimension)]


class _Same:
    """A basis, equal to others of the same functions."""

    def __init__(self, basis: Harmonics) -> None:
        self.basis = basis
        numbers = tuple(basis.modes.tolist()), tuple(basis.quarters.tolist())
        self.key = basis.low, basis.high, basis.spacing, numbers, str(basis.modes.device)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.key == other.key


@lru_cache(maxsize=64)
def _axis_basis(same: _Same) -> AxisBasis:
    return AxisBasis(same.basis)


def strong_products(strengths: Sequence[Tensor]) -> Tensor:
    """One for every product of functions to be used, else zero; broadcasts to (K1, ..., Kd, outputs)."""
    product = torch.ones(1, dtype=torch.float64)
    for axis, strength in enumerate(strengths):
        product = product * broadcast_along(strength, axis, len(strengths) + 1)
    return (product >= WEAK).double()


def _sum(terms: Sequence[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@dataclass(frozen=True)
class Block:
    """The samples of a group of constraints on one tensor grid."""

    group: Group
    nodes: TensorNodes
    batch: Batch
    transforms: tuple[GridTransform, ...]  # one per field of the group's evaluator
    scale: Tensor  # (components, n), the square roots of weight times measure


# Of a block's residuals by the jets, per field (components, S, n, outputs).
Slopes = tuple[Tensor, ...]


class TensorRows:
    """All residuals of a problem as functions of the amplitudes of its series.

    Amplitudes and residuals are flat vectors. The residuals are scaled so that the sum of their squares is the
    objective, with quadrature in place of the mean over samples.

    ``bases`` are other functions along the axes of every field, to solve for in place of the series' own ``waves``;
    coefficients are those of the waves.

    Raises Unsuited, NoNodes: for networks, losses, unknowns or domains that do not fit.
    """

    def __init__(self, system: System, bases: Mapping[Field, Sequence[AxisFunctions]] | None = None) -> None:
        _check(system)
        self.system = system
        self.fields = tuple(system.parameters.networks)
        self.waves = {u: axis_bases(_series(system, u)) for u in self.fields}
        self.bases: Mapping[Field, Sequence[AxisFunctions]] = self.waves if bases is None else bases
        self.shapes = [(*(basis.count for basis in self.bases[u]), u.outputs) for u in self.fields]
        self.like = torch.empty(0, dtype=torch.float64, device=system.device)
        self.raw = self.like.new_zeros(0)
        self.strong = [self._strong(u) for u in self.fields]
        self.counts = self._node_counts()
        self.blocks = [block for group in system.groups for block in self._blocks(group)]

    # -------------------------------------------------------------------------------- amplitudes

    def split(self, amplitudes: Tensor) -> dict[Field, Tensor]:
        sizes = [int(torch.Size(shape).numel()) for shape in self.shapes]
        pieces = amplitudes.split(sizes)
        return {
            u: x.view(shape) * strong
            for u, x, shape, strong in zip(self.fields, pieces, self.shapes, self.strong, strict=True)
        }

    def from_theta(self, theta: Tensor) -> Tensor:
        amplitudes = []
        for u, shape in zip(self.fields, self.shapes, strict=True):
            x = self.system.parameters.of(u, theta).to(self.like).view(shape)
            for axis, basis in enumerate(self.waves[u]):
                x = basis.to_amplitudes(x, axis)
            amplitudes.append(x.reshape(-1))
        return torch.cat(amplitudes)

    def to_theta(self, amplitudes: Tensor) -> Tensor:
        coefficients = []
        for u, x in self.split(amplitudes).items():
            for axis, basis in enumerate(self.waves[u]):
                x = basis.to_coefficients(x, axis)
            coefficients.append(x.reshape(-1))
        return torch.cat(coefficients).to(self.system.dtype)

    # --------------------------------------------------------------------------------- residuals

    def vector(self, amplitudes: Tensor) -> Tensor:
        """All scaled residuals: block by block, component by component, point by point."""
        pairs = zip(self.values(amplitudes), self.blocks, strict=True)
        return torch.cat([(values * block.scale).reshape(-1) for values, block in pairs])

    def tangent(self, amplitudes: Tensor) -> TensorTangent:
        """The derivative of ``vector`` by the amplitudes, as a map."""
        scaled = [
            tuple(slope * block.scale[:, None, :, None] for slope in slopes)
            for block, slopes in zip(self.blocks, self.slopes(amplitudes), strict=True)
        ]
        return TensorTangent(self, amplitudes, scaled)

    def values(self, amplitudes: Tensor) -> list[Tensor]:
        """The residuals of every block as they are, (components, n)."""
        by_field, values = self.split(amplitudes), []
        for block in self.blocks:
            of, jets = block.group.residual_slopes.values, self.jets(block, by_field)
            each = [
                torch.cat(of(chunk, [jet[:, points] for jet in jets], self.raw), dim=1)
                for points, chunk in chunked(block.batch, CHUNK)
            ]
            values.append(torch.cat(each).T.contiguous())
        return values

    def slopes(self, amplitudes: Tensor) -> list[Slopes]:
        """The slopes of these by the jets."""
        by_field, slopes = self.split(amplitudes), []
        for block in self.blocks:
            of, jets = block.group.residual_slopes.slopes, self.jets(block, by_field)
            each = [
                [by_jet for _, by_jet in of(chunk, [jet[:, points] for jet in jets], self.raw)[1]]
                for points, chunk in chunked(block.batch, CHUNK)
            ]
            slopes.append(
                tuple(
                    torch.cat([torch.stack([by_jet[f] for by_jet in chunk]) for chunk in each], dim=2)
                    for f in range(len(jets))
                )
            )
        return slopes

    def jets(self, block: Block, amplitudes: Mapping[Field, Tensor]) -> list[Tensor]:
        """The requested derivatives of every field of a block, (S, n, outputs)."""
        pairs = zip(block.group.evaluator.fields, block.transforms, strict=True)
        return [transform.forth(amplitudes[u]).flatten(1, -2) for u, transform in pairs]

    def terms(self, rows: Tensor) -> Tensor:
        """The objective's weighted terms, one per constraint, from ``vector``."""
        terms = rows.new_zeros(len(self.system.problem.constraints))
        pieces = rows.split([block.scale.numel() for block in self.blocks])
        for block, piece in zip(self.blocks, pieces, strict=True):
            squares = piece.view_as(block.scale).square().sum(1)
            sizes = [self.system.problem.requests[i].size for i in block.group.members]
            for i, sums in zip(block.group.members, squares.split(sizes), strict=True):
                terms[i] += sums.sum()
        return terms

    # ------------------------------------------------------------------------------------- nodes

    def _strong(self, u: Field) -> Tensor:
        """One for every product of functions to be used, else zero; broadcasts to the amplitudes of a field."""
        return strong_products([basis.strength for basis in self.bases[u]]).to(self.like)

    def _node_counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for u in self.fields:
            for axis, basis in zip(u.axes, self.bases[u], strict=True):
                counts[axis.name] = max(counts.get(axis.name, 1), basis.nodes)
        return counts

    def _blocks(self, group: Group) -> Iterator[Block]:
        lines: dict[str, AxisFunctions] = {}
        for u in self.fields:
            lines.update({axis.name: basis for axis, basis in zip(u.axes, self.bases[u], strict=True)})

        def line(axis: Axis) -> Line:
            return lines[axis.name].line(axis, self.counts[axis.name])

        grids = quadrature(group.domain, line)
        if grids is None:
            raise NoNodes(
                f"The domain '{group.domain.name}' is no tensor product of intervals; boxes, their slices and faces, "
                f"and box.nodes(n) were expected. Use SineFeatures() with LeastSquares() for scattered points."
            )
        for nodes in grids:
            batch = self.system.batch(nodes.points, {key: nodes.data[key] for key in group.data})
            # A quadrature is a mean over samples with these weights.
            weights = len(batch) * nodes.weights.to(self.like)
            batch = replace(batch, weights=weights[:, None].expand(-1, len(group.members)))
            transforms = tuple(
                amplitude_transform(
                    self.bases[u],
                    [d.symbol for d in group.evaluator.asked[u]],
                    [nodes.lines[column] for column in group.evaluator.columns[u]],
                    self.like,
                )
                for u in group.evaluator.fields
            )
            scale = [
                self.system.row_scale(i, batch, member).T.expand(self.system.problem.requests[i].size, -1)
                for member, i in enumerate(group.members)
            ]
            yield Block(group, nodes, batch, transforms, torch.cat(scale))


@dataclass(frozen=True)
class TensorTangent:
    """The derivative of the residuals of tensor rows by the amplitudes, ``at`` some of them: a linear map."""

    residuals: TensorRows
    at: Tensor
    slopes: Sequence[Slopes]  # block by block

    @property
    def rows(self) -> int:
        return sum(block.scale.numel() for block in self.residuals.blocks)

    @property
    def columns(self) -> int:
        return len(self.at)

    @property
    def like(self) -> Tensor:
        return self.at

    @property
    def matrix(self) -> None:
        return None

    def apply(self, x: Tensor) -> Tensor:
        amplitudes, images = self.residuals.split(x), []
        for block, by_field in zip(self.residuals.blocks, self.slopes, strict=True):
            pairs = zip(by_field, self.residuals.jets(block, amplitudes), strict=True)
            images.append(_sum([(slope * jet).sum((1, 3)) for slope, jet in pairs]).reshape(-1))
        return torch.cat(images)

    def transpose(self, y: Tensor) -> Tensor:
        rows = self.residuals
        total = {u: rows.like.new_zeros(shape) for u, shape in zip(rows.fields, rows.shapes, strict=True)}
        pieces = y.split([block.scale.numel() for block in rows.blocks])
        for block, by_field, piece in zip(rows.blocks, self.slopes, pieces, strict=True):
            values = piece.view_as(block.scale)[:, None, :, None]
            for u, slope, transform in zip(
                block.group.evaluator.fields, by_field, block.transforms, strict=True
            ):
                total[u] += transform.back((slope * values).sum(0))
        return torch.cat(
            [(total[u] * strong).reshape(-1) for u, strong in zip(rows.fields, rows.strong, strict=True)]
        )


def _series(system: System, u: Field) -> SeparableSeries:
    module = system.parameters.networks[u]
    assert isinstance(module, SeparableSeries)
    return module


def _check(system: System) -> None:
    for u, module in system.parameters.networks.items():
        if not isinstance(module, SeparableSeries):
            raise Unsuited(
                f"Collocation() cannot solve for {u.name}, a {type(module).__name__}; a tensor-product series "
                f"was expected. Use SineLattice(...) or FourierSeries(...), or another stage."
            )
        for group in system.groups:
            axes, asked_axes = tuple(axis.name for axis in u.axes), group.evaluator.axes
            if u in group.evaluator.fields and axes != asked_axes:
                raise Unsuited(
                    f"Collocation() needs fields and constraints on the same axes; {u.name} has {', '.join(axes)}, "
                    f"a constraint {', '.join(asked_axes)}. Declare them on one box, or use another stage."
                )
    elsewhere = [g for g in system.groups if not g.evaluator.is_plain]
    if elsewhere:
        names = ", ".join(system.problem.constraints[i].name for i in elsewhere[0].members)
        raise Unsuited(
            f"Collocation() reads fields at the points of a grid alone; '{names}' has an integral or a jump. Use "
            f"LeastSquares() where the constraints are affine, or another stage."
        )
    poor = [c.name for c in system.problem.constraints if not c.loss.is_square]
    if poor or system.problem.unknowns:
        what = f"the loss of '{poor[0]}'" if poor else f"the unknown {system.problem.unknowns[0].name}"
        raise Unsuited(
            f"Collocation() minimises sums of squares over fields alone; it cannot use {what}. Use l2 and known "
            f"numbers, or Adam() and LBFGS()."
        )
