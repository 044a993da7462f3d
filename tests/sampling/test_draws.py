"""How points are drawn: fresh, fixed, a minibatch, or where the residual is large."""

import itertools
import math

import pytest
import torch
from states import state_of
from transport_problems import on_a_line, transport

from sirenpde import LBFGS, MLP, Adam, Box, Field, Problem, on
from sirenpde.sampling.draws import Adaptive, Fixed, Fresh
from sirenpde.sampling.points import Points


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
