"""Directions that constraints leave undetermined: found where they are, and only there."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    Problem,
    Reference,
    SineFeatures,
    div,
    grad,
    laplacian,
    on,
    solve,
)
from sirenpde.linear.null_space import null_space
from sirenpde.residuals import System
from sirenpde.run.begin import build_network
from sirenpde.sampling.ends import draw
from sirenpde.solvers.undetermined import describe_free

square = Box(x=(0, 1), y=(0, 1))
x, y = square.axes


def wave(p):
    return torch.cos(math.pi * x(p)) * torch.cos(math.pi * y(p))


def neumann(network=None):
    u = Field("u", square, network)
    inside = on(square, 600, name="inside")(lambda p: laplacian(u)(p) + 2 * math.pi**2 * wave(p))
    across = [on(square.boundary(a), 150, name=f"d{a}")(lambda p, a=a: D(u, a)(p)) for a in square.axes]
    return u, Problem(inside, *across, reference={u: Reference(wave, fit="affine")})


def helmholtz(shift, network):
    """Δu + k² u = f with k² = 2π² + shift, which has the solution sin(πx) sin(πy) to add where shift is 0."""
    u = Field("u", square, network)
    inside = on(square, 800, name="inside")(
        lambda p: laplacian(u)(p) + (2 * math.pi**2 + shift) * u(p) - torch.exp(x(p) * y(p))
    )
    return Problem(inside, on(square.boundary(), 200, weight=1e6, name="edge")(lambda p: u(p)))


def of(problem):
    networks = {u: build_network(u, u.network, seed) for seed, u in enumerate(problem.fields)}
    system = System(problem, networks, torch.device("cpu"), torch.float64)
    return null_space(system, system.initial(), draw(system, torch.Generator().manual_seed(0), 1.0))


@pytest.mark.parametrize("seed", range(3))
def test_a_free_constant_is_named_and_the_field_of_mean_zero_found(seed):
    u, problem = neumann()
    solution = solve(problem, [LeastSquares()], seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-11
    assert "a constant added to u" in solution.stages[0].reason
    points = square.grid(21)[0]
    assert abs(solution[u](points).mean()) < 0.02


def test_a_constant_changes_no_residual():
    found = of(neumann(SineFeatures(150, 6.0))[1])
    assert found is not None and found.exact == 1
    assert found.sizes[0] < 1e-9 < 0.1 < found.usual
    (change,) = next(iter(found.changes.values()))
    assert torch.allclose(change.abs(), torch.ones_like(change), atol=1e-6)


def test_the_size_of_a_resonance_is_its_distance():
    problems = [helmholtz(shift, SineFeatures(200, 6.0)) for shift in (0.0, 0.01, 3.0)]
    exact, near, far = map(of, problems)
    assert exact is not None and exact.sizes[0] < 1e-6 and len(exact.sizes) == 1
    assert near is not None and near.exact == 0
    # 2 sin(πx) sin(πy), of mean square 1, changes the residual by the shift times itself.
    assert near.sizes[0] == pytest.approx(0.01, rel=0.02)
    assert "nearly undetermined" in describe_free(problems[1], near) and "nearly" not in describe_free(
        problems[0], exact
    )
    mode = next(iter(exact.changes.values()))[0, :, 0]
    places = next(iter(exact.points.values()))
    expected = 2 * torch.sin(math.pi * places).prod(1)
    aligned = (mode @ expected).abs() / (mode.norm() * expected.norm())
    assert aligned > 1 - 1e-6
    assert far is None


def test_a_missing_condition_leaves_many_directions():
    u = Field("u", square, SineFeatures(300, 8.0))
    inside = on(square, 900, name="inside")(lambda p: laplacian(u)(p) + 1)
    sides = on(square.boundary("x"), 200, name="sides")(lambda p: u(p))
    problem = Problem(inside, sides)
    found = of(problem)
    assert found is not None and len(found.sizes) >= 4 and found.sizes[0] < 1e-5 * found.usual
    assert (
        "condition is missing: along y the equations of u are of order 2, and there are none"
        in describe_free(problem, found)
    )


def test_nothing_is_said_of_problems_with_one_solution():
    u = Field("u", square, SineFeatures(200, 8.0))
    diffused = on(square, 600, name="diffused")(lambda p: D(u, y)(p) - 0.1 * D(u, x, x)(p))
    carried = on(square, 600, name="carried")(lambda p: D(u, y)(p) + 9 * D(u, x)(p))
    inside = on(square, 600, name="inside")(lambda p: laplacian(u)(p) + 1)
    start = on(square.at(y=0), 100, name="start")(lambda p: u(p))
    inflow = on(square.at(x=0), 100, name="inflow")(lambda p: u(p))
    sides = on(square.boundary("x"), 100, name="sides")(lambda p: u(p))
    edge = on(square.boundary(), 200, name="edge")(lambda p: u(p))
    for constraints in ((diffused, start, sides), (carried, start, inflow), (inside, edge)):
        assert of(Problem(*constraints)) is None


def test_a_missing_condition_is_told_though_the_fit_is_perfect():
    u = Field("u", square)
    inside = on(square, 900, name="inside")(lambda p: laplacian(u)(p) + 1)
    sides = on(square.boundary("x"), 200, weight=100, name="sides")(lambda p: u(p))
    solution = solve(Problem(inside, sides))
    assert solution.relative_residual < 1e-10
    missing = "condition is missing: along y the equations of u are of order 2, and there are none"
    assert missing in solution.stages[0].reason


def test_a_resonance_ends_the_search_early():
    solution = solve(helmholtz(0.0, SineFeatures()))
    assert solution.relative_residual > 0.1
    assert "a direction of u undetermined" in solution.stages[0].reason
    assert solution.parameters < 1000


line = Box(s=(0, 1))
(s,) = line.axes
left, right = line.at(s=0), line.at(s=1)
bent = Field("bent", line, SineFeatures(300, 5.0))
w = Field("w", square, SineFeatures(300, 5.0))
p = Field("p", square, SineFeatures(100, 8.0))
flow = Field("flow", square, SineFeatures(100, 8.0), shape=(2,))
fold = on(line, 800, name="fold")(lambda q: D(bent, s, s, s, s)(q) + 1)
clamped = on(left, name="a")(bent), on(left, name="b")(D(bent, s))
moment = on(right, name="c")(D(bent, s, s))
edge = on(square.boundary(), 400, name="edge")(w)
start, speed = on(square.at(y=0), 150, name="start")(w), on(square.at(y=0), 150, name="speed")(D(w, y))
sides, first = on(square.boundary("x"), 150, name="sides")(w), on(square.at(x=0), 150, name="first")(w)
turned = [on(square.boundary(a), 200, name=f"d{a}")(D(w, a)) for a in square.axes]


def inside(operator):
    return on(square, 1000, name="inside")(operator)


heat, string = inside(lambda q: D(w, y)(q) - D(w, x, x)(q)), inside(lambda q: D(w, y, y)(q) - D(w, x, x)(q))
plate = inside(laplacian(laplacian(w)))
stokes = inside(lambda q: laplacian(flow)(q) - grad(p)(q)), on(square, 900, name="div")(div(flow))

DETERMINED = {
    "a beam": (fold, *clamped, moment, on(right, name="d")(D(bent, s, s, s))),
    "a column": (on(line, 800, name="o")(lambda q: D(bent, s, s)(q) + 400 * bent(q)), *clamped),
    "a third derivative": (on(line, 800, name="o")(D(bent, s, s, s)), *clamped, moment),
    "a plate": (plate, edge, *turned),
    "a plate that swings": (
        inside(lambda q: D(w, y, y)(q) + D(w, x, x, x, x)(q)),
        start,
        speed,
        sides,
        turned[0],
    ),
    "heat": (heat, start, sides),
    "slow heat": (inside(lambda q: D(w, y)(q) - 0.01 * D(w, x, x)(q)), start, sides),
    "a wave": (string, start, speed, sides),
    "advection": (inside(lambda q: D(w, y)(q) + 5 * D(w, x)(q)), start, first),
    "waves of ten lengths": (inside(lambda q: laplacian(w)(q) + 400 * w(q)), edge),
    "dispersion": (
        inside(lambda q: D(w, y)(q) + 0.01 * D(w, x, x, x)(q)),
        start,
        sides,
        on(square.at(x=1), 150, name="n")(D(w, x)),
    ),
}
MISSING = {
    "a beam": (
        (fold, *clamped, moment),
        "along s the equations of bent are of order 4, and there are 2 at s = 0 and 1",
    ),
    "a column": ((on(line, 800, name="o")(D(bent, s, s)), clamped[0]), "of order 2, and there is 1 at s = 0"),
    "a plate": (
        (plate, edge, turned[0]),
        "along y the equations of w are of order 4, and there are 1 at y",
    ),
    "a start": ((heat, sides), "along y the equations of w are of order 1, and there are none"),
    "a speed": ((string, start, sides), "along y the equations of w are of order 2, and there is 1 at y = 0"),
    "a wall": ((heat, start, first), "along x the equations of w are of order 2, and there is 1 at x = 0"),
}


@pytest.mark.parametrize("name", DETERMINED)
def test_operators_of_any_order_raise_no_false_alarm(name):
    assert of(Problem(*DETERMINED[name])) is None


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_condition_is_named_with_its_axis(name):
    constraints, words = MISSING[name]
    problem = Problem(*constraints)
    found = of(problem)
    assert (
        found is not None
        and words in describe_free(problem, found)
        and "nearly" not in describe_free(problem, found)
    )


def test_a_pressure_is_free_and_the_velocity_is_not():
    problem = Problem(*stokes, on(square.boundary(), 300, name="edge")(flow))
    found = of(problem)
    assert found is not None and found.exact == 1 and found.moved == (p,)
    assert "leave a direction of p undetermined" in describe_free(
        problem, found
    ) and "a constant added to p." in describe_free(problem, found)


def test_units_change_nothing():
    far = Box(x=(0, 1e6), y=(0, 1e6))
    v = Field("v", far, SineFeatures(300, 8.0))
    pde = on(far, 900, name="pde")(lambda q: laplacian(v)(q) + 1)
    assert of(Problem(pde, on(far.boundary(), 300, name="edge")(v))) is None
    problem = Problem(pde, on(far.boundary("x"), 300, name="sides")(v))
    found = of(problem)
    assert (
        found is not None
        and "along y the equations of v are of order 2, and there are none" in describe_free(problem, found)
    )
