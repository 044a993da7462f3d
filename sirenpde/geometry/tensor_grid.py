"""Tensor grids: every point has one of the coordinates of each axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .slab import SLACK, Slab


@dataclass(frozen=True, eq=False)
class TensorGrid:
    """The tensor grid on which the points of a domain lie, so that a solver can work axis by axis.

    ``coordinates`` has one 1-D tensor per axis; ``index`` (n, d) says which of them each point has, in the
    order of ``draw(None)``: ``points[k, a] == coordinates[a][index[k, a]]``.
    """

    coordinates: tuple[Tensor, ...]
    index: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(c) for c in self.coordinates)

    @property
    def points(self) -> Tensor:  # (n, d)
        return torch.stack([c[i] for c, i in zip(self.coordinates, self.index.T, strict=True)], dim=-1)

    def subset(self, rows: Tensor) -> TensorGrid:
        return TensorGrid(self.coordinates, self.index[rows])

    @property
    def is_full(self) -> bool:
        """Whether every point of the grid is there."""
        return len(self.index) == math.prod(self.shape)

    def moved(self, column: int, value: float) -> TensorGrid:
        """The same points with one coordinate along an axis."""
        line = torch.full_like(self.coordinates[column], value)
        return self._with(column, line)

    def squeezed(self, column: int, slab: Slab) -> TensorGrid | None:
        """The grid squeezed into a slab of an axis; None where it does not fill and span the axis."""
        axis, line = slab.axis, self.coordinates[column]
        slack = SLACK * (axis.high - axis.low)
        spans = len(line) > 1 and line.min() <= axis.low + slack and line.max() >= axis.high - slack
        if not (self.is_full and spans):
            return None
        return self._with(column, slab.low + (line - axis.low) / (axis.high - axis.low) * slab.length)

    def _with(self, column: int, line: Tensor) -> TensorGrid:
        lines = (*self.coordinates[:column], line, *self.coordinates[column + 1 :])
        return TensorGrid(lines, self.index)

    @staticmethod
    def rows(x: Tensor, y: Tensor) -> TensorGrid:
        """The points (x, y) of a picture: one row after the other, x running fastest."""
        row, column = torch.meshgrid(torch.arange(len(y)), torch.arange(len(x)), indexing="ij")
        return TensorGrid((x, y), torch.stack([column.reshape(-1), row.reshape(-1)], dim=1))

    @staticmethod
    def full(coordinates: Sequence[Tensor]) -> TensorGrid:
        """Every point of the grid, the last axis running fastest."""
        ranges = [torch.arange(len(c)) for c in coordinates]
        index = torch.stack(torch.meshgrid(*ranges, indexing="ij"), dim=-1).reshape(-1, len(ranges))
        return TensorGrid(tuple(coordinates), index)


def centres(count: int, h: float) -> Tensor:
    """The centres of so many cells of length h, symmetric about 0, ascending.

    >>> centres(3, 0.5).tolist()
    [-0.5, 0.0, 0.5]
    """
    return (2 * torch.arange(count, dtype=torch.float64) + 1 - count) * (h / 2)
