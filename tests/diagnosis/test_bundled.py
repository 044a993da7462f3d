"""No warning about the problems of the benchmark, which are right, determined and well-posed."""

import pytest

from sirenpde import diagnosis
from sirenpde.analysis.check import build_system, some_parameters
from sirenpde.problem.load import build, bundled_problems, find, load
from sirenpde.run.determination import left_open
from sirenpde.solvers.ladder import choose

pytestmark = pytest.mark.slow
NAMES = [entry.name for entry in bundled_problems()]
LARGE = {
    "wave_equation",
    "poisson_editing",
    "poisson_reconstruction",
    "signed_distance",
    "signed_distance_siren",
    "image_regression",
    "fourier_series",
    "tomography",
    "mri",
    "radiance_field",
}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_noticed_of(name):
    assert diagnosis.warnings(build(load(find(name)), {})) == []


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name and name not in LARGE])
def test_nothing_is_left_open_by(name):
    problem = build(load(find(name)), {})
    system = build_system(problem, choose(problem, None, None).recipes)
    assert left_open(system, some_parameters(system)) == []
