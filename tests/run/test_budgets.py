"""A budget, its shares among rungs, and limits as they are written."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
import torch
from decays import decay, fit, line

from sirenpde import Adam, Field, GaussNewton, Problem, SineFeatures, Siren, laplacian, on, solve
from sirenpde.solvers.ladder import Rung
from sirenpde.solvers.stage import Report


@dataclass
class Count:
    steps: int = 0


@dataclass(frozen=True)
class Works:
    """A stage that takes a second a step, and reaches the residual that it is said to at its end."""

    name: str
    steps: int
    end: float  # the parameters' last value: the field is a constant
    clock: Any = field(repr=False)
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


class Slow(Works):
    """One that takes 25 seconds a step."""

    def advance(self, state):
        self.clock.now += 24
        return super().advance(state)


class Soon(Works):
    """One that is there after its first step."""

    def advance(self, state):
        state.theta = torch.zeros_like(state.theta)
        state.theta[-1] = self.end
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


@pytest.mark.parametrize(("steps", "used"), [(45, 45), (100, 60)])
def test_a_rung_that_is_good_enough_has_all_the_time(clock, rungs, steps, used):
    problem = fit(1.0)
    network = {u: SineFeatures(1, 1.0) for u in problem.fields}
    others = (
        Rung(network, (stage,)) for stage in (Works("second", 9, 1.5, clock), Works("third", 9, 1.5, clock))
    )
    rungs(Rung(network, (Soon("first", steps, 1.0, clock),)), *others)
    solution = solve(problem, budget=60)
    assert names(solution) == [("first", used)] and solution.seconds == used
    assert solution.relative_residual < 1e-12


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


@pytest.mark.parametrize("stage", [Adam(steps=10**6), GaussNewton(steps=10**6)], ids=lambda s: s.name)
def test_a_long_stage_ends_with_the_step_in_which_the_budget_does(clock, stage):
    def second(progress):  # told after each step, so that the sixth ends at 5 s
        clock.now += 1.0

    solution = solve(decay(Siren(6, 1, omega=3)), [stage], budget=5, tolerance=1e-30, progress=second)
    assert names(solution) == [(stage.name, 6)]
    assert solution.status == "budget" and solution.seconds == 5
    assert "the budget being 5 s" in solution.message


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
