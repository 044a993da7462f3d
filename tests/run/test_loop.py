"""How a run goes from stage to stage: what breaks is left, the best finite fields stay, and the status is true."""

import math
import re
from dataclasses import dataclass

import pytest
import torch

from sirenpde import (
    MLP,
    Adam,
    Box,
    D,
    Field,
    GaussNewton,
    LeastSquares,
    March,
    PointCloud,
    Problem,
    SineFeatures,
    Siren,
    cross_entropy,
    laplacian,
    nats,
    on,
    solve,
)
from sirenpde.residuals import NotFinite, known
from sirenpde.residuals.known import relative_residual
from sirenpde.run.begin import begin
from sirenpde.solvers.ladder import Rung, choose
from sirenpde.solvers.stage import Report
from sirenpde.solvers.starts import constant_start

line = Box(t=(0, 1))
(t,) = line.axes


def evolution(rate, exact, start=1.0, network=None):
    """u' = rate(u), whose solution is known."""
    u = Field("u", line, network)
    ode = on(line, 300, name="ode")(lambda p: rate(u, p))
    first = on(line.at(t=0), name="start")(lambda p: u(p) - start)
    return Problem(ode, first, reference={u: exact})


def root():
    return evolution(lambda u, p: D(lambda q: torch.sqrt(u(q)), t)(p) + 0.5, lambda p: (1 - t(p) / 2) ** 2)


def logarithm():
    def exact(p):
        return torch.exp(math.log(2) * torch.exp(-t(p)))

    return evolution(lambda u, p: D(u, t)(p) + u(p) * torch.log(u(p)), exact, 2.0)


def parabola(weight=1.0, network=None):
    """u'' = -2, u = 0 at the ends: u = t (1 - t)."""
    u = Field("u", line, network)
    inside = on(line, 60, name="inside")(lambda p: laplacian(u)(p) + 2)
    ends = on(line.boundary(), 2, name="ends", weight=weight)(lambda p: u(p))
    return Problem(inside, ends, reference={u: lambda p: t(p) * (1 - t(p))})


def error(solution):
    return solution.errors["u"]["relative_l2"]


@dataclass(frozen=True)
class Breaks:
    """A stage that spoils the parameters and then fails."""

    error: Exception
    name: str = "breaks"
    steps: int = 1
    precision: torch.dtype = torch.float64

    def advance(self, state):
        state.theta = state.theta * math.nan
        raise self.error


@dataclass(frozen=True)
class Spoils:
    """A stage that ends with other parameters, and a residual that is no number."""

    name: str = "spoils"
    steps: int = 1
    precision: torch.dtype = torch.float64

    def advance(self, state):
        state.theta = state.theta + 1.0
        return Report((math.nan,) * len(state.system.problem.constraints), True, "spoilt")


# ------------------------------------------------------------------------------- what breaks is left


@pytest.mark.parametrize("make", [root, logarithm])
def test_a_solution_whose_equations_have_no_value_at_zero_is_kept(make):
    solution = solve(make())
    assert solution.status == "solved" and error(solution) < 1e-12
    assert [stage.name for stage in solution.stages] == ["march along t"]
    assert "begun from u = 1" in solution.message


POOR = Rung({}, (LeastSquares(),))
FAILURES = [NotFinite("no number"), ZeroDivisionError("division by zero"), torch.linalg.LinAlgError("no svd")]
MISTAKES = [ValueError("a shape that does not fit"), RuntimeError("no such engine"), KeyError("orders")]


@pytest.mark.parametrize(
    "broken", [*map(Breaks, [*FAILURES, *MISTAKES]), Spoils()], ids=lambda s: str(getattr(s, "error", s.name))
)
def test_a_finite_rung_is_never_replaced_by_a_broken_one(rungs, broken):
    problem = parabola()
    (u,) = problem.fields
    poor, trained = {u: SineFeatures(3, 2.0)}, {u: Siren(8, 1)}
    rungs(Rung(poor, (LeastSquares(),)))
    alone = solve(problem)
    rungs(Rung(poor, (LeastSquares(),)), Rung(trained, (broken,)))
    solution = solve(problem)
    assert solution.status == alone.status == "rough"
    assert torch.equal(solution.theta, alone.theta)
    assert "broke off" in solution.stages[1].reason and solution.stages[1].reason[11:] in solution.message


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_of_the_first_stage_is_raised(rungs, mistake):
    problem = parabola()
    (u,) = problem.fields
    rungs(Rung({u: SineFeatures(3, 2.0)}, (Breaks(mistake),)), Rung({u: Siren(8, 1)}, (Adam(steps=2),)))
    with pytest.raises(type(mistake)):
        solve(problem)


