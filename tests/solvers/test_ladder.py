"""What is chosen for a problem whose user names no stages: traits in, rungs out, and nothing is solved."""

import pytest
import torch
from ladder_problems import (
    bratu,
    burgers,
    decays,
    disk,
    fredholm,
    heat,
    picture,
    poisson,
    spreading,
    unknown_rate,
)

from sirenpde import (
    LBFGS,
    Adam,
    Box,
    Collocation,
    D,
    Field,
    FourierSeries,
    LeastSquares,
    March,
    Problem,
    SineFeatures,
    SineLattice,
    Siren,
    l1,
    laplacian,
    on,
)
from sirenpde.solvers.ladder import Rung, choose


def shaken(source):
    """u_xx + u_yy = f on a square."""
    box = Box(x=(0, 1), y=(0, 1))
    u = Field("u", box)
    inside = on(box, 100, name="inside")(lambda p: laplacian(u)(p) - source(p, *box.axes))
    return Problem(inside, on(box.boundary(), 40, name="walls")(u))


# A rung is the kind of its networks and its stages.
SINES, LATTICE = "SineFeatures: least squares", "SineLattice: collocation"
PIECES = "Pieces: least squares"
MARCH, MARCHED_SINES = "SineLattice: march along t", "SineFeatures: march along t"
CELLS = "Pieces: march along t"
NEWTON, POLISHED = "Siren: Gauss-Newton", "Siren: Gauss-Newton, least squares"
FIRST_ORDER = "Siren: Adam, L-BFGS"


def rungs(choice):
    found = []
    for rung in choice.rungs:
        (kind,) = {type(recipe).__name__ for recipe in rung.recipes.values()}
        found.append(f"{kind}: {', '.join(stage.name for stage in rung.stages)}")
    return found


LADDERS = {
    "affine": (lambda: poisson(), [SINES, LATTICE, PIECES, POLISHED], "since the constraints are affine"),
    "many axes": (lambda: poisson(axes=5), [SINES, POLISHED], "affine"),
    "absolute values": (
        lambda: poisson(loss=l1),
        [FIRST_ORDER],
        "the loss of poisson is not a sum of squares",
    ),
    "absolute values of a nonlinear equation": (lambda: bratu(loss=l1), [FIRST_ORDER], "the loss of bratu"),
    "nonlinear": (lambda: bratu(), [LATTICE, SINES, PIECES, NEWTON], "not affine"),
    "evolution": (
        lambda: burgers(),
        [MARCH, CELLS, SINES, NEWTON],
        "not affine in the fields and t starts at 0",
    ),
    "evolution in a square": (lambda: spreading(), [LATTICE, MARCH, SINES, NEWTON], "not affine"),
    "evolution in a square whose walls turn cold": (
        lambda: spreading(cold=False),
        [MARCH, SINES, NEWTON],
        "not affine",
    ),
    "evolution in a periodic square": (
        lambda: spreading(periodic=True),
        [MARCH, SINES, NEWTON],
        "not affine",
    ),
    "known at the end": (lambda: burgers(known_at=0.2), [SINES, LATTICE, PIECES, NEWTON], "not affine"),
    "heat on a line": (lambda: heat(axes=1), [SINES, LATTICE, PIECES, MARCHED_SINES, POLISHED], "affine"),
    "heat in a square": (lambda: heat(), [LATTICE, MARCH, SINES, PIECES], "affine"),
    "heat in a square whose walls turn cold": (lambda: heat(cold=False), [MARCH, SINES], "affine"),
    "heat in a cube": (lambda: heat(axes=3), [LATTICE, MARCH, SINES], "affine"),
    "many waves": (
        lambda: shaken(lambda p, x, y: torch.sin(60 * x(p)) * torch.sin(60 * y(p))),
        [LATTICE, PIECES, SINES, POLISHED],
        "asks for about",
    ),
    "a layer": (
        lambda: shaken(lambda p, x, y: torch.exp(-200 * x(p)) + y(p)),
        [PIECES, LATTICE, SINES, POLISHED],
        "there are layers of width 0.005",
    ),
    "a jump": (
        lambda: shaken(lambda p, x, y: torch.where(x(p) > 0.3, 1.0, 2.0) + y(p)),
        [PIECES, LATTICE, SINES, POLISHED],
        "what they say jumps at x = 0.3",
    ),
    "evolution on a disk": (lambda: disk(), [SINES, MARCHED_SINES, NEWTON], "not affine"),
    "a family": (lambda: decays(), [SINES, LATTICE, MARCH, NEWTON], "for a family of equations"),
    "an affine family": (
        lambda: decays(power=1),
        [SINES, LATTICE, PIECES, MARCHED_SINES, POLISHED],
        "affine",
    ),
    "one equation": (lambda: decays(family=False), [MARCH, CELLS, SINES, NEWTON], "not affine"),
    "fields on other axes": (lambda: decays(family=False, other=True), [SINES, NEWTON], "not affine"),
    "a picture": (lambda: picture(), [SINES, POLISHED], "affine"),
    "an integral": (lambda: fredholm(), [SINES, POLISHED], "affine"),
    "an unknown number": (lambda: unknown_rate(), [SINES, NEWTON], "not affine"),
}


