"""L-BFGS: what it forgets, and where it ends."""

import pytest
from descents import parabola, poisson
from states import state_of

from sirenpde import (
    LBFGS,
    Siren,
)


@pytest.mark.parametrize("factor", [-1.0, -1e6])
def test_lbfgs_forgets_pairs_that_lead_nowhere(factor):
    state = state_of(poisson(Siren(8, 2, omega=4, omega_hidden=4), samples=60))
    stage = LBFGS(steps=100)
    for _ in range(4):
        before = stage.advance(state).loss
    (kept,) = state.memory.optimizer.state.values()
    kept["ro"][:] = [factor * r for r in kept["ro"]]  # directions that are no descent, or not finite
    losses = [stage.advance(state).loss for _ in range(6)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.5 * before


def test_lbfgs_ends_where_no_fresh_start_lowers_anything():
    state, stage = state_of(parabola()), LBFGS(steps=100)
    for _ in range(30):
        report = stage.advance(state)
        if report.finished:
            break
    assert report.finished and report.reason == "the objective no longer falls" and report.loss < 1e-28
