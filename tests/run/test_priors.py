"""Constraints that are to be small and need not vanish: told, and nothing judged by them."""

import pytest
import torch

from sirenpde import (
    Adam,
    Box,
    D,
    Field,
    LeastSquares,
    PointCloud,
    Problem,
    SineFeatures,
    Siren,
    Solution,
    l1,
    on,
    solve,
)
from sirenpde.diagnosis import warnings
from sirenpde.residuals import System
from sirenpde.run.misfit import misfits

LINE = Box(x=(0, 1))
(X,) = LINE.axes
FEATURES = SineFeatures(60, bandwidth=8.0)


def bent(
    prior: bool, places: list[list[float]], weight: float = 1e-11, features: SineFeatures = FEATURES
) -> Problem:
    """The curve through values 0, 1, 0 at three places that bends the least."""
    u = Field("u", LINE, features)
    seen = PointCloud(places, LINE, {"u": [0.0, 1.0, 0.0]})
    through = on(seen, name="through")(lambda p: u(p) - seen["u"](p))
    bending = on(LINE, 200, weight=weight, name="bending", prior=prior)(lambda p: D(u, X, X)(p))
    return Problem(through, bending)


def solved(problem: Problem) -> Solution:
    return solve(problem, [LeastSquares()])


def test_equations_that_are_met_are_solved_beside_a_prior_and_rough_beside_an_equation() -> None:
    places = [[0.1], [0.5], [0.9]]
    with_prior, with_equation = (solved(bent(prior, places)) for prior in (True, False))
    assert torch.equal(with_prior.theta, with_equation.theta)  # the word changes what is said of it alone
    assert with_prior.status == "solved" and with_prior.relative_residual < 1e-6
    assert with_equation.status == "rough" and with_equation.relative_residual > 0.5
    rms = with_prior.constraints["bending"]["rms"]
    assert f"rms of the prior 'bending' {rms:.2g}" in with_prior.message
    assert "prior" not in with_equation.message
    # (u'')² of the cubic spline through them is 112.5 (1 - |x - 1/2| / 0.4)² between the outer two.
    assert rms == pytest.approx((18.75**2 * 0.8 / 3) ** 0.5, rel=0.03)
    report = with_prior.report()
    assert (
        report["constraints"]["bending"]["prior"] is True
        and "relative" not in report["constraints"]["bending"]
    )
    assert report["constraints"]["bending"]["rms"] == rms and "prior" not in report["constraints"]["through"]
    assert set(report["error_estimate"]["held_out_rms"]) == {"through"}
    assert "prior     bending: rms" in str(with_prior) and "residual  bending: rms" in str(with_equation)
    assert "l2, prior" in str(with_prior.problem) and "prior" not in str(with_equation.problem)


def test_equations_that_are_not_met_are_rough_however_small_the_prior() -> None:
    twice = solved(
        bent(True, [[0.1], [0.5], [0.5]], 1e-6, SineFeatures(12, bandwidth=2.0))
    )  # 1 and 0 at one place
    assert twice.status == "rough" and twice.relative_residual > 0.1
    assert "most of constraint 'through'" in twice.message and twice.constraints["bending"]["rms"] < 0.1


def test_a_prior_that_pulls_the_fields_off_their_data_is_said_to() -> None:
    stiff = solved(bent(True, [[0.1], [0.5], [0.9]], weight=1.0))
    assert stiff.status == "rough" and stiff.constraints["bending"]["rms"] < 1
    assert "a smaller weight of the priors" in stiff.message


def test_a_search_for_features_ends_where_the_equations_are_met() -> None:
    u = Field("u", LINE)
    poisson = on(LINE, 200, name="poisson")(lambda p: D(u, X, X)(p) + torch.cos(3 * X(p)))
    flux = on(LINE.boundary(), name="flux")(lambda p: D(u, X)(p) + torch.sin(3 * X(p)) / 3)
    size = on(LINE, 200, weight=1e-9, name="size", prior=True)(lambda p: u(p))
    solution = solve(Problem(poisson, flux, size))
    assert solution.status == "solved" and solution.parameters < 300


