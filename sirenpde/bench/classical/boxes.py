"""Poisson's and Helmholtz' equation on boxes: Chebyshev collocation and fast diagonalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import pi

import numpy as np

from .measured import Array, Classical, relative, timed


def chebyshev(n: int, low: float, high: float) -> tuple[Array, Array]:
    """n + 1 Chebyshev points and the matrix (n + 1, n + 1) that differentiates a polynomial given there.

    Source: Trefethen, Spectral Methods in MATLAB, 2000, chapter 6; the diagonal as the negative sum of its row.

    >>> x, d = chebyshev(4, 0.0, 2.0)
    >>> bool(np.allclose(d @ x**4, 4 * x**3))
    True
    """
    x = np.cos(pi * np.arange(n + 1) / n)
    c = np.where(np.arange(n + 1) % n == 0, 2.0, 1.0) * (-1.0) ** np.arange(n + 1)
    matrix = np.outer(c, 1 / c) / (x[:, None] - x + np.eye(n + 1))
    matrix -= np.diag(matrix.sum(1))
    return (low + high) / 2 + (high - low) / 2 * x, 2 / (high - low) * matrix


def dirichlet(right: Array, edge: Array, second: Array, shift: float = 0.0) -> Array:
    """Δu + shift u = right on a cube's tensor grid, u = edge on its boundary, all arrays (n + 1,) * d.

    Fast diagonalisation: one eigenvalue decomposition of the second derivative along an axis, and 2 d products
    with its eigenvectors. Source: Lynch, Rice and Thomas, Direct solution of partial difference equations by
    tensor product methods, 1964.
    """
    d, inside = right.ndim, (slice(1, -1),) * right.ndim
    u = edge.copy()
    u[inside] = 0
    load = right - shift * u - sum(_along(second, u, axis) for axis in range(d))
    values, vectors = (x.real for x in np.linalg.eig(second[1:-1, 1:-1]))
    inverse = np.linalg.inv(vectors)
    interior = load[inside]
    for axis in range(d):
        interior = _along(inverse, interior, axis)
    interior /= shift + sum(values.reshape([-1 if i == axis else 1 for i in range(d)]) for axis in range(d))
    for axis in range(d):
        interior = _along(vectors, interior, axis)
    u[inside] = interior
    return u


def _along(matrix: Array, array: Array, axis: int) -> Array:
    result: Array = np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis)
    return result


def tensor_poisson(
    exact: Callable[..., Array],
    right: Callable[..., Array],
    n: int,
    d: int,
    low: float = 0.0,
    shift: float = 0.0,
) -> Classical:
    """Δu + shift u = right on [low, 1]^d with the exact values on the boundary; n + 1 points along each axis."""

    def grid() -> tuple[Array, Sequence[Array]]:
        nodes, first = chebyshev(n, low, 1.0)
        return first @ first, np.meshgrid(*[nodes] * d, indexing="ij", sparse=True)

    def solve() -> Array:
        second, x = grid()
        return dirichlet(np.broadcast_to(right(*x), (n + 1,) * d), exact(*x), second, shift)

    values, seconds = timed(solve)
    inside = (slice(1, -1),) * d  # the edge is given
    error = relative(values[inside], exact(*grid()[1])[inside])
    power = "²³⁴⁵⁶⁷⁸⁹"[d - 2] if d < 10 else f"^{d}"
    return Classical(f"Chebyshev {n + 1}{power}, fast diagonalisation", error, seconds)


def sines(*modes: tuple[float, float], low: float = 0.0, n: int, shift: float = 0.0) -> Classical:
    """The mean of sin aπx sin bπy over modes (a, b), as a solution of Δu + shift u = f."""

    def total(x: Array, y: Array, laplacian: bool) -> Array:
        factors = [shift - (a * a + b * b) * pi**2 if laplacian else 1.0 for a, b in modes]
        terms = [
            f * np.sin(a * pi * x) * np.sin(b * pi * y) for f, (a, b) in zip(factors, modes, strict=True)
        ]
        mean: Array = np.mean(terms, axis=0)
        return mean

    return tensor_poisson(
        partial(total, laplacian=False), partial(total, laplacian=True), n, 2, low=low, shift=shift
    )


def poisson_additive() -> Classical:
    """Σ cos πx_i in five dimensions."""

    def exact(*x: Array) -> Array:
        return _total([np.cos(pi * a) for a in x])

    return tensor_poisson(exact, lambda *x: -(pi**2) * exact(*x), 14, 5)


def poisson_mixed() -> Classical:
    """sin Σ x_i + exp(-|x - 1/2|²) in five dimensions."""

    def terms(*x: Array) -> tuple[Array, Array, Array]:
        squares = _total([(a - 0.5) ** 2 for a in x])
        return np.sin(_total(x)), np.exp(-squares), squares

    def exact(*x: Array) -> Array:
        wave, bump, _ = terms(*x)
        return wave + bump

    def right(*x: Array) -> Array:
        wave, bump, squares = terms(*x)
        return -5 * wave + (4 * squares - 10) * bump

    return tensor_poisson(exact, right, 14, 5)


def harmonic() -> Classical:
    """x_1 x_2 + ... + x_9 x_10: of degree one in each coordinate, so that the coarsest grid is exact.

    A grid of n^10 points serves no solution that is not.
    """

    def exact(*x: Array) -> Array:
        return _total([a * b for a, b in zip(x[::2], x[1::2], strict=True)])

    return tensor_poisson(exact, lambda *x: np.zeros(1), 3, 10)


def _total(terms: Sequence[Array]) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
