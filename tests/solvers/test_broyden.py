"""Self-scaled Broyden: its update against dense formulas, its line search, and problems it solves."""

import math
from dataclasses import replace

import pytest
import torch
from descents import parabola, poisson
from states import state_of

from sirenpde import (
    LBFGS,
    MLP,
    Adam,
    Box,
    D,
    Field,
    PointCloud,
    Problem,
    Siren,
    Unknown,
    l1,
    laplacian,
    on,
    solve,
)
from sirenpde.residuals.unfit import Unfit
from sirenpde.sampling.draws import Adaptive
from sirenpde.sampling.points import Points
from sirenpde.solvers import broyden
from sirenpde.solvers.broyden import SelfScaledBroyden, scales, update


def pair(seed, count=7):
    """A positive definite H, a step s and a change of gradient y with yᵀs > 0."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    basis = torch.linalg.qr(normal(count, count))[0]
    inverse = basis @ torch.linspace(0.5, 5, count, dtype=torch.float64).diag() @ basis.T
    s, noise = normal(count), normal(count)
    y = (1 + seed) * s + noise
    return inverse, s, y if float(y @ s) > 0 else -y


@pytest.mark.parametrize("seed", range(6))
def test_the_update_is_broydens_on_the_hessian(seed):
    """H after it is the inverse of τ (B - B s sᵀB / sᵀBs + θ w wᵀ) + y yᵀ / yᵀs."""
    inverse, s, y = pair(seed)
    count, hessian, image = len(s), torch.linalg.inv(inverse), inverse @ y
    ys, yhy, sbs = float(y @ s), float(y @ inverse @ y), float(s @ hessian @ s)
    b, h = sbs / ys, yhy / ys
    phi, tau = scales(b, h, count)
    theta = (1 - phi) / (1 + phi * (b * h - 1))  # φ = (1 - θ) / (1 + a θ), solved for θ
    w = math.sqrt(sbs) * (y / ys - hessian @ s / sbs)
    expected = tau * (hessian - torch.outer(hessian @ s, hessian @ s) / sbs + theta * torch.outer(w, w))
    expected += torch.outer(y, y) / ys
    g = torch.linspace(-1, 1, count, dtype=torch.float64)
    before = inverse @ g
    rows = update(inverse, s, image, ys, yhy, phi, tau)
    torch.testing.assert_close(inverse, torch.linalg.inv(expected), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(inverse @ y, s, rtol=1e-12, atol=1e-12)  # the secant equation
    assert float(torch.linalg.eigvalsh(inverse).min()) > 0
    both = before / tau + torch.stack([s, image], 1) @ (rows @ g)
    torch.testing.assert_close(both, inverse @ g, rtol=1e-12, atol=1e-12)


def test_the_scales_by_the_published_branches():
    """θ between its bounds, at either of them, and τ on either side of θ = 0."""
    for b, h, count in [(0.5, 3.0, 10), (2.0, 3.0, 10), (1.2, 0.9, 5), (5.0, 0.21, 100), (0.1, 11.0, 3)]:
        a = b * h - 1
        c = math.sqrt(a / (a + 1))
        low, high = min(1, h * (1 - c)), min(1, 1 / b)
        theta = max((low - 1) / a, min(1 / low, (1 - b) / b))
        sigma = 1 + a * theta
        root = sigma ** (1 / (1 - count))
        tau = high * min(root, 1 / theta) if theta > 0 else min(high * root, sigma)
        found = scales(b, h, count)
        assert found == pytest.approx(((1 - theta) / (1 + a * theta), tau), rel=1e-14)
        assert 0 < found[1] <= 1


def test_bfgs_is_the_member_with_one_and_one():
    inverse, s, y = pair(11)
    ys = float(y @ s)
    flat = torch.eye(7, dtype=torch.float64) - torch.outer(s, y) / ys
    expected = flat @ inverse @ flat.T + torch.outer(s, s) / ys
    update(inverse, s, inverse @ y, ys, float(y @ inverse @ y), 1.0, 1.0)
    torch.testing.assert_close(inverse, expected, rtol=1e-12, atol=1e-12)


def test_a_quadratic_is_solved_in_a_few_steps():
    """Two parameters: the curvature is soon known to rounding."""
    state = state_of(parabola())
    stage = SelfScaledBroyden(steps=40)
    for _ in range(20):
        report = stage.advance(state)
    assert report.loss < 1e-24
    torch.testing.assert_close(
        state.theta, torch.tensor([2.0, 0.3], dtype=torch.float64), rtol=1e-10, atol=1e-10
    )


def test_every_step_satisfies_the_strong_wolfe_conditions_and_the_direction_is_current():
    state = state_of(poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=60))
    stage = SelfScaledBroyden(steps=60)
    stage.advance(state)
    for _ in range(40):
        theta, memory = state.theta, replace(state.memory)
        stage.advance(state)
        s, g, after = state.theta - theta, memory.gradient, state.memory.gradient
        assert sum(state.memory.terms) <= sum(memory.terms) + 1e-4 * float(g @ s)
        assert abs(float(after @ s)) <= -0.9 * float(g @ s) * (1 + 1e-9)
        expected = -(state.memory.inverse @ after)
        assert float((state.memory.direction - expected).norm() / expected.norm()) < 1e-10
    skew = state.memory.inverse - state.memory.inverse.T
    assert float(skew.abs().max() / state.memory.inverse.abs().max()) < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize("network", [Siren(32, 2, omega=6, omega_hidden=6), MLP(width=32, depth=2)])
def test_poisson_to_a_millionth(network):
    problem = poisson(network)
    solution = solve(problem, [Adam(steps=300, lr=5e-3), SelfScaledBroyden(steps=1500)])
    assert solution.errors["u"]["relative_l2"] < 2e-6
    other = solve(problem, [Adam(steps=300, lr=5e-3), LBFGS(steps=200)])  # as many gradients
    assert solution.errors["u"]["relative_l2"] < 0.1 * other.errors["u"]["relative_l2"]


def test_the_curvature_outlives_new_points():
    """After a redraw the first direction is -H times the new gradient, not steepest descent."""
    state = state_of(poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=60))
    stage = SelfScaledBroyden(steps=60, points=Points(Adaptive(every=10)))
    for _ in range(10):
        stage.advance(state)
    inverse, theta, length = state.memory.inverse.clone(), state.theta.clone(), None
    old = state.memory.gradient.clone()
    stage.advance(state)
    assert state.memory.inverse is not None and not torch.equal(state.memory.inverse, inverse)
    step = state.theta - theta
    new = state.system.gradient(theta, state.sampling.drawn.batches).gradient
    assert not torch.equal(new, old)
    expected = -(inverse @ new)
    length = step.norm() / expected.norm()
    torch.testing.assert_close(step, length * expected, rtol=1e-9, atol=1e-12)


def test_unknown_numbers_and_a_loss_of_ones_own():
    """u' = -c u with c sought, by a smooth loss that is not a sum of squares."""
    from sirenpde.problem.loss import Loss

    soft = Loss("log cosh", lambda r: torch.log(torch.cosh(r)).sum(-1))
    box = Box(t=(0, 1))
    (t,) = box.axes
    u, c = Field("u", box, MLP(width=10, depth=2)), Unknown("c", 0.5)

    @on(box, samples=40, loss=soft)
    def decay(p):
        return D(u, t)(p) + c(p) * u(p)

    @on(box, samples=40, loss=soft, weight=10)
    def data(p):
        return u(p) - torch.exp(-1.5 * t(p))

    solution = solve(Problem(decay, data), [SelfScaledBroyden(steps=400)])
    assert solution.unknowns["c"] == pytest.approx(1.5, abs=1e-3)


