"""Damped steps against singular values, lengths against a fine search, sketches against their expectation."""

import math

import pytest
import torch

from sirenpde.linear.map import DenseMap
from sirenpde.linear.sketch import count_sketch
from sirenpde.linear.trust_region import TrustRegion, damp, linear_model

SHAPES = [(60, 25), (25, 60), (40, 40)]


def random(seed, *shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def decaying(rows, columns, decades=12.0):
    """A matrix whose singular values spread over many decades, as those of a network do."""
    u, _, v = torch.linalg.svd(random(1, rows, columns), full_matrices=False)
    return u * torch.logspace(0, -decades, min(rows, columns), dtype=torch.float64) @ v


def by_singular_values(jacobian, residual, damping):
    u, s, v = torch.linalg.svd(jacobian, full_matrices=False)
    return -v.T @ (s * (u.T @ residual) / (s**2 + damping))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damping", [1e-20, 1e-9, 1e-2, 1e3])
def test_a_step_is_that_of_the_singular_values(shape, damping):
    """To as many digits as the damped problem has: its condition number, not the square of it, is lost."""
    jacobian = decaying(*shape)
    residual = jacobian @ random(2, shape[1])
    model = linear_model(residual, DenseMap(jacobian))
    step = model.solve(damping)
    change, exact = model.change(step), by_singular_values(jacobian, residual, damping)
    condition = 1 + min(1 / math.sqrt(damping), 1e12)
    assert (change - exact).norm() < 1e-15 * condition * exact.norm() + 1e-13 * exact.norm()
    assert step.length == pytest.approx(float(change.norm()), rel=1e-12)
    decrease = residual.square().sum() - (residual + jacobian @ change).square().sum()
    assert step.decrease == pytest.approx(float(decrease), rel=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_tiny_damping_keeps_the_digits_that_normal_equations_lose(shape):
    jacobian, wanted = decaying(*shape, decades=9.0), random(3, shape[1])
    wanted = (
        jacobian.T @ torch.linalg.lstsq(jacobian.T, wanted[:, None]).solution[:, 0]
    )  # no part that J does not see
    residual = -jacobian @ wanted
    change = linear_model(residual, DenseMap(jacobian)).solve(0.0)
    model = linear_model(residual, DenseMap(jacobian))
    error = jacobian @ model.change(change) + residual
    assert error.norm() < 1e-14 * residual.norm()
    squared = jacobian.T @ torch.linalg.solve(
        jacobian @ jacobian.T + 1e-15 * torch.eye(shape[0], dtype=torch.float64), residual
    )
    assert (jacobian @ squared - residual).norm() > 1e-9 * residual.norm()


def test_the_slope_is_the_derivative_of_the_length():
    model = linear_model(random(2, 60), DenseMap(decaying(60, 25)))
    for damping in (1e-16, 1e-8, 1e-1):
        here, there = model.solve(damping), model.solve(damping * 1.0001)
        assert (math.log(there.length / here.length) / math.log(1.0001)) == pytest.approx(
            here.slope, rel=1e-3
        )
        assert -1 <= here.slope <= 0


@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_of_a_length_has_it(shape):
    model = linear_model(random(2, shape[0]), DenseMap(decaying(*shape)))
    longest = model.solve(0.0).length
    for length in (1e-6, 1e-2, 1.0, 1e3, 1e-3 * longest):
        for guess in (1e-30, 1e-6, 1e6):
            step = model.of_length(length, guess)
            assert abs(math.log(step.length / length)) < 0.25
    assert model.of_length(1e3 * longest, 1.0).length == pytest.approx(longest, rel=0.1)


@pytest.mark.parametrize("slopes", [0.0, 1e-200])
def test_where_no_step_leads_anywhere_it_has_no_length(slopes):
    model = linear_model(torch.ones(5).double(), DenseMap(slopes * torch.eye(5).double()[:, :3]))
    for length in (1.0, 0.0):
        step = model.of_length(length, 1e-6)
        assert step.length < 1e-40 and step.decrease >= 0 and math.isfinite(step.slope)


def test_two_factorisations_of_a_damped_triangle_are_one():
    triangle, target = random(4, 45, 45).triu(), random(5, 45)
    for damping in (1e-12, 1.0):
        fast, plain = damp(triangle, damping, structured=True), damp(triangle, damping, structured=False)
        assert (fast.solve(target) - plain.solve(target)).norm() < 1e-10 * plain.solve(target).norm()
        gram = fast.triangle.T @ fast.triangle
        assert (gram - triangle.T @ triangle - damping * torch.eye(45)).norm() < 1e-12 * gram.norm()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_correction_solves_for_what_the_model_missed(shape):
    jacobian, residual = random(6, *shape), random(7, shape[0])
    model = linear_model(residual, DenseMap(jacobian))
    step = model.solve(1e-2)
    missed = random(8, shape[0])
    moved = residual + jacobian @ model.change(step) + missed
    exact = by_singular_values(jacobian, missed, 1e-2)
    assert (model.correction(step, moved) - exact).norm() < 1e-11 * exact.norm()


# ------------------------------------------------------------------------------------ the longest good step


def banana(theta):
    """Rosenbrock's function: a curved narrow valley."""
    return torch.stack([10 * (theta[1] - theta[0] ** 2), 1 - theta[0]])


def region(theta, vector=banana):
    residual = vector(theta)
    model = linear_model(residual, DenseMap(torch.func.jacrev(vector)(theta)))
    return TrustRegion(model, lambda r: r, vector, theta, float(residual.square().sum()))


def test_a_linear_residual_is_solved_by_one_step_of_any_radius():
    matrix, start = random(9, 8, 5), torch.zeros(5, dtype=torch.float64)
    wanted = random(10, 5)
    here = region(start, lambda theta: matrix @ (theta - wanted))
    trial, good = here.longest(radius=10.0, damping=1.0, target=0.25, corrections=0)
    assert good and trial.ratio == pytest.approx(1.0, rel=1e-12)
    assert (trial.theta - wanted).norm() < 1e-12


def test_the_longest_step_is_no_shorter_than_any_other_good_one():
    """Against dampings tried one by one, up to the first that fails."""
    here = region(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    trial, good = here.longest(radius=1.0, damping=1.0, target=0.25, corrections=0)
    assert good and trial.ratio >= 0.25
    lengths = []
    for damping in torch.logspace(4, -8, 400).tolist():
        other = here.follow(here.model.solve(damping), corrections=0)
        if other.ratio < 0.25:
            break
        lengths.append(other.step.length)
    assert trial.step.length <= max(lengths) * 1.0001
    assert trial.step.length > max(lengths) / 1.6 / math.exp(0.25)  # one trial, and what its length is worth


def test_corrections_bend_a_step_into_the_valley():
    here = region(
        torch.tensor([-1.2, 1.44], dtype=torch.float64)
    )  # on the floor: a straight step climbs its wall
    step = here.model.solve(0.2)
    straight, bent = here.follow(step, corrections=0), here.follow(step, corrections=2)
    assert straight.objective > 10 * here.objective
    assert bent.objective < here.objective / 4


def test_a_step_that_ends_nowhere_is_shortened():
    def vector(theta):
        return torch.stack([torch.log(theta[0]), theta[1]])

    here = region(torch.tensor([2.0, 1.0], dtype=torch.float64), vector)
    trial, good = here.longest(radius=50.0, damping=1e-9, target=0.25, corrections=2)
    assert good and math.isfinite(trial.objective) and trial.theta[0] > 0


# --------------------------------------------------------------------------------------------------- sketches


def test_a_sketch_keeps_squares_on_average():
    x, squares = random(11, 300), []
    for seed in range(400):
        sketch = count_sketch(40, x, torch.Generator().manual_seed(seed))
        squares.append(float(sketch.apply(x).square().sum()))
    mean, spread = torch.tensor(squares).mean(), torch.tensor(squares).std()
    assert abs(mean / x.square().sum() - 1) < 4 * spread / x.square().sum() / math.sqrt(400)
    assert spread / x.square().sum() == pytest.approx(math.sqrt(2 / 40), rel=0.2)  # that of a Gaussian matrix


def test_a_sketch_is_the_matrix_it_says():
    x = random(12, 30, 4)
    sketch = count_sketch(7, x, torch.Generator().manual_seed(0))
    dense = sketch.matrix.to_dense()
    assert dense.shape == (7, 30)
    assert (sketch.apply(x) - dense @ x).norm() < 1e-13
    assert (sketch.apply(x[:, 0]) - dense @ x[:, 0]).norm() < 1e-13
    again = count_sketch(7, x, torch.Generator().manual_seed(0))
    assert torch.equal(again.matrix.to_dense(), dense)


def test_least_squares_on_a_sketch_is_nearly_that_on_all_rows():
    """The residual grows by about rows / (rows - columns), here 1.11, and never falls."""
    matrix, target = decaying(4000, 20, decades=6.0), random(13, 4000)
    best = target - matrix @ torch.linalg.lstsq(matrix, target[:, None]).solution[:, 0]
    growths = []
    for seed in range(10):
        sketch = count_sketch(200, target, torch.Generator().manual_seed(seed))
        found = torch.linalg.lstsq(
            sketch.apply(matrix), sketch.apply(target)[:, None], driver="gelsd"
        ).solution[:, 0]
        growths.append(float((target - matrix @ found).square().sum() / best.square().sum()))
    assert min(growths) >= 1
    assert sum(growths) / 10 == pytest.approx(1.11, abs=0.05)
