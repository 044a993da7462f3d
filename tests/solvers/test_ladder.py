"""Rungs, tolerance, budget, rolling back: what a run tries, keeps and shows."""

import importlib
import math
import time

import pytest
import torch
from torch import Tensor

from sirenpde import (
    LBFGS,
    Adam,
    Box,
    Collocation,
    D,
    Field,
    LeastSquares,
    March,
    Point,
    PointCloud,
    Problem,
    SineFeatures,
    SineLattice,
    Siren,
    Unknown,
    l1,
    l2,
    laplacian,
    on,
    solve,
)
from sirenpde.solvers.ladder import Choice, Rung, choose

box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes
u = Field("u", box)


def wave(p: Point) -> Tensor:
    return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))


@on(box, samples=600)
def poisson(p: Point) -> Tensor:
    return laplacian(u)(p) + 2 * math.pi**2 * wave(p)


@on(box.boundary(), samples=200, weight=100.0)
def walls(p: Point) -> Tensor:
    return u(p)


problem = Problem(poisson, walls, reference={u: wave})
POOR = Rung({u: SineFeatures(12, 3.0)}, (LeastSquares(),))
GOOD = Rung({u: SineFeatures(200, 8.0)}, (LeastSquares(),))
TRAINED = Rung({u: Siren(8, 1, 3.0)}, (Adam(steps=5), LBFGS(steps=6)))


@pytest.fixture
def rungs(monkeypatch: pytest.MonkeyPatch):
    def choose(*order: Rung) -> None:
        module = importlib.import_module("sirenpde.run.solve")  # the name in the package is the function's
        monkeypatch.setattr(module, "choose", lambda *_: Choice(order, "by the test"))

    return choose


def error(solution) -> float:
    return float(solution.errors["u"]["relative_l2"])


def test_a_good_rung_is_the_last(rungs) -> None:
    rungs(GOOD, TRAINED)
    solution = solve(problem)
    assert [stage.name for stage in solution.stages] == ["least squares"]
    assert error(solution) < 1e-7 and solution.status == "solved"
    assert "relative held-out residual" in solution.message


def test_a_poor_rung_leads_to_the_next(rungs) -> None:
    rungs(POOR, TRAINED, GOOD)
    solution = solve(problem)
    assert [stage.name for stage in solution.stages] == ["least squares", "Adam", "L-BFGS", "least squares"]
    assert error(solution) < 1e-7 and solution.parameters == 201


def test_the_best_rung_is_shown(rungs) -> None:
    rungs(GOOD, TRAINED)
    solution = solve(problem, tolerance=1e-30)
    assert len(solution.stages) == 3 and solution.parameters == 201
    assert error(solution) < 1e-7
    assert "no stage is left" in solution.message


def test_tolerance_ends_a_stage_and_the_run(rungs) -> None:
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


def test_a_run_cut_off_in_a_worse_rung_shows_the_better_one_and_goes_on(rungs) -> None:
    rungs(GOOD, TRAINED)
    whole = solve(problem, tolerance=1e-30, seed=3)

    def stop(progress) -> None:
        if progress.stage == "L-BFGS" and progress.step >= 2:
            raise KeyboardInterrupt

    cut = solve(problem, tolerance=1e-30, seed=3, progress=stop)
    assert cut.status == "interrupted" and error(cut) == error(whole)
    resumed = solve(problem, tolerance=1e-30, resume=cut.snapshot())
    assert torch.equal(resumed.theta, whole.theta)
    assert [row.loss for row in resumed.history] == [row.loss for row in whole.history]


def test_budget(rungs) -> None:
    rungs(Rung(TRAINED.recipes, (Adam(steps=10**7),)))
    worked = (
        time.process_time()
    )  # of all threads, and of this process alone: others may keep the machine busy
    solution = solve(problem, budget=1.0)
    assert time.process_time() - worked < 3.0 * torch.get_num_threads()
    assert solution.status == "budget" and solution.seconds >= 1.0
    assert "the budget being 1 s" in solution.message


# ------------------------------------------------------------------------------------ what is chosen


def names(choice: Choice) -> list[list[str]]:
    return [[stage.name for stage in rung.stages] for rung in choice.rungs]


def steady(network=None, loss=l2) -> Problem:
    v = Field("v", box, network)

    @on(box, samples=400, loss=loss)
    def bratu(p: Point) -> Tensor:
        source = torch.exp(wave(p)) - 2 * math.pi**2 * wave(p)
        return laplacian(v)(p) + torch.exp(v(p)) - source

    @on(box.boundary(), samples=100, weight=100.0)
    def edge(p: Point) -> Tensor:
        return v(p)

    return Problem(bratu, edge)


