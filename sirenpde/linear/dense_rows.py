"""The least-squares matrix of constraints that are affine in the last layers of dense networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..engines.flat import unflatten
from ..networks.linear_head import head_names, head_width
from ..residuals import Batch, Group, Rows, System
from ..residuals.chunks import chunked, mapped
from ..residuals.unfit import MEMORY_LIMIT, TooLarge
from .map import DenseMap


@dataclass(frozen=True)
class DenseRows:
    """map @ unknowns = target in the least-squares sense.

    The unknowns are the fields' last layers, field by field and component by component: the weights of the
    features, then the bias. They are complex where every field and residual is and the residuals are
    complex-linear, which halves the work.
    """

    map: DenseMap  # (rows, columns)
    target: Tensor  # (rows,)

    @property
    def matrix(self) -> Tensor:
        return self.map.matrix


def column_count(system: System) -> int:
    """How many real unknowns the last layers have together, the unknown numbers among them."""
    fields = sum(head_width(module) * u.outputs for u, module in system.parameters.networks.items())
    return fields + len(system.parameters.unknowns)


def dense_bytes(system: System, batches: Sequence[Batch]) -> int:
    """Bytes of the matrix, and of the copy in which it is factorised."""
    return matrix_bytes(system.row_count(batches), column_count(system), system.dtype)


def matrix_bytes(rows: int, columns: int, dtype: torch.dtype) -> int:
    """``dense_bytes`` of a matrix of this size."""
    return (rows * columns + (rows + columns) * (columns + 1)) * torch.finfo(dtype).bits // 8


def check_memory(system: System, batches: Sequence[Batch]) -> None:
    """Raises ``TooLarge``, which says what a dense solve would need and which stage needs less."""
    needed = dense_bytes(system, batches)
    if needed > MEMORY_LIMIT:
        raise TooLarge(
            f"The least-squares matrix would have {system.row_count(batches)} rows and {column_count(system)} "
            f"columns and need {needed / 2**30:.1f} GiB with its factors; {MEMORY_LIMIT >> 30} GiB are allowed. "
            f"Use fewer samples (--samples-scale), a narrower last layer, or a stage without a matrix, such as "
            f"LBFGS()."
        )


def affine_rows(
    system: System, theta: Tensor, batches: Sequence[Batch], held: Tensor | None = None
) -> DenseRows:
    """Rows of affine constraints, scaled by sqrt(weight / samples): the sum of their squares is the objective.

    ``held`` (k, columns) are more rows, combinations of real unknowns that are to vanish. Raises ``TooLarge``
    beyond ``MEMORY_LIMIT``.
    """
    check_memory(system, batches)
    blocks = list(system.linear_rows(batches))
    together = [in_complex(block) for block in blocks]
    if held is None and all(block is not None for block in together):
        blocks = [block for block in together if block is not None]
    return _assembled(system, theta, blocks, None, held)


def tangent(
    system: System,
    theta: Tensor,
    batches: Sequence[Batch],
    features: FixedFeatures | None = None,
    held: Tensor | None = None,
) -> DenseRows:
    """The same for any constraints, linearised about the parameters: the unknowns are steps, all of them real.

    The unknown numbers' parameters are the last columns.
    """
    check_memory(system, batches)
    linear = _assembled(system, theta, list(system.linear_rows(batches, at=theta)), features, held)
    if system.parameters.unknowns:
        by_number = _by_numbers(system, theta, batches)
        linear.matrix[: len(by_number), -by_number.shape[1] :] = by_number
    if held is not None:
        linear.target[-len(held) :] = -held @ coefficients(system, theta)
    return linear


def tangent_fields(
    system: System,
    theta: Tensor,
    near: System,
    at: Tensor,
    batches: Sequence[Batch],
    held: Tensor | None = None,
) -> DenseRows:
    """The same about the fields of another system of the problem: the unknowns are not steps but whole fields.

    Newton's step in the space of functions, r + G (jets of the new fields - jets of the old) = 0, so that the
    new fields may have other features than the old.
    """
    check_memory(system, batches)
    evaluators = {
        id(old.evaluator): new.evaluator for old, new in zip(near.groups, system.groups, strict=True)
    }
    blocks = [
        replace(about_nothing(near, at, block), evaluator=evaluators[id(block.evaluator)])
        for block in near.linear_rows(batches, at=at)
    ]
    linear = _assembled(system, theta, blocks, None, held)
    if system.parameters.unknowns:
        by_number = _by_numbers(near, at, batches)
        linear.matrix[: len(by_number), -by_number.shape[1] :] = by_number
        linear.target[: len(by_number)] += by_number @ at[near.parameters.numbers_slice]
    return linear


def about_nothing(near: System, at: Tensor, block: Rows) -> Rows:
    """Rows for changes of the jets as rows for the jets themselves."""
    evaluator, weights, offset = block.evaluator, block.evaluator.load(at), block.offset

    def jets(chunk: Batch) -> list[Tensor]:
        return [jet.clone() for jet in evaluator.jets(weights, chunk)[0]]

    for slopes, jet in zip(
        block.slopes, mapped(jets, block.batch, evaluator.chunk(near.device), dim=1), strict=True
    ):
        offset = offset - torch.einsum("nmso,sno->nm", slopes, jet)
    return replace(block, offset=offset)


class DenseEquations:
    """The scaled residuals as functions of the last layers' coefficients and the unknown numbers.

    Args:
        system, batches: the residuals, and networks whose last layer is linear.
        theta: all other parameters, and where to start.
        held: (k, columns), combinations of the coefficients that are to vanish: more residuals.
    """

    def __init__(
        self, system: System, theta: Tensor, batches: Sequence[Batch], held: Tensor | None = None
    ) -> None:
        self.system, self.batches, self.held = system, batches, held
        self._theta, self._features = theta, FixedFeatures(system, batches)

    @property
    def start(self) -> Tensor:
        return coefficients(self.system, self._theta)

    def theta(self, x: Tensor) -> Tensor:
        """All parameters, for these coefficients."""
        return store(self.system, self._theta, x)

    def vector(self, x: Tensor) -> Tensor:
        residuals = self.system.vector(self.theta(x), self.batches)
        return residuals if self.held is None else torch.cat([residuals, self.held @ x])

    def tangent(self, x: Tensor) -> DenseMap:
        return tangent(self.system, self.theta(x), self.batches, self._features, self.held).map


class FixedFeatures:
    """The features of the last layers at fixed points, which do not change with the coefficients.

    They are kept where all of them fit ``MEMORY_LIMIT``, and computed at every use otherwise.
    """

    def __init__(self, system: System, batches: Sequence[Batch]) -> None:
        entries = sum(
            len(asked) * len(batch) * head_width(system.parameters.networks[u])
            for group, batch in zip(system.groups, batches, strict=True)
            for u, asked in group.evaluator.asked.items()
        )
        self._fits = entries * torch.finfo(system.dtype).bits // 8 <= MEMORY_LIMIT
        self._known: dict[tuple[int, Field], list[Tensor]] = {}

    def of(self, system: System, theta: Tensor, block: Rows, u: Field) -> Iterable[Tensor]:
        """Their derivatives (S, n, F) at the points of a block, chunk by chunk."""
        key = id(block.evaluator), u
        if key in self._known:
            return self._known[key]
        features = features_of(system, theta, block, u)
        if not self._fits:
            return features
        self._known[key] = list(features)
        return self._known[key]


def features_of(system: System, theta: Tensor, block: Rows, u: Field) -> Iterator[Tensor]:
    engine = block.evaluator.engines[u]
    weights = engine.load(system.parameters.of(u, theta))
    for _, chunk in chunked(block.batch, engine.chunk):
        features = engine.features(weights, block.evaluator.points(u, chunk))
        assert features is not None
        yield features


def _assembled(
    system: System, theta: Tensor, blocks: Sequence[Rows], features: FixedFeatures | None, held: Tensor | None
) -> DenseRows:
    starts = _starts(system, blocks[0].offset.is_complex())
    first_columns = dict(zip(system.parameters.networks, starts, strict=False))
    rows = sum(block.offset.numel() for block in blocks)
    more = 0 if held is None else len(held)
    matrix = blocks[0].offset.new_zeros(rows + more, starts[-1] + len(system.parameters.unknowns))
    target = blocks[0].offset.new_zeros(rows + more)
    if held is not None:
        matrix[rows:] = held
    first = 0
    for block in blocks:
        lines = slice(first, first + block.offset.numel())
        scale = system.row_scale(block.constraint, block.batch, block.index)
        target[lines] = -(scale * block.offset).flatten()
        entries = matrix[lines].view(*block.offset.shape, -1)
        for u, slopes in zip(block.evaluator.fields, block.slopes, strict=True):
            chunks = (features.of if features else features_of)(system, theta, block, u)
            fill(entries[:, :, first_columns[u] :], scale[:, :, None, None] * slopes, chunks)
        first = lines.stop
    return DenseRows(DenseMap(matrix), target)


def fill(entries: Tensor, slopes: Tensor, chunks: Iterable[Tensor]) -> None:
    """entries[n, m, (o, f)] += Σ_s slopes[n, m, s, o] features[s, n, f], without the products that are zero."""
    used = slopes.abs().amax(dim=0).nonzero().tolist()
    if not used:
        return
    first = 0
    for features in chunks:
        points, width = slice(first, first + features.shape[1]), features.shape[2]
        converted = features.to(slopes.dtype)
        for m, s, o in used:
            block = entries[points, m, o * width : (o + 1) * width]
            block.addcmul_(converted[s], slopes[points, m, s, o, None])
        first = points.stop


def _by_numbers(system: System, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
    """The slopes of all rows by the unknown numbers' parameters, (rows, unknowns)."""
    blocks = []
    for group, batch in system.paired(batches):
        slopes, first = _slopes_by_numbers(system, group, theta, batch), 0
        for member, i in enumerate(group.members):
            components = slice(first, first + group.evaluator.requests[member].size)
            scale = system.row_scale(i, batch, member)
            blocks.append((slopes[:, components] * scale[:, :, None]).flatten(0, 1))
            first = components.stop
    return torch.cat(blocks)


