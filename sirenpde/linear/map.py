"""Linear maps: all that a solver asks of the matrix of a least-squares problem, which may never be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class LinearMap(Protocol):
    """x (columns,) -> A x (rows,), and its adjoint; ``matrix`` is A itself where it is at hand, else None."""

    @property
    def rows(self) -> int: ...

    @property
    def columns(self) -> int: ...

    @property
    def like(self) -> Tensor:
        """A tensor of the map's dtype, on its device."""
        ...

    @property
    def matrix(self) -> Tensor | None: ...

    def apply(self, x: Tensor) -> Tensor: ...

    def transpose(self, y: Tensor) -> Tensor:
        """Aᴴ y (columns,) for y (rows,)."""
        ...


@dataclass(frozen=True)
class DenseMap:
    """A matrix (rows, columns) as a map.

    >>> import torch
    >>> from sirenpde.linear.map import DenseMap
    >>> DenseMap(torch.tensor([[1.0, 2.0]])).transpose(torch.tensor([3.0]))
    tensor([3., 6.])
    """

    matrix: Tensor

    @property
    def rows(self) -> int:
        return len(self.matrix)

    @property
    def columns(self) -> int:
        return self.matrix.shape[1]

    @property
    def like(self) -> Tensor:
        return self.matrix

    def apply(self, x: Tensor) -> Tensor:
        return self.matrix @ x

    def transpose(self, y: Tensor) -> Tensor:
        return self.matrix.mH @ y


@dataclass(frozen=True)
class Stacked:
    """Maps of the same unknowns, one above the other."""

    maps: Sequence[LinearMap]

    @property
    def rows(self) -> int:
        return sum(block.rows for block in self.maps)

    @property
    def columns(self) -> int:
        return self.maps[0].columns

    @property
    def like(self) -> Tensor:
        return self.maps[0].like

    @property
    def matrix(self) -> Tensor | None:
        blocks = [block.matrix for block in self.maps]
        known = [block for block in blocks if block is not None]
        return torch.cat(known) if len(known) == len(blocks) else None

    def apply(self, x: Tensor) -> Tensor:
        return torch.cat([block.apply(x) for block in self.maps])

    def transpose(self, y: Tensor) -> Tensor:
        pieces = y.split([block.rows for block in self.maps])
        total = self.maps[0].transpose(pieces[0])
        for block, piece in zip(self.maps[1:], pieces[1:], strict=True):
            total = total + block.transpose(piece)
        return total


def columns_of(linear: LinearMap) -> Tensor:
    """The matrix of a map, (rows, columns), column by column where it is not at hand: for maps that are small."""
    if linear.matrix is not None:
        return linear.matrix
    units = torch.eye(linear.columns, dtype=linear.like.dtype, device=linear.like.device)
    return torch.stack([linear.apply(unit) for unit in units], dim=1)
