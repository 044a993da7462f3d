"""Natural gradient: its direction as a least-squares solution, its steps, and problems it solves."""

import math

import pytest
import torch
from states import state_of

from sirenpde import MLP, Box, Field, Problem, Siren, l1, laplacian, on, solve
from sirenpde.residuals.unfit import Unfit
from sirenpde.sampling.draws import Fixed
from sirenpde.sampling.points import Points
from sirenpde.solvers import natural_gradient
from sirenpde.solvers.natural_gradient import NaturalGradient, direction, solve_damped


def poisson(network, samples=300, scale=1.0):
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box, network)

    def exact(p):
        return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    @on(box, samples=samples, weight=scale)
    def interior(p):
        return laplacian(u)(p) + 2 * math.pi**2 * exact(p)

    @on(box.boundary(), samples=max(8, samples // 4), weight=100 * scale)
    def edge(p):
        return u(p)

    return Problem(interior, edge, reference={u: exact})


def sum_of_cosines(network, samples=600):
    """-Δu = π² Σ cos πx_i in five dimensions."""
    box = Box(**dict.fromkeys("abcde", (0, 1)))
    u = Field("u", box, network)

    def exact(p):
        return sum(torch.cos(math.pi * axis(p)) for axis in box.axes)

    @on(box, samples=samples)
    def interior(p):
        return laplacian(u)(p) + math.pi**2 * exact(p)

    @on(box.boundary(), samples=samples // 2, weight=100)
    def edge(p):
        return u(p) - exact(p)

    return Problem(interior, edge, reference={u: exact})


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("rows, columns", [(6, 11), (11, 6), (8, 8)])
def test_the_direction_is_a_damped_least_squares_solution(rows, columns):
    """The least of |J δ - r|² + s |δ - μ d|² by a dense solve of the stacked rows, in either dimension."""
    jacobian, residual, before = normal(0, rows, columns), normal(1, rows), normal(2, columns)
    shift = 0.03 * float(jacobian.square().sum()) / rows
    stacked = torch.cat([jacobian, math.sqrt(shift) * torch.eye(columns, dtype=torch.float64)])
    target = torch.cat([residual, math.sqrt(shift) * 0.7 * before])
    expected = torch.linalg.lstsq(stacked, target[:, None]).solution[:, 0]
    torch.testing.assert_close(
        direction(jacobian, residual, 0.03, 0.7, before), expected, rtol=1e-11, atol=1e-12
    )
    target[rows:] = 0
    expected = torch.linalg.lstsq(stacked, target[:, None]).solution[:, 0]
    torch.testing.assert_close(
        direction(jacobian, residual, 0.03, 0.7, None), expected, rtol=1e-11, atol=1e-12
    )


def test_damping_grows_until_a_singular_kernel_can_be_factored():
    row = normal(3, 1, 40)
    jacobian = row.repeat(12, 1)  # rank 1
    step = solve_damped(jacobian, torch.ones(12, dtype=torch.float64), 1e-30)
    torch.testing.assert_close(jacobian @ step, torch.ones(12, dtype=torch.float64), rtol=1e-6, atol=0)
    assert bool(solve_damped(torch.full_like(row, math.nan), row[0, :1], 1e-3).isnan().all())
    assert bool((solve_damped(0 * row, row[0, :1], 1e-3) == 0).all())


def test_the_weights_units_do_not_matter():
    """All weights times a thousand: the same step, since the damping is relative."""
    steps = []
    for scale in (1.0, 1000.0):
        state = state_of(poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=40, scale=scale))
        NaturalGradient(damping=1e-6).advance(state)
        steps.append(state.memory.step)
    torch.testing.assert_close(steps[0], steps[1], rtol=1e-6, atol=1e-9)


def test_the_steps_with_a_learning_rate_are_springs():
    """Three steps by hand: δ_k from δ_{k-1}, divided by √(1 - μ²ᵏ)."""
    state = state_of(poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=40))
    stage = NaturalGradient(momentum=0.8, damping=1e-4, lr=0.05, points=Points(Fixed()))
    theta, before = state.theta.clone(), torch.zeros_like(state.theta)
    for k in (1, 2, 3):
        stage.advance(state)
        residual, jacobian = state.system.jacobian(theta, state.drawing.fixed())
        kernel = jacobian @ jacobian.T
        kernel += 1e-4 * kernel.trace() / len(kernel) * torch.eye(len(kernel), dtype=torch.float64)
        shifted = residual - 0.8 * jacobian @ before
        before = 0.8 * before + jacobian.T @ torch.linalg.solve(kernel, shifted)
        theta = theta - 0.05 * before / math.sqrt(1 - 0.8 ** (2 * k))
        torch.testing.assert_close(state.theta, theta, rtol=1e-8, atol=1e-10)


def test_the_search_takes_the_first_best_power_and_the_momentum_is_the_step_taken():
    state = state_of(poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=40))
    stage = NaturalGradient(damping=1e-6, points=Points(Fixed()))
    for _ in range(3):
        theta, before = state.theta, state.memory and state.memory.step
        report = stage.advance(state)
        residual, jacobian = state.system.jacobian(theta, state.drawing.fixed())
        step = direction(jacobian, residual, 1e-6, 0.9, before)
        losses = [
            float(state.system.losses(theta - step * 0.5**k, state.drawing.fixed()).sum()) for k in range(20)
        ]
        falls = [k for k in range(19) if losses[k] < float(residual.square().sum())]
        first = next(k for k in falls if losses[k] <= losses[k + 1])
        assert report.loss == pytest.approx(losses[first], rel=1e-9)
        torch.testing.assert_close(state.memory.step, 0.5**first * step, rtol=1e-12, atol=1e-15)
        torch.testing.assert_close(state.theta, theta - 0.5**first * step, rtol=1e-12, atol=1e-15)