def evolution(network=None, end: bool = False) -> Problem:
    spacetime = Box(t=(0, 0.2), s=(-1, 1))
    t, s = spacetime.axes
    v = Field("v", spacetime, network, periodic=(s,))

    @on(spacetime, samples=400)
    def burgers(p: Point) -> Tensor:
        return D(v, t)(p) + v(p) * D(v, s)(p) - 0.1 * D(v, s, s)(p)

    @on(spacetime.at(t=0.2 if end else 0.0), samples=100)
    def start(p: Point) -> Tensor:
        return v(p) + torch.sin(math.pi * s(p))

    return Problem(burgers, start)


LEAST, LATTICE, NEWTON = ["least squares"], ["collocation"], ["Gauss-Newton"]
MARCH, POLISHED = ["march along t"], ["Gauss-Newton", "least squares"]


def test_the_problem_decides() -> None:
    direct = choose(problem, None, None)
    assert names(direct) == [LEAST, LATTICE, POLISHED] and "affine" in direct.reason
    assert names(choose(steady(), None, None)) == [LEAST, LATTICE, NEWTON]
    assert names(choose(evolution(), None, None)) == [MARCH, LEAST, NEWTON]
    assert "t starts at 0" in choose(evolution(), None, None).reason
    assert names(choose(evolution(end=True), None, None)) == [LEAST, LATTICE, NEWTON]
    assert names(choose(evolution(SineLattice((3, 9))), None, None)) == [MARCH]
    assert names(choose(steady(loss=l1), None, None)) == [["Adam", "L-BFGS"]]
    assert "the loss of bratu" in choose(steady(loss=l1), None, None).reason


def reaction(power: int, family: bool, other: bool = False) -> Problem:
    """Decay at a rate that is an axis, or not; with a second field of time alone, or not."""
    whole = Box(t=(0, 1), a=(0.5, 2))
    t, a = whole.axes
    times = Box(t=(0, 1))
    v, c = Field("v", whole), Field("c", times)
    extra = (lambda p: 0.0) if family else (lambda p: 0.01 * D(v, a, a)(p))
    along = on(whole, 800, name="along")(lambda p: D(v, t)(p) + a(p) * v(p) ** power - extra(p))
    rows = [along, on(whole.at(t=0), 100, weight=100, name="start")(lambda p: v(p) - 1)]
    if other:
        rows.append(on(times, 100, name="clock")(lambda p: D(c, t)(p) + c(p) ** 2))
        rows.append(on(times.at(t=0), name="one")(lambda p: c(p) - 1))
    return Problem(*rows)


def test_a_family_of_equations_is_fitted_as_a_whole() -> None:
    assert names(choose(reaction(2, family=True), None, None)) == [LEAST, LATTICE, MARCH, NEWTON]
    assert names(choose(reaction(2, family=False), None, None)) == [MARCH, LEAST, NEWTON]
    assert names(choose(reaction(1, family=True), None, None)) == [LEAST, LATTICE, MARCH, POLISHED]
    assert "family" in choose(reaction(2, family=True), None, None).reason


def test_fields_on_different_axes_are_solved_for_together() -> None:
    assert names(choose(reaction(2, family=False, other=True), None, None)) == [LEAST, NEWTON]
    whole, times = Box(t=(0, 1), x=(0, 1)), Box(t=(0, 1))
    t, s = whole.axes
    v, c = Field("v", whole), Field("c", times)
    heat = on(whole, 2000, name="heat")(lambda p: D(v, t)(p) - D(v, s, s)(p) / math.pi**2 + c(p) * v(p))
    start = on(whole.at(t=0), 200, weight=100, name="start")(lambda p: v(p) - torch.sin(math.pi * s(p)))
    solution = solve(
        Problem(
            heat,
            start,
            on(times, 200, name="decay")(lambda p: D(c, t)(p) + c(p)),
            on(whole.boundary("x"), 200, weight=100, name="ends")(v),
            on(times.at(t=0), name="one")(lambda p: c(p) - 1),
            reference={c: lambda p: torch.exp(-t(p))},
        )
    )
    assert [stage.name for stage in solution.stages] == ["least squares"]
    assert solution.errors["c"]["relative_l2"] < 1e-11


def test_a_stage_that_is_asked_for_gets_a_network_that_it_can_solve_for() -> None:
    asked = choose(evolution(), [LeastSquares()], None)
    assert [type(recipe) for recipe in asked.recipes.values()] == [SineFeatures]
    asked = choose(evolution(), [March("t", stages=[LeastSquares()])], None)
    assert [type(recipe) for recipe in asked.recipes.values()] == [SineFeatures]
    asked = choose(problem, [Collocation()], None)
    assert [type(recipe) for recipe in asked.recipes.values()] == [SineLattice]
    asked = choose(problem, [Adam()], None)
    assert [type(recipe) for recipe in asked.recipes.values()] == [Siren]


