"""What a solution leaves open: free directions whatever the solver, and standard errors of unknown numbers."""

import math

import numpy as np
import pytest
import torch

from sirenpde import (
    Box,
    D,
    Field,
    GaussNewton,
    LeastSquares,
    PointCloud,
    Problem,
    SineFeatures,
    Siren,
    Unknown,
    laplacian,
    on,
    solve,
)
from sirenpde.linear.dense_rows import tangent_fields
from sirenpde.run import determination as module
from sirenpde.run.summary import summary

line = Box(x=(0, 1))
(x,) = line.axes
left, right = line.at(x=0), line.at(x=1)
spacetime = Box(t=(0, 1), y=(0, 1))
t, y = spacetime.axes


def bent(network=None, *more):
    """v'' + v² = 1, v(0) = 0, and v(1) forgotten."""
    v = Field("v", line, network)
    pde = on(line, 200, name="pde")(lambda p: D(v, x, x)(p) + v(p) ** 2 - 1)
    return v, Problem(pde, on(left, name="left")(v), *(on(right, name="right")(v) for _ in more))


@pytest.mark.parametrize(
    ("network", "using"),
    [
        pytest.param(None, None, marks=pytest.mark.slow),
        (SineFeatures(60, 5.0), [LeastSquares()]),
        pytest.param(SineFeatures(1010, 9.0), [LeastSquares()], marks=pytest.mark.slow),
        (Siren(8, depth=2, omega=3), [GaussNewton(steps=40)]),
    ],
    ids=["chosen", "Newton", "beyond a thousand columns", "Gauss-Newton"],
)
def test_a_nonlinear_problem_without_a_condition_is_told_whatever_solves_it(network, using):
    _, problem = bent(network)
    solution = solve(problem, using)
    assert solution.constraints["pde"]["held_out_rms"] < 1e-2
    (said,) = solution.warnings
    assert said.startswith("The constraints leave a direction of v undetermined")
    assert "One boundary or initial condition is missing: along x the equations of v are of order 2" in said
    assert "there is 1 at x = 0" in said and "v changes most at x = " in said


def test_with_both_conditions_nothing_is_said():
    assert not solve(bent(SineFeatures(60, 5.0), "right")[1], [LeastSquares()]).warnings


def test_an_evolution_without_a_start_is_told():
    u = Field("u", spacetime)
    heat = on(spacetime, 800, name="heat")(lambda p: D(u, t)(p) - D(u, y, y)(p))
    solution = solve(Problem(heat, on(spacetime.boundary("y"), 100, name="walls")(u)))
    (said,) = solution.warnings
    assert "along t the equations of u are of order 1, and there are none" in said


def test_a_nonlinear_wave_without_a_first_velocity_is_told():
    u = Field("u", spacetime, SineFeatures(150, 5.0))
    wave = on(spacetime, 800, name="wave")(lambda p: D(u, t, t)(p) - D(u, y, y)(p) + u(p) ** 3)
    start = on(spacetime.at(t=0), 100, name="start")(lambda p: u(p) - torch.sin(math.pi * y(p)))
    walls = on(spacetime.boundary("y"), 100, name="walls")(u)
    (said,) = solve(Problem(wave, start, walls), [LeastSquares()]).warnings
    assert "along t the equations of u are of order 2, and there is 1 at t = 0" in said
    speed = on(spacetime.at(t=0), 100, name="speed")(D(u, t))
    assert not solve(Problem(wave, start, walls, speed), [LeastSquares()]).warnings


def test_an_unknown_number_that_acts_on_nothing_is_named_and_the_field_is_not():
    u, stiffness = Field("u", line), Unknown("E", initial=4.0)
    ode = on(line, 400, name="ode")(lambda p: D(u, x, x)(p) / 2 + stiffness(p) * u(p))
    solution = solve(Problem(ode, on(line.boundary(), name="walls")(u)))
    (said,) = solution.warnings
    assert said.startswith("The unknown number E is undetermined")
    assert solution.standard_errors == {"E": math.inf}
    assert solution.report()["unknown_errors"] == {"E": math.inf}
    assert ", undetermined" in summary("case", solution, solution.report(), [], "run/")


def measured(slope, noise, seed, count=60):
    places = np.random.default_rng(seed).uniform(0.1, 1, (count, 1))
    values = slope * places[:, 0] + noise * np.random.default_rng(seed + 100).standard_normal(count)
    return PointCloud(places, line, {"u": values}), places[:, 0]


def straight(seed, noise=0.05):
    """u' = c, u(0) = 0, measured: c is Σ x u / Σ x², and its error that of the noise over (Σ x²)^½."""
    u, c = Field("u", line, SineFeatures(60, 3.0)), Unknown("c", 1.0, low=0.0)
    data, places = measured(2.0, noise, seed)
    ode = on(line, 200, weight=1e4, name="ode")(lambda p: D(u, x)(p) - c(p))
    zero = on(left, weight=1e4, name="zero")(u)
    seen = on(data, name="seen")(lambda p: u(p) - data["u"](p))
    return solve(Problem(ode, zero, seen), [LeastSquares()]), data.data["u"].numpy(), places


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_of_a_slope_is_that_of_regression(seed):
    solution, values, places = straight(seed)
    c = (places @ values) / (places @ places)
    assert solution.unknowns["c"] == pytest.approx(c, rel=1e-4)
    spread = math.sqrt(((values - c * places) ** 2).sum() / (len(places) - 1))
    expected = spread / math.sqrt(places @ places)
    assert solution.standard_errors["c"] == pytest.approx(expected, rel=0.25)
    rows = summary("case", solution, solution.report(), [], "run/").split("\n")
    found = next(row for row in rows if row.startswith("  found"))
    assert found.split() == ["found", "c", "=", f"{c:.3f}", "±", f"{solution.standard_errors['c']:.3f}"]


