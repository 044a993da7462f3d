"""Finite elements on blocks: a closed form, the flux's continuity, and what the package holds."""

import numpy as np
import pytest

from sirenpde import bundled
from sirenpde.references.pinnacle.blocks import diffusion_in_blocks

ONE, NONE = np.ones((5, 5)), np.zeros((5, 5))
LAYERS = np.repeat(np.array([[1.0], [3.0], [0.5], [2.0], [10.0]]), 5, axis=1)  # materials along x


def places(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-10, 10, (count, 2))


def test_both_forms_agree_where_there_is_one_material_and_scale_with_it():
    wave = np.random.default_rng(1).normal(size=(5, 5))
    flux, code = (diffusion_in_blocks(2 * ONE, ONE, wave, form, degree=5, layers=0) for form in (True, False))
    half = diffusion_in_blocks(ONE, ONE, wave, True, degree=5, layers=0)
    assert np.allclose(flux.at(places(50)), code.at(places(50)), rtol=1e-10)
    assert np.allclose(2 * flux.at(places(50)), half.at(places(50)), rtol=1e-10)


def test_a_second_program_finds_the_same_flow_through_materials():
    """Linear elements of another library on a fine mesh, without grading."""
    from skfem import Basis, BilinearForm, ElementQuad2, FacetBasis, LinearForm, MeshQuad, solve

    s = np.linspace(-10, 10, 41)
    mesh = MeshQuad.init_tensor(s, s)
    inside, rim = Basis(mesh, ElementQuad2()), FacetBasis(mesh, ElementQuad2())
    by_place = LAYERS[:, 0]

    def a(x):
        return by_place[np.clip(((x[0] + 10) // 4).astype(int), 0, 4)]

    matrix = BilinearForm(lambda u, v, w: a(w.x) * (u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1])).assemble(
        inside
    ) + BilinearForm(lambda u, v, w: a(w.x) * u * v).assemble(rim)
    theirs = solve(matrix, LinearForm(lambda v, w: 1.0 * v).assemble(inside))
    ours = diffusion_in_blocks(LAYERS, ONE, NONE, True, degree=4, layers=1).at(places(40))
    assert np.abs(inside.probes(places(40).T) @ theirs - ours).max() < 2e-3 * np.abs(ours).max()


def test_the_flux_is_continuous_across_blocks():
    u = diffusion_in_blocks(LAYERS, ONE, NONE, True, degree=6, layers=1)
    h, y = 1e-4, np.linspace(-9, 9, 7)
    for k, place in enumerate((-6.0, -2.0, 2.0, 6.0)):
        at = [u.at(np.stack([np.full(7, place + step), y], axis=1)) for step in (-2 * h, -h, 0.0, h, 2 * h)]
        left, right = (3 * at[2] - 4 * at[1] + at[0]) / (2 * h), (4 * at[3] - at[4] - 3 * at[2]) / (2 * h)
        assert np.abs(LAYERS[k, 0] * left - LAYERS[k + 1, 0] * right).max() < 2e-3


@pytest.mark.slow
@pytest.mark.parametrize(("form", "most"), [("flux", 3e-5), ("code", 1e-6)])
def test_the_stored_values_are_those_of_a_coarser_mesh(form, most):
    tables, stored = (np.load(bundled(f"pinnacle/poisson2d_ms{kind}.npz")) for kind in ("_coefficients", ""))
    solved = diffusion_in_blocks(
        tables["a"], tables["constant"], tables["wave"], form == "flux", degree=6, layers=5
    )
    known = stored[form]
    found = solved.at(np.stack([stored["x"], stored["y"]], axis=1))
    assert 1e-10 < np.linalg.norm(found - known) / np.linalg.norm(known) < most