def _slopes_by_numbers(system: System, group: Group, theta: Tensor, batch: Batch) -> Tensor:
    """Those of a group's residuals, not scaled, (n, components, unknowns)."""
    weights, raw = group.evaluator.load(theta), theta[system.parameters.numbers_slice]

    def slopes(chunk: Batch) -> list[Tensor]:
        _, each = group.residual_slopes.slopes(chunk, group.evaluator.jets(weights, chunk)[0], raw)
        return [torch.stack([by_number for by_number, _ in each], dim=1)]

    return mapped(slopes, batch, group.evaluator.chunk(system.device))[0]


def in_complex(block: Rows) -> Rows | None:
    """The rows in complex numbers, where the residual is complex-linear in complex fields; else None."""
    if block.offset.shape[1] % 2 or not all(u.is_complex for u in block.evaluator.fields):
        return None
    if not block.evaluator.requests[block.index].is_complex:
        return None
    slopes = []
    for u, slope in zip(block.evaluator.fields, block.slopes, strict=True):
        found = complex_slopes(slope, u)
        if found is None:
            return None
        slopes.append(found)
    offset = torch.complex(block.offset[:, 0::2], block.offset[:, 1::2])
    return replace(block, offset=offset, slopes=tuple(slopes))


def complex_slopes(slopes: Tensor, u: Field) -> Tensor | None:
    """Slopes (n, 2 m, requests, outputs) of complex residuals by a complex field as complex numbers (n, m, requests,
    components); None where the field is real or they are not complex-linear."""
    if not u.is_complex:
        return None
    k = u.components
    by_real = torch.complex(slopes[:, 0::2, :, :k], slopes[:, 1::2, :, :k])
    by_imaginary = torch.complex(slopes[:, 1::2, :, k:], -slopes[:, 0::2, :, k:])
    same = torch.allclose(by_real, by_imaginary, rtol=1e-12, atol=1e-12 * float(by_real.abs().max()))
    return by_real if same else None


