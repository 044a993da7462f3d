"""A medium from waves at receivers: the disc to the digits of its data, an image, files, and what is refused."""

import pytest
import torch
from scipy.io import savemat

from sirenpde import VariableProjection, solve
from sirenpde.problem.load import find, load
from sirenpde.references.survey import around_cylinder


def declare(name="helmholtz_inversion", **flags):
    return load(find(name)).problem(**flags)


def written(path, sources=5, **cylinder):
    survey = around_cylinder(20.0, **cylinder)
    arrays = {
        "source": survey.sources[:sources],
        "receivers": survey.receivers,
        "rec_val": survey.waves[:, :sources],
    }
    savemat(path, {key: value.numpy() for key, value in arrays.items()})
    return str(path)


def test_a_disc_of_a_file_with_one_source(tmp_path):
    data = written(tmp_path / "waves.mat", 1, radius=0.08, speed=1.6, center=(0.02, -0.03))
    found = solve(declare(data=data)).unknowns
    expected = {"radius": 0.08, "velocity": 1.6, "x0": 0.02, "y0": -0.03}
    assert found == pytest.approx(expected, abs=2e-4)


@pytest.mark.slow
def test_the_disc_without_noise():
    found = solve(declare()).unknowns
    assert found["radius"] == pytest.approx(0.1, rel=1e-4) and found["velocity"] == pytest.approx(2, rel=1e-3)
    assert abs(found["x0"]) < 1e-5 and abs(found["y0"]) < 1e-5


@pytest.mark.slow
def test_the_disc_with_noise_is_known_as_well_as_the_data_allow():
    """Standard errors of the maximum likelihood estimate: 0.0002, 0.0125, 0.00012 and 0.0002."""
    found = solve(declare(noise=0.01)).unknowns
    assert found == pytest.approx(
        {"radius": 0.1002659, "velocity": 1.977312, "x0": -3.1e-5, "y0": -1.9e-4}, abs=1e-3
    )


@pytest.mark.slow
def test_a_step_towards_an_image_of_one_source_explains_most_of_its_data(tmp_path):
    problem = declare(medium="image", noise=0.05, data=written(tmp_path / "waves.mat", 1))
    solution = solve(problem, [VariableProjection(("s",), steps=1, prior="discrepancy")])
    value, count = solution.chi_square["seen"]
    whole, free = (around_cylinder(20.0, speed=speed).waves[:, 0] for speed in (2.0, 1.0))
    start = 2 * float((whole - free).abs().square().sum() / whole.abs().square().mean()) / 0.05**2
    assert count == 60 and value < 0.6 * start


@pytest.mark.parametrize("medium", ["disc", "image"])
def test_waves_that_the_features_cannot_resolve_are_refused_with_the_number_that_they_can(medium):
    with pytest.raises(ValueError, match="which resolve wavenumbers up to"):
        declare(medium=medium, wavenumber=400.0)


def test_receivers_in_the_medium_or_in_the_layer_are_refused(tmp_path):
    survey = around_cylinder(20.0)
    cases = (0.5, "helmholtz_inversion", "in the disk"), (1.5, "papers/helmholtz_inversion", "layer")
    for scale, name, message in cases:
        path = tmp_path / f"{scale}.mat"
        arrays = {"source": survey.sources, "receivers": scale * survey.receivers, "rec_val": survey.waves}
        savemat(path, {key: value.numpy() for key, value in arrays.items()})
        with pytest.raises(ValueError, match=f"receiver at .* {message}"):
            declare(name, data=str(path))


def test_the_medium_of_the_paper_is_one_beyond_its_square(tmp_path):
    problem = declare("papers/helmholtz_inversion", units=8, data=written(tmp_path / "waves.mat", 1))
    medium = problem.outputs[1]
    solution = solve(problem, steps=1, samples_scale=0.05)
    values = torch.as_tensor(solution[medium]([[0.9, 0.0], [0.0, -0.8], [0.1, 0.1]]))
    assert values[:2].tolist() == [1.0, 1.0] and float(values[2]) != 1.0
