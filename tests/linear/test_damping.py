"""Newton's method on a few numbers: damping, halving, one excursion, and why it ends."""

import math
from itertools import pairwise

import pytest
import torch

from sirenpde.linear.map import DenseMap
from sirenpde.linear.newton import DAMPED, UNDAMPED, Damping, NewtonStep, newton
from sirenpde.linear.steps import FactoredSteps


class Numbers:
    """Residuals of a vector, with slopes by automatic differentiation."""

    def __init__(self, function):
        self.function = function

    def vector(self, x):
        return self.function(x)

    def tangent(self, x):
        return DenseMap(torch.autograd.functional.jacobian(self.function, x))


def at(*values):
    return torch.tensor(values, dtype=torch.float64)


def circle_and_line(x):
    return torch.stack([x[0] ** 2 + x[1] ** 2 - 5, x[1] - 2 * x[0]])


def rosenbrock(x):
    return torch.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def exponential(x):
    """A fit to noisy values: the residual cannot vanish."""
    s = torch.arange(5, dtype=torch.float64)
    return x[0] * torch.exp(-x[1] * s) - at(2.1, 1.2, 0.75, 0.45, 0.26)


@pytest.mark.parametrize(
    ("function", "start", "root"),
    [(circle_and_line, (3.0, 1.0), (1.0, 2.0)), (rosenbrock, (-1.2, 1.0), (1.0, 1.0))],
)
@pytest.mark.parametrize("policy", [DAMPED, UNDAMPED])
def test_roots_to_the_last_digit(function, start, root, policy):
    found = newton(Numbers(function), at(*start), FactoredSteps(), policy, tolerance=1e-15)
    assert found.end == "arrived" and found.sizes[-1] <= 1e-15 * found.sizes[0]
    torch.testing.assert_close(found.x, at(*root), rtol=1e-13, atol=0)


def test_a_least_squares_fit_ends_where_its_gradient_vanishes():
    found = newton(Numbers(exponential), at(1.0, 0.1), FactoredSteps())
    gradient = Numbers(exponential).tangent(found.x).transpose(found.residual)
    assert found.end == "stuck" and found.sizes[-1] > 0.01
    assert float(gradient.norm()) < 1e-8


def test_an_excursion_uphill_is_taken_once_and_only_where_it_is_allowed():
    """x² = 2 from 0.1: the tangent leads to 10, from where it is downhill all the way."""
    square = Numbers(lambda x: x**2 - 2)
    free = newton(square, at(0.1), FactoredSteps())
    bound = newton(square, at(0.1), FactoredSteps(), Damping(excursion=False))
    assert free.sizes[1] > 40 * free.sizes[0] and float(free.x) == pytest.approx(math.sqrt(2), rel=1e-14)
    assert sum(b > a for a, b in pairwise(free.sizes)) == 1
    assert all(b <= a for a, b in pairwise(bound.sizes)) and float(bound.x) == pytest.approx(math.sqrt(2))
    # Down a valley without a root one comes back from the far side, and goes no second time.
    lost = newton(Numbers(lambda x: x**3 - 2 * x + 2), at(0.75), FactoredSteps(), iterations=60)
    assert sum(b > a for a, b in pairwise(lost.sizes)) == 1 and lost.end == "stuck"
    assert float(lost.x) == pytest.approx(math.sqrt(2 / 3), abs=0.01)


def test_a_step_that_does_not_lower_the_residual_is_halved_and_then_given_up():
    class Wrong:
        steps = 0

        def step(self, tangent, residual, damping, pace):
            Wrong.steps += 1
            return NewtonStep(torch.ones_like(residual), 0.0)

    found = newton(Numbers(lambda x: x), at(2.0), Wrong(), UNDAMPED)
    assert found.end == "stuck" and found.x.equal(at(2.0)) and Wrong.steps == 1
    again = newton(Numbers(lambda x: x), at(2.0), Wrong(), Damping(excursion=False))
    assert again.end == "stuck" and Wrong.steps == 1 + math.ceil(math.log(10 / 1e-6, 100)) + 1


def test_time_and_steps_end_it_where_it_is():
    late = newton(Numbers(rosenbrock), at(-1.2, 1.0), FactoredSteps(), deadline=0.0)
    assert late.end == "late" and late.steps == 0 and late.x.equal(at(-1.2, 1.0))
    short = newton(Numbers(rosenbrock), at(-1.2, 1.0), FactoredSteps(), iterations=2)
    assert short.end == "steps" and short.steps == 2


@pytest.mark.parametrize(
    ("share", "factor", "damping"),
    [(1.0, 1.0, 1e-6), (1e-3, 1.0, 1e-9), (1e-20, 1.0, 1e-15), (1.0, 1e9, 10.0)],
)
def test_damping_falls_with_the_residual_between_its_bounds(share, factor, damping):
    assert DAMPED.of(share, factor) == pytest.approx(damping)
    assert UNDAMPED.of(share, factor) == 0.0
