"""Series through every second sample of lines, pictures and volumes, solved, trained and started from an FFT."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sirenpde import Adam, Problem, solve
from sirenpde.problem import load as loading


def declared(name: str, **flags: Any) -> Problem:
    return loading.build(loading.load(loading.find(name)), flags)


def psnr(solution, where):
    return solution.errors["u"]["on"][where]["psnr_db"]


def smooth(*shape):
    """Samples of a function with few waves, and with sides of which some are odd."""
    axes = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in shape], indexing="ij")
    return 0.5 + 0.2 * sum(np.sin(2 * np.pi * v + i) for i, v in enumerate(axes)) / len(shape)


@pytest.mark.parametrize("shape", [(33,), (20, 27), (8, 13, 10)])
@pytest.mark.parametrize(("series", "decibels"), [("whole", 280), ("half", 180)])
def test_samples_of_any_number_of_axes_are_met(tmp_path, shape, series, decibels):
    np.save(tmp_path / "f.npy", smooth(*shape))
    solution = solve(declared("fourier_series", samples=str(tmp_path / "f.npy"), size=64, series=series))
    assert psnr(solution, "known") > decibels
    if series == "whole" and shape != (
        33,
    ):  # what is left of the function has its period but along odd sides
        assert psnr(solution, "between") > 30


def test_weights_from_an_fft_meet_a_picture_at_once():
    problem = declared("papers/fourier_series", size=64, start="fft")
    solution = solve(problem, [Adam(steps=1, lr=1e-15)])
    assert solution.history[0].loss < 1e-28
    assert psnr(solution, "known") > 280
    direct = solve(declared("fourier_series", size=64, series="whole"))
    assert psnr(solution, "between") == pytest.approx(psnr(direct, "between"), abs=0.05)


def test_the_least_slope_comes_nearest_between_the_samples():
    found = {}
    for series in ("whole", "half", "smooth"):
        solution = solve(declared("fourier_series", size=48, series=series))
        found[series] = psnr(solution, "between")
        assert psnr(solution, "known") > 45
    assert found["smooth"] > found["half"] + 1 > found["whole"] + 1


def test_progressive_training_helps_where_the_lattice_is_finer_than_the_samples():
    """From random weights, with twice as many waves along each axis as the samples tell apart."""
    found = {}
    for progressive in ("no", "whole"):
        problem = declared(
            "papers/fourier_series", size=32, order=16, start="random", progressive=progressive
        )
        (stage,) = problem.using
        solution = solve(problem, [replace(stage, steps=80, lr=2e-2)])
        found[progressive] = psnr(solution, "between")
        assert psnr(solution, "known") > 25
    assert found["whole"] > found["no"] + 2


def test_a_picture_too_small_for_the_lattice_is_named():
    for name in ("fourier_series", "papers/fourier_series"):
        with pytest.raises(ValueError, match=r"order=40 .*shape \(64, 64\); at most 32 was expected"):
            declared(name, size=64, order=40)
