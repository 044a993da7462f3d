"""Legendre polynomials along one axis: the functions in which boxes without periods are solved for."""

from __future__ import annotations

import torch
from torch import Tensor

from ..engines.axis_maps import AxisMap, MatrixMap
from ..geometry.nodes import Line, gauss
from ..geometry.point import Axis


class AxisPolynomials:
    """The first ``count`` Legendre polynomials on an axis, orthonormal in the mean over it.

    What sines on a longer period are to a network, they are to a solver: they span the same smooth functions, each
    of them is as strong as any other, and an operator along the axis with its boundary conditions is a small
    matrix of good condition.

    >>> import torch
    >>> from sirenpde.linear.axis_polynomials import AxisPolynomials
    >>> AxisPolynomials(0.0, 1.0, 3).matrix(torch.tensor([0.0, 1.0]).double(), 1).round(decimals=4).tolist()
    [[0.0, 3.4641, -13.4164], [0.0, 3.4641, 13.4164]]
    """

    def __init__(self, low: float, high: float, count: int) -> None:
        self.low, self.high, self.count = low, high, count
        self.is_periodic = False
        self.strength = torch.ones(count, dtype=torch.float64)

    @property
    def nodes(self) -> int:
        return self.count

    def line(self, axis: Axis, count: int) -> Line:
        return gauss(axis.low, axis.high, count)

    def is_around(self, line: Line) -> bool:
        return False

    def matrix(self, x: Tensor, derivative: int) -> Tensor:  # (n,) -> (n, count)
        half = (self.high - self.low) / 2
        unit = (x.double() - (self.low + self.high) / 2) / half
        scale = (2 * torch.arange(self.count, dtype=torch.float64) + 1).sqrt()
        return _legendre(unit, self.count, derivative) * (scale / half**derivative)

    def map(self, line: Line, derivative: int, like: Tensor) -> AxisMap:
        return MatrixMap(self.matrix(line.nodes, derivative).to(like))

    def project(self, line: Line, values: Tensor) -> Tensor:
        """Values (n, k) of functions at Gauss nodes -> their amplitudes (count, k)."""
        return self.matrix(line.nodes, 0).T @ (line.weights[:, None] * values)


def _legendre(x: Tensor, count: int, derivative: int) -> Tensor:
    """A derivative of P_0, ..., P_(count - 1) at x in [-1, 1], by recurrences that lose no digits."""
    values = [torch.ones_like(x), x]
    for k in range(2, count):
        values.append(((2 * k - 1) * x * values[-1] - (k - 1) * values[-2]) / k)
    table = values[:count]
    for _ in range(derivative):  # P'_k = P'_(k - 2) + (2 k - 1) P_(k - 1)
        slopes = [torch.zeros_like(x)]
        for k in range(1, count):
            before = slopes[k - 2] if k > 1 else slopes[0]
            slopes.append(before + (2 * k - 1) * table[k - 1])
        table = slopes
    return torch.stack(table, dim=1)
