"""One least-squares solve of the last layers, and whether the constraints were affine where it led."""

import pytest
import torch
from states import state_of

from sirenpde import Box, D, Field, Problem, SineFeatures, on
from sirenpde.linear.affine_solve import is_affine_at, solve_affine

LINE = Box(t=(0, 1))
(t,) = LINE.axes


def growth(bend=0.0):
    """u' = u + bend u², u(0) = 1."""
    u = Field("u", LINE, SineFeatures(40, 3.0))
    ode = on(LINE, 120, name="ode")(lambda p: D(u, t)(p) - u(p) - bend * u(p) ** 2)
    start = on(LINE.at(t=0), name="start")(lambda p: u(p) - 1)
    return u, state_of(Problem(ode, start))


@pytest.mark.parametrize(("bend", "affine"), [(0.0, True), (1e-3, False), (0.5, False)])
def test_slopes_elsewhere_tell_whether_the_solve_was_exact(bend, affine):
    _, state = growth(bend)
    batches = state.system.draw(torch.Generator().manual_seed(0))
    solved = solve_affine(state.system, state.theta, batches)
    assert is_affine_at(state.system, solved.theta, batches) is affine


def test_an_affine_problem_is_solved_at_once():
    _, state = growth()
    batches = state.system.draw(torch.Generator().manual_seed(0))
    solved = solve_affine(state.system, state.theta, batches)
    assert 10 < solved.rank <= 41
    assert float(sum(state.system.losses(solved.theta, batches))) < 1e-20
