"""Tikhonov's regularisation of a least-squares problem, by a parameter that the data choose.

Of min |A x - b|² + λ |x|² with singular values s and β = Uᴴ b,

    x = Σ v s β / (s² + λ),    |b - A x|² = Σ (λ β / (s² + λ))² + |b - U β|²,

and the trace of the influence A (Aᴴ A + λ)⁻¹ Aᴴ, how many data are fitted, is Σ s² / (s² + λ).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from .map import LinearMap

Rule = Literal["robust-gcv", "gcv", "l-curve"]
LEAST, MOST = 1e-14, 1e2  # of the largest squared singular value: where λ is looked for
TRIED = 200  # values of it
SETTLED = 1e-3  # of the logarithm of λ
ROBUSTNESS = 0.3  # Lukas' gamma: 1 is plain cross-validation, and 0.1 smooths data without errors too much


@dataclass(frozen=True)
class Spectrum:
    """A least-squares problem in its singular vectors, all of them or those of a Krylov space.

    ``freedom`` λ -> rows - Σ s² / (s² + λ) over all singular values of the map, and ``squares`` λ ->
    Σ (s² / (s² + λ))², the trace of the influence's square; or estimates of them.
    """

    values: Tensor  # s (k,)
    target: Tensor  # β (k,)
    rest: float  # |b - U β|²
    rows: int
    right: Tensor  # V (columns, k)
    freedom: Callable[[float], float]
    squares: Callable[[float], float]

    def solution(self, weight: float) -> Tensor:
        """x for λ = ``weight``."""
        return self.right @ (self.values * self.target / (self.values.square() + weight))

    def misfit(self, weight: float) -> float:
        """|b - A x|²."""
        left = weight * self.target / (self.values.square() + weight)
        return float(left.square().sum()) + self.rest

    def size(self, weight: float) -> float:
        """|x|²."""
        return float((self.values * self.target / (self.values.square() + weight)).square().sum())

    def gcv(self, weight: float) -> float:
        """Generalised cross-validation's estimate of the error of prediction: m |b - A x|² / (m - trace)².

        Source: Golub, Heath and Wahba, Generalized cross-validation as a method for choosing a good ridge parameter,
        1979.
        """
        free = self.freedom(weight)
        return self.rows * self.misfit(weight) / free**2 if free > 0 else math.inf

    def robust_gcv(self, weight: float) -> float:
        """GCV times γ + (1 - γ) trace(influence²) / m, the mean over data of how much a change in one moves the fit.

        Plain cross-validation has a flat minimum, and for one draw of the errors in ten takes far too little.

        Source: Lukas, Robust generalized cross-validation for choosing the regularization parameter, 2006, with
        γ = 0.3.
        """
        moved = self.squares(weight) / self.rows
        return self.gcv(weight) * (ROBUSTNESS + (1 - ROBUSTNESS) * moved)

    def chosen(self, rule: Rule = "robust-gcv") -> float:
        """λ at the least value of ``robust_gcv`` or ``gcv``, or at the corner of log |x| over log |b - A x|.

        The corner is where that curve bends most (Hansen and O'Leary, The use of the L-curve in the regularization of
        discrete ill-posed problems, 1993).
        """
        largest = float(self.values.max()) ** 2
        weights = largest * np.logspace(math.log10(LEAST), math.log10(MOST), TRIED)
        if rule != "l-curve":
            score = self.gcv if rule == "gcv" else self.robust_gcv
            values = [score(weight) for weight in weights]
            return float(weights[int(np.argmin(values))])
        x = np.log([self.misfit(weight) + np.finfo(float).tiny for weight in weights]) / 2
        y = np.log([self.size(weight) + np.finfo(float).tiny for weight in weights]) / 2
        dx, dy = np.gradient(x), np.gradient(y)
        bend = (dx * np.gradient(dy) - dy * np.gradient(dx)) / (dx**2 + dy**2) ** 1.5
        return float(weights[2:-2][int(np.argmax(bend[2:-2]))])


def spectrum(matrix: Tensor, target: Tensor) -> Spectrum:
    """Of a dense matrix, by its singular value decomposition.

    >>> import torch
    >>> from sirenpde.linear.regularised import spectrum
    >>> line = spectrum(torch.diag(torch.tensor([2.0, 1.0])).double(), torch.tensor([5.0, 2.0]).double())
    >>> line.solution(1.0).tolist(), line.misfit(1.0)
    ([2.0, 1.0], 2.0)
    """
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    beta = left.mH @ target
    rest = max(float(target.abs().square().sum() - beta.abs().square().sum()), 0.0)
    squares = values.square()
    return Spectrum(
        values,
        beta,
        rest,
        len(target),
        right.mH,
        lambda weight: len(target) - len(values) + float((weight / (squares + weight)).sum()),
        lambda weight: float((squares / (squares + weight)).square().sum()),
    )


def krylov_spectrum(
    linear: LinearMap, target: Tensor, steps: int, generator: torch.Generator, probes: int = 2
) -> Spectrum:
    """Of a map without a matrix, in the Krylov space of so many steps of Golub and Kahan's bidiagonalisation.

    The trace is estimated from vectors of random signs by the same process, whose first components are the weights of
    Gauss' quadrature of the map's spectral measure.

    Source: Golub and von Matt, Generalized cross-validation for large-scale problems, 1997.
    """
    basis, diagonal = bidiagonalise(linear, target, steps)
    left, values, right = torch.linalg.svd(diagonal, full_matrices=False)
    size = float(target.norm())
    measures = []
    for _ in range(probes):
        signs = torch.randint(0, 2, target.shape, generator=generator) * 2 - 1
        _, other = bidiagonalise(linear, signs.to(target), steps)
        first, s, _ = torch.linalg.svd(other, full_matrices=False)
        measures.append((first[0].square(), s.square()))

    def freedom(weight: float) -> float:
        shares = [
            1 - float(share.sum()) + float((share * weight / (s + weight)).sum()) for share, s in measures
        ]
        return linear.rows * sum(shares) / len(shares)

    def moved(weight: float) -> float:
        shares = [float((share * (s / (s + weight)).square()).sum()) for share, s in measures]
        return linear.rows * sum(shares) / len(shares)

    beta = size * left[0]
    rest = max(size**2 - float(beta.square().sum()), 0.0)
    return Spectrum(values, beta, rest, linear.rows, basis @ right.mH, freedom, moved)


def bidiagonalise(linear: LinearMap, start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """V (columns, k) with orthonormal columns and the lower bidiagonal B (k + 1, k) with A V = U B.

    U's first column is the start, of unit length.
    Every vector is made orthogonal to all before it, twice. It ends early where the space is exhausted.

    Source: Golub and Kahan 1965; Paige and Saunders, LSQR, 1982.
    """
    steps = min(steps, linear.columns, linear.rows)
    rows = start.new_zeros(linear.rows, steps + 1)
    columns = start.new_zeros(linear.columns, steps)
    alphas: list[float] = []
    betas: list[float] = []
    rows[:, 0] = start / start.norm()
    first = 0.0
    for k in range(steps):
        v = linear.transpose(rows[:, k]) - (betas[-1] * columns[:, k - 1] if k else 0.0)
        v = _orthogonal(v, columns[:, :k])
        alpha = float(v.norm())
        first = first or alpha
        if alpha <= 1e-13 * first or alpha == 0:
            break
        columns[:, k] = v / alpha
        u = _orthogonal(linear.apply(columns[:, k]) - alpha * rows[:, k], rows[:, : k + 1])
        beta = float(u.norm())
        alphas.append(alpha)
        betas.append(beta)
        if beta <= 1e-13 * first:
            break
        rows[:, k + 1] = u / beta
    count = len(alphas)
    lower = start.new_zeros(count + 1, count)
    lower.diagonal().copy_(start.new_tensor(alphas))
    lower.diagonal(-1).copy_(start.new_tensor(betas))
    return columns[:, :count], lower


def _orthogonal(x: Tensor, basis: Tensor) -> Tensor:
    for _ in range(2):
        x = x - basis @ (basis.T @ x)
    return x
