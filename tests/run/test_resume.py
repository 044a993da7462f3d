"""Runs that go on: checkpoints that belong to their problem, tighter tolerances, larger budgets."""

import importlib
import math
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
import torch

from sirenpde import (
    LBFGS,
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
    SineLattice,
    Siren,
    Unknown,
    laplacian,
    on,
    solve,
)
from sirenpde.run.solve import recall
from sirenpde.solvers.ladder import Choice, Rung
from sirenpde.solvers.stage import Report

line = Box(t=(0, 1))
(t,) = line.axes


def fit(value, using=None, places=(0.2, 0.5, 0.8), name="fit", network=None, weight=1.0):
    """u = value at three points."""
    u = Field("u", line, network or Siren(8, 2, omega=3))
    cloud = PointCloud([[place] for place in places], line)
    return Problem(on(cloud, name=name, weight=weight)(lambda p: u(p) - value), using=using)


def decay(network=None, rate=1.0):
    """u' = -rate u, u(0) = 1."""
    u = Field("u", line, network)
    equation = on(line, 100, name="equation")(lambda p: D(u, t)(p) + rate * u(p))
    start = on(line.at(t=0), name="start")(lambda p: u(p) - 1)
    return Problem(equation, start, reference={u: lambda p: torch.exp(-rate * t(p))})


def error(solution):
    return solution.errors["u"]["relative_l2"]


def stopped_at(problem, stages, step, stage_index=0, **given):
    def stop(progress):
        if progress.step == step and progress.stage_index == stage_index:
            raise KeyboardInterrupt

    return solve(problem, stages, progress=stop, **given)


# ------------------------------------------------------------------------ a checkpoint and its problem


OTHERS = {
    "value": (lambda: fit(5.0), "constraint 'fit', its values differ"),
    "points": (lambda: fit(1.0, places=(0.2, 0.5, 0.81)), "constraint 'fit', its points differ"),
    "weight": (lambda: fit(1.0, weight=2.0), "constraint 'fit', weight: 1.0 there, 2.0 here"),
    "name": (lambda: fit(1.0, name="other"), "constraint 'fit' is there only"),
    "network": (lambda: fit(1.0, network=Siren(9, 2, omega=3)), "width=8.* there, .*width=9.* here"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_checkpoint_of_another_problem_is_refused_with_the_difference(other):
    stages = [Adam(steps=3)]
    make, message = OTHERS[other]
    snapshot = solve(fit(1.0), stages).snapshot()
    assert solve(fit(1.0), stages, resume=snapshot).status in ("solved", "rough")  # declared anew, the same
    with pytest.raises(ValueError, match=message):
        solve(make(), None if other == "network" else stages, resume=snapshot)


def test_bounds_boxes_and_fields_are_compared_too():
    def of(high=1.0, low=0.0, shape=(), periodic=False):
        box = Box(t=(0, high))
        u, c = (
            Field("u", box, Siren(4, 1), shape=shape, periodic=box.axes if periodic else ()),
            Unknown("c", 1.0, low),
        )
        return Problem(on(box, 20, name="one")(lambda p: c(p) * u(p) - 1))

    snapshot = solve(of(), [Adam(steps=2)]).snapshot()
    for problem, words in (
        (of(high=2.0), r"t in \(0.0, 1.0\) there, t in \(0.0, 2.0\) here"),
        (of(low=-1.0), "unknown number 'c', low: 0.0 there, -1.0 here"),
        (of(shape=(2,)), r"field 'u', shape: \(\) there, \(2,\) here"),
        (of(periodic=True), "periodic along"),
    ):
        with pytest.raises(ValueError, match=words):
            solve(problem, [Adam(steps=2)], resume=snapshot)


def test_other_stages_begin_from_the_fields_found_or_are_refused():
    first = solve(decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=150, lr=1e-2)])
    again = solve(decay(Siren(8, 2, 3.0, 1.0)), [GaussNewton(steps=15)], resume=first)
    assert [stage.name for stage in again.stages] == ["Adam", "Gauss-Newton"]
    assert again.history[len(first.history)].loss < 3 * first.history[-1].loss
    assert error(again) < 0.1 * error(first)
    with pytest.raises(ValueError, match=r"made with other stages or networks: .*Adam"):
        solve(decay(Siren(8, 2, 3.0, 1.0)), resume=first)
    with pytest.raises(ValueError, match=r"'u' has the network Siren.*expected SineFeatures"):
        solve(decay(Siren(8, 2, 3.0, 1.0)), [LeastSquares()], network=SineFeatures(), resume=first)


def test_stages_may_follow_a_search_for_features():
    first = solve(decay(), [LeastSquares()], tolerance=1e-3)
    again = solve(decay(), [LBFGS(steps=3)], resume=first)
    assert again.parameters == first.parameters and again.relative_residual <= first.relative_residual


