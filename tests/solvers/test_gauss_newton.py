"""Trained networks to the last digit."""

import math

import pytest
import torch
from torch import Tensor

from sirenpde import (
    Adam,
    Box,
    D,
    Field,
    GaussNewton,
    Point,
    Problem,
    SineFeatures,
    Siren,
    Unknown,
    l1,
    laplacian,
    on,
    solve,
)
from sirenpde.residuals.unfit import TooLarge, Unfit
from sirenpde.run.begin import begin
from sirenpde.sampling.draws import Fresh
from sirenpde.sampling.points import Points
from sirenpde.solvers.ladder import choose
from sirenpde.solvers.stage import bytes_needed

line = Box(x=(0, 1))
(x,) = line.axes


def poisson(samples: int = 100, width: int = 12, loss=None, network=None):
    u = Field("u", line, network or Siren(width, 2, 4.0, 1.0))

    @on(line, samples=samples)
    def inside(p: Point) -> Tensor:
        return D(u, x, x)(p) + math.pi**2 * torch.sin(math.pi * x(p))

    @on(line.boundary(), samples=2, weight=10.0, **({} if loss is None else {"loss": loss}))
    def ends(p: Point) -> Tensor:
        return u(p)

    def exact(p: Point) -> Tensor:
        return torch.sin(math.pi * x(p))

    return Problem(inside, ends, reference={u: exact})


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_trained_siren_reaches_the_last_digits(seed: int) -> None:
    solution = solve(poisson(), [GaussNewton(steps=150)], seed=seed)
    assert float(solution.errors["u"]["relative_l2"]) < 1e-11
    assert solution.dtype == "float64"


def test_all_rows_and_plain_steps_get_there_too() -> None:
    plain = GaussNewton(steps=150, sketch=None, corrections=0)
    assert float(solve(poisson(), [plain], seed=1).errors["u"]["relative_l2"]) < 1e-9


def test_an_unknown_number_is_found() -> None:
    u, c = Field("u", line, Siren(10, 2, 3.0, 1.0)), Unknown("c", initial=1.0)

    @on(line, samples=120)
    def inside(p: Point) -> Tensor:
        return D(u, x)(p) - c(p) * u(p)

    @on(line.boundary(), samples=2)
    def ends(p: Point) -> Tensor:
        return u(p) - torch.exp(2 * x(p))

    solution = solve(Problem(inside, ends), [GaussNewton(steps=100)])
    assert solution.unknowns["c"] == pytest.approx(2, abs=1e-8)


def test_a_run_goes_on_to_the_same_bits() -> None:
    stages = [GaussNewton(steps=30)]
    whole = solve(poisson(), stages, seed=2)

    def stop(progress) -> None:
        if progress.step == 13:
            raise KeyboardInterrupt

    cut = solve(poisson(), stages, seed=2, progress=stop)
    resumed = solve(poisson(), stages, resume=cut.snapshot())
    assert torch.equal(resumed.theta, whole.theta)
    assert [row.loss for row in resumed.history] == [row.loss for row in whole.history]


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unfit, match="'ends' with the loss l1"):
        solve(poisson(loss=l1), [GaussNewton()])
    monkeypatch.setattr("sirenpde.solvers.gauss_newton.MEMORY_LIMIT", 10_000)
    with pytest.raises(TooLarge, match="residuals by 193 parameters"):
        solve(poisson(), [GaussNewton()])
    for wrong in ({"target": 1.0}, {"steps": 0}, {"sketch": 0}, {"leap": 1.0}, {"oversampling": -1.0}):
        with pytest.raises(ValueError, match="GaussNewton was given"):
            GaussNewton(**wrong)


def test_affine_residuals_are_solved_as_soon_as_the_radius_allows() -> None:
    """From zero parameters, where lengths cannot be measured by theirs; the radius grows fourfold in a step."""
    stage = GaussNewton(steps=12, sketch=None, corrections=0)
    solution = solve(poisson(network=SineFeatures(count=30, bandwidth=6.0)), [stage])
    assert solution.history[-1].loss < 1e-20
    assert float(solution.errors["u"]["relative_l2"]) < 1e-10


def test_what_is_returned_is_the_best_however_far_a_leap_went() -> None:
    losses = [row.loss for row in solve(poisson(width=8), [GaussNewton(steps=60)]).history]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) < len(losses)  # on the way back from a leap the best stays what it was


def test_an_iterate_that_is_lost_goes_back_to_the_best() -> None:
    """As a leap to where a residual has no value would leave it."""
    stages, kept = [GaussNewton(steps=60)], {}

    def keep(progress) -> None:
        if progress.step == 15:
            kept.update(progress.snapshot())

    solve(poisson(), stages, progress=keep)
    kept["memory"]["iterate"] = torch.full_like(kept["memory"]["iterate"], math.nan)
    resumed = solve(poisson(), stages, resume=kept)
    assert resumed.status == "solved"
    assert float(resumed.errors["u"]["relative_l2"]) < 1e-11


def test_new_points_at_every_step_are_another_objective() -> None:
    solution = solve(poisson(), [GaussNewton(steps=40, points=Points(Fresh()))])
    assert float(solution.errors["u"]["relative_l2"]) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_poisson_in_two_dimensions(seed: int) -> None:
    square = Box(x=(0, 1), y=(0, 1))
    sx, sy = square.axes
    u = Field("u", square, Siren(32, 2, 6.0, 1.0))

    def exact(p: Point) -> Tensor:
        return torch.sin(math.pi * sx(p)) * torch.sin(math.pi * sy(p))

    @on(square, samples=2500)
    def inside(p: Point) -> Tensor:
        return laplacian(u)(p) + 2 * math.pi**2 * exact(p)

    @on(square.boundary(), samples=1000, weight=100.0)
    def walls(p: Point) -> Tensor:
        return u(p)

    solution = solve(Problem(inside, walls, reference={u: exact}), [GaussNewton()], seed=seed)
    assert float(solution.errors["u"]["relative_l2"]) < 1e-12


def test_memory_is_known_before_the_run() -> None:
    """The Jacobian and its factors, of as many rows as are drawn."""
    problem = poisson()
    state = begin(problem, choose(problem, [GaussNewton()], None), torch.device("cpu"), None, 0, 1.0).state
    foreseen, columns = bytes_needed(GaussNewton(), state), len(state.theta)
    rows = GaussNewton().advance(state).residuals
    assert rows >= 3 * columns > 102
    assert foreseen == 8 * (2 * rows * columns + 4 * columns**2)
    assert bytes_needed(Adam(steps=1), state) == 0
