"""Classical solvers: their errors against exact solutions, and what their bars are made of."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from sirenpde.bench.classical import SOLVERS, Classical, boxes, corners, distance, evolution, flow, fronts
from sirenpde.bench.classical.boxes import chebyshev, dirichlet
from sirenpde.bench.classical.measured import timed
from sirenpde.references.burgers import burgers_from_sine


def test_differentiation_is_exact_for_polynomials() -> None:
    x, d = chebyshev(6, -1.0, 3.0)
    assert x[[0, -1]] == pytest.approx([3.0, -1.0])
    assert d @ x**6 == pytest.approx(6 * x**5, rel=1e-12, abs=1e-10)


def test_dirichlet_is_the_slow_kronecker_solve() -> None:
    n, rng = 5, np.random.default_rng(0)
    _, d = chebyshev(n, 0.0, 1.0)
    second, right, edge = d @ d, rng.normal(size=(n + 1,) * 3), rng.normal(size=(n + 1,) * 3)
    found = dirichlet(right, edge, second, shift=0.7)
    one = np.eye(n + 1)
    whole = (
        np.kron(np.kron(second, one), one)
        + np.kron(np.kron(one, second), one)
        + np.kron(np.kron(one, one), second)
        + 0.7 * np.eye((n + 1) ** 3)
    )
    inside = np.zeros((n + 1,) * 3, bool)
    inside[1:-1, 1:-1, 1:-1] = True
    flat = inside.reshape(-1)
    assert np.array_equal(found[~inside], edge[~inside])
    load = (right.reshape(-1) - whole[:, ~flat] @ edge.reshape(-1)[~flat])[flat]
    assert found[inside] == pytest.approx(np.linalg.solve(whole[np.ix_(flat, flat)], load), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("poisson_square", 1e-13),
        ("helmholtz_1_4", 1e-13),
        ("helmholtz_6_6", 1e-13),
        ("helmholtz_10_10", 1e-13),
        ("poisson_multiscale", 1e-13),
        ("wave_string", 1e-14),
        ("poisson_5d_additive", 1e-13),
        ("poisson_5d_mixed", 1e-13),
        ("poisson_10d", 1e-14),
        ("convection", 1e-14),
        ("reaction", 1e-13),
        ("burgers_viscous", 1e-10),
        ("heat_cube", 1e-13),
        ("heat_ripples", 1e-13),
        ("reaction_layers", 1e-12),
        ("reaction_layers_thin", 1e-12),
        ("outflow_layers", 1e-12),
        ("poisson_waves", 1e-11),
        ("poisson_waves_cube", 1e-12),
        ("inclusion_1000", 1e-13),
        ("helmholtz_20", 1e-8),
        ("helmholtz_80", 1e-8),
        ("helmholtz_200", 1e-8),
        ("fisher", 1e-11),
        ("carried_pulse", 1e-13),
        ("drifting_pulse", 1e-13),
        ("finite_basis", 1e-12),
        ("waves_8", 1e-12),
        ("waves_4_different", 1e-12),
        ("heat_2", 1e-13),
        ("smooth_12", 1e-5),
        ("corner_2", 1e-5),
    ],
)
def test_error_against_the_exact_solution(name: str, bound: float) -> None:
    found = SOLVERS[name]()
    assert found.error < bound
    assert 0 < found.cpu_s < 2


def test_too_coarse_a_grid_has_a_large_error() -> None:
    assert 1e-6 < boxes.sines((10, 10), low=-1.0, n=36, shift=1.0).error < 1
    assert 1e-8 < evolution.burgers(0.01, 100, 1000).error < 1e-2


def test_stepping_is_of_order_four() -> None:
    errors = [evolution.two_solitons(200, steps).error for steps in (1000, 2000)]
    assert 3.5 < math.log2(errors[0] / errors[1]) < 5


def test_steady_flow_converges_to_the_exact_one() -> None:
    errors = [flow.kovasznay(n).error for n in (12, 16, 20)]
    assert errors[0] < 1e-3 and errors[1] < 3e-3 * errors[0] and errors[2] < 3e-3 * errors[1]


@pytest.mark.parametrize("shape", [distance.sphere, distance.torus])
def test_the_nearest_of_ten_times_as_many_points_is_ten_times_as_near(
    shape: Callable[[int], Classical],
) -> None:
    few, many = shape(3000).error, shape(30_000).error
    assert many < 2e-3
    assert few / many == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize("shape", [corners.l_shape, corners.motz, corners.sheared_crack])
def test_elements_that_shrink_towards_a_corner_resolve_it(shape: Callable[..., Classical]) -> None:
    assert shape().error < 2e-5
    assert shape(levels=0).error > 1e-4


def test_a_front_that_is_stepped_has_a_smaller_error_on_a_finer_grid() -> None:
    errors = [fronts.travelling_front(until=1.0, n=n).error for n in (14, 20)]
    assert errors[0] < 1e-2 and errors[1] < 0.1 * errors[0]


def test_below_a_uniform_lid_more_modes_are_nearer() -> None:
    errors = [flow.uniform_lid(100.0, modes).error for modes in (12, 20)]
    assert errors[0] < 2e-2 and errors[1] < errors[0] / 2


def test_the_cavity_converges() -> None:
    assert 1e-6 < flow.cavity(12).error < 1e-3


def test_the_examples_run() -> None:
    assert doctest.testmod(boxes) == (0, 2)


def test_self_difference_is_the_true_error() -> None:
    """Where an exact solution is known, halving everything gives the same error to a few percent."""
    equation = evolution.Evolution(lambda x: -(math.pi * x).sin(), {2: 0.02}, {2: -0.5}, outer=1)
    exact = partial(burgers_from_sine, 0.02)
    known = evolution.by_etdrk4(equation, 48, 100, exact).error
    assert evolution.by_etdrk4(equation, 48, 100).error == pytest.approx(known, rel=0.1)


def test_short_solves_are_timed_warm() -> None:
    calls = []
    timed(lambda: calls.append(0) or np.zeros(1))
    assert len(calls) == 2