def cubic(thickness, coefficient):
    """ε² Δu = k u³ - 1, steady and not affine."""
    box = Box(x=(0, 1), y=(0, 1))
    (x, _), u = box.axes, Field("u", box)
    inside = on(box, 100, name="inside")(
        lambda p: thickness**2 * laplacian(u)(p) - coefficient(x(p)) * u(p) ** 3 + 1
    )
    return Problem(inside, on(box.boundary(), 40, name="walls")(u))


STEADY = {
    "smooth": (1.0, lambda x: 1 + x, [LATTICE, SINES, PIECES, NEWTON]),
    "layers": (0.01, lambda x: 1 + x, [LATTICE, PIECES, SINES, NEWTON]),
    "a jump": (1.0, lambda x: torch.where(x < 0.3, 1.0, 9.0), [PIECES, SINES, LATTICE, NEWTON]),
}


@pytest.mark.parametrize(("thickness", "coefficient", "expected"), STEADY.values(), ids=list(STEADY))
def test_cells_come_before_sines_where_a_steady_nonlinear_problem_is_rough(thickness, coefficient, expected):
    choice = choose(cubic(thickness, coefficient), None, None)
    assert rungs(choice) == expected


@pytest.mark.parametrize(("viscosity", "first"), [(0.003, CELLS), (0.1, MARCH)])
def test_cells_come_first_where_fronts_between_walls_are_thin(viscosity, first):
    box = Box(t=(0, 1), x=(-1, 1))
    (t, x), u = box.axes, Field("u", box)
    flow = on(box, 100, name="flow")(lambda p: D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p))
    start = on(box.at(t=0), 40, name="start")(lambda p: u(p) + torch.sin(torch.pi * x(p)))
    choice = choose(Problem(flow, start, on(box.boundary("x"), 40, name="walls")(u)), None, None)
    assert rungs(choice)[0] == first and {CELLS, MARCH} <= set(rungs(choice))


@pytest.mark.parametrize(("declare", "expected", "why"), LADDERS.values(), ids=list(LADDERS))
def test_the_problem_decides(declare, expected, why):
    choice = choose(declare(), None, None)
    assert rungs(choice) == expected and why in choice.reason


MODULE = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
DECLARED = {
    "a few hundred parameters": (lambda: bratu(Siren(32, 2)), None, [NEWTON]),
    "in place of what is open": (lambda: poisson(), Siren(32, 2), [POLISHED]),
    "some thousands": (lambda: poisson(), Siren(80, 3), ["Siren: Adam, self-scaled Broyden, least squares"]),
    "many thousands": (lambda: poisson(), Siren(256, 4), ["Siren: Adam, L-BFGS, least squares"]),
    "absolute values": (
        lambda: poisson(SineFeatures(50, 3.0), loss=l1),
        None,
        ["SineFeatures: Adam, L-BFGS"],
    ),
    "frozen sines": (lambda: poisson(SineFeatures(50, 3.0)), None, [SINES]),
    "frozen sines in time": (lambda: burgers(SineFeatures()), None, [SINES]),
    "a lattice": (lambda: poisson(SineLattice(5)), None, [LATTICE]),
    "a lattice in time": (lambda: burgers(SineLattice((3, 9))), None, [MARCH]),
    "a lattice beside an unknown number": (
        lambda: unknown_rate(),
        SineLattice(6),
        ["SineLattice: least squares"],
    ),
    "a series": (lambda: picture(FourierSeries()), None, ["FourierSeries: least squares"]),
    "a module": (lambda: poisson(MODULE), None, ["Sequential: Adam, self-scaled Broyden"]),
    "left open again": (lambda: poisson(Siren(32, 2)), "auto", [SINES, LATTICE, PIECES, POLISHED]),
    "the trained SIREN": (lambda: poisson(SineFeatures()), "siren", [POLISHED]),
    "the trained SIREN, nonlinear": (lambda: bratu(), "siren", [NEWTON]),
    "the trained SIREN in time": (lambda: burgers(), "siren", [NEWTON]),
    "the trained SIREN, absolute values": (lambda: poisson(loss=l1), "siren", [FIRST_ORDER]),
    "the trained SIREN of a picture": (lambda: picture(side=120), "siren", [FIRST_ORDER + ", least squares"]),
}


