"""What a search for frozen features cannot solve, and where it ends, is cut off and goes on."""

import re
import time

import pytest
import torch
from dirichlet_problems import UNIT, cube, dirichlet, system_of

from sirenpde import (
    Box,
    D,
    Field,
    FourierSeries,
    LeastSquares,
    Problem,
    Reference,
    SineFeatures,
    l1,
    laplacian,
    on,
    solve,
)
from sirenpde.linear.dense_rows import affine_rows, dense_bytes
from sirenpde.residuals.unfit import TooLarge
from sirenpde.run.begin import begin
from sirenpde.sampling.ends import draw
from sirenpde.solvers.ladder import choose
from sirenpde.solvers.least_squares import NotAffine


def test_what_cannot_be_solved_is_said():
    u, v = Field("u", UNIT, SineFeatures(50, 3.0)), Field("v", UNIT, torch.nn.Linear(2, 1))
    inside = on(UNIT, 100, name="inside")(lambda p: laplacian(u)(p) - 1)
    absolute = on(UNIT, 100, name="absolute", loss=l1)(lambda p: u(p))
    own = on(UNIT, 100, name="own")(lambda p: u(p) - v(p))
    with pytest.raises(NotAffine, match=r"the loss of 'absolute' is l1.*Adam\(\) and LBFGS\(\)"):
        solve(Problem(inside, absolute), [LeastSquares()])
    with pytest.raises(NotAffine, match=r"cannot solve for v: .* no linear last layer"):
        solve(Problem(inside, own), [LeastSquares()])
    w = Field("w", UNIT, FourierSeries(3))
    with pytest.raises(NotAffine, match=r"series of w where the constraints are affine"):
        solve(Problem(on(UNIT.nodes(9), name="square")(lambda p: w(p) ** 2 - 1)), [LeastSquares()])
    system = system_of(Problem(inside))
    batches = draw(system, torch.Generator().manual_seed(0), 1.0)
    assert dense_bytes(system, batches) == 8 * (100 * 51 + 151 * 52)
    many = Field("u", UNIT, SineFeatures(20_000, 3.0))
    large = on(UNIT, 60_000, name="large")(lambda p: laplacian(many)(p) - 1)
    system = system_of(Problem(large))
    batches = draw(system, torch.Generator().manual_seed(0), 1.0)
    with pytest.raises(TooLarge, match=r"60000 rows and 20001 columns and need .* such as LBFGS\(\)"):
        affine_rows(system, system.initial(), batches)


def test_a_field_up_to_a_constant_is_compared_up_to_it():
    line = Box(x=(0, 1))
    (x,) = line.axes
    u = Field("u", line)
    slope = on(line, 80, name="slope")(lambda p: D(u, x)(p) - torch.cos(3 * x(p)))
    exact = Reference(lambda p: torch.sin(3 * x(p)) / 3, fit="affine")
    solution = solve(Problem(slope, reference={u: exact}), [LeastSquares()])
    assert solution.errors["u"]["relative_l2"] < 1e-13
    assert "a constant added to u" in solution.stages[0].reason


def test_a_field_that_vanishes_is_found_at_once():
    line = Box(x=(0, 1))
    u = Field("u", line)
    inside = on(line, 50, name="inside")(lambda p: laplacian(u)(p))
    solution = solve(Problem(inside, on(line.boundary(), 2, name="ends")(lambda p: u(p))))
    assert solution.status == "solved"
    assert abs(solution[u](torch.linspace(0, 1, 9, dtype=torch.float64)[:, None])).max() == 0


def test_the_search_ends_before_the_budget_does():
    box = cube(2)
    problem = dirichlet(
        box, lambda p: torch.sin(40 * p.coords).prod(), lambda p: -3200 * torch.sin(40 * p.coords).prod()
    )
    worked = (
        time.process_time()
    )  # of all threads, and of this process alone: others may keep the machine busy
    solution = solve(problem, [LeastSquares()], budget=0.5)
    assert solution.status == "budget" and solution.message.startswith("stopped after")
    assert solution.parameters <= 1601
    assert time.process_time() - worked < 15 * torch.get_num_threads()
    # Whether the search or the loop around it notices first depends on the machine; here it is the search.
    state = begin(problem, choose(problem, [LeastSquares()], None), torch.device("cpu"), None, 0, 1.0).state
    state.deadline = time.monotonic()
    reports = [LeastSquares().advance(state)]
    while not reports[-1].finished:
        reports.append(LeastSquares().advance(state))
    assert len(reports) == 2 and reports[-1].cut
    assert "more features would have taken too long" in reports[-1].reason


def test_residuals_that_are_not_finite_are_named():
    line = Box(x=(0, 1))
    (x,) = line.axes
    u = Field("u", line)
    inside = on(line, 50, name="inside")(lambda p: laplacian(u)(p) + torch.log(x(p) - 0.1))
    solution = solve(Problem(inside, on(line.boundary(), 2, name="ends")(lambda p: u(p))), [LeastSquares()])
    assert solution.status == "not finite"
    place = re.fullmatch(
        r"The residual of constraint 'inside' is not finite at x = ([0-9.]+)\.", solution.message
    )
    assert 0 < float(place[1]) < 0.1


@pytest.mark.parametrize("power", [1, 3])
def test_a_search_that_is_interrupted_keeps_its_best_and_goes_on_to_the_same_bits(power):
    box = cube(2)
    u = Field("u", box, SineFeatures())

    def exact(p):
        return torch.sin(4 * p.coords).sum()

    inside = on(box, 500, name="inside")(
        lambda p: laplacian(u)(p) + 16 * exact(p) + u(p) ** power - exact(p) ** power
    )
    edge = on(box.boundary(), 200, weight=1e3, name="edge")(lambda p: u(p) - exact(p))
    problem = Problem(inside, edge, reference={u: exact})

    def stop(progress):
        if progress.step == 3:
            raise KeyboardInterrupt

    whole, cut = solve(problem, [LeastSquares()]), solve(problem, [LeastSquares()], progress=stop)
    assert cut.status == "interrupted" and cut.relative_residual < 0.1
    assert len(whole.history) > 4 and whole.errors["u"]["relative_l2"] < 1e-10
    resumed = solve(problem, [LeastSquares()], resume=cut.snapshot())
    assert torch.equal(resumed.theta, whole.theta)
