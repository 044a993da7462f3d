"""Causal factors: later points count once earlier ones are fitted."""

import math

import pytest
import torch
from states import state_of
from transport_problems import on_a_line, transport

from sirenpde.sampling.causal import Causal
from sirenpde.sampling.draws import Fixed
from sirenpde.sampling.points import Points


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
