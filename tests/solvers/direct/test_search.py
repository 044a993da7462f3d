"""What the search for features tries, in which order, and what it keeps: with trials that cost nothing."""

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
import torch

from sirenpde import Box, D, Disk, Field, LeastSquares, Problem, SineFeatures, Unknown, laplacian, on, solve
from sirenpde.solvers.direct.search import Search
from sirenpde.solvers.direct.trials import FeatureTrial, OutOfTime, Shape, Trials
from sirenpde.solvers.ladder import frozen_sines

box = Box(x=(0, 1), y=(0, 1))
u = Field("u", box)


@dataclass
class Stub:
    """Trials whose held-out residual is a function of their shape."""

    predicts: Any
    open_recipes: Any = field(default_factory=lambda: {u: SineFeatures()})
    affine: bool = True
    tolerance: float = 1e-12
    outputs: int = 1
    most: int = 10**6
    proportions: dict[str, float] = field(default_factory=dict)
    tried: list[Shape] = field(default_factory=list)

    def fit(self, shape, near, free):
        if len(self.tried) >= self.most:
            raise OutOfTime
        self.tried.append(shape)
        return FeatureTrial(shape, {}, None, None, shape.count, self.predicts(shape))

    def undetermined(self, best):
        return None


def run(stub):
    """All that was tried, and the best when it ended."""
    found, searching = [], Search(stub).run()
    while True:
        try:
            found.append(next(searching))
        except StopIteration as ended:
            return found, ended.value[0]
        except OutOfTime:
            return found, min(found, key=lambda trial: trial.held_out)


def speed(shape):
    return math.prod(b for _, b in shape.bandwidth) ** (1 / len(shape.bandwidth))


def smooth(shape):
    """Best at a bandwidth of 10, and better with every feature."""
    return 100 / shape.count * (1e-3 + math.log(speed(shape) / 10) ** 2 / 100)


def noisy(shape):
    return 0.02 + 1e-9 * speed(shape) + 1 / shape.count**3


def erratic(shape):
    """Worse with 1600 features than with 800, and better with 2400."""
    return smooth(shape) * (3 if shape.count == 1600 else 1)


@pytest.mark.parametrize("predicts", [smooth, noisy, erratic])
@pytest.mark.parametrize("most", [1, 2, 5, 17, 30])
def test_less_time_makes_the_first_of_the_same_trials_and_is_no_better(predicts, most):
    whole, best = run(Stub(predicts))
    cut, sooner = run(Stub(predicts, most=most))
    assert [trial.shape for trial in cut] == [trial.shape for trial in whole[: len(cut)]]
    assert sooner.held_out >= best.held_out


@pytest.mark.parametrize("predicts", [smooth, noisy, erratic])
def test_the_best_of_all_trials_is_what_the_search_ends_with(predicts):
    found, best = run(Stub(predicts))
    assert best.held_out == min(trial.held_out for trial in found)


@pytest.mark.parametrize("predicts", [smooth, noisy, erratic])
def test_more_features_are_not_worse(predicts):
    counts = (200, 500, 1000, 1600, 3000)
    best = [run(Stub(predicts, {u: SineFeatures(count=count)}))[1].held_out for count in counts]
    assert all(b <= 1.25 * a for a, b in pairwise(best))
    assert best[-1] < 1.01 * best[0] and run(Stub(predicts))[1].held_out < 1.01 * best[0]


def test_a_search_that_gains_nothing_is_left():
    found, _ = run(Stub(noisy))
    assert max(trial.shape.count for trial in found) <= 800 and len(found) < 40
    found, _ = run(Stub(noisy, affine=False))
    assert max(trial.shape.count for trial in found) <= 800 and len(found) < 40


def test_a_search_that_finds_a_part_and_no_more_looks_no_further():
    """Data that no field meets leave the same residual with any number of features."""
    stub = Stub(lambda shape: 0.4 + 1e-6 / shape.count)
    run(stub)
    assert max(shape.count for shape in stub.tried) <= 1600
    unresolved = Stub(lambda shape: 0.95 if shape.count < 4000 else 0.1)
    assert run(unresolved)[1].held_out == 0.1


def test_affine_constraints_are_given_more_features_while_these_gain():
    def slow(shape):  # to a quarter by twice as many features
        return 20 / shape.count**2

    assert run(Stub(slow))[1].shape.count == 4800
    assert run(Stub(slow, affine=False))[1].shape.count < 4800
    assert run(Stub(lambda shape: 1e-7 * slow(shape)))[1].shape.count < 4800


# ------------------------------------------------------------------------------------ with real trials


