"""Least squares by an orthogonal factorisation that bears any loss of rank, never by normal equations."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

DAMPING = 1e-15  # of the columns' norm: below what rounding leaves of a singular value anyway
MISSED = 1e-3  # of the target: more of the residual than the factor tells of shows that rounding was fitted
MORE, TRIES = 30.0, 4  # times the damping then, at most so often


@dataclass(frozen=True)
class Factor:
    """R of the QR factorisation of [A; damping I], with the columns of A scaled to unit norm.

    Its diagonal never vanishes, however dependent the columns are, so that it is also a preconditioner: the
    columns of A R⁻¹ are orthonormal as far as those of A are independent.
    """

    upper: Tensor  # (n, n)
    scale: Tensor  # (n,), the norms of the columns
    damping: float

    @property
    def columns(self) -> int:
        return len(self.scale)

    @property
    def rank(self) -> int:
        """How many columns are not a combination of those before them, to about thirteen digits."""
        return int((self.upper.diagonal().abs() > 100 * self.damping).sum())

    def solve(self, right: Tensor) -> Tensor:
        """R⁻¹ applied, and the scaling of the columns undone."""
        return _triangular(self.upper, right) / self._by_row(right)

    def solve_adjoint(self, right: Tensor) -> Tensor:
        """The adjoint of ``solve``."""
        return _triangular(self.upper.mH, right / self._by_row(right), upper=False)

    def _by_row(self, right: Tensor) -> Tensor:
        return self.scale if right.dim() == 1 else self.scale[:, None]


@dataclass(frozen=True)
class DenseSolution:
    """A minimiser of |A x - b|, of small norm in the scaled columns, and the factor it came from."""

    x: Tensor
    factor: Factor

    @property
    def rank(self) -> int:
        return self.factor.rank


def solve_dense(matrix: Tensor, target: Tensor, damping: float = DAMPING) -> DenseSolution:
    """Least squares by Householder QR of the matrix over a small multiple of the identity.

    With D the columns' norms it minimises |A x - b|² + damping² |D x|². The target is (rows,) or (rows, k).

    The multiple takes the place of a cutoff for small singular values (Björck 1996, section 2.7.2): where
    many columns are dependent to the last digit, as those of frozen features are, the residual is as small
    as with a singular value decomposition, at the cost of one unpivoted QR, on a GPU too.

    Where data contradict one another, the factor's own rounding makes them independent, and huge coefficients would
    meet them there, while the matrix itself is far from it. That shows beside the residual that the factor tells
    of; then the damping is raised, and what leaves least is taken.
    """
    norms = torch.linalg.vector_norm(matrix, dim=0)
    usual = norms.median().clamp(min=torch.finfo(norms.dtype).tiny)
    scale = norms.clamp(min=0.01 * float(usual))  # what hardly moves a residual is not to move far
    damping = max(damping, DAMPING * torch.finfo(matrix.dtype).eps / torch.finfo(torch.float64).eps)
    size = float(torch.linalg.vector_norm(target))
    found, least, told = _damped(matrix, scale, target, damping)
    for _ in range(TRIES):
        if not least**2 - told**2 > (MISSED * size) ** 2:
            break
        damping *= MORE
        other, left, told = _damped(matrix, scale, target, damping)
        found, least = (other, left) if left < least else (found, least)
    return found


def _damped(
    matrix: Tensor, scale: Tensor, target: Tensor, damping: float
) -> tuple[DenseSolution, float, float]:
    """A solution, what it leaves of the target, and what the factor tells of that."""
    upper, rotated, told = _triangle(matrix, scale, target, damping)
    factor = Factor(upper, scale, damping)
    found = DenseSolution(factor.solve(rotated), factor)
    return found, float(torch.linalg.vector_norm(matrix @ found.x - target)), told


def _triangle(matrix: Tensor, scale: Tensor, target: Tensor, damping: float) -> tuple[Tensor, Tensor, float]:
    """R, Qᵀb, and what is left of b: the target is more columns of what is factorised."""
    rows, columns = matrix.shape
    right = target.reshape(rows, -1)
    stacked = matrix.new_zeros(rows + columns, columns + right.shape[1])
    torch.div(matrix, scale, out=stacked[:rows, :columns])
    stacked[:rows, columns:] = right
    stacked[rows:, :columns].diagonal().fill_(damping)
    factored = torch.geqrf(stacked)[0]
    upper, rest = factored[:columns].triu(), factored[columns:, columns:].triu()
    left = float(torch.linalg.vector_norm(rest))
    return upper[:, :columns], upper[:, columns:].reshape(-1, *target.shape[1:]), left


def _triangular(matrix: Tensor, right: Tensor, upper: bool = True) -> Tensor:
    columns = right.reshape(len(right), -1)
    solved: Tensor = torch.linalg.solve_triangular(matrix, columns, upper=upper)
    return solved.reshape(right.shape)