@pytest.mark.parametrize(("declare", "network", "expected"), DECLARED.values(), ids=list(DECLARED))
def test_a_declared_network_decides_by_its_kind_and_size(declare, network, expected):
    assert rungs(choose(declare(), None, network)) == expected


ASKED = {
    "least squares": (lambda: burgers(), [LeastSquares()], SineFeatures),
    "a march by least squares": (lambda: burgers(), [March("t", stages=[LeastSquares()])], SineFeatures),
    "a march": (lambda: burgers(), [March("t")], SineLattice),
    "a march of an affine problem": (lambda: heat(), [March("t")], SineFeatures),
    "collocation": (lambda: poisson(), [Collocation()], SineLattice),
    "training": (lambda: poisson(), [Adam(), LBFGS()], Siren),
}


@pytest.mark.parametrize(("declare", "stages", "kind"), ASKED.values(), ids=list(ASKED))
def test_a_stage_that_is_asked_for_gets_a_network_that_it_can_solve_for(declare, stages, kind):
    choice = choose(declare(), stages, None)
    assert [list(rung.stages) for rung in choice.rungs] == [stages] and "as asked for" in choice.reason
    assert {type(recipe) for recipe in choice.recipes.values()} == {kind}


def test_a_stage_that_is_asked_for_trains_the_declared_network():
    choice = choose(poisson(), [Adam()], Siren(32, 2))
    assert rungs(choice) == ["Siren: Adam"] and [*choice.recipes.values()] == [Siren(32, 2)]


def test_a_series_has_the_order_that_its_picture_resolves():
    (series,) = choose(picture(FourierSeries(), side=24), None, None).recipes.values()
    assert series.order == (11, 11)
    with pytest.raises(ValueError, match="no domain of the problem is a grid"):
        choose(poisson(FourierSeries()), None, None)


@pytest.mark.parametrize("turning", [False, True])
def test_a_march_across_a_square_is_good_enough_sooner(turning):
    march, sines = choose(heat(turning, cold=False), None, None).rungs
    assert march.enough == 1e-4 and march.stages[0].tolerance == 1e-6 and sines.enough == 1e-6


def test_a_trained_network_is_sized_by_what_the_search_found():
    problem = poisson()
    (u,), last = problem.fields, choose(problem, None, None).rungs[-1]
    slow = last.recipes_after({u: SineFeatures(400, (2.0, 3.0))})[u]
    fast = last.recipes_after({u: SineFeatures(1600, (5.0, 30.0))})[u]
    assert slow.omega == 4.0 and fast.omega == 30.0 and fast.width > slow.width
    assert last.recipes_after({u: SineLattice(8)})[u] == last.recipes[u]
    poor = Rung({u: SineFeatures(12, 3.0)}, (LeastSquares(),), sized=(u,))
    assert poor.recipes_after({u: SineFeatures(40, 20.0)})[u].omega == 20.0


@pytest.mark.parametrize("mixed", [1.2, 0.0])
def test_waves_come_first_on_a_lattice_where_slopes_at_corners_are_finite(mixed):
    """Mixed derivatives give the corners of a square powers of r between 1 and 2, for which data need not ask."""
    box = Box(x=(0, 2), y=(-1, 1))
    u, (x, y) = Field("u", box), box.axes

    def wave(p):
        return torch.sin(25 * y(p) + 15 * x(p))

    def operator(v):
        return lambda p: D(v, x, x)(p) + mixed * D(v, x, y)(p) + 0.5 * D(v, y, y)(p)

    inside = on(box, 4000, name="inside")(lambda p: operator(u)(p) - operator(wave)(p))
    walls = on(box.boundary(), 1000, name="walls")(lambda p: u(p) - wave(p))
    rungs = choose(Problem(inside, walls), None, None).rungs
    assert isinstance(rungs[0].recipes[u], SineLattice)
    if mixed:
        assert any(not point.tried for point in rungs[1].recipes[u].singular)


def test_a_march_through_patterns_need_leave_no_less_than_other_rungs_would():
    box = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    t, x, y = box.axes
    u = Field("u", box, periodic=(x, y))
    motion = on(box, samples=50)(lambda p: D(u, t)(p) - laplacian(u, x, y)(p) + u(p) ** 3)
    start = on(box.at(t=0), samples=50, name="start")(lambda p: u(p) - torch.sin(2 * torch.pi * x(p)))
    rungs = choose(Problem(motion, start), None, None).rungs
    assert rungs[0].stages[0].name == "march along t"
    assert rungs[0].enough == 1e-3
    assert rungs[1].enough == 1e-6
