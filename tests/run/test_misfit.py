"""Measurements with given standard deviations: chi-square, the errors of unknown numbers, noise that is too large."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    Problem,
    SineFeatures,
    Solution,
    Table,
    Unknown,
    l1,
    on,
    solve,
)
from sirenpde.run.summary import summary

line = Box(x=(0, 1))
(x,) = line.axes
spacetime = Box(t=(0, 1), y=(0, 1))
t, y = spacetime.axes


def measured(seed, count=40, claimed=1.0, shift=0.0):
    """u = 2 x - 0.5 with noise of two sizes."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 1, count)
    sigma = rng.choice([0.02, 0.3], count)
    values = 2 * places - 0.5 + sigma * rng.standard_normal(count) + shift * np.sin(9 * places)
    return Table.of({"x": places, "u": values, "u_std": claimed * sigma}, line)


def straight(table, parts=1):
    """u' = c, u(0) = b: a straight line through measurements, in so many tables."""
    u, c, b = Field("u", line, SineFeatures(40, 3.0)), Unknown("c", 1.0), Unknown("b", 0.0)
    tables = [table.where(torch.arange(table.size) % parts == i) for i in range(parts)]
    seen = [
        on(part, sigma=part["u_std"], name=f"seen {i}")(lambda p, part=part: u(p) - part["u"](p))
        for i, part in enumerate(tables)
    ]
    slope = on(line, 100, name="slope")(lambda p: D(u, x)(p) - c(p))
    start = on(line.at(x=0), name="start")(lambda p: u(p) - b(p))
    return solve(Problem(slope, start, *seen), [LeastSquares()])


def regression(table):
    """The best c and b, and their covariance, by the formulas of weighted regression."""
    places, sigma = table.points[:, 0].numpy(), table.data["u_std"].numpy()
    matrix = np.stack([places, np.ones(len(places))], 1) / sigma[:, None]
    covariance = np.linalg.inv(matrix.T @ matrix)
    return covariance @ matrix.T @ (table.data["u"].numpy() / sigma), covariance


@pytest.mark.parametrize("parts", [1, 3])
def test_numbers_errors_and_correlations_are_those_of_chi_square(parts):
    """Whatever the table that a measurement is from, and although a row counts a thousandth of an equation's."""
    table = measured(0)
    solution, (best, covariance) = straight(table, parts), regression(table)
    deviations = np.sqrt(covariance.diagonal())
    assert solution.status == "solved" and not solution.warnings
    for name, value, deviation in zip("cb", best, deviations, strict=True):
        assert abs(solution.unknowns[name] - value) < 1e-3 * deviation
        assert solution.standard_errors[name] == pytest.approx(deviation, rel=1e-3)
    correlation = covariance[0, 1] / deviations.prod()
    assert solution.correlations == {"c": {"b": pytest.approx(correlation, abs=1e-3)}}
    fit = ((best[0] * table.points[:, 0] + best[1] - table.data["u"]) / table.data["u_std"]).square().sum()
    assert sum(v for v, _ in solution.chi_square.values()) == pytest.approx(float(fit), rel=1e-5)
    assert sum(n for _, n in solution.chi_square.values()) == table.size


def test_the_report_a_saved_solution_and_the_summary_tell_it(tmp_path):
    solution = straight(measured(0))
    report = solution.report()
    assert report["unknown_correlations"] == solution.correlations
    assert report["chi_square"] == {"seen 0": {"value": solution.chi_square["seen 0"][0], "measurements": 40}}
    said = summary("case", solution, report, [], "run/")
    assert f"seen 0: chi-square {solution.chi_square['seen 0'][0]:.4g} of 40 measurements" in said
    assert f"correlation of c and b: {solution.correlations['c']['b']:+.3f}" in said
    solution.save(tmp_path)
    loaded = Solution.load(tmp_path)
    assert loaded.correlations == solution.correlations and loaded.chi_square == solution.chi_square
    assert loaded.standard_errors == solution.standard_errors


def test_deviations_that_are_too_small_or_too_large_are_told():
    (said,) = straight(measured(1, shift=0.3)).warnings
    assert said.startswith("The measurements of 'seen 0' leave a chi-square of ")
    assert "times as large as the given standard deviations" in said
    (said,) = straight(measured(1, claimed=4.0)).warnings
    assert "noise of the given standard deviations would leave about 40" in said
    assert straight(measured(1, shift=0.3)).status == "rough"