def _starts(system: System, in_complex: bool) -> list[int]:
    """The first column of each field, and the number of columns."""
    starts = [0]
    for u, module in system.parameters.networks.items():
        starts.append(starts[-1] + head_width(module) * (u.components if in_complex else u.outputs))
    return starts


def coefficients(system: System, theta: Tensor) -> Tensor:
    """The real unknowns as they are in the parameter vector: the inverse of ``store``."""
    blocks = []
    for u, module in system.parameters.networks.items():
        blocks.append(read_head(module, system.parameters.of(u, theta)).flatten())
    return torch.cat([*blocks, theta[system.parameters.numbers_slice]])


def store(system: System, theta: Tensor, unknowns: Tensor) -> Tensor:
    """The parameter vector with the last layers replaced by the solution."""
    result = theta.clone()
    starts = _starts(system, unknowns.is_complex())
    result[system.parameters.numbers_slice] = unknowns[starts[-1] :].real
    for (u, module), start, stop in zip(system.parameters.networks.items(), starts, starts[1:], strict=False):
        layer = unknowns[start:stop].reshape(-1, head_width(module))
        layer = torch.cat([layer.real, layer.imag]) if layer.is_complex() else layer
        write_head(system.parameters.of(u, result), module, layer)
    return result


def read_head(module: nn.Module, parameters: Tensor) -> Tensor:
    """The last layer of a network's parameters, (outputs, features), the bias behind the weights."""
    named, layer = unflatten(module, parameters), []
    for weight, shift in head_names(module):
        layer += [named[weight]] if shift is None else [named[weight], named[shift][:, None]]
    return torch.cat(layer, dim=1)


def write_head(parameters: Tensor, module: nn.Module, layer: Tensor) -> None:
    views, first = unflatten(module, parameters), 0
    for weight, bias in head_names(module):
        if weight in views:
            count = views[weight].shape[1]
            views[weight].copy_(layer[:, first : first + count])
            first += count
        if bias in views:
            views[bias].copy_(layer[:, first])
            first += 1
