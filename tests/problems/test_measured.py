"""Problems with measurements: numbers against a fit of the closed form, a field against the truth."""

import math

import numpy as np
import pytest
from scipy.optimize import least_squares

from sirenpde import LeastSquares, SineFeatures, bundled, solve
from sirenpde.problem.load import build, find, load


def problem(name, **flags):
    return build(load(find(name)), flags)


def closed_fin(k, h, x):
    """The temperature in K; k in W/(m K), h in W/(m² K), x in m."""
    m = math.sqrt(400 * h / k)
    r, s = h / (m * k), m * (0.1 - x)
    shape = (np.cosh(s) + r * np.sinh(s)) / (math.sinh(0.1 * m) + r * math.cosh(0.1 * m))
    return 293.15 + 5000 / (m * k) * shape


def test_a_fin_has_the_numbers_and_errors_of_a_fit_to_its_closed_form():
    x, seen, sigma = np.loadtxt(bundled("fin.csv"), delimiter=",", skiprows=1).T
    best = least_squares(
        lambda q: (closed_fin(q[0], q[1], x) - seen) / sigma,
        (15, 40),
        x_scale=(15, 40),
        xtol=1e-13,
        ftol=1e-13,
    )
    covariance = np.linalg.inv(best.jac.T @ best.jac)
    deviations = np.sqrt(covariance.diagonal())
    solution = solve(problem("fin"), [LeastSquares()], network=SineFeatures(100, 8.0))
    assert solution.status == "solved" and not solution.warnings
    assert solution.problem.constraints[-1].domain.units == {
        "x": "m",
        "temperature": "K",
        "temperature_std": "K",
    }
    for name, value, deviation, truth in zip("kh", best.x, deviations, (15, 40), strict=True):
        assert abs(solution.unknowns[name] - value) < 1e-3 * deviation
        assert solution.standard_errors[name] == pytest.approx(deviation, rel=1e-3)
        assert abs(solution.unknowns[name] - truth) < 2.5 * deviation
    correlation = covariance[0, 1] / deviations.prod()
    assert solution.correlations == {"k": {"h": pytest.approx(correlation, abs=1e-3)}}
    assert solution.chi_square["measured"] == (pytest.approx(2 * best.cost, rel=1e-4), 30)


@pytest.mark.slow
def test_a_conductivity_is_found_to_ten_digits():
    solution = solve(problem("conductivity"))
    assert solution.status == "solved" and solution.errors["a"]["relative_l2"] < 1e-10


@pytest.mark.slow
def test_a_conductivity_is_found_from_noisy_temperatures():
    """Noise of a tenth; the best published for networks is 2.5 % of u and a together."""
    noisy = problem("conductivity", noise=0.1)
    solution = solve(noisy, [LeastSquares()], network=SineFeatures(60, 4.0))
    assert solution.errors["a"]["relative_l2"] < 0.05 and solution.errors["u"]["relative_l2"] < 0.05
