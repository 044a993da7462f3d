"""Constraints written as rows: affine functions of the jets at each point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.components import flat
from ..calculus.field import Field
from ..problem.scaling import natural_size, power_of_two
from .batch import Batch
from .chunks import chunked, mapped
from .evaluator import Evaluator
from .slopes import ResidualSlopes

CHUNK = 4096  # points whose slopes are found together
# Numbers at nodes, each of which is moved beside all others: 4 MB at a time. With chunks of a few samples a heat
# equation with an integral over 32 nodes takes twice as long.
MOVED = 1 << 19
STEP = 1024.0  # of the differences, times usual jets: large, so that a large offset costs no digits of the slopes


@dataclass(frozen=True)
class Rows:
    """A constraint's residuals as an affine function of the jets at each point: r = offset + Σ G jets."""

    constraint: int
    index: int  # of the constraint among the evaluator's functions
    batch: Batch
    evaluator: Evaluator
    offset: Tensor  # (n, m)
    slopes: tuple[Tensor, ...]  # per field (n, m, requests, outputs)


def linearise(
    evaluator: Evaluator, index: int, constraint: int, batch: Batch, sizes: Mapping[Field, float]
) -> Rows:
    """A constraint's rows by differences of jets as large as those of networks of these sizes."""
    numbers = batch.points.new_zeros(0)

    def residuals(chunk: Batch, jets: Sequence[Tensor]) -> Tensor:
        return flat(evaluator.over_same(index, chunk, jets, numbers))

    zero = [batch.points.new_zeros(len(evaluator.asked[u]), u.outputs) for u in evaluator.fields]

    def slope(field: int, chunk: Batch, offset: Tensor) -> Tensor:
        """Differences from zero, which are exact for an affine function and need no derivative."""
        shape, u = zero[field].shape, evaluator.fields[field]
        steps = [
            STEP * power_of_two(sizes[u] * natural_size(d))
            for d in evaluator.asked[u]
            for _ in range(shape[1])
        ]
        each = offset.new_tensor(steps)
        units = torch.diag(each)

        def moved(unit: Tensor) -> Tensor:
            jets = [unit.reshape(shape) if f == field else jet for f, jet in enumerate(zero)]
            return residuals(chunk, jets)

        # (requests * outputs, n, m)
        differences = (torch.func.vmap(moved)(units) - offset) / each[:, None, None]
        return differences.movedim(0, -1).reshape(*offset.shape, *shape)

    def rows(chunk: Batch) -> list[Tensor]:
        offset = residuals(chunk, zero)
        return [offset, *(_once(slope(f, chunk, offset)) for f in range(len(zero)))]

    size = max(1, min(CHUNK, MOVED // evaluator.nodes**2))
    parts = [rows(chunk) for _, chunk in chunked(batch, size)]
    offset, slopes = (
        torch.cat([offset for offset, *_ in parts]),
        zip(*(slopes for _, *slopes in parts), strict=True),
    )
    return Rows(constraint, index, batch, evaluator, offset, tuple(map(_joined, slopes)))


def _once(slopes: Tensor) -> Tensor:
    """The slopes (n, ...) of some points, kept once where they are the same at all of them."""
    return slopes[:1].clone().expand_as(slopes) if _are(slopes, slopes[:1]) else slopes


def _are(slopes: Tensor, one: Tensor) -> bool:
    """Whether slopes are those of one point, but for the rounding of their differences."""
    rounding = 4 * torch.finfo(slopes.dtype).eps * float(one.abs().max()) if one.numel() else 0.0
    return bool(((slopes - one).abs() <= rounding).all())


def _is_once(slopes: Tensor) -> bool:
    return len(slopes) == 1 or slopes.stride(0) == 0


def _joined(chunks: Sequence[Tensor]) -> Tensor:
    """The slopes of all points, kept once where they are the same at all of them, as at the edges of a picture."""
    first = chunks[0][:1]
    if all(_is_once(chunk) and _are(chunk[:1], first) for chunk in chunks):
        return first.expand(sum(map(len, chunks)), *first.shape[1:])
    return torch.cat(list(chunks))


def linearise_at(
    evaluator: Evaluator,
    rows: ResidualSlopes,
    members: Sequence[int],
    batch: Batch,
    theta: Tensor,
    device: torch.device,
) -> Iterator[Rows]:
    """Their rows about the fields of ``theta``: r(jets + d) = offset + Σ G d to first order."""
    weights, raw = evaluator.load(theta), theta[evaluator.parameters.numbers_slice]

    def linear(chunk: Batch) -> list[Tensor]:
        jets, _ = evaluator.jets(weights, chunk)
        components, each = rows.slopes(chunk, jets, raw)
        by_field = [torch.stack([by_jet[f] for _, by_jet in each]) for f in range(len(jets))]
        return [components, *(slopes.permute(2, 0, 1, 3) for slopes in by_field)]

    offset, *slopes = mapped(linear, batch, evaluator.chunk(device))
    first = 0
    for index, i in enumerate(members):
        columns = slice(first, first + evaluator.requests[index].size)
        yield Rows(
            i, index, batch, evaluator, offset[:, columns], tuple(slope[:, columns] for slope in slopes)
        )
        first = columns.stop
