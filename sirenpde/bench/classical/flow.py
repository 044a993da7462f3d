"""Steady flow: spectral methods and Newton's."""

from __future__ import annotations

import time
from math import pi

import numpy as np

from .boxes import chebyshev
from .measured import Array, Classical, relative, timed


def kovasznay(
    n: int = 26,
    reynolds: float = 40.0,
    x: tuple[float, float] = (-0.5, 1.0),
    y: tuple[float, float] = (-0.5, 1.5),
) -> Classical:
    """Kovasznay's flow behind a grid, the velocity given on the boundary; Newton's method from rest inside.

    Velocities are polynomials on all Chebyshev points, the pressure on the inner ones, all equations on the
    inner ones, which leaves no spurious pressure. Source: Bernardi and Maday, Spectral methods, 1997, section 24.
    """
    decay = reynolds / 2 - np.sqrt(reynolds**2 / 4 + 4 * pi**2)

    def exact() -> Array:
        a, b = np.meshgrid(chebyshev(n, *x)[0], chebyshev(n, *y)[0], indexing="ij")
        wave = np.exp(decay * a)
        return np.stack([1 - wave * np.cos(2 * pi * b), decay / (2 * pi) * wave * np.sin(2 * pi * b)])

    flow, seconds = timed(lambda: _steady_flow(exact(), n, reynolds, x, y))
    inside = (slice(None), slice(1, -1), slice(1, -1))
    error = relative(flow[inside], exact()[inside])
    return Classical(f"Chebyshev {n + 1}², Newton", error, seconds)


_NEWTON = 30  # steps at most


def _steady_flow(
    edge: Array, n: int, reynolds: float, x: tuple[float, float], y: tuple[float, float]
) -> Array:
    """The velocity (2, n + 1, n + 1) that equals ``edge`` on the boundary and satisfies Navier-Stokes inside."""
    (nodes_x, dx), (nodes_y, dy) = chebyshev(n, *x), chebyshev(n, *y)
    one, inner = np.eye(n + 1), np.zeros((n + 1, n + 1), bool)
    inner[1:-1, 1:-1] = True
    interior = np.flatnonzero(inner)
    along = np.kron(dx, one)[interior], np.kron(one, dy)[interior]
    viscous = (np.kron(dx @ dx, one) + np.kron(one, dy @ dy))[interior] / reynolds
    few = np.eye(n - 1)
    pressure = [np.kron(_differentiate(nodes_x[1:-1]), few), np.kron(few, _differentiate(nodes_y[1:-1]))]
    u = np.where(inner, 0, edge).reshape(2, -1)
    p = np.zeros(len(interior))
    for _ in range(_NEWTON):
        slopes = [[d @ w for d in along] for w in u]
        carried = u[0, interior, None] * along[0] + u[1, interior, None] * along[1] - viscous
        residual = [carried @ u[i] + pressure[i] @ p for i in range(2)]
        residual.append(slopes[0][0] + slopes[1][1])
        rows = [
            [np.diag(slopes[i][j]) + (carried[:, interior] if i == j else 0) for j in range(2)]
            + [pressure[i]]
            for i in range(2)
        ]
        matrix = np.block(
            [*rows, [along[0][:, interior], along[1][:, interior], np.zeros((len(interior),) * 2)]]
        )
        matrix[-1], residual[2][-1] = 0, 0  # the flux through the boundary already is zero:
        matrix[-1, -1] = 1  # the pressure is fixed at a point instead
        step = np.linalg.solve(matrix, -np.concatenate(residual)).reshape(3, -1)
        u[:, interior] += step[:2]
        p += step[2]
        if np.abs(step[:2]).max() < 1e-9:  # the next would be its square
            break
    flow: Array = u.reshape(edge.shape)
    return flow


def _differentiate(x: Array) -> Array:
    """The matrix that differentiates the polynomial given at any distinct points.

    Source: Berrut and Trefethen, Barycentric Lagrange interpolation, 2004, section 9.3.
    """
    apart = x[:, None] - x + np.eye(len(x))
    weight = 1 / np.prod(apart, axis=1)
    matrix: Array = weight / weight[:, None] / apart
    np.fill_diagonal(matrix, 0)
    matrix -= np.diag(matrix.sum(1))
    return matrix


def cavity(modes: int = 32) -> Classical:
    """The lid-driven cavity at Re = 100, lid 4 x (1 - x), against one and a half times the modes."""
    from ...geometry.box import Box
    from ...references.cavity import driven_cavity

    square = Box(x=(0, 1), y=(0, 1))

    def velocity(count: int) -> Array:
        values: Array = driven_cavity(square, modes=count).data["velocity"].numpy()
        return values

    finer = velocity(modes + modes // 2)
    start = time.process_time()
    coarse = velocity(modes)
    seconds = time.process_time() - start
    return Classical(f"Legendre {modes}², Newton", relative(coarse, finer), seconds)


def uniform_lid(reynolds: float, modes: int, apart: float = 0.05) -> Classical:
    """The cavity below a lid that moves as a whole, outside of ``apart`` about its ends, against 76² modes."""
    from ...geometry.box import Box
    from ...references.cavity import driven_cavity, uniform

    square = Box(x=(0, 1), y=(0, 1))
    finer = driven_cavity(square, reynolds, uniform)
    start = time.process_time()
    coarse = driven_cavity(square, reynolds, uniform, modes=modes).data["velocity"].numpy()
    seconds = time.process_time() - start
    x, y = finer.points.numpy().T
    counted = np.hypot(np.minimum(x, 1 - x), 1 - y) > apart
    error = relative(coarse[counted], finer.data["velocity"].numpy()[counted])
    return Classical(f"Legendre {modes}², Newton", error, seconds)
