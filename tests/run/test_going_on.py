"""Runs that go on: after an interruption, to a tighter tolerance, from their last words."""

import pytest
import torch
from decays import decay, fit, stopped_at, t

from sirenpde import LBFGS, Adam, GaussNewton, LeastSquares, March, SineFeatures, SineLattice, Siren, solve
from sirenpde.run.solve import recall


@pytest.mark.parametrize("stage", [Adam(steps=7), LBFGS(steps=4), GaussNewton(steps=5)], ids=lambda s: s.name)
def test_an_interruption_in_the_last_step_takes_no_step_more(stage):
    problem = decay(Siren(6, 1, omega=3))
    whole = solve(problem, [stage, Adam(steps=3)], dtype=torch.float64)
    steps = whole.stages[0].steps
    cut = stopped_at(problem, [stage, Adam(steps=3)], steps, dtype=torch.float64)
    assert cut.status == "interrupted" and len(cut.stages) == 1
    assert "can be resumed" not in cut.stages[0].reason
    rest = solve(problem, [stage, Adam(steps=3)], resume=cut)
    assert torch.equal(rest.theta, whole.theta)
    assert [row.step for row in rest.history] == [row.step for row in whole.history]


def test_a_run_interrupted_in_its_very_last_step_is_over():
    problem, stages = fit(1.0), [Adam(steps=5)]
    whole, cut = solve(problem, stages), stopped_at(problem, stages, 5)
    assert cut.status == whole.status and cut.message == whole.message
    assert torch.equal(cut.theta, whole.theta)


def test_a_march_that_is_over_can_be_resumed():
    def problem():
        return decay(SineLattice())

    kept = []
    whole = solve(problem(), [March(t)], progress=lambda p: kept.append(p.snapshot()))
    for snapshot in (kept[-1], whole.snapshot()):
        again = solve(problem(), [March(t)], resume=snapshot)
        assert again.status == "solved" and torch.equal(again.theta, whole.theta)
    assert again.message == whole.message


def test_the_last_words_survive():
    problem, stages = decay(SineFeatures(3, 2.0)), [LeastSquares()]
    first = solve(problem, stages)
    assert first.status == "rough" and first.message.startswith("leaves")
    again, seen = solve(problem, stages, resume=first), recall(problem, first.snapshot(), stages)
    for solution in (again, seen):
        assert (solution.status, solution.message) == (first.status, first.message)
    assert again.history == first.history and again.stages == first.stages


def test_a_tighter_tolerance_goes_on_as_if_it_had_been_asked_for_at_once():
    problem = decay(Siren(8, 1, 3.0))
    stages = [Adam(steps=200, lr=1e-2), GaussNewton(steps=40)]
    loose = solve(problem, stages, tolerance=0.1)
    assert loose.status == "solved" and loose.stages[-1].name == "Adam" and loose.stages[-1].steps < 200
    tight, direct = loose.refine(1e-4), solve(problem, stages, tolerance=1e-4)
    assert tight.status == "solved" and tight.relative_residual <= 1e-4
    assert torch.equal(tight.theta, direct.theta)
    assert torch.equal(solve(problem, stages, resume=loose, tolerance=1e-4).theta, direct.theta)


def test_a_tolerance_already_met_ends_at_once():
    loose = solve(decay(), tolerance=1e-3)
    again = loose.refine(0.5)
    assert again.status == "solved" and torch.equal(again.theta, loose.theta)
    assert len(again.history) == len(loose.history)


def test_a_run_that_is_over_takes_its_last_iterative_stage_once_more():
    problem, stages = decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=50, lr=1e-2), GaussNewton(steps=4)]
    short = solve(problem, stages)
    assert short.status == "rough"
    long = short.refine(1e-7)
    assert [stage.name for stage in long.stages[:3]] == ["Adam", "Gauss-Newton", "Gauss-Newton"]
    assert long.relative_residual < short.relative_residual
    once = solve(problem, stages, resume=long, tolerance=1e-9)  # the repeated stages are in the checkpoint
    assert once.relative_residual <= long.relative_residual and len(once.stages) > len(long.stages)


def test_a_resumed_repetition_goes_on_to_the_same_bits():
    problem, stages = decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=20, lr=1e-2)]
    first = solve(problem, stages)
    whole = solve(problem, stages, resume=first, tolerance=1e-12)
    cut = stopped_at(problem, stages, 9, 1, resume=first, tolerance=1e-12)
    assert cut.status == "interrupted"
    assert torch.equal(solve(problem, stages, resume=cut, tolerance=1e-12).theta, whole.theta)


def test_a_tolerance_is_tested_at_fixed_steps(monkeypatch):
    """Whatever the clock says: here it stands still, or leaps."""
    problem, stages = decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=5000, lr=1e-2)]
    found = []
    for speed in (0.0, 1.0, 1e4):
        now = iter(range(10**9))
        monkeypatch.setattr("time.monotonic", lambda speed=speed, now=now: speed * next(now))
        solution = solve(problem, stages, tolerance=0.1)
        found.append((solution.stages[0].steps, solution.relative_residual))
    assert found[0] == found[1] == found[2] and found[0][0] % 10 == 0
    assert found[0][1] <= 0.1
