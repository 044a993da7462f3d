"""Two resolutions, compared: the distance is no smaller than the true error, and there without a reference."""

import math

import pytest
import torch

from sirenpde import Box, Field, LeastSquares, Problem, SineFeatures, Siren, laplacian, on, solve
from sirenpde.run.second_fit import second_fit

box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes


def exact(p):
    return torch.sin(2 * math.pi * x(p)) * torch.exp(y(p))


def poisson(network, known=True):
    u = Field("u", box, network)
    inside = on(box, 800, name="inside")(lambda p: laplacian(u)(p) + (4 * math.pi**2 - 1) * exact(p))
    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls, reference={u: exact} if known else {})


@pytest.mark.parametrize("count", [60, 120, 240])
def test_the_distance_to_a_second_fit_bounds_the_error(count):
    solution = solve(poisson(SineFeatures(count, bandwidth=9.0)), using=[LeastSquares()])
    error, apart = solution.errors["u"]["relative_l2"], solution.two_resolutions
    assert 0.5 * error < apart < 1000 * error
    assert solution.report()["error_estimate"]["two_resolutions"] == apart


def test_it_is_the_error_that_is_told_where_no_reference_is():
    solution = solve(poisson(SineFeatures(120, bandwidth=9.0), known=False), using=[LeastSquares()])
    assert solution.error_estimate["kind"] == "two resolutions compared"
    assert "two resolutions differ by" in str(solution)


def test_trained_networks_have_none():
    problem = poisson(Siren(8, 2))
    (u,) = problem.fields
    solution = solve(problem, using=[LeastSquares()])
    assert solution.two_resolutions is None
    assert second_fit(solution.system, solution.theta, {u: Siren(8, 2)}, 0) is None
