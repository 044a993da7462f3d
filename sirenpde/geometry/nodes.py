"""Tensor products of nodes along axes, with the weights of a quadrature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from .point import Axis
from .tensor_grid import TensorGrid


@dataclass(frozen=True)
class Line:
    """Nodes (n,) along an axis, and weights (n,) that sum to one."""

    nodes: Tensor
    weights: Tensor

    @staticmethod
    def even(nodes: Tensor) -> Line:
        """Nodes of equal weight."""
        return Line(nodes, torch.full((len(nodes),), 1 / len(nodes), dtype=torch.float64))


Rule = Callable[[Axis], Line]


@dataclass(frozen=True)
class TensorNodes:
    """A tensor product of nodes: all of a domain, or one of its faces with its share of the measure."""

    lines: tuple[Line, ...]  # one per axis of the domain
    share: float = 1.0
    data: Mapping[str, Tensor] = field(default_factory=dict)  # (n, ...), the last axis running fastest

    @property
    def points(self) -> Tensor:  # (n, d)
        return TensorGrid.full([line.nodes for line in self.lines]).points

    @property
    def weights(self) -> Tensor:  # (n,), with sum ``share``
        product = torch.ones(1, dtype=torch.float64)
        for line in self.lines:
            product = (product[:, None] * line.weights).reshape(-1)
        return self.share * product


@dataclass(frozen=True, eq=False)
class WeightedNodes:
    """Nodes (q, d) of a domain, weights (q,) that sum to its measure, and the data (q, ...) of the nodes."""

    points: Tensor
    weights: Tensor
    data: Mapping[str, Tensor] = field(default_factory=dict)


def gauss(low: float, high: float, count: int) -> Line:
    """The nodes and weights of Gauss and Legendre.

    >>> line = gauss(0, 1, 2)
    >>> float((line.nodes**3) @ line.weights)  # exact up to degree 3
    0.25
    """
    unit = _unit(count)
    return Line((low + high) / 2 + (high - low) / 2 * unit.nodes, unit.weights / 2)


@lru_cache(maxsize=64)
def _unit(count: int) -> Line:
    """On [-1, 1], with weights that sum to two."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return Line(torch.from_numpy(nodes), torch.from_numpy(weights))


def equidistant(low: float, high: float, count: int) -> Line:
    """Nodes of equal weight around a period."""
    return Line.even(low + (high - low) * torch.arange(count, dtype=torch.float64) / count)
