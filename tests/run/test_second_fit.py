"""Two resolutions, compared: the distance is no smaller than the true error, and there without a reference."""

import math

import pytest
import torch
from states import state_of

from sirenpde import Box, Field, LeastSquares, Problem, SineFeatures, Siren, integral, laplacian, on, solve
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


def test_fields_are_compared_where_they_live_and_not_where_their_integrals_are():
    u, orders = Field("u", box, SineFeatures(60, bandwidth=9.0)), Box(n=(0, 4))
    mean = integral(lambda p, q: torch.cos(orders.axes[0](p) * x(q)) * u(q), over=box.at(y=0), nodes=8)
    inside = on(box, 400, name="inside")(lambda p: laplacian(u)(p) + 1)
    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p))
    waves = on(orders, 5, name="waves")(lambda p: mean(p))
    solution = solve(Problem(inside, walls, waves), using=[LeastSquares()])
    assert solution.two_resolutions is not None


def test_one_that_would_take_minutes_is_left_out():
    v = Field("v", box, SineFeatures(500, bandwidth=9.0), shape=(10,))
    system = state_of(Problem(on(box, 10)(lambda p: v(p)))).system
    assert second_fit(system, system.initial(), {v: v.network}, 0) is None
