"""Solves with a sum of operators that each act along one axis of a tensor, at the cost of its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

# Condition of an axis' eigenvectors up to which they serve. Those of second derivatives with conditions at both ends
# are orthogonal in Legendre polynomials; those of a first derivative with one condition hardly differ where these are
# more than a dozen, and a triangular form by unitary factors takes their place.
WELL = 1e6
ROUNDING = 1e-13  # of the largest entry: what is beside the diagonal of waves
NOTHING = 1e-14  # of the largest sum of eigenvalues: a smaller one belongs to what the operator does not see


@dataclass(frozen=True)
class _Form:
    """L = back · (diagonal or upper triangular) · forth; of a diagonal L both are None."""

    forth: Tensor | None
    back: Tensor | None
    triangle: Tensor | None
    eigenvalues: Tensor


class KroneckerSum:
    """x with Σ_a (I ⊗ ... ⊗ L_a ⊗ ... ⊗ I) x = f, for tensors x and f of one dimension per L_a.

    Axes whose eigenvectors are well conditioned are made diagonal, the others triangular; of these all are solved
    for by substitution, one wave of the diagonal axes beside the other. For d axes of n functions that is some
    2 d n^(d + 1) operations and no matrix larger than n x n.

    Args:
        operators: the L_a, each (n_a, n_a), float64.

    Sources: Lynch, Rice and Thomas, Direct solution of partial difference equations by tensor product methods,
    1964; Bartels and Stewart, Solution of the matrix equation AX + XB = C, 1972.

    >>> import torch
    >>> from sirenpde.linear.kronecker_sum import KroneckerSum
    >>> along = [torch.tensor([[2.0, 1.0], [0.0, 3.0]]).double(), torch.tensor([[5.0]]).double()]
    >>> KroneckerSum(along).solve(torch.tensor([[8.0], [16.0]]).double()).round(decimals=9).tolist()
    [[0.857142857], [2.0]]
    """

    def __init__(self, operators: Sequence[Tensor]) -> None:
        forms = [_form(operator) for operator in operators]
        order = sorted(
            range(len(forms)), key=lambda a: (forms[a].triangle is None, len(forms[a].eigenvalues))
        )
        forms = _halved(forms)
        self.forms, self.order = forms, order
        self.triangles = [t for a in order if (t := forms[a].triangle) is not None]
        diagonal = torch.zeros(1, dtype=torch.float64, device=operators[0].device)
        for a in order[len(self.triangles) :]:
            diagonal = (diagonal[:, None] + forms[a].eigenvalues).reshape(-1)
        self.diagonal = diagonal
        self.least = NOTHING * float(sum(f.eigenvalues.abs().max() for f in forms))
        self.inverse = self._inverse(diagonal)

    def solve(self, f: Tensor) -> Tensor:
        x = f
        for axis, form in enumerate(self.forms):
            x = _along(form.forth, x, axis)
        rolled = x.permute(self.order)
        shape = rolled.shape
        count = len(self.triangles)
        solved = self._solve(0, self.diagonal, rolled.reshape(*shape[:count], -1)).reshape(shape)
        x = solved.permute([self.order.index(a) for a in range(len(self.order))])
        for axis, form in enumerate(self.forms):
            x = _along(form.back, x, axis)
        return x.real if x.is_complex() else x

    def _inverse(self, sums: Tensor) -> Tensor:
        """One over these sums of eigenvalues, or zero."""
        seen = sums.abs() > self.least
        return torch.where(seen, 1 / torch.where(seen, sums, 1.0), 0.0)

    def _solve(self, depth: int, shift: Tensor, f: Tensor) -> Tensor:
        """Substitution along the triangular axes from ``depth`` on; f (n, ..., waves), shift (waves,)."""
        if depth == len(self.triangles):
            return f * (self.inverse if shift is self.diagonal else self._inverse(shift))
        triangle = self.triangles[depth]
        if depth + 1 == len(self.triangles) and len(shift) == 1:
            shifted = triangle + shift * torch.eye(len(triangle)).to(triangle)
            solution: Tensor = torch.linalg.solve_triangular(shifted, f.to(triangle), upper=True)
            return solution
        x = torch.empty(f.shape, dtype=triangle.dtype, device=f.device)
        for i in reversed(range(len(triangle))):
            known = torch.tensordot(triangle[i, i + 1 :], x[i + 1 :], 1) if i + 1 < len(triangle) else 0.0
            x[i] = self._solve(depth + 1, shift + triangle[i, i], f[i] - known)
        return x


def _halved(forms: list[_Form]) -> list[_Form]:
    """Of the only axis whose eigenvalues are not real, one of each pair of conjugates: the other adds its own."""
    turning = [a for a, form in enumerate(forms) if form.eigenvalues.is_complex()]
    if len(turning) != 1 or (form := forms[turning[0]]).triangle is not None:
        return forms
    if any(f.forth is not None and f.forth.is_complex() for f in forms if f is not form):
        return forms
    assert form.forth is not None and form.back is not None
    kept = form.eigenvalues.imag >= 0
    twice = torch.where(form.eigenvalues[kept].imag > 0, 2.0, 1.0).to(form.back)
    halved = _Form(form.forth[kept], form.back[:, kept] * twice, None, form.eigenvalues[kept])
    return [halved if f is form else f for f in forms]


def _form(operator: Tensor) -> _Form:
    beside = operator - operator.diagonal().diag()
    if len(operator) and float(beside.abs().max()) <= ROUNDING * float(operator.abs().max()):  # of waves
        return _Form(None, None, None, operator.diagonal().contiguous())
    matrix = operator.cpu().numpy()
    values, vectors = np.linalg.eig(matrix)
    if len(matrix) == 0 or np.linalg.cond(vectors) <= WELL:
        numbers = (np.linalg.inv(vectors), vectors, values)
        forth, back, eigenvalues = (
            torch.from_numpy(np.ascontiguousarray(n)).to(operator.device) for n in numbers
        )
        return _Form(forth, back, None, eigenvalues)
    upper, unitary = scipy.linalg.schur(matrix, output="complex")
    triangle, back = (torch.from_numpy(np.ascontiguousarray(n)).to(operator.device) for n in (upper, unitary))
    return _Form(back.mH.contiguous(), back, triangle, triangle.diagonal())


def _along(matrix: Tensor | None, x: Tensor, axis: int) -> Tensor:
    if matrix is None:
        return x
    common = torch.promote_types(matrix.dtype, x.dtype)
    product: Tensor = torch.tensordot(x.to(common), matrix.to(common), dims=([axis], [1]))
    return product.movedim(-1, axis)
