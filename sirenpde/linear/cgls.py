"""Conjugate gradients for least squares, on any linear map and with any preconditioner."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .map import LinearMap

# A gradient s = Aᴴ r -> M s and <s, M s>, for an M near the inverse of AᴴA.
Preconditioner = Callable[[Tensor], tuple[Tensor, float]]


class InverseFactor(Protocol):
    """R⁻¹ and its adjoint, for AᴴA ≈ RᴴR."""

    def solve(self, x: Tensor) -> Tensor: ...

    def solve_adjoint(self, y: Tensor) -> Tensor: ...


def by_factor(factor: InverseFactor) -> Preconditioner:
    """M = R⁻¹ R⁻ᴴ; the size of the gradient is taken half way, where rounding hurts it least."""

    def precondition(gradient: Tensor) -> tuple[Tensor, float]:
        half = factor.solve_adjoint(gradient)
        return factor.solve(half), float(torch.linalg.vector_norm(half)) ** 2

    return precondition


@dataclass(frozen=True)
class CglsResult:
    """x, what it leaves of the target, the iterations done, and how far the preconditioned gradient fell."""

    x: Tensor
    residual: Tensor
    iterations: int
    fallen: float


def cgls(
    linear: LinearMap,
    target: Tensor,
    precondition: Preconditioner,
    tolerance: float,
    iterations: int,
    start: Tensor | None = None,
    first: tuple[Tensor, float] | None = None,
    deadline: float = math.inf,
) -> CglsResult:
    """Minimise |A x - b| by preconditioned conjugate gradients, on the residual and never on AᴴA.

    It stops when the preconditioned gradient sqrt(<s, M s>), s = Aᴴ (b - A x), has fallen by ``tolerance``.

    Args:
        linear, target: A, and b (rows,).
        precondition: s -> (M s, <s, M s>).
        tolerance: how far the gradient is to fall.
        iterations: at most so many.
        start: where x starts (columns,); at zero if left out.
        first: the preconditioned gradient at the start, where it is known.
        deadline: of ``time.monotonic()``, beyond which it ends where it is.

    Source: Björck, Numerical Methods for Least Squares Problems, 1996, section 7.4.1.

    >>> import torch
    >>> from sirenpde.linear.cgls import cgls
    >>> from sirenpde.linear.map import DenseMap
    >>> line = DenseMap(torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]).double())
    >>> plain = lambda s: (s, float(s @ s))
    >>> cgls(line, torch.tensor([1.0, 3.0, 5.0]).double(), plain, 1e-12, 10).x
    tensor([1.0000, 2.0000], dtype=torch.float64)
    """
    x = target.new_zeros(linear.columns) if start is None else start.clone()
    residual = target.clone() if start is None else target - linear.apply(x)
    z, gamma = first or precondition(linear.transpose(residual))
    direction, at_start, count = z.clone(), gamma, 0
    while count < iterations and gamma > tolerance**2 * at_start and time.monotonic() < deadline:
        image = linear.apply(direction)
        alpha = gamma / float(torch.linalg.vector_norm(image)) ** 2
        x.add_(direction, alpha=alpha)
        residual.sub_(image, alpha=alpha)
        before = gamma
        z, gamma = precondition(linear.transpose(residual))
        direction.mul_(gamma / before).add_(z)
        count += 1
    return CglsResult(x, residual, count, (max(gamma, 0.0) / at_start) ** 0.5 if at_start > 0 else 0.0)
