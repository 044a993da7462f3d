"""How stages draw and weigh points: each rule against its formula, and runs that resume."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from states import state_of

from sirenpde import LBFGS, MLP, Adam, Box, D, Field, GaussNewton, Problem, Siren, l1, on, solve
from sirenpde.sampling.balance import Balance, gradient_norms, traces
from sirenpde.sampling.causal import Causal
from sirenpde.sampling.draws import Adaptive, Fixed, Fresh
from sirenpde.sampling.points import Points
from sirenpde.solvers.broyden import SelfScaledBroyden
from sirenpde.solvers.gauss_newton import Memory
from sirenpde.solvers.natural_gradient import NaturalGradient
from sirenpde.solvers.soap import Soap

ALL = Points(
    Adaptive(every=5), causal=Causal("t", chunks=4, epsilons=(1.0, 10.0), every=2), balance=Balance(every=3)
)


def transport(samples=200, network=None):
    """u_t + 3 u_x = 0, u = sin πx at the start, periodic; three terms of very different sizes."""
    box = Box(t=(0, 1), x=(-1, 1))
    t, x = box.axes
    u = Field("u", box, network or Siren(16, 2, omega=3, omega_hidden=3), periodic=[x])

    @on(box, samples=samples)
    def equation(p):
        return D(u, t)(p) + 3 * D(u, x)(p)

    @on(box, samples=samples, weight=1e-3)
    def bounded(p):
        return torch.stack([u(p) ** 2 - 0.5, D(u, x)(p)])

    @on(box.at(t=0), samples=40, weight=20)
    def start(p):
        return u(p) - torch.sin(math.pi * x(p))

    return Problem(equation, bounded, start)


def on_a_line(samples, source):
    """u = f, for a network that is zero: the residual is -f."""
    line = Box(x=(0, 1))
    (x,) = line.axes
    u = Field("u", line, MLP(width=4, depth=1))

    @on(line, samples=samples)
    def matches(p):
        return u(p) - source(x(p))

    state = state_of(Problem(matches))
    state.theta = torch.zeros_like(state.theta)
    return state


# ------------------------------------------------------------------------------------------- drawing


def test_fresh_and_fixed_points_are_those_of_the_stages_so_far():
    state = state_of(transport())
    for step in (0, 1, 20):
        state.step = step
        for a, b in zip(state.batches(Points(Fresh())), state.drawing.fresh({}), strict=True):
            assert torch.equal(a.points, b.points) and a.weights is None
        for a, b in zip(
            Fixed().batches(state.drawing, state.theta, state.sampling), state.drawing.fixed(), strict=True
        ):
            assert torch.equal(a.points, b.points)
    assert Adam().points == Points(Fresh()) and LBFGS().points == Points(Fixed())


def test_fresh_points_may_stay_for_some_steps():
    state, drawn = state_of(transport()), []
    for state.step in range(7):
        drawn.append(state.batches(Points(Fresh(every=3)))[0].points)
    same = [torch.equal(a, b) for a, b in itertools.pairwise(drawn)]
    assert same == [True, True, False, True, True, False]


def test_a_minibatch_holds_some_of_all_points_of_a_finite_domain_and_changes_no_others():
    line = Box(x=(0, 1))
    nodes, u = line.nodes(301), Field("u", line, MLP(width=4, depth=1))
    everywhere = on(nodes, name="everywhere")(lambda p: u(p) - line.axes[0](p))
    state = state_of(Problem(everywhere, on(line, 40, name="inside")(lambda p: u(p))))
    points = Points(Fresh(minibatch=50))
    drawn = []
    for state.step in range(12):
        some, inside = state.batches(points)
        assert len(some) == 50 and len(inside) == 40
        drawn.append(some.points)
    known = nodes.points[:, 0].to(drawn[0])
    assert torch.isin(torch.cat(drawn)[:, 0], known).all()
    assert len(torch.cat(drawn[:6]).unique()) == 300  # six disjoint batches of one shuffle
    assert not torch.equal(drawn[0], drawn[6])
    assert len(state.drawing.fresh({}, minibatch=302)[0]) == 301


def test_adaptive_points_follow_the_residual():
    """With |r| = x² on [0, 1] and k = c = 1 the density is (3x² + 1) / 2."""
    counts = torch.zeros(10)
    for seed in range(20):
        state = on_a_line(500, lambda x: x**2)
        state.seed = seed
        x = state.batches(Points(Adaptive(pool=50)))[0].points[:, 0]
        counts += torch.histc(x.float(), 10, 0, 1)
    edges = torch.linspace(0, 1, 11)
    expected = 10_000 * ((edges**3 + edges) / 2).diff()
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert chi_square < 27.9  # 9 degrees of freedom: exceeded once in a thousand
    uniform = torch.full((10,), 1000.0)
    assert float(((counts - uniform) ** 2 / uniform).sum()) > 1000


@pytest.mark.parametrize("k, c, mean", [(2.0, 0.0, 5 / 6), (1.0, 1.0, 0.625), (0.0, 1.0, 0.5)])
def test_the_exponent_and_the_floor_of_the_density(k, c, mean):
    """E[x] for p ∝ x²ᵏ / mean + c is ((2k+1)/(2k+2) + c/2) / (1 + c)."""
    means = []
    for seed in range(10):
        state = on_a_line(400, lambda x: x**2)
        state.seed = seed
        means.append(float(state.batches(Points(Adaptive(k=k, c=c, pool=60)))[0].points.mean()))
    assert abs(sum(means) / 10 - mean) < 4 * 0.29 / math.sqrt(4000)


def test_residuals_that_vanish_or_are_not_finite_leave_points_enough():
    rare = on_a_line(100, lambda x: torch.where(x < 0.01, 1.0, 0.0))
    x = rare.batches(Points(Adaptive(k=1, c=0)))[0].points[:, 0]
    assert len(x) == 100 and int((x < 0.01).sum()) == 10  # the ten candidates there, and others
    for source in (lambda x: 0 * x, lambda x: 1 / (x - x)):
        assert len(on_a_line(100, source).batches(Points(Adaptive(c=0)))[0]) == 100


def test_adaptive_points_stay_between_draws_and_differ_after():
    state = state_of(transport())
    points, seen = Points(Adaptive(every=4)), []
    for state.step in range(9):
        seen.append(state.batches(points))
        state.theta = state.theta * 1.01  # the points must not notice before they are due
    assert all(batch is kept for batch, kept in zip(seen[1], seen[3], strict=True))
    assert not torch.equal(seen[3][0].points, seen[4][0].points)
    assert [len(batch) for batch in seen[8]] == [200, 40]
    assert len(torch.unique(seen[8][0].points, dim=0)) == 200  # without replacement


def test_all_points_of_a_finite_domain_stay():
    box = Box(x=(0, 1))
    u = Field("u", box, MLP(width=4, depth=1))
    problem = Problem(on(box.nodes(9))(lambda p: u(p) - 1), on(box, samples=5, name="other")(lambda p: u(p)))
    state = state_of(problem)
    assert torch.equal(state.batches(Points(Adaptive()))[0].points, box.nodes(9).draw(None, None)[0])


# -------------------------------------------------------------------------------------- causal factors


def test_causal_factors_by_hand():
    causal = Causal("t", chunks=4, epsilons=(0.5, 5.0))
    losses = torch.tensor([1.0, 0.2, 0.0, 3.0], dtype=torch.float64)
    weights, rung = causal.weights(losses, 0)
    by_hand = [1, math.exp(-0.5), math.exp(-0.5 * 1.2), math.exp(-0.5 * 1.2)]
    assert rung == 0
    torch.testing.assert_close(weights, torch.tensor(by_hand, dtype=torch.float64), rtol=1e-15, atol=0)
    weights, rung = causal.weights(losses * 1e-3, 0)  # all factors of the first rung exceed 0.99
    assert rung == 1
    assert float(weights[3]) == pytest.approx(math.exp(-5 * 1.2e-3), rel=1e-14)


def test_the_losses_of_the_chunks_and_the_factors_of_the_points():
    state = state_of(transport())
    system, causal = state.system, Causal("t", chunks=4, epsilons=(2.0,))
    drawn = state.drawing.fixed()
    equation, bounded, start = system.residuals(state.theta, drawn)
    t = drawn[0].points[:, 0]
    expected = []
    for k in range(4):
        inside = (t >= k / 4) & (t < (k + 1) / 4)
        total = equation[inside].square().sum(1).mean() + 1e-3 * bounded[inside].square().sum(1).mean()
        expected.append(float(total) + (20 * float(start.square().mean()) if k == 0 else 0))
    found = causal.losses(system, state.theta, drawn)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-13, atol=0)
    weighed = state.batches(Points(Fixed(), causal=causal))
    last = math.exp(-2 * sum(expected[:3]))
    assert weighed[0].weights.shape == (200, 2)
    assert weighed[0].weights[t >= 0.75].allclose(torch.tensor(last, dtype=torch.float64), rtol=1e-12)
    assert bool((weighed[1].weights == 1).all())  # the start is in the first chunk
    terms = system.losses(state.theta, weighed)
    factor = weighed[0].weights[:, 0]
    assert float(terms[0]) == pytest.approx(float((factor * equation[:, 0] ** 2).mean()), rel=1e-13)


def test_the_ladder_is_climbed_once_and_remembered():
    state = on_a_line(100, lambda x: 0.05 * x)
    points = Points(Fixed(), causal=Causal("x", chunks=5, epsilons=(0.1, 1.0, 100.0), every=1))
    state.batches(points)
    assert state.sampling.rung == 2
    state.theta[-1] = 10.0  # a bias: now all chunks are bad, and the rung stays
    state.step = 1
    assert float(state.batches(points)[0].weights.min()) == 0.0
    assert state.sampling.rung == 2


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no constraint has that axis; the axes are t, x"):
        state_of(transport()).batches(Points(causal=Causal("z")))


# -------------------------------------------------------------------------------------------- balance


def test_balance_by_gradients_makes_all_norms_equal():
    state = state_of(transport())
    system = state.system
    before = gradient_norms(system, state.theta, state.drawing.fixed())
    assert float(before.max() / before.min()) > 100
    alone = [state.drawing.fixed()[0], state.drawing.fixed()[1]]
    alone[0] = replace(alone[0], weights=torch.zeros(200, 2, dtype=torch.float64))
    start = system.gradient(state.theta, alone).gradient  # only the third term is left
    assert float(before[2]) == pytest.approx(float(start.norm()), rel=1e-13)
    after = gradient_norms(system, state.theta, state.batches(Points(Fixed(), balance=Balance("gradient"))))
    torch.testing.assert_close(after, before.mean().expand(3), rtol=1e-10, atol=0)


def test_balance_by_tangent_kernels_makes_all_traces_equal():
    state = state_of(transport(samples=60))
    system, drawn = state.system, state.drawing.fixed()
    before = traces(system, state.theta, drawn)
    by_hand = 0.0
    for i in range(40):  # of one residual r: ∇(w r²) = 2 w r ∇r
        one = [replace(drawn[0], weights=torch.zeros(60, 2, dtype=torch.float64)), drawn[1]]
        one[1] = replace(drawn[1], points=drawn[1].points[i : i + 1])
        found = system.gradient(state.theta, one)
        by_hand += float(found.gradient.square().sum() / (4 * found.terms[2])) / 40
    assert float(before[2]) == pytest.approx(by_hand, rel=1e-10)
    after = traces(system, state.theta, state.batches(Points(Fixed(), balance=Balance("ntk"))))
    torch.testing.assert_close(after, before.mean().expand(3), rtol=1e-10, atol=0)


def test_factors_move_on_average_and_see_the_causal_ones():
    state = state_of(transport())
    system = state.system
    points = Points(Fixed(), causal=Causal("t", every=1), balance=Balance(every=2, decay=0.75))
    state.batches(points)
    first = state.sampling.constraint_factors.clone()
    state.theta, state.step = state.theta * 1.3, 2
    weighed = state.batches(points)
    causal = points.causal.apply(system, state.drawing.fixed(), state.sampling.chunk_factors)
    sizes = gradient_norms(system, state.theta, causal)
    expected = 0.75 * first + 0.25 * sizes.mean() / sizes
    torch.testing.assert_close(state.sampling.constraint_factors, expected, rtol=1e-12, atol=0)
    both = causal[0].weights * expected[:2]
    torch.testing.assert_close(weighed[0].weights, both, rtol=1e-12, atol=0)


def test_a_term_without_a_slope_gets_a_finite_factor():
    state = state_of(transport())
    state.theta = torch.zeros_like(state.theta)  # u = 0: the equation holds, whatever the parameters' slope
    factors = state.batches(Points(Fixed(), balance=Balance())) and state.sampling.constraint_factors
    assert bool(factors.isfinite().all()) and float(factors[0]) == pytest.approx(1e6)


def test_a_tangent_kernel_needs_l2():
    box = Box(x=(0, 1))
    u = Field("u", box, MLP(width=4, depth=1))
    problem = Problem(on(box, samples=5, loss=l1, name="edges")(lambda p: u(p)))
    with pytest.raises(ValueError, match="constraint 'edges' with the loss l1"):
        state_of(problem).batches(Points(balance=Balance("ntk")))


# --------------------------------------------------------------------------------------- all together


@pytest.mark.parametrize(
    "stage",
    [
        Adam(steps=14, points=ALL, average=0.9),
        LBFGS(steps=14, points=ALL),
        SelfScaledBroyden(steps=14, points=ALL),
        NaturalGradient(steps=14, points=ALL),
        Soap(steps=14, points=ALL, every=4),
        GaussNewton(steps=14, points=ALL),
    ],
    ids=lambda stage: stage.name,
)
def test_every_stage_resumes_to_the_same_bits(stage):
    problem = transport(30, Siren(8, 2, omega=3, omega_hidden=3))
    whole = solve(problem, [stage], seed=3, dtype=torch.float64)
    assert whole.stages[0].steps == 14
    for stop in (5, 11):  # points are due at 5, factors were at 9 and 10
        kept = {}

        def interrupt(progress, stop=stop, kept=kept):
            if progress.step == stop:
                kept["snapshot"] = progress.snapshot()
                raise KeyboardInterrupt

        solve(problem, [stage], seed=3, dtype=torch.float64, progress=interrupt)
        rest = solve(problem, [stage], seed=3, dtype=torch.float64, resume=kept["snapshot"])
        assert torch.equal(rest.theta, whole.theta), stop
        assert [row.loss for row in rest.history] == [row.loss for row in whole.history]


@pytest.mark.parametrize("factors", [{}, {"causal": Causal("t", every=2)}, {"balance": Balance(every=2)}])
def test_gauss_newton_stands_where_all_slopes_vanish_and_moves_on_from_there(factors):
    """u² = 1 at u = 0: no step lowers anything; once the parameters are others, steps are long again."""
    box = Box(t=(0, 1))
    u = Field("u", box, MLP(width=4, depth=1))
    state = state_of(Problem(on(box, samples=20, name="square")(lambda p: u(p) ** 2 - 1)))
    stage, start = GaussNewton(steps=40, points=Points(Fixed(), **factors)), state.theta.clone()
    state.theta = torch.zeros_like(start)
    for _ in range(6):
        assert 0.5 < stage.advance(state).loss < 1 + 1e-12
    assert not state.theta.any()
    state.theta = state.remember(Memory).iterate = start
    for _ in range(20):
        report = stage.advance(state)
    assert report.loss < 1e-6


def test_a_checkpoint_is_plain_enough_to_load(tmp_path):
    kept = {}

    def keep(progress):
        if progress.step == 5:
            kept["s"] = progress.snapshot()

    solve(transport(50), [Adam(steps=6, points=ALL)], progress=keep)
    torch.save(kept["s"], tmp_path / "checkpoint.pt")
    again = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["sampling"]
    assert torch.equal(again["candidates"][0], kept["s"]["sampling"]["candidates"][0])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fresh(every=0),
        lambda: Fresh(minibatch=0),
        lambda: Adaptive(pool=1),
        lambda: Adaptive(k=0, c=0),
        lambda: Adaptive(k=-1),
        lambda: Causal("t", chunks=1),
        lambda: Causal("t", epsilons=(1.0, 0.1)),
        lambda: Causal("t", epsilons=()),
        lambda: Causal("t", enough=1.0),
        lambda: Balance("trace"),
        lambda: Balance(decay=1.0),
        lambda: Balance(every=0),
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"was given .*; expected"):
        wrong()
