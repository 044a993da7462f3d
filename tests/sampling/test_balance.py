"""Factors of the terms: equal norms of gradients, equal traces of tangent kernels."""

from dataclasses import replace

import pytest
import torch
from states import state_of
from transport_problems import transport

from sirenpde import MLP, Box, Field, Problem, l1, on
from sirenpde.sampling.balance import Balance, gradient_norms, traces
from sirenpde.sampling.causal import Causal
from sirenpde.sampling.draws import Fixed
from sirenpde.sampling.points import Points


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
