"""A point source's waves and a perfectly matched layer: polynomials on three parts of each axis."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from .boxes import chebyshev
from .measured import Array, Classical, timed

NEAR, FAR = 0.28, 0.04  # the known wave counts within NEAR of the source; over FAR that ends


def helmholtz(wavenumber: float, inner: int, outer: int) -> Classical:
    """The problem of ``helmholtz``, k given: measured where |x|, |y| < 1/2 and r > 0.06.

    The known wave in free space is cut off smoothly, and what is to be added has a smooth source. In the layer
    the operator is ∂(∂u / e) / e along each axis, so that both are diagonalised; where the layer begins the flux
    u' / e is continuous.

    Args:
        wavenumber: k.
        inner: degree of the polynomials on [-1/2, 1/2].
        outer: and on each of the other two parts.
    """
    from scipy.special import erf, hankel2

    k = wavenumber
    strength = (1j - 1) / 4 * np.exp(-((k * 0.01) ** 2) / 2)

    def solve() -> Array:
        x, along = _stretched(k, inner, outer)
        r = np.maximum(np.hypot(x[:, None], x), 1e-3)
        wave, slope = strength * hankel2(0, k * r), -k * strength * hankel2(1, k * r)
        bell = -np.exp(-(((r - NEAR) / FAR) ** 2)) / (FAR * sqrt(pi))  # the slope of what cuts off
        bend = -2 * (r - NEAR) / FAR**2 * bell
        load = -(2 * bell * slope + (bend + bell / r) * wave) * (np.maximum(abs(x[:, None]), abs(x)) < 0.5)
        values, vectors = np.linalg.eig(along)
        inverse = np.linalg.inv(vectors)
        modes = inverse @ load @ inverse.T / (values[:, None] + values + k**2)
        rest = vectors @ modes @ vectors.T
        total: Array = rest + (1 - erf((r - NEAR) / FAR)) / 2 * wave
        return total

    values, seconds = timed(solve)
    x, _ = _stretched(k, inner, outer)
    r = np.maximum(np.hypot(x[:, None], x), 1e-3)
    counted = (r > 0.06) & (np.maximum(abs(x[:, None]), abs(x)) < 0.5)
    true = (strength * hankel2(0, k * r))[counted]
    error = float(np.linalg.norm(values[counted] - true) / np.linalg.norm(true))
    return Classical(f"Chebyshev ({inner} + 2 x {outer})², fast diagonalisation", error, seconds)


def _stretched(k: float, inner: int, outer: int) -> tuple[Array, Array]:
    """Nodes inside the parts and the operator there; u = 0 at both ends, and u and u' / e are continuous."""
    parts = [(-1.0, -0.5, outer), (-0.5, 0.5, inner), (0.5, 1.0, outer)]
    size = sum(n + 1 for *_, n in parts)
    nodes, operator, flux = np.zeros(size), np.zeros((size, size), complex), np.zeros((size, size), complex)
    begin, ends = 0, []
    for low, high, n in parts:
        x, first = chebyshev(n, low, high)
        e = 1 - 100j / k * np.maximum(2 * np.abs(x) - 1, 0) ** 2
        here = slice(begin, begin + n + 1)
        nodes[here], flux[here, here] = x, first / e[:, None]
        operator[here, here] = flux[here, here] @ flux[here, here]
        ends.append((begin + n, begin))  # Chebyshev points descend
        begin += n + 1
    edge = np.array([place for pair in ends for place in pair])
    free = np.setdiff1d(np.arange(size), edge)
    one = np.eye(size)
    joined = [(ends[0][1], ends[1][0]), (ends[1][1], ends[2][0])]
    rows = [one[ends[0][0]], one[ends[2][1]]]
    rows += [one[a] - one[b] for a, b in joined] + [flux[a] - flux[b] for a, b in joined]
    conditions = np.stack(rows)
    follow = -np.linalg.solve(conditions[:, edge], conditions[:, free])
    return nodes[free], operator[np.ix_(free, free)] + operator[np.ix_(free, edge)] @ follow


def about_square(wavenumber: float, points: Array, order: int = 6, parts: int = 1) -> Array:
    """The total field at points (n, 2) of ``helmholtz --medium square``, by finite elements of the scattered field.

    The elements are rectangles that end at the square's sides and where the layer begins, smaller towards the source.

    Args:
        wavenumber: k.
        points: where |x|, |y| < 1/2, away from the source.
        order: of the polynomials along each axis of an element.
        parts: into which the sides of each element are cut.
    """
    from scipy.special import hankel2
    from skfem import Basis, BilinearForm, ElementQuadP, LinearForm, MeshQuad, condense, solve

    k, strength = wavenumber, (1j - 1) / 4 * np.exp(-((wavenumber * 0.01) ** 2) / 2)
    half = np.array([0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1])
    along = np.union1d(np.concatenate([-half, half, [0]]), [-0.25])
    across = np.union1d(np.concatenate([-half, half]), [-0.05, 0.05])
    cut = [np.unique(np.linspace(edges[:-1], edges[1:], parts + 1)) for edges in (along, across)]
    basis = Basis(MeshQuad.init_tensor(*cut), ElementQuadP(order), intorder=2 * order + 4)

    def stretch(s: Array) -> Array:
        return np.asarray(1 - 100j / k * np.maximum(2 * np.abs(s) - 1, 0) ** 2)

    def slowness(x: Array) -> Array:
        return np.where((np.abs(x[0]) < 0.3) & (np.abs(x[1]) < 0.3), 0.25, 1.0)

    def incoming(x: Array) -> Array:
        return np.asarray(strength * hankel2(0, k * np.maximum(np.hypot(x[0] + 0.35, x[1]), 1e-6)))

    @BilinearForm(dtype=np.complex128)
    def operator(u, v, w):  # type: ignore[no-untyped-def]
        e_x, e_y = stretch(w.x[0]), stretch(w.x[1])
        flux = e_y / e_x * u.grad[0] * v.grad[0] + e_x / e_y * u.grad[1] * v.grad[1]
        return e_x * e_y * k**2 * slowness(w.x) * u * v - flux

    @LinearForm(dtype=np.complex128)
    def load(v, w):  # type: ignore[no-untyped-def]
        return k**2 * (1 - slowness(w.x)) * incoming(w.x) * v

    scattered = solve(*condense(operator.assemble(basis), load.assemble(basis), D=basis.get_dofs()))
    total: Array = basis.probes(points.T) @ scattered + incoming(points.T)
    return total
