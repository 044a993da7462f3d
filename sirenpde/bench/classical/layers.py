"""Singular perturbations, and equations that depend on time, on boxes: Chebyshev collocation along every axis."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np

from .boxes import chebyshev, tensor_poisson
from .measured import Array, Classical, relative, timed

Exact = Callable[..., Array]


def reaction_layers(width: float, n: int) -> Classical:
    """-w² Δu + u = f with layers of width w at two sides; n + 1 points along each axis."""

    def parts(x: Array, y: Array) -> tuple[Array, Array, Array]:
        smooth = np.cos(3 * x + y)
        return smooth, 2 * np.cos(y) * np.exp(-x / width), -np.cos(2 * x) * np.exp(-y / width)

    def right(x: Array, y: Array) -> Array:
        smooth, left, below = parts(x, y)
        return -((1 + 10 * width**2) * smooth + width**2 * (left + 4 * below)) / width**2

    return tensor_poisson(lambda x, y: sum(parts(x, y), np.zeros(1)), right, n, 2, shift=-(width**-2))


def outflow_layers(width: float, n: int) -> Classical:
    """-w Δu + u_x + u_y = f, u = 0 on the boundary: one Sylvester equation, by Bartels and Stewart's method."""
    from scipy.linalg import solve_sylvester

    def profile(s: Array) -> Array:
        return -s * np.expm1((s - 1) / width)

    def solve() -> Array:
        x, first = chebyshev(n, 0.0, 1.0)
        along = (first - width * first @ first)[1:-1, 1:-1]
        load = np.outer(1 + np.exp((x - 1) / width), profile(x))[1:-1, 1:-1]
        values: Array = solve_sylvester(along, along.T, load + load.T)
        return values

    values, seconds = timed(solve)
    inner = profile(chebyshev(n, 0.0, 1.0)[0][1:-1])
    return Classical(f"Chebyshev {n + 1}², Sylvester", relative(values, np.outer(inner, inner)), seconds)


def heated_box(
    exact: Exact, source: Exact, diffusivity: float, end: float, sizes: tuple[int, ...]
) -> Classical:
    """u_t = κ Δu + f on a unit box until a time, the start and the sides given; sizes of time, then of space.

    Collocation in time too: the second derivatives of space are diagonalised, and each of their modes is a
    small equation in time.
    """
    grids = [chebyshev(n, 0.0, 1.0 if axis else end) for axis, n in enumerate(sizes)]
    mesh = np.meshgrid(*[nodes for nodes, _ in grids], indexing="ij", sparse=True)
    inside = (slice(0, -1), *(slice(1, -1) for _ in sizes[1:]))  # the last point of time is the start

    def solve() -> Array:
        full = tuple(n + 1 for n in sizes)
        u = np.array(np.broadcast_to(exact(*mesh), full))
        u[inside] = 0
        load = np.array(np.broadcast_to(source(*mesh), full)) - _applied(grids[0][1], u, 0)
        for axis, (_, first) in enumerate(grids[1:], start=1):
            load += diffusivity * _applied(first @ first, u, axis)
        rates: Any = np.zeros(())
        modes, back = load[inside], []
        for axis, (_, first) in enumerate(grids[1:], start=1):
            values, vectors = (x.real for x in np.linalg.eig(diffusivity * (first @ first)[1:-1, 1:-1]))
            modes = _applied(np.linalg.inv(vectors), modes, axis)
            rates = np.asarray(np.add.outer(rates, values), dtype=np.float64)
            back.append(vectors)
        time = grids[0][1][:-1, :-1]
        columns = modes.reshape(len(time), -1).T[..., None]
        matrices = time - rates.reshape(-1, 1, 1) * np.eye(len(time))
        modes = np.linalg.solve(matrices, columns)[..., 0].T.reshape(modes.shape)
        for axis, vectors in enumerate(back, start=1):
            modes = _applied(vectors, modes, axis)
        return modes

    values, seconds = timed(solve)
    error = relative(values, np.broadcast_to(exact(*mesh), tuple(n + 1 for n in sizes))[inside])
    return Classical(f"Chebyshev {' x '.join(str(n + 1) for n in sizes)}, by modes of space", error, seconds)


def _applied(matrix: Array, array: Array, axis: int) -> Array:
    result: Array = np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis)
    return result


def heat_cube(half_waves: tuple[int, int, int] = (2, 3, 3), end: float = 0.05, n: int = 22) -> Classical:
    """Half waves that decay in a cube, and x sin(y + t)."""
    rate = pi**2 * sum(k * k for k in half_waves)

    def exact(t: Array, x: Array, y: Array, z: Array) -> Array:
        a, b, c = (np.sin(k * pi * s) for k, s in zip(half_waves, (x, y, z), strict=True))
        waves: Array = np.exp(-rate * t) * a * b * c + x * np.sin(y + t)
        return waves

    return heated_box(exact, lambda t, x, y, z: _forced(1.0, t, x, y) + 0 * z, 1.0, end, (n, n, n, n))


def heat_ripples(ripples: float = 20.0, diffusivity: float = 2.5e-4) -> Classical:
    """Waves that are so many times shorter along one axis than along the other, and x sin(y + t)."""
    rate = diffusivity * pi**2 * (1 + ripples**2)

    def exact(t: Array, x: Array, y: Array) -> Array:
        waves: Array = np.exp(-rate * t) * np.sin(pi * x) * np.sin(ripples * pi * y) + x * np.sin(y + t)
        return waves

    return heated_box(exact, lambda t, x, y: _forced(diffusivity, t, x, y), diffusivity, 1.0, (14, 14, 80))


def _forced(diffusivity: float, t: Array, x: Array, y: Array) -> Array:
    forced: Array = x * (np.cos(y + t) + diffusivity * np.sin(y + t))
    return forced


def poisson_waves(frequency: float, dimensions: int, n: int) -> Classical:
    """n half waves along each axis, and a wave as short in a direction of its own."""
    k, direction = frequency * pi, (1.0, 0.7, -0.5)[:dimensions]

    def terms(*x: Array) -> tuple[Array, Array]:
        product = np.ones(1)
        for a in x:
            product = product * np.sin(k * a)
        return product, np.cos(k * sum((c * a for c, a in zip(direction, x, strict=True)), np.zeros(1)))

    def right(*x: Array) -> Array:
        product, oblique = terms(*x)
        return -(k**2) * (dimensions * product + sum(c * c for c in direction) * oblique)

    return tensor_poisson(lambda *x: sum(terms(*x), np.zeros(1)), right, n, dimensions)


def finite_basis(frequency: float = 15.0, n: int = 240) -> Classical:
    """u' = cos x + ω cos ωx, u(0) = 0."""
    half = 2 * pi

    def solve() -> Array:
        x, first = chebyshev(n, -half, half)
        matrix, load = first.copy(), np.cos(x) + frequency * np.cos(frequency * x)
        matrix[n // 2], load[n // 2] = np.eye(n + 1)[n // 2], 0  # the middle is x = 0
        values: Array = np.asarray(np.linalg.solve(matrix, load), dtype=np.float64)
        return values

    values, seconds = timed(solve)
    x = chebyshev(n, -half, half)[0]
    return Classical(f"Chebyshev {n + 1}", relative(values, np.sin(x) + np.sin(frequency * x)), seconds)