def test_networks_that_cannot_be_built_lose_no_earlier_solution(rungs):
    problem = parabola()
    (u,) = problem.fields
    unbuildable = Rung({u: SineFeatures(40, bandwidth=(1.0, 2.0))}, (LeastSquares(),))
    poor = Rung({u: SineFeatures(3, 2.0)}, (LeastSquares(),))
    rungs(poor)
    alone = solve(problem)
    rungs(poor, unbuildable)
    solution = solve(problem)
    assert torch.equal(solution.theta, alone.theta) and "bandwidth" in solution.message
    rungs(poor, unbuildable, Rung({u: SineFeatures(40, 4.0)}, (LeastSquares(),)))
    assert solve(problem).status == "solved"
    rungs(unbuildable, poor)
    with pytest.raises(ValueError, match="bandwidth"):
        solve(problem)


def test_a_stage_that_breaks_hands_over_to_the_next_in_its_rung():
    problem = parabola(network=SineFeatures(40, 4.0))
    solution = solve(problem, [Adam(steps=3), Breaks(NotFinite("no number")), LeastSquares()])
    assert [stage.name for stage in solution.stages] == ["Adam", "breaks", "least squares"]
    assert solution.status == "solved" and error(solution) < 1e-9


def test_a_stage_that_was_asked_for_and_does_not_suit_is_said_before_anything_is_computed():
    with pytest.raises(ValueError, match="no field has an axis 'z'"):
        solve(parabola(), [March("z"), Adam(steps=2)])


# ------------------------------------------------------------------------- a start with finite residuals


def first_constants(problem):
    run = begin(problem, choose(problem, None, Siren(8, 1)), torch.device("cpu"), None, 0, 1.0)
    return {u.name: values for u, values in constant_start(run.state.system, 0).items()}, run


def test_a_constant_start_is_as_large_as_the_data_say():
    assert first_constants(parabola())[0] == {}
    assert first_constants(root())[0]["u"] == pytest.approx((1.0,), abs=1e-2)
    hot = evolution(lambda u, p: D(u, t)(p) + 1 / u(p), lambda p: u_of(p), 300.0)
    assert first_constants(hot)[0]["u"] == pytest.approx((300.0,), rel=1e-3)
    below = evolution(lambda u, p: D(u, t)(p) + torch.log(-u(p)), lambda p: u_of(p), -3.0)
    assert -3.5 < first_constants(below)[0]["u"][0] < -1


def u_of(p):
    return 0 * t(p)


def test_two_fields_get_a_constant_each_and_every_network_begins_there():
    u, v = Field("u", line, Siren(8, 2)), Field("v", line, Siren(8, 2), shape=(2,))
    ratio = on(line, 50, name="ratio")(lambda p: D(u, t)(p) - v(p)[0] / u(p))
    other = on(line, 50, name="other")(lambda p: D(v, t)(p) - torch.log(v(p)))
    left = on(line.at(t=0), name="left", weight=1e4)(lambda p: u(p) - 5)
    right = on(line.at(t=0), name="right", weight=1e4)(lambda p: v(p) - torch.tensor([2.0, 7.0]))
    problem = Problem(ratio, other, left, right)
    start, run = first_constants(problem)
    assert start["u"] == pytest.approx((5.0,), rel=0.05) and start["v"] == pytest.approx((2.0, 7.0), rel=0.1)
    losses = run.state.system.losses(run.state.theta, run.state.held_out)
    assert bool(losses.isfinite().all())


