"""Fields eliminated from a problem: the residuals and slopes that stay, against differences and normal equations."""

import pytest
import torch
from states import state_of

from sirenpde import Box, D, Field, PointCloud, Problem, SineFeatures, Unknown, on
from sirenpde.linear.elimination import Elimination

LINE = Box(x=(0, 1))
(x,) = LINE.axes
SEEN = PointCloud([[0.3], [0.8]], LINE)


def waves(coupled=0.0, dtype=complex, count=40):
    """u_j'' + 9 c m u_j = -1, -2 with impedance ends, m a field, read at two points."""
    u = Field("u", LINE, SineFeatures(count, 8.0), shape=(2,), dtype=dtype)
    m = Field("m", LINE, SineFeatures(12, 3.0))
    c = Unknown("c", 1.0, low=0.1)
    loss = 0.5j if dtype is complex else 0.5

    def equation(p):
        joined = coupled * u(p).flip(0)
        return (D(u, x, x)(p) + 9 * c(p) * (1 + m(p)) * u(p) + joined) / 9 + torch.stack(
            [1 + 0 * c(p), 2 + 0 * c(p)]
        )

    ends = LINE.boundary()
    law = on(LINE, 120, name="law")(equation)
    rim = on(ends, 2, name="rim")(lambda p: ends.normal(p)[0] * D(u, x)(p) + loss * u(p))
    seen = on(SEEN, sigma=0.1, name="seen")(lambda p: u(p) - 1)
    smooth = on(LINE, 20, prior=True, name="smooth")(lambda p: D(m, x)(p))
    state = state_of(Problem(law, rim, seen, smooth))
    theta = state.theta.clone()
    here = state.system.parameters.slices[m]
    theta[here] = (
        0.1 * torch.randn(here.stop - here.start, generator=torch.Generator().manual_seed(0)).double()
    )
    batches = state.system.draw(torch.Generator().manual_seed(1))
    return Elimination(state.system, [u], [0, 1], batches), theta


@pytest.mark.parametrize(("coupled", "dtype"), [(0.0, complex), (0.0, None), (2.0, complex)])
def test_the_derivative_is_that_of_the_residuals_that_stay(coupled, dtype):
    elimination, theta = waves(coupled, dtype)
    solved = elimination.solve(theta)
    assert solved.left < 1e-8
    slopes = elimination.tangent(solved)
    random, h = torch.randn(slopes.shape[1], generator=torch.Generator().manual_seed(2)).double(), 1e-5

    def moved(step):
        there = theta.clone()
        there[elimination.places] += step * random
        return elimination.solve(there).residual

    difference = (moved(h) - moved(-h)) / (2 * h)
    assert float((slopes @ random - difference).norm()) < 1e-6 * float(difference.norm())


def test_the_fields_are_those_whose_equations_are_least():
    elimination, theta = waves(count=10)
    solved, system = elimination.solve(theta), elimination.system
    assert 1e-4 < solved.left < 1.0
    vector, jacobian = system.jacobian(solved.theta, elimination.batches)
    (u, _), rows = system.problem.fields, 4 * (120 + 2)
    slopes = jacobian[:rows, system.parameters.slices[u]]
    gradient = slopes.T @ vector[:rows]
    assert float(gradient.norm()) < 1e-10 * float(slopes.norm() * vector[:rows].norm())
    assert float((solved.residual - vector[rows:]).abs().max()) < 1e-10 * float(vector[rows:].abs().max())


def test_sources_that_no_equation_joins_share_one_factor():
    elimination, theta = waves()
    parts = elimination.solve(theta).parts
    assert [len(part.components) for part, _ in parts] == [1, 1]
    assert parts[0][1] is parts[1][1]
    assert parts[0][1].upper.is_complex() and parts[0][1].upper.shape == (41, 41)


def test_components_that_an_equation_joins_are_solved_for_together():
    elimination, theta = waves(coupled=2.0)
    ((part, factored),) = elimination.solve(theta).parts
    assert len(part.components) == 2 and factored.upper.shape == (82, 82)


def test_unknowns_that_stay_are_those_of_the_medium_and_the_numbers():
    elimination, theta = waves()
    assert len(elimination.places) == 13 + 1
    moved = elimination.solve(theta).theta
    assert torch.equal(moved[elimination.places], theta[elimination.places])
