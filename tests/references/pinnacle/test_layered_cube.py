"""The layered cube around balls: its equation, its conditions, and what the package holds of it."""

import numpy as np
import pytest

from sirenpde import bundled
from sirenpde.references.pinnacle import layered_cube
from sirenpde.references.pinnacle.layered_cube import around_balls, conditions, in_the_cube, source

PLACES = np.array(
    [[0.9, 0.1, 0.2], [0.3, 0.45, 0.12], [0.85, 0.35, 0.7], [0.5, 0.93, 0.91], [0.1, 0.1, 0.45]]
)


def excess(f, points, h):
    """-Δf + k² f by differences of order four."""
    k = np.where(points[:, 2] < 0.5, 8.0, 10.0)
    total = (k**2 + 7.5 / h**2) * f(points)
    for way in h * np.eye(3):
        near, far = f(points + way) + f(points - way), f(points + 2 * way) + f(points - 2 * way)
        total += (far - 16 * near) / (12 * h**2)
    return total


def test_the_whole_cube_solves_the_equation_with_insulated_sides():
    def u(points):
        return in_the_cube(points)[0]

    assert np.abs(excess(u, PLACES, 2e-3) - source(*PLACES.T)).max() < 1e-3
    side = np.array([[0, 0.3, 0.7], [0.2, 1, 0.3], [0.4, 0.6, 0]])
    assert np.abs(np.diag(in_the_cube(side)[1:])).max() < 1e-4
    split = np.array([[0.1, 0.2, 0.5], [0.9, 0.6, 0.5]])
    below, above = (in_the_cube(split + np.array([0, 0, dz])) for dz in (-1e-9, 1e-9))
    assert np.abs(above - below).max() < 1e-6


def test_what_is_added_solves_the_equation_without_source():
    for number in (0, 1):
        places = PLACES[(PLACES[:, 2] >= 0.5) == number]
        functions = layered_cube._functions(number, places, 6)
        h = 1e-5
        for axis, way in enumerate(h * np.eye(3)):
            two = [layered_cube._functions(number, places + sign * way, 6)[0] for sign in (1, -1)]
            assert np.abs((two[0] - two[1]) / (2 * h) - functions[1 + axis]).max() < 1e-5
        left = [
            excess(lambda p, c=c, n=number: layered_cube._functions(n, p, 6)[0][:, c], places, 3e-3)
            for c in (0, 8, 20, 40, 80)
        ]
        assert np.abs(left).max() < 2e-3


def test_more_functions_meet_the_conditions_better_and_agree():
    left = []
    for size in (8, 10):
        matrix, target = conditions(size, 0.1)
        fitted = np.concatenate(layered_cube._coefficients(size))
        left.append(np.linalg.norm(matrix @ fitted - target) / np.linalg.norm(target))
    assert left[1] < 0.7 * left[0] and left[0] < 0.5
    stored = np.load(bundled("pinnacle/poisson3d_cg.npz"))
    some = slice(None, None, 41)
    points, known = np.stack([stored[axis][some] for axis in "xyz"], axis=1), stored["certified"][some]
    error = np.linalg.norm(around_balls(points, 10) - known) / np.linalg.norm(known)
    assert error < 1e-2 < np.linalg.norm(in_the_cube(points)[0] - known) / np.linalg.norm(known)


@pytest.mark.slow
def test_stored_values_agree_with_finite_elements():
    """Quadratic tetrahedra with straight faces about the balls: some thousandths."""
    import skfem
    from scipy.sparse import diags
    from scipy.sparse.linalg import cg
    from skfem.helpers import dot, grad

    from sirenpde.problem import load

    (u,) = load.build(load.load(load.find("pinnacle/poisson3d_cg")), {}).fields
    cells = u.domain.cells(16)
    corners = np.ascontiguousarray(cells.corners.numpy().T.astype(np.int64))
    basis = skfem.Basis(
        skfem.MeshTet(np.ascontiguousarray(cells.points.numpy().T), corners), skfem.ElementTetP2(), intorder=4
    )
    matrix = skfem.BilinearForm(
        lambda u, v, w: dot(grad(u), grad(v)) + np.where(w.x[2] < 0.5, 64, 100) * u * v
    ).assemble(basis)
    load_ = skfem.LinearForm(lambda v, w: source(*w.x) * v).assemble(basis)
    found, _ = cg(matrix.tocsr(), load_, rtol=1e-8, M=diags(1 / matrix.diagonal()))
    stored = np.load(bundled("pinnacle/poisson3d_cg.npz"))
    points = np.stack([stored[axis] for axis in "xyz"], axis=1)
    away = [np.linalg.norm(points - [a, b, c], axis=1) > r + 0.02 for a, b, c, r in layered_cube.BALLS]
    inside = np.all(away, axis=0)
    known = stored["certified"][inside]
    assert np.linalg.norm(basis.probes(points[inside].T) @ found - known) < 1e-2 * np.linalg.norm(known)