def test_a_linear_problem_takes_one_step():
    box = Box(x=(-1, 1))
    (x,) = box.axes
    u = Field("u", box, MLP(width=4, depth=0))
    problem = Problem(on(box, samples=20)(lambda p: u(p) - (0.3 + 2 * x(p))))
    solution = solve(problem, [NaturalGradient(steps=1, damping=1e-14)])
    expected = torch.tensor([2, 0.3], dtype=torch.float64)
    torch.testing.assert_close(solution.theta, expected, rtol=1e-10, atol=1e-10)


def test_fewer_samples_are_drawn_where_too_many_are_declared():
    problem = poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=1000)
    state = state_of(problem)
    NaturalGradient(rows=200).advance(state)
    counts = [len(batch) for batch in state.sampling.drawn.batches]
    assert counts == [160, 40]
    state = state_of(problem)
    NaturalGradient(rows=10**6).advance(state)
    assert [len(batch) for batch in state.sampling.drawn.batches] == [1000, 250]


@pytest.mark.parametrize("damping", [1e-10, None])
def test_poisson_in_forty_steps(damping):
    problem = poisson(Siren(24, 2, omega=4, omega_hidden=4))
    solution = solve(problem, [NaturalGradient(steps=40, damping=damping)])
    assert solution.errors["u"]["relative_l2"] < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_poisson_to_a_millionth(seed):
    problem = poisson(Siren(32, 2, omega=6, omega_hidden=6), samples=450)
    solution = solve(problem, [NaturalGradient(steps=150)], seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-6


@pytest.mark.slow
def test_five_dimensions():
    problem = sum_of_cosines(Siren(24, 2, omega=2.5, omega_hidden=2.5), samples=1200)
    solution = solve(problem, [NaturalGradient(steps=250, damping=None)])
    assert solution.errors["u"]["relative_l2"] < 4e-5


def test_refusals(monkeypatch):
    box = Box(x=(0, 1))
    u = Field("u", box, MLP(width=4, depth=1))
    rough = Problem(on(box, samples=5, loss=l1, name="edges")(lambda p: u(p)))
    with pytest.raises(Unfit, match=r"constraint 'edges' with the loss l1; it needs l2"):
        solve(rough, [NaturalGradient()])
    monkeypatch.setattr(natural_gradient, "MEMORY_LIMIT", 1000)
    with pytest.raises(Unfit, match=r"20 residuals by 13 parameters.*Use rows=9 or fewer"):
        solve(Problem(on(box, samples=20)(lambda p: u(p))), [NaturalGradient()])
    for wrong in ({"momentum": 1.0}, {"damping": 0.0}, {"lr": 0.0}, {"rows": 0}, {"steps": 0}):
        with pytest.raises(ValueError, match="NaturalGradient was given"):
            NaturalGradient(**wrong)