def test_deviations_that_are_none_are_refused():
    table = measured(0)
    u = Field("u", line)
    for given, message in [
        (0.0, r"sigma=0\.0; expected a positive number"),
        ("std", r"sigma='std'; expected a positive number, or a function"),
        (Table.of({"x": [0.1], "s": [0.0]}, line), r"sigma=s, which is 0\.0 in row 0"),
    ]:
        domain, sigma = (given, given["s"]) if isinstance(given, Table) else (table, given)
        with pytest.raises(ValueError, match=message):
            on(domain, sigma=sigma)(u)
    with pytest.raises(ValueError, match=r"both sigma and loss=l1"):
        on(table, sigma=0.1, loss=l1)(u)
    assert on(table, sigma=0.1, name="seen")(u).weight == 40 and on(table, name="seen")(u).weight == 1


def test_one_deviation_serves_all_components_and_the_equation_keeps_its_name():
    v = Field("v", line, shape=(2,))
    pairs = Table.of({"x": [0.2, 0.6], "v": [[1.0, 2.0], [3.0, 4.0]], "s": [0.5, 0.25]}, line)

    @on(pairs, sigma=pairs["s"])
    def seen(p):
        """v is measured"""
        return v(p) - pairs["v"](p)

    assert seen.name == "seen" and seen.equation == "v is measured"
    assert Problem(seen).requests[0].size == 2


def diffusion(seed):
    """u_t = k u_yy from a sine of unknown height; the same fitted by its closed form."""
    rng = np.random.default_rng(seed)
    at, rise, sigma = rng.uniform(0, 1, 60), rng.uniform(0, 1, 60), rng.choice([0.02, 0.1], 60)

    def closed(q):
        return q[1] * np.exp(-q[0] * math.pi**2 * at) * np.sin(math.pi * rise)

    seen = closed((0.1, 1.3)) + sigma * rng.standard_normal(60)
    table = Table.of({"t": at, "y": rise, "u": seen}, spacetime)
    best = least_squares(lambda q: (closed(q) - seen) / sigma, (0.1, 1.3), xtol=1e-13, ftol=1e-13)
    covariance = np.linalg.inv(best.jac.T @ best.jac)
    table.data["u_std"] = torch.from_numpy(sigma)
    u, k, a = Field("u", spacetime, SineFeatures(100, 4.0)), Unknown("k", 0.2, low=0.0), Unknown("a", 1.0)
    heat = on(spacetime, 400, name="heat")(lambda p: D(u, t)(p) - k(p) * D(u, y, y)(p))
    ends = on(spacetime.boundary("y"), 80, name="ends")(u)
    start = on(spacetime.at(t=0), 80, name="start")(lambda p: u(p) - a(p) * torch.sin(math.pi * y(p)))
    data = on(table, sigma=table["u_std"], name="seen")(lambda p: u(p) - table["u"](p))
    return solve(Problem(heat, ends, start, data), [LeastSquares()]), best.x, covariance


def test_a_nonlinear_problem_has_the_errors_of_a_fit_to_its_closed_form():
    solution, best, covariance = diffusion(0)
    deviations = np.sqrt(covariance.diagonal())
    for name, value, deviation in zip("ka", best, deviations, strict=True):
        assert abs(solution.unknowns[name] - value) < 0.02 * deviation
        assert solution.standard_errors[name] == pytest.approx(deviation, rel=0.01)
    assert solution.correlations["k"]["a"] == pytest.approx(covariance[0, 1] / deviations.prod(), abs=0.01)


@pytest.mark.slow
def test_standard_errors_cover_what_noise_makes():
    """Σ z² over seeds is a chi-square of as many numbers; its quantiles of one and 99 999 in 100 000."""
    z = []
    for seed in range(40):
        solution, _, _ = diffusion(seed)
        z += [
            (solution.unknowns[n] - true) / solution.standard_errors[n]
            for n, true in (("k", 0.1), ("a", 1.3))
        ]
    squares = np.square(np.reshape(z, (40, 2)))
    assert (squares.sum(0) > 13.0).all() and (squares.sum(0) < 89.0).all()
    assert 0.5 < float((squares < 1).mean()) < 0.85
