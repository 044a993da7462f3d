"""Runs on the device: going on to the same bits, on either device, and files of fields."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Adam, Box, Field, GaussNewton, Points, Problem, Siren, Solution, laplacian, on, solve
from sirenpde.sampling.draws import Fresh

square = Box(x=(0, 1), y=(0, 1))
x, y = square.axes


def problem():
    u = Field("u", square, Siren(8, 2, omega=3))

    @on(square, samples=100)
    def equation(p):
        return laplacian(u)(p) + torch.sin(math.pi * x(p)) * y(p)

    return Problem(equation, on(square.boundary(), samples=40, weight=10)(u))


def stopped(stages, device, at=3):
    def stop(progress):
        if progress.step == at:
            raise KeyboardInterrupt

    return solve(problem(), stages, device=device, progress=stop)


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(Adam(steps=6, points=Points(Fresh())), id="Adam"),
        pytest.param(GaussNewton(steps=6), id="GaussNewton", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_was_cut_off_goes_on_to_the_same_values(stage, place):
    whole = solve(problem(), [stage], device=place.name)
    first = stopped([stage], place.name)
    again = solve(problem(), [stage], device=place.name, resume=first.snapshot())
    assert again.history[-1].step == whole.history[-1].step == 6
    theirs, ours = (s.snapshot()["theta"] for s in (whole, again))
    assert theirs.device.type == ours.device.type == "cpu"
    assert torch.equal(theirs, ours) if place.same_bits else torch.allclose(theirs, ours, rtol=1e-4)


def test_a_run_goes_on_elsewhere(place):
    stages = [Adam(steps=6)]
    first = stopped(stages, place.name)
    there = solve(problem(), stages, device=place.name, resume=first.snapshot())
    here = solve(problem(), stages, device="cpu", resume=first.snapshot())
    assert here.history[-1].loss == pytest.approx(there.history[-1].loss, rel=1e-3)


def test_fields_of_the_device_are_evaluated_saved_and_exported(place, tmp_path):
    solution = solve(problem(), [Adam(steps=2)], device=place.name)
    places = torch.rand(5, 2, dtype=torch.float64)
    values = solution["u"](places)
    assert values.device.type == place.device.type
    values = values.cpu().numpy()
    assert np.array_equal(solution["u"](places.numpy()), values)
    for suffix in (".npz", ".vtkhdf", ".png"):
        assert solution.export(tmp_path / f"u{suffix}", resolution=9).stat().st_size > 200
    grid = np.load(tmp_path / "u.npz")
    assert any(grid[name].size == 81 and np.isfinite(grid[name]).all() for name in grid.files)
    solution.save(tmp_path / "run")
    loaded = Solution.load(tmp_path / "run")
    assert np.allclose(loaded["u"](places.numpy()), values, rtol=1e-5, atol=1e-6)
