"""Multigrid for sparse symmetric systems of the nodes of a tensor grid, too many for a factorisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

COARSEST = 2000  # unknowns that are solved for directly
DAMPING, SWEEPS = 0.8, 2  # of Jacobi's method, before and after a coarser grid
ALONE = 10.0  # times the other entries of its row: a diagonal entry so large leaves its node to itself
TOLERANCE, ITERATIONS = 1e-11, 100  # of conjugate gradients


@dataclass(frozen=True)
class _Level:
    matrix: Any  # sparse, (n, n)
    inverse: Array  # damping over its diagonal
    prolong: Any  # (n, n of the coarser grid)

    def smoothed(self, x: Array, b: Array) -> Array:
        for _ in range(SWEEPS):
            x = x + self.inverse[:, None] * (b - self.matrix @ x)
        return x


def multigrid(matrix: Any, shape: Sequence[int]) -> Callable[[Array], Array]:
    """b (n,) or (n, k) -> x with A x = b, for the symmetric positive definite A of n = n1 ... nd nodes.

    By conjugate gradients, preconditioned with a V-cycle: Jacobi's method on each grid, interpolation between cells
    of twice the size, and coarser matrices by Galerkin's rule. A node whose diagonal entry outweighs its row, such as
    one with a known value, takes no part in coarser grids.

    Source: Briggs, Henson and McCormick, A Multigrid Tutorial, 2000, chapters 3 and 10.

    >>> import numpy as np
    >>> from scipy.sparse import diags
    >>> from sirenpde.linear.multigrid import multigrid
    >>> line = diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(5000, 5000)).tocsr()
    >>> b = np.ones(5000)
    >>> bool(np.abs(line @ multigrid(line, [5000])(b) - b).max() < 1e-5)  # of x up to 3e6
    True
    """
    from scipy.sparse import diags
    from scipy.sparse.linalg import splu

    levels: list[_Level] = []
    while matrix.shape[0] > COARSEST:
        diagonal = matrix.diagonal()
        others = np.asarray(abs(matrix).sum(1)).ravel() - abs(diagonal)
        joined = diagonal < ALONE * others
        prolong = (diags(joined.astype(float)) @ _interpolation(shape)).tocsr()
        levels.append(_Level(matrix, DAMPING / diagonal, prolong))
        matrix = (prolong.T @ matrix @ prolong).tocsr()
        empty = matrix.diagonal() == 0
        matrix = (matrix + diags(empty.astype(float))).tocsr()
        shape = [-(-n // 2) for n in shape]
    coarsest = splu(matrix.tocsc())

    def cycle(b: Array, depth: int = 0) -> Array:
        if depth == len(levels):
            return np.asarray(coarsest.solve(b))
        level = levels[depth]
        x = level.smoothed(level.inverse[:, None] * b, b)
        x = x + level.prolong @ cycle(level.prolong.T @ (b - level.matrix @ x), depth + 1)
        return level.smoothed(x, b)

    finest = levels[0].matrix if levels else matrix

    def solve(b: Array) -> Array:
        return _conjugate_gradients(finest, b.reshape(len(b), -1), cycle).reshape(b.shape)

    return solve


def _conjugate_gradients(matrix: Any, b: Array, precondition: Callable[[Array], Array]) -> Array:
    """All columns of b (n, k) at once, until the preconditioned residual of each has fallen."""
    x, residual = np.zeros_like(b), b.copy()
    z = precondition(residual)
    direction, gamma = z.copy(), (residual * z).sum(0)
    start = gamma.copy()
    for _ in range(ITERATIONS):
        if (gamma <= TOLERANCE**2 * start).all():
            break
        image = matrix @ direction
        alpha = gamma / np.maximum((direction * image).sum(0), np.finfo(np.float64).tiny)
        x += alpha * direction
        residual -= alpha * image
        z = precondition(residual)
        before, gamma = gamma, (residual * z).sum(0)
        direction *= gamma / np.maximum(before, np.finfo(np.float64).tiny)
        direction += z
    return x


def _interpolation(shape: Sequence[int]) -> Any:
    """From the middles of cells of twice the size to those of cells, linear along each axis."""
    from scipy.sparse import kron

    return reduce(lambda a, b: kron(a, b, format="csr"), map(_along_one_axis, shape))


def _along_one_axis(count: int) -> Any:
    from scipy.sparse import csr_matrix

    if count == 1:
        return csr_matrix(np.ones((1, 1)))
    fine, coarse = np.arange(count), -(-count // 2)
    near = fine // 2
    far = np.clip(near + np.where(fine % 2, 1, -1), 0, coarse - 1)
    rows, columns = np.concatenate([fine, fine]), np.concatenate([near, far])
    weights = np.repeat([0.75, 0.25], count)
    return csr_matrix((weights, (rows, columns)), shape=(count, coarse))
