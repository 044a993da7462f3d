"""Newton's method on the coefficients: exact solutions, the way through an excursion, old factors, free constants."""

import math
from itertools import pairwise

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
    Reference,
    SineFeatures,
    Siren,
    Unknown,
    div,
    dot,
    grad,
    laplacian,
    on,
    solve,
)
from sirenpde.linear.cgls import by_factor, cgls
from sirenpde.linear.dense_rows import DenseEquations, coefficients, store, tangent, tangent_fields
from sirenpde.linear.map import DenseMap
from sirenpde.linear.newton import newton
from sirenpde.linear.qr import solve_dense
from sirenpde.linear.steps import FactoredSteps
from sirenpde.residuals import System
from sirenpde.run.begin import build_network
from sirenpde.sampling.ends import draw


def system_of(problem, seed=0):
    networks = {u: build_network(u, u.network, seed + i) for i, u in enumerate(problem.fields)}
    return System(problem, networks, torch.device("cpu"), torch.float64)


def samples(system, seed=0, scale=1.0):
    return draw(system, torch.Generator().manual_seed(seed), scale)


def least(system, batches):
    """Newton's method from vanishing fields, and the steps it took."""
    equations, steps = DenseEquations(system, system.initial(), batches), FactoredSteps()
    return newton(equations, equations.start, steps), steps


def bratu(network):
    """u'' + exp(u) = 0 with u(0) = u(1) = 0, solved by u = -2 log(cosh((x - 1/2) θ/2) / cosh(θ/4))."""
    line = Box(x=(0, 1))
    (x,) = line.axes
    u = Field("u", line, network)
    inside = on(line, 120, name="inside")(lambda p: D(u, x, x)(p) + torch.exp(u(p)))
    ends = on(line.boundary(), weight=100, name="ends")(lambda p: u(p))
    theta = 1.5
    for _ in range(60):
        theta = math.sqrt(2) * math.cosh(theta / 4)

    def exact(p):
        return -2 * torch.log(torch.cosh((x(p) - 0.5) * theta / 2) / math.cosh(theta / 4))

    return Problem(inside, ends, reference={u: exact})


def reaction(network, rate=5.0):
    box = Box(x=(0, 2 * math.pi), t=(0, 1))
    x, t = box.axes
    u = Field("u", box, network)

    def bump(p):
        return torch.exp(-((x(p) - math.pi) ** 2) / (2 * (math.pi / 4) ** 2))

    def exact(p):
        grown = bump(p) * torch.exp(rate * t(p))
        return grown / (grown + 1 - bump(p))

    inside = on(box, 2000, name="inside")(lambda p: D(u, t)(p) - rate * u(p) * (1 - u(p)))
    start = on(box.at(t=0), 300, weight=100, name="start")(lambda p: u(p) - bump(p))
    return Problem(inside, start, reference={u: exact})


def kovasznay(network, reynolds=40.0):
    rate = reynolds / 2 - math.sqrt(reynolds**2 / 4 + 4 * math.pi**2)
    box = Box(x=(-0.5, 1), y=(-0.5, 1.5))
    x, y = box.axes
    u, p_ = Field("u", box, network, shape=(2,)), Field("p", box, network)

    def velocity(p):
        wake, phase = torch.exp(rate * x(p)), 2 * math.pi * y(p)
        return torch.stack([1 - wake * torch.cos(phase), rate / (2 * math.pi) * wake * torch.sin(phase)])

    def pressure(p):
        return (1 - torch.exp(2 * rate * x(p))) / 2

    momentum = on(box, 700, name="momentum")(
        lambda p: grad(u)(p) @ u(p) + grad(p_)(p) - laplacian(u)(p) / reynolds
    )
    volume = on(box, 700, name="volume")(lambda p: div(u)(p))
    walls = on(box.boundary(), 230, weight=100, name="walls")(lambda p: u(p) - velocity(p))
    known = {u: velocity, p_: Reference(pressure, fit="affine")}
    return Problem(momentum, volume, walls, reference=known)


@pytest.mark.parametrize("seed", range(3))
def test_convergence_is_quadratic_to_rounding(seed):
    system = system_of(bratu(SineFeatures(60, 4.0)), seed)
    found, _ = least(system, samples(system))
    digits = [-math.log10(size / found.sizes[0]) for size in found.sizes[:5]]
    assert found.end == "stuck" and found.sizes[-1] < 1e-12 * found.sizes[0]
    assert any(later > 1.7 * earlier > 2 for earlier, later in pairwise(digits))


@pytest.mark.parametrize("seed", range(3))
def test_a_nonlinear_problem_to_the_last_digits_by_least_squares(seed):
    solution = solve(bratu(SineFeatures()), [LeastSquares()], seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-12


def test_the_slopes_are_those_of_the_residuals():
    problem = kovasznay(SineFeatures(20, 4.0))
    system = system_of(problem)
    theta = torch.randn(
        system.initial().shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)
    )
    batches = samples(system, scale=0.1)
    linear = tangent(system, theta, batches)
    torch.testing.assert_close(linear.target, -system.vector(theta, batches), rtol=1e-12, atol=1e-12)
    _, slow = system.jacobian(theta, batches)
    unit = torch.eye(len(theta), dtype=torch.float64)
    columns = [store(system, torch.zeros_like(theta), e) for e in unit]
    torch.testing.assert_close(linear.matrix, slow @ torch.stack(columns, dim=1), rtol=1e-10, atol=1e-10)
    assert torch.equal(store(system, torch.zeros_like(theta), coefficients(system, theta)), theta)