def test_it_stops_where_nothing_falls():
    state = state_of(parabola())
    stage = SelfScaledBroyden(steps=1000)
    for _ in range(200):
        report = stage.advance(state)
        if report.finished:
            break
    assert report.finished and report.reason == "the objective no longer falls"
    assert report.loss < 1e-28


@pytest.mark.parametrize("weight", [1e4, 1e6, 1e10])
def test_a_first_step_far_too_long_is_shortened(weight):
    """A slope of about 1e-2 and a curvature of 2 weight: the first trial is weight times too long."""
    state = state_of(parabola(weight=weight))
    right = torch.tensor([2.0, 0.3], dtype=torch.float64)
    state.theta = right + torch.tensor([1e-2, -1e-2], dtype=torch.float64) / weight
    before = float(state.system.gradient(state.theta, state.system.draw(torch.Generator())).loss)
    stage = SelfScaledBroyden(steps=60)
    for _ in range(60):
        report = stage.advance(state)
        if report.finished:
            break
    assert report.loss < 1e-12 * before
    assert float((state.theta - right).abs().max()) < 1e-6 * 1e-2 / weight + 1e-15


@pytest.mark.parametrize("stage", [SelfScaledBroyden(steps=80), LBFGS(steps=20)], ids=lambda s: s.name)
def test_a_wall_behind_which_nothing_is_finite_is_kept_away_from(stage):
    box = Box(x=(-1, 1))
    (x,) = box.axes
    u = Field("u", box, MLP(width=4, depth=0))

    @on(box, samples=64, weight=1e8)
    def matches(p):
        return torch.log(1 - 1e3 * (u(p) - 0.3 - 2 * x(p)))

    state = state_of(Problem(matches))
    state.theta = torch.tensor([2 + 1e-6, 0.3 - 1e-6], dtype=torch.float64)
    for _ in range(stage.steps):
        report = stage.advance(state)
        assert math.isfinite(report.loss) and bool(state.theta.isfinite().all())
        if report.finished:
            break
    assert report.loss < 1e-10 and report.reason == "the objective no longer falls"


@pytest.mark.slow
def test_a_stage_after_a_long_adam_goes_on():
    """What Adam left is steep: the step of the slope's length is 1e4 times too long."""
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box, Siren(width=24, depth=2, omega=6))
    places = torch.rand(300, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def exact(p):
        return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    problem = Problem(
        on(box, 1000, name="pde")(lambda p: laplacian(u)(p) + 2 * math.pi**2 * exact(p)),
        on(PointCloud(places, box), weight=100, name="seen")(lambda p: u(p) - exact(p)),
        reference={u: exact},
    )
    solution = solve(problem, [Adam(steps=4000), SelfScaledBroyden(steps=600)])
    assert solution.stages[-1].loss < 0.01 * solution.stages[0].loss
    assert solution.errors["u"]["relative_l2"] < 2e-4


def test_refusals(monkeypatch):
    box = Box(x=(0, 1))
    u = Field("u", box, MLP(width=4, depth=1))
    rough = Problem(on(box, samples=5, loss=l1, name="edges")(lambda p: u(p)))
    with pytest.raises(Unfit, match=r"constraint 'edges' with the loss l1.*Use l2, or Adam"):
        solve(rough, [SelfScaledBroyden()])
    monkeypatch.setattr(broyden, "LIMIT", 1000)
    with pytest.raises(Unfit, match=r"a matrix of 13 x 13 numbers.*for 11 parameters. Use LBFGS"):
        solve(Problem(on(box, samples=5)(lambda p: u(p))), [SelfScaledBroyden()])
    with pytest.raises(ValueError, match="steps=0"):
        SelfScaledBroyden(steps=0)