def decay():
    line = Box(t=(0, 2))
    (t,) = line.axes
    w, rate = Field("w", line), Unknown("rate", 0.5, low=0.0)
    return Problem(
        on(line, 200, name="ode")(lambda p: D(w, t)(p) + rate(p) * w(p) ** 2),
        on(line.at(t=0), weight=10, name="start")(lambda p: w(p) - 1),
        on(line.at(t=2), weight=10, name="end")(lambda p: w(p) - 1 / 3),
    )


def advection():
    place = Box(x=(0, 1), y=(0, 1))
    x, y = place.axes
    w = Field("w", place)
    wave = lambda p: (6 * (x(p) - y(p))).sin()
    along = on(place, 600, name="along")(lambda p: D(w, x)(p) + D(w, y)(p))
    return Problem(along, on(place.at(y=0), 200, weight=10, name="edge")(lambda p: w(p) - wave(p)))


@pytest.mark.parametrize("problem", [decay, advection])
def test_a_resumed_search_goes_on_where_it_was_and_makes_no_trial_twice(problem, monkeypatch):
    problem = problem()
    whole = solve(problem, using=[LeastSquares()])
    cut_at = len(whole.history) // 2

    def stop(progress):
        if progress.step == cut_at:
            raise KeyboardInterrupt

    cut = solve(problem, using=[LeastSquares()], progress=stop)
    assert len(cut.history) == cut_at
    made, new = [], Trials._new
    monkeypatch.setattr(
        Trials, "_new", lambda self, shape, *rest: (made.append(shape), new(self, shape, *rest))[1]
    )
    resumed = solve(problem, using=[LeastSquares()], resume=cut.snapshot())
    assert [row.loss for row in resumed.history] == [row.loss for row in whole.history]
    assert [row.step for row in resumed.history] == [row.step for row in whole.history]
    assert resumed.theta.equal(whole.theta) and resumed.unknowns == whole.unknowns
    assert len(made) <= len(whole.history) - cut_at + 1


def test_bandwidths_begin_in_the_proportions_of_the_data():
    stub = Stub(smooth, proportions={"x": 0.25, "y": 4.0})
    found, _ = run(stub)
    (a, x_first), (b, y_first) = found[0].shape.bandwidth
    assert (a, b) == ("x", "y")
    assert y_first == pytest.approx(16 * x_first, rel=0.01)


def test_a_source_twenty_times_faster_along_one_axis_is_met_at_once():
    """u_xx + u_yy = f, u = sin πx sin 20πy: to 1e-10 on 800 features."""
    x, y = box.axes

    def exact(p):
        return torch.sin(math.pi * x(p)) * torch.sin(20 * math.pi * y(p))

    v = Field("v", box)
    poisson = on(box, 2000, name="poisson")(lambda p: laplacian(v)(p) + 401 * math.pi**2 * exact(p))
    walls = on(box.boundary(), 400, name="walls")(lambda p: v(p) - exact(p))
    solution = solve(Problem(poisson, walls, reference={v: exact}))
    assert solution.parameters <= 801
    assert solution.errors["v"]["relative_l2"] < 1e-10


@pytest.mark.parametrize("hole", [False, True])
def test_waves_about_holes_are_fitted_to_more_points(hole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two points of a constraint to each column they would pass between these, near the hole."""

    class Seen(Exception):
        pass

    def seen(trials: Trials, shape: Shape, *others: object) -> None:
        raise Seen(trials.system(shape), trials.samples(trials.system(shape)).fitted)

    monkeypatch.setattr(Trials, "fit", seen)
    plate = box - Disk(center=(0.5, 0.5), radius=0.1)
    v = Field("v", plate if hole else box, SineFeatures(200))
    equation = on(v.domain, samples=4000, name="equation")(lambda p: laplacian(v)(p) - 1)
    edge = on(v.domain.boundary(), samples=400, name="edge")(lambda p: v(p))
    recipe = frozen_sines(Problem(equation, edge), v)
    assert len(recipe.around) == hole
    with pytest.raises(Seen) as first:
        solve(Problem(equation, edge), using=[LeastSquares()], network=replace(recipe, count=200))
    system, batches = first.value.args
    assert system.row_count(batches) == 400 + (5 if hole else 2) * 201


def test_few_functions_declared_are_tried_though_they_predict_nothing():
    stub = Stub(lambda shape: 0.5, open_recipes={u: SineFeatures(100)})
    tried, best = run(stub)
    assert tried and best.shape.count == 100 and all(trial.shape.count == 100 for trial in tried)
