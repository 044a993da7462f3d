"""All loops over chunks of points: what a function of a chunk gives, side by side, or added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

from .batch import Batch


def chunked(batch: Batch, size: int) -> Iterator[tuple[slice, Batch]]:
    """The samples of a batch in chunks of at most ``size``, each with the rows that it has among them."""
    for start in range(0, len(batch), size):
        rows = slice(start, min(start + size, len(batch)))
        yield rows, batch.part(rows)


def mapped(
    function: Callable[[Batch], Sequence[Tensor]], batch: Batch, size: int, dim: int = 0
) -> list[Tensor]:
    """The tensors that a function of a chunk gives, joined over all chunks along ``dim``, that of the points.

    >>> import torch
    >>> from sirenpde.residuals.batch import Batch
    >>> batch = Batch(torch.arange(5.0)[:, None], {})
    >>> mapped(lambda chunk: [2 * chunk.points[:, 0]], batch, 2)[0].tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    by_chunk = [function(chunk) for _, chunk in chunked(batch, size)]
    return [torch.cat(tensors, dim=dim) for tensors in zip(*by_chunk, strict=True)]


# What is added for a chunk, of which samples, in what sizes.
Work = tuple[Callable[[Batch], None], Batch, int]


def summed(work: Iterable[Work], totals: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The sums over all samples: every function adds its chunk's share to the totals in place.

    The one place where devices that hold different samples will add up what they have.

    >>> import torch
    >>> from sirenpde.residuals.batch import Batch
    >>> total = torch.zeros(())
    >>> def add(chunk):
    ...     total.add_(chunk.points.sum())
    >>> float(summed([(add, Batch(torch.arange(5.0)[:, None], {}), 2)], (total,))[0])
    10.0
    """
    for add, batch, size in work:
        for _, chunk in chunked(batch, size):
            add(chunk)
    return totals