def test_a_trained_network_is_sized_by_what_the_search_found() -> None:
    last = choose(problem, None, None).rungs[-1]
    slow = last.recipes_after({u: SineFeatures(400, (2.0, 3.0))})[u]
    fast = last.recipes_after({u: SineFeatures(1600, (5.0, 30.0))})[u]
    assert slow.omega == 4.0 and fast.omega == 30.0 and fast.width > slow.width
    assert last.recipes_after({u: SineLattice(8)})[u] == last.recipes[u]
    poor = Rung(POOR.recipes, POOR.stages, sized=(u,))
    assert poor.recipes_after({u: SineFeatures(40, 20.0)})[u].omega == 20.0


def test_the_size_of_a_declared_network_decides() -> None:
    assert names(choose(steady(Siren(32, 2)), None, None)) == [["Gauss-Newton"]]
    assert names(choose(problem, None, Siren(32, 2))) == [["Gauss-Newton", "least squares"]]
    middle = ["Adam", "self-scaled Broyden", "least squares"]
    assert names(choose(problem, None, Siren(80, 3))) == [middle]
    assert names(choose(problem, None, Siren(256, 4))) == [["Adam", "L-BFGS", "least squares"]]
    assert names(choose(problem, [Adam()], Siren(32, 2))) == [["Adam"]]


def test_nothing_named_solves_nonlinear_problems() -> None:
    solution = solve(evolution())
    assert [stage.name for stage in solution.stages] == ["march along t"]
    assert all(row["held_out_rms"] < 1e-6 for row in solution.constraints.values())
    solution = solve(steady())
    assert [stage.name for stage in solution.stages] == ["least squares"]
    assert float(solution.constraints["bratu"]["held_out_rms"]) < 1e-5


def test_a_stage_that_does_not_fit_leads_to_the_next_rung(rungs) -> None:
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


def test_unknown_numbers_are_found_with_frozen_sines_in_time_too() -> None:
    spacetime = Box(t=(0, 1), x=(0, 1))
    t, s = spacetime.axes
    v, rate = Field("v", spacetime), Unknown("rate", 1.0, low=0.0)

    def known(p: Point) -> Tensor:
        return torch.exp(-0.3 * math.pi**2 * t(p)) * torch.sin(math.pi * s(p))

    places = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values = torch.exp(-0.3 * math.pi**2 * places[:, 0]) * torch.sin(math.pi * places[:, 1])
    data = PointCloud(places, spacetime, {"v": values})

    @on(spacetime, samples=800)
    def diffusion(p: Point) -> Tensor:
        return D(v, t)(p) - rate(p) * D(v, s, s)(p)

    @on(data, weight=100)
    def measured(p: Point) -> Tensor:
        return v(p) - data["v"](p)

    @on(spacetime.boundary("x"), samples=200, weight=100)
    def ends(p: Point) -> Tensor:
        return v(p)

    inverse = Problem(diffusion, measured, ends, reference={v: known})
    assert names(choose(inverse, None, None))[0] == ["least squares"]
    solution = solve(inverse)
    assert solution.unknowns["rate"] == pytest.approx(0.3, abs=1e-10)
    assert solution.errors["v"]["relative_l2"] < 1e-10


def across(turning: bool = False, axes: int = 2) -> Problem:
    """Heat that is carried across a line or a square."""
    cube = Box(t=(0, 0.5), **{"xy"[i]: (-1, 1) for i in range(axes)})
    t, *space = cube.axes
    v = Field("v", cube)

    def motion(p: Point) -> Tensor:
        speeds = (-space[-1](p), space[0](p)) if turning else (1.0, 0.5)
        carried = sum((c * D(v, a)(p) for c, a in zip(speeds, space, strict=False)), torch.zeros(()))
        return D(v, t)(p) + carried - 0.1 * laplacian(v, *space)(p)

    return Problem(
        on(cube, 1000, name="motion")(motion),
        on(cube.at(t=0), 200, name="start")(lambda p: v(p) - torch.cos(math.pi / 2 * space[0](p))),
        on(cube.boundary(*space), 200, name="walls")(lambda p: v(p)),
    )


@pytest.mark.parametrize("turning", [False, True])
def test_what_evolves_in_two_axes_of_space_is_marched_by_equal_slabs(turning: bool) -> None:
    choice = choose(across(turning), None, None)
    assert names(choice) == [["march along t"], ["least squares"]]
    assert all(isinstance(recipe, SineLattice) for recipe in choice.recipes.values())
    assert choice.rungs[0].enough == 1e-4
    assert names(choose(across(axes=1), None, None))[0] == ["least squares"]
