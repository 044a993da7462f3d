"""Heat in a bracket from a file: a smooth solution to many digits, the bundled problem beside finite elements."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sirenpde import (
    Field,
    PointCloud,
    Problem,
    SineFeatures,
    TriangleMesh,
    bundled,
    dot,
    grad,
    laplacian,
    on,
    solve,
)
from sirenpde.problem.load import build, find, load

BRACKET = TriangleMesh.open(bundled("bracket.stl"))


def test_a_smooth_solution_is_found_to_many_digits() -> None:
    """ΔT = 0 with a value on top, a convective foot and fluxes elsewhere, those of a harmonic function."""
    x, y, z = BRACKET.axes
    T = Field("T", BRACKET, SineFeatures(700, bandwidth=4))
    skin = BRACKET.boundary()

    def exact(p):
        return torch.exp(0.5 * x(p)) * torch.cos(0.3 * y(p)) * torch.sin(0.4 * z(p)) + z(p)

    def slope(p):
        e, (c, s) = torch.exp(0.5 * x(p)), ((0.3 * y(p)).cos(), (0.3 * y(p)).sin())
        up, along = (0.4 * z(p)).sin(), (0.4 * z(p)).cos()
        return torch.stack([0.5 * e * c * up, -0.3 * e * s * up, 0.4 * e * c * along + 1])

    def flux_error(p):
        return dot(skin.normal(p), grad(T)(p) - slope(p))

    top = skin.where(lambda points: points[:, 2] > 4 - 1e-6)
    sides = skin.where(lambda points: (points[:, 2] > 1e-6) & (points[:, 2] < 4 - 1e-6))
    constraints = (
        on(BRACKET, samples=1500, name="inside")(lambda p: laplacian(T)(p)),
        on(top, samples=200, weight=100, name="top")(lambda p: T(p) - exact(p)),
        on(skin.facing((0, 0, -1)), samples=300, weight=10, name="foot")(
            lambda p: flux_error(p) + 0.4 * (T(p) - exact(p))
        ),
        on(sides, samples=1000, weight=10, name="sides")(flux_error),
    )
    assert abs(0.5**2 - 0.3**2 - 0.4**2) < 1e-15  # it is harmonic
    solution = solve(Problem(*constraints, reference={T: exact}))
    assert solution.errors["T"]["relative_l2"] < 1e-7


@pytest.mark.slow
def test_the_bundled_problem_comes_to_a_thousandth() -> None:
    solution = solve(build(load(find("heat_bracket")), {}))
    assert solution.errors["T"]["relative_l2"] < 1e-3


@pytest.mark.slow
def test_the_stored_temperatures_are_those_of_finite_elements() -> None:
    """Quadratic ones on tetrahedra of the bracket, whose surface is off by up to 5e-4 of its diagonal."""
    from skfem import Basis, BilinearForm, ElementTetP2, FacetBasis, LinearForm, MeshTet, condense, solve
    from skfem.models.poisson import laplace

    cells = BRACKET.cells(20)
    mesh = MeshTet(cells.points.T.numpy().copy(), cells.corners.T.numpy().copy())
    inside = Basis(mesh, ElementTetP2())
    foot = FacetBasis(
        mesh, ElementTetP2(), facets=mesh.facets_satisfying(lambda x: np.abs(x[2]) < 1e-2, True)
    )
    convection = BilinearForm(lambda u, v, _: 0.2 * u * v).assemble(foot)
    matrix = 0.5 * laplace.assemble(inside) + convection
    hot = inside.get_dofs(lambda x: np.abs(x[2] - 4) < 1e-2)
    given = inside.zeros()
    given[hot] = 80.0
    load_vector = LinearForm(lambda v, _: 0.0 * v).assemble(inside)
    found = solve(*condense(matrix, load_vector, x=given, D=hot))
    stored = PointCloud.open(bundled("bracket_temperature.npz"), BRACKET)
    points, known = stored.points[:200], stored.data["temperature"][:200].numpy()
    inner = (BRACKET.level(points) < -0.05).numpy()
    computed = inside.probes(points[inner].T.numpy()) @ found
    assert np.linalg.norm(computed - known[inner]) < 1e-3 * np.linalg.norm(known[inner])