def test_a_trained_network_begins_where_its_equations_have_values():
    problem = evolution(
        lambda u, p: D(u, t)(p) - 1 / u(p), lambda p: torch.sqrt(1 + 2 * t(p)), network=Siren(8, 2, 3.0, 1.0)
    )
    solution = solve(problem, [GaussNewton(steps=40)])
    assert solution.status == "solved" and error(solution) < 1e-8


def test_not_finite_is_only_said_where_nothing_is():
    nowhere = evolution(lambda u, p: torch.sqrt(-1 - u(p) ** 2), u_of, network=Siren(8, 1))
    solution = solve(nowhere, [Adam(steps=3)])
    assert solution.status == "not finite" and "constraint 'ode'" in solution.message


# -------------------------------------------------------------------------------------------- the verdict


def bratu(strength):
    u = Field("u", line, Siren(8, 2, 3.0, 1.0))
    inside = on(line, 60, name="bratu")(lambda p: laplacian(u)(p) + strength * torch.exp(u(p)))
    return Problem(inside, on(line.boundary(), 2, name="ends")(lambda p: u(p)))


def test_a_problem_beyond_its_fold_is_rough_in_its_first_words():
    below, beyond = solve(bratu(3.0), steps=25), solve(bratu(6.0), steps=25)
    assert below.status == "solved" and below.relative_residual < 1e-6
    assert beyond.status == "rough" and beyond.relative_residual > 1e-2
    assert beyond.message.startswith("leaves") and "% of the equations" in beyond.message
    assert "'bratu'" in beyond.message or "'ends'" in beyond.message


def test_worse_than_nothing_is_said():
    """Where the network is so rough that its first fields leave more than zeros do."""
    solution = solve(parabola(network=Siren(16, 2, omega=200.0)), [Adam(steps=1)])
    assert solution.status == "rough" and solution.message.startswith("worse than fields that vanish")


def test_solved_is_what_meets_the_tolerance_or_a_millionth():
    problem = parabola(network=SineFeatures(6, 3.0))
    free = solve(problem, [LeastSquares()])
    assert 1e-6 < free.relative_residual < 1e-1 and free.status == "rough"
    assert solve(problem, [LeastSquares()], tolerance=0.5).status == "solved"
    exact = parabola(network=SineFeatures(40, 4.0))
    for tolerance, status in ((None, "solved"), (1e-30, "rough")):
        good = solve(exact, [LeastSquares()], tolerance=tolerance)
        assert good.status == status and good.relative_residual < 1e-6


def test_fields_are_measured_once_as_long_as_they_stay(monkeypatch):
    problem = evolution(lambda u, p: D(u, t)(p) + u(p), lambda p: torch.exp(-t(p)), network=Siren(8, 2))
    run, measured = first_constants(problem)[1], []

    def counted(*here):
        measured.append(here)
        return relative_residual(*here)

    monkeypatch.setattr(known, "relative_residual", counted)
    first = run.iterate()
    assert run.iterate().theta is first.theta and run.shown().residual == first.residual
    assert len(measured) == 1
    run.state.theta[0] += 0.5  # in place, as optimisers do
    second = run.iterate()
    assert second.residual != first.residual and not torch.equal(first.theta, second.theta)
    assert second.residual == relative_residual(run.state.system, run.state.theta, run.state.held_out)
    assert len(measured) == 2


def test_a_loss_that_no_field_brings_to_nothing_is_told_in_its_own_unit():
    line = Box(x=(-1, 1))
    u = Field("u", line, MLP(8, 1, "tanh"))
    labels = PointCloud([[-0.5], [-0.5], [0.5], [0.5]], line, {"label": [0.0, 1.0, 1.0, 1.0]})

    @on(labels, loss=nats)
    def surprise(p):
        return cross_entropy(u(p), labels["label"](p))

    solution = solve(Problem(surprise, using=[Adam(steps=300, lr=3e-2)]))
    # Two labels of one point: half of log 2 nats a sample is the least there is.
    told = re.search(r"cross entropy of 'surprise' (\S+) nats a sample", solution.message)
    assert told and 0.99 * math.log(2) / 2 < float(told[1]) < 0.5
    assert solution.status == "rough" and "equations" not in solution.message
