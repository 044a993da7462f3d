"""The search for frozen features on problems with exact solutions."""

import math
import re

import numpy as np
import pytest
import torch
from dirichlet_problems import UNIT, WIDE, cube, dirichlet, system_of

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    laplacian,
    on,
    solve,
)
from sirenpde.linear import dense_rows
from sirenpde.linear.dense_rows import affine_rows
from sirenpde.linear.qr import solve_dense
from sirenpde.sampling.ends import draw

PI = math.pi


def modes(waves, box, shift, **options):
    """A mean of products of sines, one product for each pair of wave numbers."""
    x, y = box.axes

    def exact(p):
        return sum(torch.sin(a * PI * x(p)) * torch.sin(b * PI * y(p)) for a, b in waves) / len(waves)

    def source(p):
        each = ((a, b, torch.sin(a * PI * x(p)) * torch.sin(b * PI * y(p))) for a, b in waves)
        return sum((shift - PI**2 * (a * a + b * b)) * wave for a, b, wave in each) / len(waves)

    return dirichlet(box, exact, source, shift, **options)


def string():
    box = Box(x=(0, 1), t=(0, 1))
    x, t = box.axes
    u = Field("u", box)

    def exact(p):
        slow = torch.sin(PI * x(p)) * torch.cos(2 * PI * t(p))
        return slow + 0.5 * torch.sin(4 * PI * x(p)) * torch.cos(8 * PI * t(p))

    return Problem(
        on(box, 1500, name="inside")(lambda p: D(u, t, t)(p) - 4 * D(u, x, x)(p)),
        on(box.at(t=0), 200, weight=100, name="start")(lambda p: u(p) - exact(p)),
        on(box.at(t=0), 200, weight=100, name="rest")(lambda p: D(u, t)(p)),
        on(box.boundary("x"), 200, weight=100, name="ends")(lambda p: u(p)),
        reference={u: exact},
    )


def convection(speed=40.0):
    box = Box(x=(0, 2 * PI), t=(0, 1))
    x, t = box.axes
    u = Field("u", box, periodic=(x,))
    exact = lambda p: torch.sin(x(p) - speed * t(p))
    inside = on(box, 2000, name="inside")(lambda p: D(u, t)(p) + speed * D(u, x)(p))
    start = on(box.at(t=0), 200, weight=100, name="start")(lambda p: u(p) - exact(p))
    return Problem(inside, start, reference={u: exact})


def additive():
    box = cube(5)
    exact = lambda p: sum(torch.cos(PI * a(p)) for a in box.axes)
    return dirichlet(box, exact, lambda p: -(PI**2) * exact(p), samples=2000)


def entangled():
    """Sums of no functions of fewer coordinates."""
    box = cube(5)
    ridge = lambda p: torch.sin(p.coords.sum())
    bump = lambda p: torch.exp(-(p.coords - 0.5).square().sum())

    def source(p):
        return -5 * ridge(p) + (4 * (p.coords - 0.5).square().sum() - 10) * bump(p)

    return dirichlet(box, lambda p: ridge(p) + bump(p), source, samples=3000)


def harmonic():
    box = cube(10)
    exact = lambda p: (p.coords[0::2] * p.coords[1::2]).sum()
    return dirichlet(box, exact, lambda p: 0 * p.coords[0], samples=3000)


def bandwidths(solution):
    (found,) = re.findall(r"sines, bandwidth ([^;]*);", solution.stages[0].reason)
    return tuple(map(float, found.split(", ")))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weight", [1.0, 1000.0])
def test_poisson_to_fourteen_digits(seed, weight):
    solution = solve(modes([(1, 1)], UNIT, 0.0, weight=weight), seed=seed)
    assert solution.errors["u"]["relative_l2"] < 5e-14


