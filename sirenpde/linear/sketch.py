"""Random matrices with few rows that keep the geometry of tall ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

COPIES = 2  # nonzeros to a column: one would do on average, two make a bad draw rare


@dataclass(frozen=True)
class CountSketch:
    """S (rows, n) with a few entries ±1/sqrt(copies) to a column, at random places: E |S x|² = |x|².

    Subspaces of dimension well below ``rows`` keep their lengths and angles, so that least squares with S A in
    place of A leaves a residual larger by a factor of about rows / (rows - dimension) only.

    Source: Clarkson and Woodruff, Low-rank approximation and regression in input sparsity time, 2013; with
    several entries to a column, Nelson and Nguyen, OSNAP, 2013.

    >>> import torch
    >>> from sirenpde.linear.sketch import count_sketch
    >>> sketch = count_sketch(50, torch.randn(1000, 3), torch.Generator().manual_seed(0))
    >>> sketch(torch.ones(1000, 3)).shape
    torch.Size([50, 3])
    """

    matrix: Tensor  # sparse

    def __call__(self, x: Tensor) -> Tensor:
        """S x for vectors (n,) or matrices (n, m)."""
        short: Tensor = torch.sparse.mm(self.matrix, x.reshape(len(x), -1))
        return short.reshape(-1, *x.shape[1:])


def count_sketch(rows: int, like: Tensor, generator: Generator, copies: int = COPIES) -> CountSketch:
    """A sketch with ``rows`` rows for tensors with the length, dtype and device of ``like``."""
    n = len(like)
    places = torch.randint(rows, (n, copies), generator=generator)
    signs = torch.randint(2, (n, copies), generator=generator) * 2 - 1
    columns = torch.arange(n)[:, None].expand(n, copies)
    matrix = torch.sparse_coo_tensor(
        torch.stack([places.flatten(), columns.flatten()]),
        signs.flatten().to(torch.float64) / copies**0.5,
        (rows, n),
        check_invariants=False,
    )
    return CountSketch(matrix.to(dtype=like.dtype, device=like.device).coalesce())
