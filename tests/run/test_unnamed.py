"""Problems of several kinds that are solved with nothing named."""

import math

import pytest
import torch
from ladder_problems import bratu, burgers, unknown_rate

from sirenpde import Box, D, Field, Problem, on, solve


def test_a_nonlinear_evolution():
    solution = solve(burgers())
    assert [stage.name for stage in solution.stages] == ["march along t"]
    assert all(row["held_out_rms"] < 1e-6 for row in solution.constraints.values())


def test_a_steady_nonlinear_problem():
    solution = solve(bratu())
    assert [stage.name for stage in solution.stages] == ["collocation"]
    assert float(solution.constraints["bratu"]["held_out_rms"]) < 1e-8


def test_unknown_numbers_are_found_with_frozen_sines_in_time_too():
    solution = solve(unknown_rate())
    assert solution.unknowns["rate"] == pytest.approx(0.3, abs=1e-10)
    assert solution.errors["u"]["relative_l2"] < 1e-10


def test_fields_on_different_axes_are_solved_for_together():
    whole, times = Box(t=(0, 1), x=(0, 1)), Box(t=(0, 1))
    t, s = whole.axes
    v, c = Field("v", whole), Field("c", times)
    heat = on(whole, 2000, name="heat")(lambda p: D(v, t)(p) - D(v, s, s)(p) / math.pi**2 + c(p) * v(p))
    start = on(whole.at(t=0), 200, weight=100, name="start")(lambda p: v(p) - torch.sin(math.pi * s(p)))
    solution = solve(
        Problem(
            heat,
            start,
            on(times, 200, name="decay")(lambda p: D(c, t)(p) + c(p)),
            on(whole.boundary("x"), 200, weight=100, name="ends")(v),
            on(times.at(t=0), name="one")(lambda p: c(p) - 1),
            reference={c: lambda p: torch.exp(-t(p))},
        )
    )
    assert [stage.name for stage in solution.stages] == ["least squares"]
    assert solution.errors["c"]["relative_l2"] < 1e-11
