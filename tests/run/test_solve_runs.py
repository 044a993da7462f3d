"""The run around a solve: the same bits, resuming, rolling back, and what cannot be solved."""

import subprocess
import sys

import pytest
import torch
from poisson_square import nonlinear, poisson

from sirenpde import (
    LBFGS,
    Adam,
    Box,
    Field,
    LeastSquares,
    Problem,
    Siren,
    l1,
    on,
    solve,
)
from sirenpde.run.solve import DeviceError
from sirenpde.solvers.least_squares import NotAffine


def test_a_run_resumes_to_the_same_bits():
    _, problem = nonlinear()
    stages = [Adam(steps=30, lr=5e-3, average=0.9), LBFGS(steps=6)]
    whole = solve(problem, stages, seed=5)
    for stop in (17, 32):
        kept = {}

        def interrupt(progress, stop=stop, kept=kept):
            if progress.step + 30 * progress.stage_index == stop:
                kept["snapshot"] = progress.snapshot()
                raise KeyboardInterrupt

        half = solve(problem, stages, seed=5, progress=interrupt)
        assert half.status == "interrupted"
        rest = solve(problem, stages, seed=5, resume=kept["snapshot"])
        assert torch.equal(rest.theta, whole.theta)
        assert [row.loss for row in rest.history] == [row.loss for row in whole.history]


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    _, problem = nonlinear()
    stages = [Adam(steps=5)]
    first, again, other = (solve(problem, stages, seed=s).theta for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_stage_that_makes_things_worse_is_rolled_back():
    _, problem = nonlinear()
    good = solve(problem, [LBFGS(steps=5)])
    both = solve(problem, [LBFGS(steps=5), Adam(steps=3, lr=1.0, schedule="constant")])
    assert "rolled back" in both.stages[1].reason
    assert torch.equal(good.theta, both.theta)


def test_a_residual_that_is_not_finite_is_named_and_the_last_finite_state_kept():
    line = Box(s=(0, 1))
    u = Field("u", line, Siren(width=8, depth=1))
    root = on(line, samples=20, name="root")(lambda p: torch.log(u(p) * 0 + 1e-9 - torch.tensor(1.0)))
    solution = solve(Problem(root), [Adam(steps=3)])
    assert solution.status == "not finite"
    assert "constraint 'root'" in solution.message and "s = " in solution.message
    assert bool(solution.theta.isfinite().all())


def test_what_cannot_be_solved_is_said():
    u, problem = nonlinear()
    other = on(u.domain, samples=9, name="other", loss=l1)(lambda p: u(p))
    with pytest.raises(NotAffine, match="the loss of 'other' is l1"):
        solve(Problem(other), [LeastSquares()])
    with pytest.raises(DeviceError, match=r"is not there|not supported"):
        solve(problem, device="cuda:7")
    with pytest.raises(DeviceError, match="no device"):
        solve(problem, device="warp")
    with pytest.raises(ValueError, match="points of shape"):
        solve(problem, [Adam(steps=1)])[problem.fields[0]]([[0.0, 1.0]])
    with pytest.raises(ValueError, match="given 'other' to resume"):
        solve(problem, [Adam(steps=1)], resume={"format": "other"})
    with pytest.raises(ValueError, match="schedule"):
        Adam(schedule="linear")


def test_a_module_of_the_users_own_is_trained_and_left_as_it_was():
    module = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    before = [q.clone() for q in module.parameters()]
    _, problem = poisson(module, samples=50)
    solution = solve(problem, [Adam(steps=5)])
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))
    assert solution.history[-1].loss < solution.history[0].loss


def test_no_compiler_is_imported_where_none_is_used():
    """Its import takes a second and 100 MB; some functions of torch.func bring it with their first call."""
    program = """
import sys
from sirenpde import Box, Field, Problem, laplacian, on, solve
box = Box(x=(0, 1), y=(0, 1))
u = Field("u", box)
poisson = on(box, 200, name="poisson")(lambda p: laplacian(u)(p) + 1)
walls = on(box.boundary(), 100, name="walls")(u)
print(solve(Problem(poisson, walls), budget=1).status, "torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.split()[1:] == ["False"], done.stdout + done.stderr
