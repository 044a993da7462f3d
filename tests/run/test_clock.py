"""The share of a budget that a rung may use, and when there is no time for another."""

import math
from types import SimpleNamespace

import pytest

from sirenpde.run.clock import Clock


def run_of(seconds=0.0, last=False, residual=None):
    best = None if residual is None else SimpleNamespace(residual=residual)
    return SimpleNamespace(
        seconds=seconds, best=best, in_last_rung=last, state=SimpleNamespace(deadline=None)
    )


@pytest.mark.parametrize(("last", "deadline"), [(False, 110.0), (True, 120.0)])
def test_a_rung_may_use_half_of_what_is_left_and_the_last_all(clock, last, deadline):
    clock.now = 100.0
    run = run_of(seconds=10.0, last=last)
    Clock(run, budget=30.0).share()
    assert run.state.deadline == deadline and run.seconds == 10.0


def test_without_a_budget_there_is_no_deadline(clock):
    run = run_of()
    watch = Clock(run, None)
    watch.share()
    assert run.state.deadline == math.inf and not watch.is_over


@pytest.mark.parametrize(
    ("residual", "now", "over"),
    [(0.1, 4.0, False), (0.1, 6.0, True), (None, 6.0, False), (0.6, 6.0, False), (0.6, 10.0, True)],
)
def test_no_rung_is_begun_in_less_time_than_a_step_took(clock, residual, now, over):
    """A step has taken four of ten seconds; where nothing good was found, any time will do."""
    run = run_of(residual=residual)
    watch = Clock(run, budget=10.0)
    clock.now = 4.0
    watch.tick()
    clock.now = now
    watch.tick()
    assert watch.longest == max(4.0, now - 4.0) and run.seconds == now and watch.is_over is over
