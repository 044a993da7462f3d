"""Random matrices with few rows that keep the geometry of tall ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

COPIES = 2  # nonzeros to a column: one would do on average, two make a bad draw rare


@dataclass(frozen=True)
class CountSketch:
    """The linear map S (rows, n) with a few entries ±1/sqrt(copies) to a column, at random places: E |S x|² = |x|².

    Subspaces of dimension well below ``rows`` keep their lengths and angles, so that least squares with S A in
    place of A leaves a residual larger by a factor of about rows / (rows - dimension) only.

    Source: Clarkson and Woodruff, Low-rank approximation and regression in input sparsity time, 2013; with
    several entries to a column, Nelson and Nguyen, OSNAP, 2013.

    >>> import torch
    >>> from sirenpde.linear.sketch import count_sketch
    >>> sketch = count_sketch(50, torch.randn(1000, 3), torch.Generator().manual_seed(0))
    >>> sketch.apply(torch.ones(1000, 3)).shape
    torch.Size([50, 3])
    """

    sparse: Tensor

    @property
    def rows(self) -> int:
        return self.sparse.shape[0]

    @property
    def columns(self) -> int:
        return self.sparse.shape[1]

    @property
    def like(self) -> Tensor:
        return self.sparse

    @property
    def matrix(self) -> Tensor:
        return self.sparse.to_dense()

    def apply(self, x: Tensor) -> Tensor:
        """S x for vectors (n,) or matrices (n, m)."""
        return _product(self.sparse, x)

    def transpose(self, y: Tensor) -> Tensor:
        """Sᵀ y for vectors (rows,) or matrices (rows, m)."""
        return _product(self.sparse.T, y)


def _product(matrix: Tensor, x: Tensor) -> Tensor:
    product: Tensor = torch.sparse.mm(matrix, x.reshape(len(x), -1))
    return product.reshape(-1, *x.shape[1:])


def count_sketch(rows: int, like: Tensor, generator: Generator) -> CountSketch:
    """A sketch with ``rows`` rows for tensors with the length, dtype and device of ``like``."""
    n = len(like)
    indices = torch.randint(rows, (n, COPIES), generator=generator)
    signs = torch.randint(2, (n, COPIES), generator=generator) * 2 - 1
    columns = torch.arange(n)[:, None].expand(n, COPIES)
    with torch.sparse.check_sparse_tensor_invariants(False):  # some torch warns where it is not told
        matrix = torch.sparse_coo_tensor(
            torch.stack([indices.flatten(), columns.flatten()]),
            signs.flatten().to(torch.float64) / COPIES**0.5,
            (rows, n),
        )
    return CountSketch(matrix.to(dtype=like.dtype, device=like.device).coalesce())
