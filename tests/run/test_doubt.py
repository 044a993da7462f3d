"""A small residual counts as a solution only where a second fit finds the same fields."""

import math

import pytest
import torch
from ladder_problems import poisson

from sirenpde import Box, D, Field, LeastSquares, Problem, SineFeatures, laplacian, on, solve
from sirenpde.solvers.ladder import Rung

box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes


def exact(p):
    return torch.sin(2 * x(p)) * torch.exp(y(p))


def helmholtz(away):
    """At a wavenumber that is ``away``, relatively and squared, from the lowest resonance of the square."""
    square = 2 * math.pi**2 * (1 + away)
    u = Field("u", box, SineFeatures(300, bandwidth=9.0))
    inside = on(box, 1500, name="inside")(lambda p: laplacian(u)(p) + square * u(p) - (square - 3) * exact(p))
    walls = on(box.boundary(), 400, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls, reference={u: exact})


def test_fields_that_a_second_fit_does_not_find_again_are_no_solution():
    solution = solve(helmholtz(1e-9), using=[LeastSquares()])
    assert solution.relative_residual < 1e-8 and solution.errors["u"]["relative_l2"] > 0.1
    assert solution.two_resolutions > 0.1
    assert solution.status == "rough" and "two resolutions differ by" in solution.message


def test_a_loose_tolerance_does_not_accept_them_either():
    solution = solve(helmholtz(1e-9), using=[LeastSquares()], tolerance=1e-3)
    assert solution.status == "rough" and "two resolutions differ by" in solution.message


def test_away_from_the_resonance_they_are_found_again():
    solution = solve(helmholtz(1e-2), using=[LeastSquares()])
    assert solution.status == "solved" and solution.errors["u"]["relative_l2"] < 1e-8


@pytest.mark.parametrize(("apart", "tried"), [(0.05, 1), (0.2, 2)])
def test_fields_in_doubt_lead_to_the_next_rung(rungs, monkeypatch, apart, tried):
    monkeypatch.setattr("sirenpde.run.doubt.second_fit", lambda *of: {"u": apart})
    problem = poisson()
    (u,) = problem.fields
    good = Rung({u: SineFeatures(200, 8.0)}, (LeastSquares(),))
    rungs(good, good)
    solution = solve(problem)
    assert len(solution.stages) == tried
    assert solution.status == ("solved" if tried == 1 else "rough")
    assert solution.two_resolutions == apart


def test_a_constant_that_the_constraints_leave_free_raises_no_doubt():
    u = Field("u", box)
    inside = on(box, 1000, name="inside")(lambda p: laplacian(u)(p) - torch.cos(math.pi * x(p)))
    ends = on(box.boundary("x"), 400, name="ends")(lambda p: D(u, x)(p))
    sides = on(box.boundary("y"), 400, name="sides")(lambda p: D(u, y)(p))
    solution = solve(Problem(inside, ends, sides), using=[LeastSquares()])
    assert solution.two_resolutions > 0.1
    assert solution.status == "solved" and any("constant" in warning for warning in solution.warnings)