def test_a_step_in_fields_is_the_step_in_coefficients():
    problem = bratu(SineFeatures(30, 4.0))
    system = system_of(problem)
    theta, batches = system.initial(), samples(system)
    theta = theta + 0.1 * torch.randn(
        theta.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)
    )
    steps, fields = tangent(system, theta, batches), tangent_fields(system, theta, system, theta, batches)
    torch.testing.assert_close(fields.matrix, steps.matrix)
    torch.testing.assert_close(fields.target, steps.target + steps.matrix @ coefficients(system, theta))


def test_a_whole_step_may_raise_the_residual_on_the_way():
    """Linearised about nothing, growth is not limited: the first step overshoots a hundredfold."""
    system = system_of(reaction(SineFeatures(300, (30.0, 6.0))))
    found, _ = least(system, samples(system, scale=0.5))
    assert max(found.sizes) > 100 * found.sizes[0]
    assert min(found.sizes) < 1e-4 * found.sizes[0]


def test_an_old_factor_saves_new_ones():
    problem = reaction(SineFeatures(300, (30.0, 6.0)))
    system = system_of(problem)
    batches = samples(system, scale=0.5)
    first, steps = least(system, batches)
    assert steps.factorisations >= 5
    later = FactoredSteps(steps.factor)
    again = newton(
        DenseEquations(system, system.initial(), batches),
        1.01 * first.x,
        later,
        tolerance=2 * min(first.sizes) / first.sizes[0],
        unit=first.sizes[0],
    )
    assert again.end == "arrived" and later.factorisations == 0


def test_conjugate_gradients_with_a_near_factor_come_near_the_solution():
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(300, 1, dtype=torch.float64, generator=generator)
    waves = torch.sin(points @ torch.linspace(0, 9, 40, dtype=torch.float64)[None] + 1)
    target = torch.exp(points[:, 0])
    solved = solve_dense(waves, target, 1e-12)
    nearby = waves * (1 + 0.02 * points)
    again = cgls(DenseMap(nearby), target, by_factor(solved.factor), 1e-9, 12)
    assert again.fallen <= 1e-9
    assert (nearby @ again.x - target).norm() < 1e-5 * target.norm()
    assert (nearby @ solved.x - target).norm() > 1e-3 * target.norm()


def test_an_unknown_number_is_a_column_like_the_others():
    line = Box(s=(0, 2))
    (s,) = line.axes
    u, rate = Field("u", line, SineFeatures()), Unknown("rate", 0.3, low=0.0)
    places = torch.linspace(0, 2, 12, dtype=torch.float64)
    data = PointCloud(places[:, None], line, {"u": torch.exp(-0.8 * places)})
    decay = on(line, samples=40)(lambda p: D(u, s)(p) + rate(p) * u(p))
    match = on(data, weight=10, name="match")(lambda p: u(p) - data["u"](p))
    solution = solve(Problem(decay, match), [LeastSquares()])
    assert solution.unknowns["rate"] == pytest.approx(0.8, abs=1e-11)


def test_a_flow_with_its_pressure_free():
    solution = solve(kovasznay(SineFeatures(120, (2.0, 8.0))), [LeastSquares()])
    assert solution.errors["u"]["relative_l2"] < 1e-6
    assert solution.errors["p"]["relative_l2"] < 1e-5
    assert "a constant added to p" in solution.stages[0].reason


@pytest.mark.parametrize("seed", range(2))
def test_the_last_layer_of_a_trained_network_is_solved_for(seed):
    problem = bratu(Siren(width=24, depth=2, omega=4, omega_hidden=4))
    trained = solve(problem, [Adam(steps=150, lr=5e-3)], seed=seed)
    both = solve(problem, [Adam(steps=150, lr=5e-3), LeastSquares()], seed=seed)
    assert both.errors["u"]["relative_l2"] < 1e-4 * trained.errors["u"]["relative_l2"]


@pytest.mark.slow
def test_the_distance_to_a_circle():
    """|∇u|² = 1 has no slope at nothing; the rows of the circle lead the first step."""
    box = Box(x=(-1, 1), y=(-1, 1))
    u = Field("u", box, SineFeatures())
    ring = box.where(lambda q: (q.norm(dim=1) - 0.6).abs() < 0.2, "ring")
    turn = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)
    normals = torch.stack([turn.cos(), turn.sin()], dim=1)
    circle = PointCloud(0.6 * normals, box, {"normal": normals}, "circle")
    eikonal = on(ring, 1500, name="eikonal")(lambda p: dot(grad(u)(p), grad(u)(p)) - 1)
    zero = on(circle, weight=100, name="zero")(lambda p: u(p))
    outward = on(circle, name="outward")(lambda p: dot(grad(u)(p), circle["normal"](p)) - 1)
    exact = Reference(lambda p: p.coords.norm() - 0.6, ring)
    solution = solve(Problem(eikonal, zero, outward, reference={u: exact}), [LeastSquares()])
    assert solution.errors["u"]["relative_l2"] < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kovasznay_flow_to_ten_digits(seed):
    solution = solve(kovasznay(SineFeatures()), [LeastSquares()], seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-10
    assert solution.errors["p"]["relative_l2"] < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_reaction_to_ten_digits(seed):
    solution = solve(reaction(SineFeatures()), [LeastSquares()], seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-10