@pytest.mark.parametrize("seed", range(3))
def test_bandwidths_differ_along_the_axes(seed):
    solution = solve(modes([(1, 4)], WIDE, 1.0), seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-13
    slow, fast = bandwidths(solution)
    assert fast > 2 * slow


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("problem", [convection, additive])
def test_a_structure_is_found(problem, seed):
    solution = solve(problem(), [LeastSquares()], seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-11
    reason = solution.stages[0].reason
    assert "200 frozen sines" in reason and ("of one axis each" in reason) == (problem is additive)


def test_a_wave_to_eleven_digits():
    assert solve(string()).errors["u"]["relative_l2"] < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "problem, error",
    [
        (lambda: modes([(6, 6)], WIDE, 1.0), 1e-11),
        (lambda: modes([(10, 10)], WIDE, 1.0), 1e-10),
        (lambda: modes([(k, k) for k in (4, 8, 12, 16)], UNIT, 0.0), 1e-11),
        (string, 1e-11),
        (entangled, 2e-6),
        (harmonic, 1e-8),
    ],
    ids=["(6, 6)", "(10, 10)", "(4, 8, 12, 16)", "wave", "5-D", "10-D"],
)
def test_harder_ones(problem, error, seed):
    assert solve(problem(), [LeastSquares()], seed=seed).errors["u"]["relative_l2"] < error


def test_numbers_that_are_given_are_kept():
    def bilinear(network):
        return dirichlet(UNIT, lambda p: p.coords.prod(), lambda p: 0 * p.coords[0], network=network)

    assert (
        "250 frozen sines, bandwidth" in solve(bilinear(SineFeatures(250)), [LeastSquares()]).stages[0].reason
    )
    solution = solve(bilinear(SineFeatures(bandwidth=3.0)), [LeastSquares()])
    assert "200 frozen sines, bandwidth 3;" in solution.stages[0].reason
    assert solution.errors["u"]["relative_l2"] < 1e-13


def test_points_towards_the_ends_keep_the_objective():
    box = Box(x=(-1, 3), t=(0, 2))
    x, t = box.axes
    u = Field("u", box, SineFeatures(5, 2.0), periodic=(x,))
    inside = on(box, 4000, name="inside")(lambda p: u(p) + torch.exp(x(p)) * t(p) ** 2)
    sides = on(box.boundary("x"), 4000, name="sides")(lambda p: u(p) + t(p))
    late = on(box.at(t=1.5), 100, name="late")(lambda p: u(p) - x(p))
    system = system_of(Problem(inside, sides, late))
    batches = draw(system, torch.Generator().manual_seed(0), 1.0)
    # The means of exp(2x) t⁴, of t² and of x².
    expected = [(math.exp(6) - math.exp(-2)) / 8 * 2**4 / 5, 4 / 3, 7 / 3]
    assert system.losses(system.initial(), batches).tolist() == pytest.approx(expected, rel=5e-3)
    within, faces, _ = (batch.points for batch in batches)
    near_end = (within[:, 1] < 0.02).double().mean()
    assert near_end > 4 * 0.01 and torch.equal(faces[:, 0].unique(), within.new_tensor([-1.0, 3.0]))
    assert (within[:, 0] < -0.96).double().mean() < 2 * 0.01  # the periodic axis has no ends
    assert torch.equal(batches[2].points[:, 1], torch.full((100,), 1.5, dtype=torch.float64))


@pytest.mark.parametrize("columns", [60, 700])
def test_the_solve_reveals_rank_and_leaves_no_residual(columns):
    """As good as singular values: columns that depend on each other to rounding, more of them than matter."""
    generator = torch.Generator().manual_seed(0)
    points = 2 * torch.rand(4 * columns, 2, dtype=torch.float64, generator=generator) - 1
    waves = torch.sin(points @ (6 * torch.rand(2, columns, dtype=torch.float64, generator=generator) - 3) + 1)
    target = torch.exp(points[:, 0]) * torch.cos(2 * points[:, 1])
    solved = solve_dense(1e3 * waves, target)
    exact = torch.linalg.lstsq(waves, target[:, None], rcond=1e-15, driver="gelsd")
    assert (1e3 * waves @ solved.x - target).norm() < 2 * (
        waves @ exact.solution[:, 0] - target
    ).norm() + 1e-13
    assert abs(solved.rank - int(exact.rank)) <= 0.2 * columns
    assert (1e3 * solved.x).norm() < 10 * exact.solution.norm() + 1
    several = solve_dense(1e3 * waves, torch.stack([target, 2 * target], dim=1)).x
    torch.testing.assert_close(1e3 * waves @ several[:, 1], 2e3 * waves @ solved.x, rtol=1e-10, atol=1e-10)


def test_rows_are_the_residuals_whatever_the_weights_of_samples():
    problem = modes([(1, 2)], WIDE, 1.0, network=SineFeatures(20, 4.0), samples=50)
    system = system_of(problem)
    batches = draw(system, torch.Generator().manual_seed(1), 1.0)
    assert batches[0].weights is not None
    linear = affine_rows(system, system.initial(), batches)
    generator = torch.Generator().manual_seed(2)
    unknowns = torch.randn(linear.matrix.shape[1], dtype=torch.float64, generator=generator)
    residual = linear.matrix @ unknowns - linear.target
    theta = dense_rows.store(system, system.initial(), unknowns)
    torch.testing.assert_close(residual, system.vector(theta, batches), rtol=1e-11, atol=1e-11)
    assert float(residual.square().sum()) == pytest.approx(float(system.losses(theta, batches).sum()))


@pytest.mark.slow
def test_more_features_are_no_worse_around_a_hole():
    """On a plate with a hole, by the measure that a user sees and by the error."""
    plate = Box(x=(0, 1), y=(0, 1))
    x, y = plate.axes

    def exact(p):
        return x(p) / (x(p) ** 2 + y(p) ** 2)

    def outside(points):
        return points.norm(dim=1) > 0.15

    angles = (np.arange(300) + 0.5) / 300 * math.pi / 2
    hole = PointCloud(0.15 * np.stack([np.cos(angles), np.sin(angles)], 1), plate)
    found = []
    for count in (400, 1000, 2000):
        u = Field("u", plate, SineFeatures(count=count))
        known = lambda p, u=u: u(p) - exact(p)
        problem = Problem(
            on(plate.where(outside), 3000, name="laplace")(laplacian(u)),
            on(hole, weight=100, name="hole")(known),
            on(plate.boundary().where(outside), 400, weight=100, name="edge")(known),
            reference={u: Reference(exact, on=plate.where(outside))},
        )
        solution = solve(problem, [LeastSquares()])
        found.append((solution.relative_residual, solution.errors["u"]["relative_l2"]))
    residuals, errors = zip(*found, strict=True)
    assert residuals[1] <= 1.05 * residuals[0] and residuals[2] <= 1.05 * residuals[1]
    assert errors[2] < 3e-4