def test_what_is_no_checkpoint_gets_one_paragraph():
    problem, stages = fit(1.0), [Adam(steps=3)]
    good = solve(problem, stages).snapshot()
    wrong = [
        {**good, "theta": good["theta"][:-1]},
        {**good, "records": [{"name": 1}]},
        {**good, "dtype": "torch.int8"},
        {key: value for key, value in good.items() if key != "networks"},
        {**good, "recipes": {"u": {"name": "Nothing"}}},
        {**good, "waiting": None},
    ]
    for snapshot in wrong:
        with pytest.raises(ValueError, match=r"The checkpoint is damaged \(.*Take another"):
            solve(problem, stages, resume=snapshot)
    for nothing in ({}, "checkpoint.pt", {"format": "sirenpde checkpoint 3"}):
        with pytest.raises(ValueError, match="to resume; expected a checkpoint in the format"):
            solve(problem, stages, resume=nothing)


def test_a_checkpoint_of_an_earlier_format_is_refused_with_both_formats_and_a_remedy():
    """What a run held when one number told where it was, and all stages had one dictionary."""
    problem, stages = fit(1.0), [Adam(steps=3)]
    now = solve(problem, stages).snapshot()
    new = ("rung", "stage", "sampling", "paused", "memory", "format")
    before = {key: value for key, value in now.items() if key not in new}
    before |= {"format": "sirenpde checkpoint 5", "stage_index": 1, "left": [], "memory": {}}
    with pytest.raises(ValueError) as refused:
        solve(problem, stages, resume=before)
    assert str(refused.value).startswith("solve was given 'sirenpde checkpoint 5' to resume; expected")
    assert f"format '{now['format']}'" in str(refused.value) and "or solve the problem again" in str(
        refused.value
    )


def test_memories_of_another_stage_are_damage():
    problem, kept = fit(1.0), []
    solve(problem, [Adam(steps=3)], progress=lambda p: kept.append(p.snapshot()))
    assert set(kept[0]["memory"]) == {"m", "v", "average"}
    wrong = {**kept[0], "memory": {"m": kept[0]["memory"]["m"]}}
    with pytest.raises(ValueError, match=r"damaged \(ValueError: Memory was given .*'m'.*expected .*'v'"):
        solve(problem, [Adam(steps=3)], resume=wrong)


# ------------------------------------------------------------------------------- ends that are no ends


@pytest.mark.parametrize("stage", [Adam(steps=7), LBFGS(steps=4), GaussNewton(steps=5)], ids=lambda s: s.name)
def test_an_interruption_in_the_last_step_takes_no_step_more(stage):
    problem = decay(Siren(6, 1, omega=3))
    whole = solve(problem, [stage, Adam(steps=3)], dtype=torch.float64)
    steps = whole.stages[0].steps
    cut = stopped_at(problem, [stage, Adam(steps=3)], steps, dtype=torch.float64)
    assert cut.status == "interrupted" and len(cut.stages) == 1
    assert "can be resumed" not in cut.stages[0].reason
    rest = solve(problem, [stage, Adam(steps=3)], resume=cut)
    assert torch.equal(rest.theta, whole.theta)
    assert [row.step for row in rest.history] == [row.step for row in whole.history]


def test_a_run_interrupted_in_its_very_last_step_is_over():
    problem, stages = fit(1.0), [Adam(steps=5)]
    whole, cut = solve(problem, stages), stopped_at(problem, stages, 5)
    assert cut.status == whole.status and cut.message == whole.message
    assert torch.equal(cut.theta, whole.theta)


def test_a_march_that_is_over_can_be_resumed():
    def problem():
        return decay(SineLattice())

    kept = []
    whole = solve(problem(), [March(t)], progress=lambda p: kept.append(p.snapshot()))
    for snapshot in (kept[-1], whole.snapshot()):
        again = solve(problem(), [March(t)], resume=snapshot)
        assert again.status == "solved" and torch.equal(again.theta, whole.theta)
    assert again.message == whole.message


def test_the_last_words_survive():
    problem, stages = decay(SineFeatures(3, 2.0)), [LeastSquares()]
    first = solve(problem, stages)
    assert first.status == "rough" and first.message.startswith("leaves")
    again, seen = solve(problem, stages, resume=first), recall(problem, first.snapshot(), stages)
    for solution in (again, seen):
        assert (solution.status, solution.message) == (first.status, first.message)
    assert again.history == first.history and again.stages == first.stages


# ------------------------------------------------------------------------------------ going further


