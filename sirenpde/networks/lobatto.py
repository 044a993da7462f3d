"""Polynomials through the nodes of Gauss, Lobatto and Legendre on [-1, 1]."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.polynomial import legendre
from torch import Tensor


@lru_cache(maxsize=64)
def lobatto(order: int) -> tuple[Tensor, Tensor]:
    """The ``order`` + 1 nodes and weights: both ends, and the extrema of P_order. Exact to degree 2 ``order`` - 1.

    Source: Canuto, Hussaini, Quarteroni and Zang, Spectral Methods, 2006, section 2.3.

    >>> nodes, weights = lobatto(2)
    >>> nodes.tolist(), (3 * weights).round().tolist()
    ([-1.0, 0.0, 1.0], [1.0, 4.0, 1.0])
    """
    highest = np.zeros(order + 1)
    highest[-1] = 1
    inner = legendre.legroots(legendre.legder(highest)) if order > 1 else np.zeros(0)
    for _ in range(2):  # the roots are eigenvalues, right to 1e-14; Newton's method gives the last digit
        slope = legendre.legval(inner, legendre.legder(highest))
        inner = inner - slope / legendre.legval(inner, legendre.legder(highest, 2))
    nodes = np.concatenate([[-1.0], (inner - inner[::-1]) / 2, [1.0]])
    weights = 2 / (order * (order + 1) * legendre.legval(nodes, highest) ** 2)
    return torch.from_numpy(nodes), torch.from_numpy(weights)


def through_nodes(order: int, x: Tensor) -> Tensor:
    """The polynomials that are 1 at one node and 0 at the others, at x (n,): (n, ``order`` + 1).

    >>> through_nodes(1, torch.tensor([0.5], dtype=torch.float64)).tolist()
    [[0.25, 0.75]]
    """
    values: Tensor = _legendre(order, x) @ _from_nodes(order).to(x)
    return values


@lru_cache(maxsize=64)
def slopes_at_nodes(order: int) -> Tensor:
    """The matrix that takes values at the nodes to the derivative of their polynomial there."""
    nodes, _ = lobatto(order)
    identity = np.eye(order + 1)
    slopes = np.stack([legendre.legval(nodes.numpy(), legendre.legder(row)) for row in identity], axis=1)
    matrix: Tensor = torch.from_numpy(slopes) @ _from_nodes(order)
    constant: Tensor = torch.diag(matrix.sum(1))
    return matrix - constant  # a constant has no slope, to the last digit


@lru_cache(maxsize=64)
def _from_nodes(order: int) -> Tensor:
    """Values at the nodes to the amplitudes of Legendre polynomials."""
    nodes, _ = lobatto(order)
    inverse: Tensor = torch.linalg.inv(_legendre(order, nodes))
    return inverse


def _legendre(order: int, x: Tensor) -> Tensor:
    values = [torch.ones_like(x), x]
    for k in range(2, order + 1):
        values.append(((2 * k - 1) * x * values[-1] - (k - 1) * values[-2]) / k)
    return torch.stack(values[: order + 1], dim=-1)
