"""Generalised minimal residuals: a linear system by the images of its vectors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class GmresResult:
    """x, the iterations done, and what is left of the target's norm."""

    x: Tensor
    iterations: int
    fallen: float


def gmres(
    apply: Callable[[Tensor], Tensor],
    target: Tensor,
    tolerance: float,
    iterations: int,
    deadline: float = math.inf,
) -> GmresResult:
    """x from zero on with |A x - b| least on the space of b, A b, A² b, ...

    It stops when |A x - b| has fallen below ``tolerance`` |b|, or beyond the deadline, of ``time.monotonic()``; it
    keeps as many vectors as it makes iterations.

    Source: Saad and Schultz, GMRES, 1986; Gram and Schmidt twice, since once leaves too much.

    >>> import torch
    >>> from sirenpde.linear.gmres import gmres
    >>> matrix = torch.tensor([[2.0, 1.0], [0.0, 4.0]]).double()
    >>> gmres(lambda x: matrix @ x, torch.tensor([3.0, 4.0]).double(), 1e-12, 10).x.round(decimals=9)
    tensor([1., 1.], dtype=torch.float64)
    """
    size = float(torch.linalg.vector_norm(target))
    if size == 0:
        return GmresResult(torch.zeros_like(target), 0, 0.0)
    vectors, height = [target / size], target.new_zeros(iterations + 1, iterations)
    first = target.new_zeros(iterations + 1)
    first[0] = size
    weights, fallen, count = target.new_zeros(0), 1.0, 0
    while count < iterations and fallen > tolerance and time.monotonic() < deadline:
        image = apply(vectors[-1])
        for _ in range(2):
            for i, vector in enumerate(vectors):
                share = vector @ image
                height[i, count] += share
                image = image - share * vector
        length = float(torch.linalg.vector_norm(image))
        height[count + 1, count] = length
        count += 1
        known = height[: count + 1, :count]
        weights = torch.linalg.lstsq(known, first[: count + 1, None]).solution[:, 0]
        fallen = float(torch.linalg.vector_norm(first[: count + 1] - known @ weights)) / size
        if length <= 1e-15 * float(torch.linalg.vector_norm(height[:, count - 1])):
            break
        vectors.append(image / length)
    x = torch.zeros_like(target)
    for weight, vector in zip(weights, vectors, strict=False):
        x.add_(vector, alpha=float(weight))
    return GmresResult(x, count, fallen)
