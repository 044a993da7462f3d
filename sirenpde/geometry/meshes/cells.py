"""Meshes to draw and export on: simplices in some axes, times lines along the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Cells:
    """Simplices with corners ``corners`` (m, s + 1) among ``points`` (n, k), times ``lines`` along further axes.

    Simplices that fill their axes have s = k; those of a boundary have s = k - 1, and bare points s = 0.
    The first k axes of a domain are those of the points, the others those of the lines, each a 1-D tensor in
    ascending order. A single value on a line is a slice.

    >>> triangle = Cells(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0, 1, 2]]))
    >>> prism = triangle.times(torch.tensor([0.0, 0.5]))
    >>> prism.shape, prism.all_points[:2].tolist()
    ((3, 2), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    """

    points: Tensor
    corners: Tensor
    lines: tuple[Tensor, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """How many points there are, and how many along each line."""
        return len(self.points), *map(len, self.lines)

    @property
    def all_points(self) -> Tensor:
        """Every vertex (N, d), the last axis running fastest."""
        ranges = torch.meshgrid(*(torch.arange(n) for n in self.shape), indexing="ij")
        first, *others = (index.reshape(-1) for index in ranges)
        columns = [line[index] for line, index in zip(self.lines, others, strict=True)]
        return torch.cat([self.points[first], *(column[:, None] for column in columns)], dim=1)

    def times(self, line: Tensor) -> Cells:
        """The product with a line along one more axis."""
        return replace(self, lines=(*self.lines, line))