def test_a_tighter_tolerance_goes_on_as_if_it_had_been_asked_for_at_once():
    problem = decay(Siren(8, 1, 3.0))
    stages = [Adam(steps=200, lr=1e-2), GaussNewton(steps=40)]
    loose = solve(problem, stages, tolerance=0.1)
    assert loose.status == "solved" and loose.stages[-1].name == "Adam" and loose.stages[-1].steps < 200
    tight, direct = loose.refine(1e-4), solve(problem, stages, tolerance=1e-4)
    assert tight.status == "solved" and tight.relative_residual <= 1e-4
    assert torch.equal(tight.theta, direct.theta)
    assert torch.equal(solve(problem, stages, resume=loose, tolerance=1e-4).theta, direct.theta)


def test_a_tolerance_already_met_ends_at_once():
    loose = solve(decay(), tolerance=1e-3)
    again = loose.refine(0.5)
    assert again.status == "solved" and torch.equal(again.theta, loose.theta)
    assert len(again.history) == len(loose.history)


def test_a_run_that_is_over_takes_its_last_iterative_stage_once_more():
    problem, stages = decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=50, lr=1e-2), GaussNewton(steps=4)]
    short = solve(problem, stages)
    assert short.status == "rough"
    long = short.refine(1e-7)
    assert [stage.name for stage in long.stages[:3]] == ["Adam", "Gauss-Newton", "Gauss-Newton"]
    assert long.relative_residual < short.relative_residual
    once = solve(problem, stages, resume=long, tolerance=1e-9)  # the repeated stages are in the checkpoint
    assert once.relative_residual <= long.relative_residual and len(once.stages) > len(long.stages)


def test_a_resumed_repetition_goes_on_to_the_same_bits():
    problem, stages = decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=20, lr=1e-2)]
    first = solve(problem, stages)
    whole = solve(problem, stages, resume=first, tolerance=1e-12)
    cut = stopped_at(problem, stages, 9, 1, resume=first, tolerance=1e-12)
    assert cut.status == "interrupted"
    assert torch.equal(solve(problem, stages, resume=cut, tolerance=1e-12).theta, whole.theta)


def test_a_tolerance_is_tested_at_fixed_steps(monkeypatch):
    """Whatever the clock says: here it stands still, or leaps."""
    problem, stages = decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=5000, lr=1e-2)]
    found = []
    for speed in (0.0, 1.0, 1e4):
        now = iter(range(10**9))
        monkeypatch.setattr("time.monotonic", lambda speed=speed, now=now: speed * next(now))
        solution = solve(problem, stages, tolerance=0.1)
        found.append((solution.stages[0].steps, solution.relative_residual))
    assert found[0] == found[1] == found[2] and found[0][0] % 10 == 0
    assert found[0][1] <= 0.1


# ------------------------------------------------------------------------------- budgets and their shares


@dataclass
class Time:
    """A clock that moves when a stage works."""

    now: float = 0.0

    def __call__(self):
        return self.now


@dataclass
class Count:
    steps: int = 0


@dataclass(frozen=True)
class Works:
    """A stage that takes a second a step, and reaches the residual that it is said to at its end."""

    name: str
    steps: int
    end: float  # the parameters' last value: the field is a constant
    clock: Time = field(default_factory=Time, repr=False)
    precision: torch.dtype = torch.float64
    remembers: ClassVar[type] = Count

    def advance(self, state):
        self.clock.now += 1.0
        state.step += 1
        memory = state.remember(Count)
        memory.steps += 1
        if state.step == self.steps:
            state.theta = torch.zeros_like(state.theta)
            state.theta[-1] = self.end
        return Report(
            (0.1,),
            state.step >= self.steps,
            f"{memory.steps} steps",
            state.step < self.steps and state.is_late,
        )


@pytest.fixture
def clock(monkeypatch):
    clock = Time()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


@pytest.fixture
def rungs(monkeypatch):
    def choose(*order):
        module = importlib.import_module("sirenpde.run.solve")
        monkeypatch.setattr(module, "choose", lambda *_: Choice(order, "by the test"))

    return choose


class Slow(Works):
    """One that takes 25 seconds a step."""

    def advance(self, state):
        self.clock.now += 24
        return super().advance(state)


def two(clock, rungs, first, second, end=1.0):
    """A problem with two rungs that need so many seconds and end at u = 1.5 and at ``end``; right is 1."""
    problem = fit(1.0)
    (u,) = problem.fields
    network = {u: SineFeatures(1, 1.0)}
    rungs(
        Rung(network, (Works("first", first, 1.5, clock),)),
        Rung(network, (Works("second", second, end, clock),)),
    )
    return problem


def names(solution):
    return [(stage.name, stage.steps) for stage in solution.stages]


def test_a_rung_uses_half_of_the_budget_while_another_follows(clock, rungs):
    solution = solve(two(clock, rungs, 100, 20), budget=60)
    assert names(solution) == [("first", 30), ("second", 20)]
    assert solution.status == "solved" and solution.seconds == 50
    assert "its share of the budget is used" in solution.stages[0].reason


