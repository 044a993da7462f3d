"""The problems of the cost benchmark by classical solvers, at the sizes that they ask for."""

from __future__ import annotations

from math import pi

import numpy as np

from .boxes import chebyshev, tensor_poisson
from .corners import by_elements, refined_towards
from .layers import heated_box
from .measured import Array, Classical, relative, timed


def _wave(k: float, x: Array, y: Array) -> Array:
    wave: Array = np.cos(0.8 * k * x) * np.sin(0.6 * k * y + 0.3)
    return wave


def even_waves(cells: int, n: int) -> Classical:
    """Helmholtz' equation with waves for so many cells along each axis, its coefficient constant."""
    k = 6.0 * cells
    return tensor_poisson(lambda x, y: _wave(k, x, y), lambda x, y: _wave(k, x, y), n, 2, shift=k**2 + 1)


def varied_waves(cells: int, n: int, variation: float = 0.1) -> Classical:
    """The same where the coefficient varies: one dense matrix of all points."""
    k = 6.0 * cells
    nodes, first = chebyshev(n, 0.0, 1.0)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    inside = (slice(1, -1), slice(1, -1))

    def solve() -> Array:
        second, one = first @ first, np.eye(n - 1)
        coefficient = k**2 * (1 + variation * x * y) + 1
        edge = _wave(k, x, y)
        edge[inside] = 0
        load = ((coefficient - k**2) * _wave(k, x, y) - second @ edge - edge @ second.T)[inside]
        along = second[1:-1, 1:-1]
        matrix = np.kron(along, one) + np.kron(one, along) + np.diag(coefficient[inside].reshape(-1))
        values: Array = np.asarray(np.linalg.solve(matrix, load.reshape(-1)), dtype=np.float64)
        return values

    values, seconds = timed(solve)
    return Classical(
        f"Chebyshev {n + 1}², dense", relative(values, _wave(k, x, y)[inside].reshape(-1)), seconds
    )


def heat(space: int, n: int = 18) -> Classical:
    """A wave of as many radians along every axis of space, over time."""

    def phases(t: Array, *x: Array) -> list[Array]:
        return [3 * a + t / 2 + i / 5 for i, a in enumerate(x)]

    def product(factors: list[Array]) -> Array:
        total = factors[0]
        for factor in factors[1:]:
            total = total * factor
        return total

    def exact(t: Array, *x: Array) -> Array:
        return product([np.sin(a) for a in phases(t, *x)])

    def source(t: Array, *x: Array) -> Array:
        at = phases(t, *x)
        total = 9 * space / 20 * exact(t, *x)
        for i in range(space):
            total = total + product([np.cos(a) if i == j else np.sin(a) for j, a in enumerate(at)]) / 2
        return total

    return heated_box(exact, source, 1 / 20, 1.0, (n,) * (space + 1))


def corner(size: int, levels: int) -> Classical:
    """A re-entrant corner's power and a smooth part on an L-shape, by elements that shrink towards it."""
    from skfem import MeshTri

    def exact(x: Array) -> Array:
        angle = np.mod(np.arctan2(x[1], x[0]), 2 * pi)
        total: Array = np.hypot(*x) ** (2 / 3) * np.sin(2 / 3 * angle) + np.exp(x[0]) * np.sin(x[1])
        return total

    found: list[tuple[Array, Array, int]] = []

    def solve() -> Array:
        across = np.linspace(-1, 1, 2 * size + 1)
        square = MeshTri.init_tensor(across, across)
        middle = square.p[:, square.t].mean(1)
        shape = square.remove_elements(np.flatnonzero((middle[0] > 0) & (middle[1] < 0)))
        mesh = refined_towards(shape, levels, np.zeros((2, 1)))
        found.append(by_elements(mesh, lambda x: x[0] < 2, exact, 0.0))
        return found[-1][1]

    values, seconds = timed(solve)
    places, _, count = found[-1]
    return Classical(f"elements of degree 4, {count} unknowns", relative(values, exact(places)), seconds)
