"""The least-squares matrix of constraints that are affine in the last layers of dense networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..calculus.layout import trainable
from ..networks.dense import DenseNetwork
from ..residuals import Batch, Rows, System

MEMORY_LIMIT = 8 << 30  # bytes of a dense matrix; LAPACK keeps a copy beside it


class TooLarge(ValueError):
    """A dense least-squares problem beyond the memory it may take."""


@dataclass(frozen=True)
class LinearSystem:
    """matrix @ unknowns = target in the least-squares sense.

    The unknowns are the fields' last layers, field by field and component by component: the weights of the
    features, then the bias. They are complex where every field and residual is and the residuals are
    complex-linear, which halves the work.
    """

    matrix: Tensor  # (rows, columns)
    target: Tensor  # (rows,)


def has_last_layer(module: nn.Module) -> bool:
    """Whether a network ends in a linear layer whose features the engines can hand out."""
    return isinstance(module, DenseNetwork)


def column_count(system: System) -> int:
    """How many real unknowns the last layers have together."""
    return sum(_width(module) * u.outputs for u, module in system.parameters.networks.items())


def row_count(system: System, batches: Sequence[Batch]) -> int:
    """How many real rows the residuals have on these samples."""
    pairs = zip(system.groups, batches, strict=True)
    return sum(system.problem.requests[i].size * len(batch) for group, batch in pairs for i in group.members)


def _width(module: nn.Module) -> int:
    assert isinstance(module, DenseNetwork)
    return module.head.in_features + (module.head.bias is not None)


def assemble(system: System, theta: Tensor, batches: Sequence[Batch]) -> LinearSystem:
    """Rows scaled by sqrt(weight / samples), so that the sum of their squares is the objective.

    Raises ``TooLarge`` beyond ``MEMORY_LIMIT``.
    """
    _check_memory(row_count(system, batches), column_count(system), theta.element_size())
    blocks = list(system.linear_rows(batches))
    together = [_complex(block) for block in blocks]
    if all(block is not None for block in together):
        blocks = [block for block in together if block is not None]
    starts = _starts(system, blocks[0].offset.is_complex())
    rows = sum(block.offset.numel() for block in blocks)
    matrix = blocks[0].offset.new_zeros(rows, starts[-1])
    target = blocks[0].offset.new_zeros(rows)
    first = 0
    for block in blocks:
        part = slice(first, first + block.offset.numel())
        scale = (system.problem.constraints[block.constraint].weight / len(block.batch)) ** 0.5
        target[part] = -scale * block.offset.flatten()
        _fill(
            matrix[part],
            block,
            system,
            theta,
            scale,
            dict(zip(system.parameters.networks, starts, strict=False)),
        )
        first = part.stop
    return LinearSystem(matrix, target)


def _check_memory(rows: int, columns: int, bytes_each: int) -> None:
    needed = rows * columns * bytes_each
    if needed > MEMORY_LIMIT:
        raise TooLarge(
            f"The least-squares matrix would have {rows} rows and {columns} columns, {needed / 2**30:.1f} GiB; "
            f"{MEMORY_LIMIT >> 30} GiB are allowed. Use fewer samples (--samples-scale), a narrower last layer, or "
            f"a stage without a matrix, such as LBFGS()."
        )


def _complex(block: Rows) -> Rows | None:
    """The rows in complex numbers, where the residual is complex-linear in complex fields; else None."""
    if block.offset.shape[1] % 2 or not all(u.is_complex for u in block.sweep.fields):
        return None
    if not block.sweep.requests[block.place].is_complex:
        return None
    slopes = []
    for u, slope in zip(block.sweep.fields, block.slopes, strict=True):
        k = u.components
        by_real = torch.complex(slope[:, 0::2, :, :k], slope[:, 1::2, :, :k])
        by_imaginary = torch.complex(slope[:, 1::2, :, k:], -slope[:, 0::2, :, k:])
        if not torch.allclose(by_real, by_imaginary, rtol=1e-12, atol=1e-12 * float(by_real.abs().max())):
            return None
        slopes.append(by_real)
    offset = torch.complex(block.offset[:, 0::2], block.offset[:, 1::2])
    return replace(block, offset=offset, slopes=tuple(slopes))


def _fill(
    matrix: Tensor, block: Rows, system: System, theta: Tensor, scale: float, first: dict[Field, int]
) -> None:
    sweep, m = block.sweep, block.offset.shape[1]
    for u, slopes in zip(sweep.fields, block.slopes, strict=True):
        engine = sweep.engines[u]
        weights = engine.load(system.parameters.of(u, theta))
        for begin in range(0, len(block.batch), engine.chunk):
            part = slice(begin, begin + engine.chunk)
            features = engine.features(weights, block.batch.points[part][:, sweep.columns[u]])
            assert features is not None
            product = torch.einsum("nmso,snf->nmof", scale * slopes[part], features.to(slopes.dtype))
            n, _, outputs, width = product.shape
            place = slice(first[u], first[u] + outputs * width)
            matrix[begin * m : (begin + n) * m, place] = product.reshape(n * m, outputs * width)


def _starts(system: System, in_complex: bool) -> list[int]:
    """The first column of each field, and the number of columns."""
    starts = [0]
    for u, module in system.parameters.networks.items():
        starts.append(starts[-1] + _width(module) * (u.components if in_complex else u.outputs))
    return starts


def store(system: System, theta: Tensor, unknowns: Tensor) -> Tensor:
    """The parameter vector with the last layers replaced by the solution."""
    result = theta.clone()
    starts = _starts(system, unknowns.is_complex())
    for (u, module), start, stop in zip(system.parameters.networks.items(), starts, starts[1:], strict=False):
        layer = unknowns[start:stop].reshape(-1, _width(module))
        layer = torch.cat([layer.real, layer.imag]) if layer.is_complex() else layer
        _write(system.parameters.of(u, result), module, layer)
    return result


def _write(own: Tensor, module: nn.Module, layer: Tensor) -> None:
    offset = 0
    for name, parameter in trainable(module):
        place = slice(offset, offset + parameter.numel())
        if name == "head.weight":
            own[place] = layer[:, : parameter.shape[1]].reshape(-1)
        if name == "head.bias":
            own[place] = layer[:, -1]
        offset = place.stop
