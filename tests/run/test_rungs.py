"""Rungs, tolerance, rolling back: what a run tries, keeps and shows."""

import numpy as np
import pytest
import torch
from ladder_problems import poisson
from numpy.polynomial import chebyshev

from sirenpde import (
    LBFGS,
    Adam,
    Box,
    Field,
    LeastSquares,
    March,
    Problem,
    SineFeatures,
    Siren,
    dot,
    grad,
    laplacian,
    on,
    solve,
)
from sirenpde.solvers.ladder import Rung

problem = poisson()
(u,) = problem.fields
POOR = Rung({u: SineFeatures(12, 3.0)}, (LeastSquares(),))
GOOD = Rung({u: SineFeatures(200, 8.0)}, (LeastSquares(),))
TRAINED = Rung({u: Siren(8, 1, 3.0)}, (Adam(steps=5), LBFGS(steps=6)))


def error(solution):
    return float(solution.errors["u"]["relative_l2"])


def test_a_good_rung_is_the_last(rungs):
    rungs(GOOD, TRAINED)
    solution = solve(problem)
    assert [stage.name for stage in solution.stages] == ["least squares"]
    assert error(solution) < 1e-7 and solution.status == "solved"
    assert "relative held-out residual" in solution.message


def test_a_poor_rung_leads_to_the_next(rungs):
    rungs(POOR, TRAINED, GOOD)
    solution = solve(problem)
    assert [stage.name for stage in solution.stages] == ["least squares", "Adam", "L-BFGS", "least squares"]
    assert error(solution) < 1e-7 and solution.parameters == 201


def test_the_best_rung_is_shown(rungs):
    rungs(GOOD, TRAINED)
    solution = solve(problem, tolerance=1e-30)
    assert len(solution.stages) == 3 and solution.parameters == 201
    assert error(solution) < 1e-7
    assert "no stage is left" in solution.message


def test_tolerance_ends_a_stage_and_the_run(rungs):
    rungs(TRAINED, GOOD)
    free = solve(problem, tolerance=1e-30)
    first = free.history[0].loss
    rungs(Rung(TRAINED.recipes, (Adam(steps=5000, lr=1e-2), LBFGS())), GOOD)
    solution = solve(problem, tolerance=0.5)
    assert [stage.name for stage in solution.stages] == ["Adam"] and solution.stages[0].steps < 5000
    assert "within the tolerance 0.5" in solution.message
    assert solution.history[-1].loss < 0.3 * first
    with pytest.raises(ValueError, match="tolerance=0"):
        solve(problem, tolerance=0)


def test_a_run_cut_off_in_a_worse_rung_shows_the_better_one_and_goes_on(rungs):
    rungs(GOOD, TRAINED)
    whole = solve(problem, tolerance=1e-30, seed=3)

    def stop(progress):
        if progress.stage == "L-BFGS" and progress.step >= 2:
            raise KeyboardInterrupt

    cut = solve(problem, tolerance=1e-30, seed=3, progress=stop)
    assert cut.status == "interrupted" and error(cut) == error(whole)
    resumed = solve(problem, tolerance=1e-30, resume=cut.snapshot())
    assert torch.equal(resumed.theta, whole.theta)
    assert [row.loss for row in resumed.history] == [row.loss for row in whole.history]


def test_a_stage_that_does_not_fit_leads_to_the_next_rung(rungs):
    rungs(Rung(GOOD.recipes, (March("nowhere"),)), GOOD)
    solution = solve(problem)
    assert [stage.name for stage in solution.stages] == ["march along nowhere", "least squares"]
    assert solution.stages[0].reason.startswith("not tried: ") and error(solution) < 1e-7
    rungs(GOOD, Rung(TRAINED.recipes, (March("nowhere"),)))
    solution = solve(problem, tolerance=1e-30)
    assert solution.status == "rough" and error(solution) < 1e-7
    assert "not tried: March('nowhere')" in solution.message
    rungs(Rung(TRAINED.recipes, (March("nowhere"),)))
    with pytest.raises(ValueError, match="nowhere"):
        solve(problem)


@pytest.mark.slow
def test_a_source_radiates_through_impedance_sides_as_chebyshev_polynomials_have_it():
    box = Box(x=(-1, 1), y=(-1, 1))
    (x, y), sides = box.axes, box.boundary()
    real, imaginary = Field("u", box), Field("v", box)
    k, width, count = 10.0, 0.05, 140

    def source(p):
        return torch.exp(-((x(p) - 0.2) ** 2 + (y(p) + 0.1) ** 2) / (2 * width**2))

    def outward(p, w):
        return dot(sides.normal(p), grad(w)(p))

    problem = Problem(
        on(box, 6000, name="real")(lambda p: laplacian(real)(p) + k**2 * real(p) + source(p)),
        on(box, 6000, name="imaginary")(lambda p: laplacian(imaginary)(p) + k**2 * imaginary(p)),
        on(sides, 1000, name="out")(lambda p: outward(p, real) + k * imaginary(p)),
        on(sides, 1000, name="too")(lambda p: outward(p, imaginary) - k * real(p)),
    )
    solution = solve(problem)
    nodes = np.cos(np.pi * np.arange(count + 1) / count)
    slope = chebyshev.chebder(np.eye(count + 1), axis=0)
    values = chebyshev.chebvander(nodes, count)
    first = chebyshev.chebvander(nodes, count - 1) @ slope @ np.linalg.inv(values)
    ends, inner = [0, count], np.arange(1, count)
    held = first[ends] * np.array([[1.0], [-1.0]]) - 1j * k * np.eye(count + 1)[ends]
    second, fill = first @ first, -np.linalg.solve(held[:, ends], held[:, inner])
    line = second[np.ix_(inner, inner)] + second[np.ix_(inner, ends)] @ fill
    rates, modes = np.linalg.eig(line)
    points = np.stack(np.meshgrid(nodes[inner], nodes[inner], indexing="ij"), -1)
    given = -np.exp(-((points - np.array([0.2, -0.1])) ** 2).sum(-1) / (2 * width**2))
    along = np.linalg.solve(modes, np.linalg.solve(modes, given).T).T
    waves = modes @ (along / (rates[:, None] + rates + k**2)) @ modes.T
    parts = [np.asarray(solution[w](points.reshape(-1, 2))) for w in (real, imaginary)]
    found = (parts[0] + 1j * parts[1]).reshape(waves.shape)
    assert solution.status == "solved"
    assert np.linalg.norm(found - waves) < 1e-10 * np.linalg.norm(waves)
