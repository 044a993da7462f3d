"""Marches that are cut off and go on, and solutions that end before their axis does."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from marched import burgers, carried, error, spacetime, stopped, t, x

from sirenpde import (
    Box,
    D,
    Field,
    GaussNewton,
    March,
    Problem,
    SineLattice,
    Siren,
    on,
    solve,
)
from sirenpde.solvers.marching.controller import POLICY


def test_a_solution_that_ends_is_followed_to_its_end(monkeypatch) -> None:
    monkeypatch.setattr("sirenpde.solvers.marching.front.POLICY", replace(POLICY, shortest=1e-3))
    line = Box(t=(0, 1))
    (s,) = line.axes
    u = Field("u", line, SineLattice())
    growth = on(line, 100, name="growth")(lambda p: D(u, s)(p) - u(p) ** 2)
    start = on(line.at(t=0), name="start")(lambda p: u(p) - 2)
    solution = solve(Problem(growth, start), [March(s, tolerance=1e-6)])
    assert solution.status == "rough"
    reached = float(re.search(r"beyond t = ([\d.]+):", solution.message).group(1))
    assert 0.49 < reached < 0.5
    assert solution[u]([[0.4]])[0] == pytest.approx(10, rel=1e-4)  # 1 / (1/2 - t)
    assert f"holds up to t = {reached:g}" in solution.message and solution.holds_until[0] == "t"
    assert bool(np.isnan(solution[u]([[reached + 1e-3], [1.0]])).all())


def test_a_march_cut_off_tells_how_far_it_came(tmp_path) -> None:
    """By the keyboard here: residuals and errors are those of the part solved, files hold no invented values."""
    problem = burgers(0.3, SineLattice((4, 16)))

    solution = stopped(problem, [March(t, 4)], 2)
    (u,) = problem.fields
    assert solution.holds_until == ("t", 0.5) and solution.report()["holds_until"] == {"t": 0.5}
    assert error(solution) < 1e-5
    assert all(row["held_out_rms"] < 1e-3 for row in solution.constraints.values())
    grid = solution[u].on_grid((9, 5)).values
    assert np.isfinite(grid[:5]).all() and np.isnan(grid[5:]).all()
    with np.load(solution.export(tmp_path / "u.npz", 9)) as file:
        assert np.isnan(file["u"]).sum() == 4 * 9
    assert (
        solution.export(tmp_path / "u.png", 9).exists() and solution.export(tmp_path / "u.vtkhdf", 9).exists()
    )
    whole = solve(problem, [March(t, 4)], resume=solution.snapshot())
    assert whole.holds_until is None and error(whole) < 1e-5


def decay() -> Problem:
    u = Field("u", spacetime, Siren(10, 2, omega=2.0))
    equation = on(spacetime, 200, name="decay")(lambda p: D(u, t)(p) + u(p))
    start = on(spacetime.at(t=0), 50, name="start")(lambda p: u(p) - torch.cos(x(p)))
    return Problem(equation, start, reference={u: lambda p: torch.exp(-t(p)) * torch.cos(x(p))})


def test_trained_networks_start_from_the_slab_before() -> None:
    assert error(solve(decay(), [March(t, 2, [GaussNewton(steps=60)])])) < 1e-3


@pytest.mark.parametrize(
    ("problem", "stage", "steps"),
    [
        (burgers(0.1, SineLattice((4, 24))), March(t, 5), [3]),
        (burgers(0.3, SineLattice((3, 10))), March(t, 2), [2]),  # where nothing is left to be done
        (burgers(0.3), March(t, tolerance=1e-4), [1, 2, 5]),  # orders grow, slabs are tried again
        (carried(SineLattice((1, 4, 4)), 0.6), March("t", 4), [1, 3, 4]),  # a factor is shared
        (decay(), March(t, 2, [GaussNewton(steps=15)]), [8, 20]),  # within a slab
    ],
    ids=["in the midst", "at its end", "tried again", "shared factor", "trained"],
)
def test_a_march_goes_on_to_the_same_bits(problem: Problem, stage: March, steps: list[int]) -> None:
    whole = solve(problem, [stage])
    for step in steps:
        cut = stopped(problem, [stage], step)
        assert cut.parameters < whole.parameters or step == whole.stages[-1].steps
        again = solve(problem, [stage], resume=cut.snapshot())
        assert torch.equal(again.theta, whole.theta), step
        assert again.status == whole.status and again.stages[-1].reason == whole.stages[-1].reason


@pytest.mark.parametrize("second", [0.0, math.inf])
def test_a_march_without_time_to_begin_begins_again_to_the_same_bits(second: float) -> None:
    problem, stages = burgers(0.3), [March(t, 2, tolerance=1e-4)]
    whole = solve(problem, stages)
    cut = solve(problem, stages, budget=1e-6)
    assert cut.status == "budget" and cut.relative_residual == pytest.approx(1.0)
    values = cut[problem.fields[0]]([[0.0, 0.5], [0.01, 0.5], [1.0, 0.5]])
    assert cut.holds_until == ("t", 0.0) and np.isnan(values).tolist() == [False, True, True]
    if second == 0.0:
        cut = solve(problem, stages, budget=1e-6, resume=cut.snapshot())
    assert torch.equal(solve(problem, stages, resume=cut.snapshot()).theta, whole.theta)


@pytest.mark.parametrize(("rate", "start"), [(100.0, 300.0), (2.0, 1.0)])
def test_a_solution_that_ends_is_marched_to_its_end(rate, start):
    """u' = -rate sqrt(u) is (sqrt(start) - rate t / 2)², and has no slope from where that vanishes."""
    line = Box(t=(0, 1.2))
    (time,) = line.axes
    w = Field("w", line)
    ode = on(line, 100, name="ode")(lambda p: D(w, time)(p) + rate * torch.sqrt(w(p)))
    begins = on(line.at(t=0), name="begins")(lambda p: w(p) - start)
    solution = solve(Problem(ode, begins), [March(time, tolerance=1e-6)])
    end = 2 * start**0.5 / rate
    assert solution.status == "rough" and solution.holds_until is not None
    assert 0.99 * end < solution.holds_until[1] < 1.01 * end
    places = torch.linspace(0, 0.9 * end, 20, dtype=torch.float64)[:, None]
    exact = (start**0.5 - rate * places[:, 0] / 2) ** 2
    assert (solution[w](places) - exact).abs().max() < 1e-6 * start
    assert solution[w]([[1.05 * end]])[0] != solution[w]([[1.05 * end]])[0]  # no number