def test_a_prior_contradicts_no_equation() -> None:
    box = Box(x=(0, 1), y=(0, 1))
    u = Field("u", box)
    wall = on(box.boundary(), 50, name="wall")(lambda p: u(p) - 1)
    size = {
        prior: on(box, 100, weight=1e-6, name="size", prior=prior)(lambda p: u(p)) for prior in (True, False)
    }
    assert "contradict" in warnings(Problem(wall, size[False]))[0]
    assert warnings(Problem(wall, size[True])) == []


def test_a_declared_weight_means_the_same_in_units_of_the_problem() -> None:
    """Nanometres and a second equation make residuals count in other units than their own."""
    line = Box(x=(0, 1e-9))
    (x,) = line.axes
    u = Field("u", line, Siren(8, 1))
    equation = on(line, 50, name="equation")(lambda p: D(u, x, x)(p) - 1e6)
    wall = on(line.at(x=0), name="wall")(lambda p: u(p) - 1e-12)
    square = on(line, 50, weight=3.0, name="square", prior=True)(lambda p: D(u, x)(p))
    absolute = on(line, 50, weight=5.0, loss=l1, name="absolute", prior=True)(lambda p: u(p) + 1)
    problem = Problem(equation, wall, square, absolute)
    without = System(
        Problem(equation, wall),
        {u: Siren(8, 1).build([0], [1e-9], 1, (), torch.Generator())},
        torch.device("cpu"),
        torch.float64,
    )
    system = System(problem, without.parameters.networks, torch.device("cpu"), torch.float64)
    assert system.scales.units == without.scales.units and system.scales.units[u] != 1
    assert not system.scales.even
    theta, batches = system.initial(), system.draw(torch.Generator().manual_seed(0))
    losses = dict(
        zip(["equation", "wall", "square", "absolute"], system.losses(theta, batches).tolist(), strict=True)
    )
    r = dict(zip(losses, system.residuals(theta, batches), strict=True))
    declared = {
        "equation": r["equation"].square().mean(),
        "square": 3 * r["square"].square().mean(),
        "absolute": 5 * r["absolute"].abs().mean(),
    }
    for name in ("square", "absolute"):
        assert losses[name] / losses["equation"] == pytest.approx(
            float(declared[name] / declared["equation"]), rel=1e-12
        )
    assert (
        system.scales.row_unit("wall")
        == without.scales.row_unit("wall")
        != system.scales.row_unit("equation")
    )


def test_beside_measurements_a_prior_is_no_exact_equation_and_its_spread_no_misfit() -> None:
    u = Field("u", LINE, FEATURES)
    seen = PointCloud([[0.1], [0.5], [0.9]], LINE, {"u": [0.0, 1.0, 0.0]})
    through = on(seen, sigma=0.1, name="through")(lambda p: u(p) - seen["u"](p))
    slope = on(LINE, 50, weight=2.0, name="slope", prior=True)(lambda p: D(u, X)(p))
    size = on(LINE, 50, sigma=1e-3, name="size", prior=True)(lambda p: u(p) - 1)
    system = System(
        Problem(through, slope),
        {u: FEATURES.build([0], [1], 1, (), torch.Generator())},
        torch.device("cpu"),
        torch.float64,
    )
    assert system.scales.row_unit("through") == system.scales.row_unit("slope")
    solution = solved(Problem(through, slope, size))
    assert set(solution.chi_square) == {"through"}
    assert not any(
        "'size'" in text for text in misfits(solution.system, solution.theta, solution._drawing.fixed())
    )


def test_a_tolerance_that_the_equations_meet_does_not_end_a_stage_that_lowers_the_prior() -> None:
    u = Field("u", LINE, Siren(8, 1))
    zero = on(LINE.at(x=0), name="zero")(lambda p: u(p))
    flat = on(LINE, 20, name="flat", prior=True)(lambda p: D(u, X)(p))
    solution = solve(Problem(zero, flat), [Adam(steps=40), Adam(steps=7)], tolerance=0.9)
    assert [stage.steps for stage in solution.stages] == [40, 7]


def test_priors_alone_are_no_problem_and_the_word_is_true_or_false() -> None:
    u = Field("u", LINE)
    with pytest.raises(ValueError, match="priors alone"):
        Problem(on(LINE, 20, name="flat", prior=True)(lambda p: D(u, X)(p)))
    with pytest.raises(TypeError, match="prior='yes'"):
        on(LINE, 20, prior="yes")
