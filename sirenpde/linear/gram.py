"""The products of the columns of tensor rows, summed axis by axis: the matrix itself is never made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Powers
from .tensor_rows import Block, Slopes, TensorRows, TensorTangent

# Weights of a product of two derivatives on the grid of a block, by the powers of both.
Weights = Mapping[tuple[Powers, Powers], Tensor]


def gram(tangent: TensorTangent) -> Tensor:
    """AᵀA, (columns, columns), of a tangent A.

    On a grid of N1 x ... x Nd points with K1, ..., Kd functions the sum over an axis is one product of matrices,
    so that all of it costs about N1 (K1 ... Kd)² and not the N1 ... Nd (K1 ... Kd)² of a dense matrix.
    """
    rows, slopes = tangent.residuals, tangent.slopes
    sizes = [torch.Size(shape).numel() for shape in rows.shapes]
    total = rows.like.new_zeros(sum(sizes), sum(sizes))
    starts = torch.tensor([0, *sizes]).cumsum(0).tolist()
    columns = {
        u: total[start : start + size] for u, start, size in zip(rows.fields, starts, sizes, strict=False)
    }
    for f, u in enumerate(rows.fields):
        for g, v in enumerate(rows.fields[: f + 1]):
            block = columns[u][:, starts[g] : starts[g] + sizes[g]]
            for o in range(u.outputs):
                for p in range(v.outputs):
                    block[o :: u.outputs, p :: v.outputs] = _products(rows, slopes, (u, v), (o, p))
            if f != g:
                columns[v][:, starts[f] : starts[f] + sizes[f]] = block.T
    return total


def _products(
    rows: TensorRows, slopes: Sequence[Slopes], pair: tuple[Field, Field], outputs: tuple[int, int]
) -> Tensor:
    """The products of the functions of two outputs, summed over all blocks, (K1 ... Kd, L1 ... Ld)."""
    first, second = (rows.bases[u] for u in pair)
    counts = [(a.count, b.count) for a, b in zip(first, second, strict=True)]
    sizes = [k * m for k, m in counts]
    total = rows.like.new_zeros(sizes[0], torch.Size(sizes[1:]).numel())
    for block, by_field in zip(rows.blocks, slopes, strict=True):
        weights = _weights(block, by_field, pair, outputs)
        if weights:
            _add(rows, block, pair, weights, total)
    axes = len(counts)
    whole = total.reshape([n for count in counts for n in count])
    whole = whole.permute([*range(0, 2 * axes, 2), *range(1, 2 * axes, 2)])
    return whole.flatten(0, axes - 1).flatten(1)


def _weights(
    block: Block, slopes: Sequence[Tensor], pair: tuple[Field, Field], outputs: tuple[int, int]
) -> dict[tuple[Powers, Powers], Tensor]:
    """What the products of two derivatives count at the points of a block, each (N1, ..., Nd)."""
    fields = block.group.evaluator.fields
    if not set(pair) <= set(fields):
        return {}
    first, second = (
        dict(_by_powers(block, fields.index(u), slopes[fields.index(u)][..., o]))
        for u, o in zip(pair, outputs, strict=True)
    )
    return {(a, b): (x * y).sum(0) for a, x in first.items() for b, y in second.items()}


def _by_powers(block: Block, f: int, slope: Tensor) -> Iterator[tuple[Powers, Tensor]]:
    """Slopes (components, requests, n) by partial derivatives, each (components, N1, ..., Nd)."""
    by_powers: dict[Powers, Tensor] = {}
    shape = [len(line.nodes) for line in block.nodes.lines]
    for term in block.transforms[f].terms:
        weighted = term.factor * slope[:, term.request].unflatten(-1, shape)
        by_powers[term.keys] = by_powers[term.keys] + weighted if term.keys in by_powers else weighted
    yield from ((powers, x) for powers, x in by_powers.items() if bool((x != 0).any()))


def _add(rows: TensorRows, block: Block, pair: tuple[Field, Field], weights: Weights, total: Tensor) -> None:
    """Add Σ over the grid of weights times products of functions to ``total`` (K1 L1, K2 L2 ... Kd Ld)."""
    sums: dict[tuple[Powers, Powers], Tensor] = dict(weights)
    for axis in reversed(range(len(rows.bases[pair[0]]))):
        summed: dict[tuple[Powers, Powers], Tensor] = {}
        for (a, b), x in sums.items():  # (Ki Li of the axes behind, ..., N1, ..., N of this axis)
            nodes = block.nodes.lines[axis].nodes
            left = rows.bases[pair[0]][axis].matrix(nodes, a[axis]).to(rows.like)
            right = rows.bases[pair[1]][axis].matrix(nodes, b[axis]).to(rows.like)
            products = (left[:, :, None] * right[:, None, :]).flatten(1)  # (N, K L)
            if axis == 0:
                total.addmm_(products.T, x.reshape(-1, len(nodes)).T)
                continue
            behind, key = torch.tensordot(products, x, dims=([0], [-1])), (a[:axis], b[:axis])
            summed[key] = summed[key].add_(behind) if key in summed else behind
        sums = summed
