"""Tikhonov regularisation on a grid: a source, or an initial state, from values of what it causes.

Finite differences of second order, whose matrix the sine transform diagonalises. Of

    |A f - d|² + λ |(-Δ)^(order / 2) f|²,     order 0, 1 or 2,

λ and the order are those whose f is nearest to the truth, which no real case knows: what is left is the least that
the method can leave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

STRENGTHS = np.logspace(-28, 4, 129)  # of λ, of the largest squared singular value of the data
ORDERS = (0, 1, 2)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Regularised:
    """The unknown on the grid, its relative L2 error, and the penalty that gave it."""

    values: Array
    error: float
    order: int
    strength: float


def source_from(
    seen: Array, truth: Callable[[Array, Array], Array], sensors: int, refined: int = 4
) -> Regularised:
    """f of -Δu = f in (0, 1)², u = f = 0 on the boundary, from u in the middles of sensors² squares.

    Args:
        seen: u, the second coordinate fastest.
        truth: f at places.
        sensors: along each side.
        refined: the steps of the grid from one sensor to the next, an even number.
    """
    nodes, modes, bends = _waves(sensors * refined)
    at = modes[_middles(sensors, refined)]
    both = np.add.outer(bends, bends).ravel()
    exact = modes.T @ truth(nodes[:, None], nodes) @ modes
    found = _nearest(np.kron(at, at) / both, both, seen.ravel(), exact.ravel())
    return replace(found, values=modes @ found.values.reshape(exact.shape) @ modes.T)


def start_from(
    seen: Array, truth: Callable[[Array], Array], sensors: int, until: float, refined: int = 4
) -> Regularised:
    """u(0, ·) of u_t = u_xx in (0, 1), u = 0 at both ends, from u(until, ·) in the middles of as many parts.

    It is exact in time.
    """
    nodes, modes, bends = _waves(sensors * refined)
    at = modes[_middles(sensors, refined)]
    found = _nearest(at * np.exp(-until * bends), bends, seen, modes.T @ truth(nodes))
    return replace(found, values=modes @ found.values)


def _waves(steps: int) -> tuple[Array, Array, Array]:
    """Nodes inside of [0, 1], the orthonormal modes of -d²/dx² by differences, and its eigenvalues."""
    counts = np.arange(1, steps)
    modes = np.sqrt(2 / steps) * np.sin(np.pi * np.outer(counts, counts) / steps)
    return counts / steps, modes, (2 * steps * np.sin(np.pi * counts / (2 * steps))) ** 2


def _middles(sensors: int, refined: int) -> NDArray[np.int64]:
    """Which nodes the sensors stand at."""
    return np.arange(sensors) * refined + refined // 2 - 1


def _nearest(matrix: Array, bends: Array, seen: Array, exact: Array) -> Regularised:
    """The coefficients of the modes that are nearest to those of the truth."""
    found: list[Regularised] = []
    for order in ORDERS:
        white = bends ** (-order / 2)
        left, sizes, right = np.linalg.svd(matrix * white, full_matrices=False)
        target = left.T @ seen
        for strength in STRENGTHS * sizes[0] ** 2:
            values = white * (right.T @ (sizes / (sizes**2 + strength) * target))
            error = float(np.linalg.norm(values - exact) / np.linalg.norm(exact))
            found.append(Regularised(values, error, order, float(strength)))
    return min(found, key=lambda each: each.error)