def test_a_rung_that_was_cut_off_goes_on_if_time_is_left(clock, rungs):
    problem = two(clock, rungs, 45, 10, 1.25)
    solution = solve(problem, budget=60, tolerance=1e-30)
    assert names(solution) == [("first", 30), ("second", 10), ("first", 45)]
    assert "45 steps" in solution.stages[2].reason and solution.seconds == 55
    assert float(solution[problem.fields[0]]([[0.5]])[0]) == 1.25  # of the two the better


def test_without_a_budget_no_rung_is_cut(clock, rungs):
    assert names(solve(two(clock, rungs, 45, 10, 1.25))) == [("first", 45), ("second", 10)]


def test_more_time_goes_on_where_the_budget_ended_the_run(clock, rungs):
    problem = two(clock, rungs, 100, 30)
    short = solve(problem, budget=40)
    assert short.status == "budget" and short.seconds == 40
    assert "stopped after 40.0 s, the budget being 40 s; " in short.message and "leaves" in short.message
    assert "relative held-out residual" in short.message
    longer = solve(problem, budget=60, resume=short)
    assert longer.status == "solved" and longer.seconds == 60
    assert names(longer) == [("first", 20), ("first", 30), ("second", 30)]
    assert short.refine(1e-6, budget=25).status == "solved"


def test_more_time_is_shared_anew_the_first_rung_first(clock, rungs):
    problem = two(clock, rungs, 100, 90, 1.25)
    short = solve(problem, budget=40, tolerance=1e-30)
    assert names(short) == [("first", 20), ("second", 20)]
    longer = solve(problem, budget=140, tolerance=1e-30, resume=short)
    assert names(longer)[1:] == [("first", 70), ("second", 70)] and longer.seconds == 140
    longest = solve(problem, budget=400, tolerance=1e-30, resume=longer)
    assert names(longest)[2:] == [("first", 100), ("second", 90)] and longest.seconds == 190
    assert longest.status == "rough"


def test_no_rung_is_begun_when_the_time_is_over(clock, rungs):
    problem = fit(1.0)
    (u,) = problem.fields
    slow = Rung({u: SineFeatures(1, 1.0)}, (Slow("slow", 1, 1.5, clock),))
    rungs(slow, slow, slow)
    solution = solve(problem, budget=20)
    assert names(solution) == [("slow", 1)] and solution.seconds == 25 and solution.status == "budget"
    assert names(solve(problem, budget=45)) == [("slow", 1)]  # in 20 seconds no step of the next is taken
    assert names(solve(problem, resume=solution)) == [("slow", 1)] * 3


def test_where_nothing_was_found_the_next_rung_is_tried_in_any_time(clock, rungs):
    problem = fit(1.0)
    (u,) = problem.fields
    network = {u: SineFeatures(1, 1.0)}
    rungs(Rung(network, (Slow("never", 9, 1.5, clock),)), Rung(network, (Slow("slow", 1, 1.5, clock),)))
    solution = solve(problem, budget=45)
    assert names(solution)[:2] == [("never", 1), ("slow", 1)]
    assert solution.relative_residual < 0.5


def test_a_budget_is_kept(clock, rungs):
    for budget in (7, 20, 33):
        clock.now = 0.0
        assert solve(two(clock, rungs, 100, 100), budget=budget).seconds == pytest.approx(budget, abs=1)


# -------------------------------------------------------------------------------- limits as they are written


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"budget": "10s"}, "budget='10s'; expected seconds.* Write budget=60"),
        ({"budget": -1}, "budget=-1"),
        ({"budget": True}, "budget=True"),
        ({"tolerance": "1e-3"}, "tolerance='1e-3'"),
        ({"tolerance": math.nan}, "tolerance=nan"),
        ({"using": Adam(steps=5)}, r"expected a list of stages. Write using=\[Adam\(steps=5"),
        ({"using": [Adam]}, r"Write using=\[Adam\(\)\]"),
        ({"using": ["adam"]}, r"using holds 'adam'.*Write using=\[Adam\(\)\]"),
        ({"using": ["gauss-newton"]}, r"Write using=\[GaussNewton\(\)\]"),
        ({"using": "lbfgs"}, r"Write using=\[LBFGS\(\)\]"),
        ({"using": []}, "at least one stage"),
    ],
)
def test_wrong_limits_and_stages_are_refused(given, words):
    with pytest.raises((TypeError, ValueError), match=words):
        solve(fit(1.0), **given)


def test_a_solution_says_what_it_is():
    solution = solve(decay())
    assert repr(solution).startswith("Solution(u: solved, relative residual ") and "error" in repr(solution)
    u = Field("u", line)
    free = solve(Problem(on(line, 30)(lambda p: laplacian(u)(p) + 2), on(line.boundary(), 2, name="ends")(u)))
    assert "error" not in repr(free) and "solved" in repr(free)