@pytest.mark.slow
def test_errors_of_a_diffusivity_are_those_that_noise_makes():
    spread, told = [], []
    for seed in range(5):
        u, kappa = Field("u", spacetime, SineFeatures(100, 4.0)), Unknown("kappa", initial=0.2, low=0.0)
        rng = np.random.default_rng(seed)
        places = rng.uniform(0, 1, (200, 2))
        true = np.exp(-0.1 * math.pi**2 * places[:, 0]) * np.sin(math.pi * places[:, 1])
        data = PointCloud(places, spacetime, {"u": true + 0.01 * rng.standard_normal(200)})
        solution = solve(
            Problem(
                on(spacetime, 500, name="heat")(lambda p, u=u, k=kappa: D(u, t)(p) - k(p) * D(u, y, y)(p)),
                on(spacetime.boundary("y"), 100, weight=100, name="ends")(u),
                on(data, weight=10, name="seen")(lambda p, u=u, data=data: u(p) - data["u"](p)),
            ),
            [LeastSquares()],
        )
        spread.append(solution.unknowns["kappa"] - 0.1)
        told.append(solution.standard_errors["kappa"])
    size, error = float(np.sqrt(np.mean(np.square(spread)))), float(np.mean(told))
    assert error / 3 < size < 2.5 * error and max(told) < 1.5 * min(told)


def test_numbers_of_which_only_the_product_is_felt_are_named_together():
    u, a, b, c = (
        Field("u", line, SineFeatures(60, 3.0)),
        Unknown("a", 2.0),
        Unknown("b", 0.7),
        Unknown("c", 0.1),
    )
    data, _ = measured(2.0, 0.0, 0)
    ode = on(line, 200, name="ode")(lambda p: D(u, x)(p) - a(p) * b(p))
    seen = on(data, name="seen")(lambda p: u(p) - c(p) - data["u"](p))
    solution = solve(Problem(ode, on(left, name="zero")(u), seen), [LeastSquares()])
    assert any("The unknown numbers a and b are undetermined together" in said for said in solution.warnings)
    assert solution.standard_errors["a"] == solution.standard_errors["b"] == math.inf
    assert solution.standard_errors["c"] < 1e-6 and abs(solution.unknowns["c"]) < 1e-6


def test_a_constant_that_the_reference_leaves_open_too_is_no_warning():
    from sirenpde import Reference

    box = Box(a=(0, 1), b=(0, 1))
    a, b = box.axes

    def exact(p):
        return torch.cos(math.pi * a(p)) * torch.cos(math.pi * b(p))

    u = Field("u", box, SineFeatures(150, 5.0))
    inside = on(box, 500, name="inside")(lambda p: laplacian(u)(p) + 2 * math.pi**2 * exact(p))
    across = [on(box.boundary(axis), 100, name=f"d{axis}")(D(u, axis)) for axis in (a, b)]
    asked = solve(Problem(inside, *across, reference={u: Reference(exact, fit="affine")}), [LeastSquares()])
    assert not asked.warnings
    (said,) = solve(Problem(inside, *across), [LeastSquares()]).warnings
    assert "a constant added to u" in said


def test_conditions_on_some_components_are_counted():
    v = Field("v", Box(s=(0, 3)), SineFeatures(100, 8.0), shape=(2,))
    (s,) = v.axes

    def pendulum(p):
        return D(v, s)(p) - torch.stack([v(p)[1], -torch.sin(v(p)[0])])

    swings = on(v.domain, 300, name="pendulum")(pendulum)
    angle = on(v.domain.at(s=0), name="angle")(lambda p: v(p)[0] - 1)
    (said,) = solve(Problem(swings, angle), [LeastSquares()]).warnings
    assert "along s the equations of v are of order 1 in 2 components, and there is 1 at s = 0" in said
    speed = on(v.domain.at(s=0), name="speed")(lambda p: v(p)[1])
    assert not solve(Problem(swings, angle, speed), [LeastSquares()]).warnings


def test_affine_constraints_are_looked_at_without_the_fields_that_were_found(monkeypatch):
    """Their slopes are the same about any fields; a series of all samples of a recording would take long."""
    v = Field("v", line, SineFeatures(40, 5.0))
    solution = solve(
        Problem(on(line, 100, name="pde")(lambda p: D(v, x, x)(p) - 1), on(left, name="left")(v))
    )
    seen = []

    def noted(small, start, near, at, batches):
        seen.append((small, start, near, at, batches))
        return tangent_fields(small, start, near, at, batches)

    monkeypatch.setattr(module, "tangent_fields", noted)
    module.determination(solution.system, solution.theta)
    small, start, near, at, batches = seen[0]
    assert near is small and at.equal(start)
    about_found = tangent_fields(small, start, *module.in_doubles(solution.system, solution.theta), batches)
    torch.testing.assert_close(tangent_fields(*seen[0]).matrix, about_found.matrix)
