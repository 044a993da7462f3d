"""Singular corners by finite elements that shrink towards them, and a round inclusion by its series."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .measured import Array, Classical, relative, timed

if TYPE_CHECKING:
    from ...calculus.operators import PointFunction

Places = Callable[[Array], Array]  # points (2, n) -> bool (n,)


def refined_towards(mesh: Any, levels: int, points: Array) -> Any:
    """A mesh of triangles, those that touch some of its points (2, n) divided again and again."""
    for _ in range(levels):
        away = np.hypot(*(mesh.p[:, :, None] - points[:, None, :])).min(1)
        corner = np.flatnonzero(away < 1e-14)
        mesh = mesh.refined(np.flatnonzero(np.isin(mesh.t, corner).any(0)))
    return mesh


def by_elements(
    mesh: Any,
    given: Places,
    values: Callable[[Array], Array],
    source: float,
    conductivity: Callable[[Array], Array] = lambda x: np.ones_like(x[0]),
) -> tuple[Array, Array, int]:
    """-∇·(a ∇u) = source, u = values where ``given``, else no flux: points (2, n), u there, number of unknowns."""
    from skfem import Basis, BilinearForm, ElementTriP4, LinearForm, condense, solve
    from skfem.helpers import dot, grad

    basis = Basis(mesh, ElementTriP4(), intorder=8)
    stiffness = BilinearForm(lambda u, v, w: conductivity(w.x) * dot(grad(u), grad(v))).assemble(basis)
    load = LinearForm(lambda v, w: source * v).assemble(basis)
    edge = basis.get_dofs(mesh.boundary_facets()).all()
    held = edge[given(basis.doflocs[:, edge])]
    start = np.zeros(basis.N)
    start[held] = values(basis.doflocs[:, held])
    u: Array = solve(*condense(stiffness, load, x=start, D=held))
    return basis.doflocs, u, basis.N


def _measured(make: Callable[[], Any], levels: int, exact: str, *conditions: Any) -> Classical:
    import torch

    from ...references import corners

    found: list[tuple[Array, Array, int]] = []

    def solve() -> Array:
        found.append(by_elements(refined_towards(make(), levels, np.zeros((2, 1))), *conditions))
        return found[-1][1]

    values, seconds = timed(solve)
    places, _, count = found[-1]
    true = _at(getattr(corners, exact), torch.from_numpy(places.T.copy()))
    return Classical(f"elements of degree 4, {count} unknowns", relative(values, true), seconds)


def _at(exact: PointFunction, points: Any) -> Array:
    from ...geometry.box import Box
    from ...problem.reference import exact_values

    values: Array = exact_values(exact, Box(x=(-1, 1), y=(-1, 1)).axes, points, {}).numpy().reshape(-1)
    return values


def _box(low: float, size: int) -> Any:
    from skfem import MeshTri

    across = np.linspace(low, 1, round((1 - low) * size) + 1)
    return MeshTri.init_tensor(np.linspace(-1, 1, 2 * size + 1), across)


def l_shape(size: int = 8, levels: int = 30) -> Classical:
    """-Δu = 1 on an L-shape."""

    def mesh() -> Any:
        square = _box(-1.0, size)
        middle = square.p[:, square.t].mean(1)
        return square.remove_elements(np.flatnonzero((middle[0] > 0) & (middle[1] < 0)))

    return _measured(mesh, levels, "l_shape", lambda x: x[0] < 2, lambda x: 0 * x[0], 1.0)


def motz(size: int = 8, levels: int = 40) -> Classical:
    """Δu = 0, u = 0 on a half of a side and 500 on another."""

    def given(x: Array) -> Array:
        held: Array = ((x[1] < 1e-14) & (x[0] < 1e-14)) | (x[0] > 1 - 1e-14)
        return held

    return _measured(lambda: _box(0.0, size), levels, "motz", given, lambda x: 500.0 * (x[0] > 0.5), 0.0)


def sheared_crack(size: int = 8, levels: int = 40) -> Classical:
    """The upper half of the cracked square: u is odd, zero ahead of the crack's tip and free on the crack."""

    def given(x: Array) -> Array:
        held: Array = ((x[1] < 1e-14) & (x[0] < 1e-14)) | (x[1] > 1 - 1e-14)
        return held

    return _measured(lambda: _box(0.0, size), levels, "sheared_crack", given, lambda x: x[1], 0.0)


def checkerboard(size: int = 8, levels: int = 30) -> Classical:
    """Sixteen squares of two materials, their triangles smaller and smaller towards the nine crossings."""
    import torch
    from skfem import MeshTri

    from ...geometry.box import Box
    from ...problem.reference import exact_values
    from ...references.checkerboard import checkerboard as exact

    contrast = 10.0
    inner = np.linspace(0, 1, 5)[1:-1]
    crossings = np.array(np.meshgrid(inner, inner)).reshape(2, -1)
    found: list[tuple[Array, Array, int]] = []

    def conductivity(x: Array) -> Array:
        return np.where(np.floor(4 * x).sum(0) % 2 == 0, 1.0, contrast)

    def solve() -> Array:
        even = np.linspace(0, 1, size + 1)
        mesh = refined_towards(MeshTri.init_tensor(even, even), levels, crossings)
        found.append(by_elements(mesh, lambda x: x[0] < 2, lambda x: 0 * x[0], 1.0, conductivity))
        return found[-1][1]

    values, seconds = timed(solve)
    places, _, count = found[-1]
    axes, points = Box(x=(0, 1), y=(0, 1)).axes, torch.from_numpy(places.T.copy())
    true: Array = exact_values(lambda p: exact(p, contrast), axes, points, {}).numpy().reshape(-1)
    return Classical(f"elements of degree 4, {count} unknowns", relative(values, true), seconds)


def inclusion(conductivity: float, terms: int = 12, places: int = 400) -> Classical:
    """A round inclusion in a square plate: harmonic powers about its middle, fitted to the plate's edge.

    With r^n inside, a_n r^n + b_n r^-n outside satisfies both conditions on the circle.
    """
    k, radius, n = conductivity, 0.5, np.arange(1, terms + 1)
    returned = (1 - k) / (1 + k)

    def powers(x: Array, y: Array) -> Array:
        z = (x + 1j * y)[:, None] / radius
        outside: Array = (z**n).real + returned * (z**-n).real
        return np.where(np.abs(z) >= 1, outside, 2 / (1 + k) * (z**n).real)

    def exact(x: Array, y: Array) -> Array:
        r2 = x * x + y * y
        temperature: Array = np.where(r2 > radius**2, x + returned * x / (4 * r2), 2 / (1 + k) * x)
        return temperature

    def solve() -> Array:
        s, one = np.linspace(-1, 1, places), np.ones(places)
        edge = np.concatenate([s, s, one, -one]), np.concatenate([one, -one, s, s])
        found: Array = np.asarray(
            np.linalg.lstsq(powers(*edge), exact(*edge), rcond=None)[0], dtype=np.float64
        )
        return found

    coefficients, seconds = timed(solve)
    x, y = (a.reshape(-1) for a in np.meshgrid(*[np.linspace(-1, 1, 100)] * 2))
    error = relative(powers(x, y) @ coefficients, exact(x, y))
    return Classical(f"{terms} harmonic powers, least squares", error, seconds)
