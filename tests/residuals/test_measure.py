"""The relative residual: the worst constraint, each measured against its own terms."""

import math

import pytest
import torch

from sirenpde import (
    Adam,
    Box,
    D,
    Field,
    FourierSeries,
    PixelGrid,
    Problem,
    Siren,
    Unknown,
    laplacian,
    on,
    solve,
)
from sirenpde.engines.series import SeparableEngine
from sirenpde.problem.scaling import scales_of
from sirenpde.residuals import System, measure
from sirenpde.residuals.measure import relative_residuals

F64 = torch.float64


class Known(torch.nn.Module):
    """A network that is a given function of the coordinates (n, d)."""

    def __init__(self, function, unit):
        super().__init__()
        self.function, self.unit = function, unit
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.function(x) / self.unit + 0 * self.unused


def measured(problem, *functions):
    """The relative residuals of given fields, by the constraints' names."""
    units = scales_of(problem).units
    networks = {u: Known(f, units[u]) for u, f in zip(problem.fields, functions, strict=True)}
    system = System(problem, networks, torch.device("cpu"), F64)
    found = relative_residuals(system, system.initial(), system.draw(torch.Generator().manual_seed(0)))
    return dict(zip([c.name for c in problem.constraints], found.tolist(), strict=True))


def test_fields_on_a_whole_grid_are_read_by_a_transform_as_they_are_point_by_point(monkeypatch):
    grid = PixelGrid({"f": torch.linspace(-1, 1, 12 * 8).reshape(12, 8).numpy() ** 3})
    u = Field("u", grid, FourierSeries(6, half_period=True))
    problem = Problem(on(grid, name="bent")(lambda p: laplacian(u)(p) + u(p) - grid["f"](p)))
    low, high = zip(*((axis.low, axis.high) for axis in grid.axes), strict=True)
    network = FourierSeries(6, half_period=True).build(low, high, 1, (), torch.Generator())
    network.coefficients.data.normal_(generator=torch.Generator().manual_seed(0))
    system = System(problem, {u: network}, torch.device("cpu"), F64)
    batches = system.draw(torch.Generator().manual_seed(0))
    monkeypatch.setattr(measure, "POINTS", 10)
    monkeypatch.setattr(measure, "FEW", 0)
    by_point = relative_residuals(system, system.initial(), batches)
    monkeypatch.setattr(measure, "FEW", 1 << 20)
    monkeypatch.setattr(SeparableEngine, "forward", None)  # is not called
    torch.testing.assert_close(relative_residuals(system, system.initial(), batches), by_point)


def poisson_in_units(length, size):
    """Δu = f on a square, u = g on its walls, with u of this size."""
    box = Box(x=(0, length), y=(0, length))
    x, y = box.axes
    u = Field("u", box)

    def exact(p):
        return size * (1 + torch.sin(math.pi * x(p) / length) * torch.sin(2 * math.pi * y(p) / length))

    @on(box, samples=400)
    def pde(p):
        return laplacian(u)(p) + 5 * (math.pi / length) ** 2 * (exact(p) - size)

    @on(box.boundary(), samples=200)
    def walls(p):
        return u(p) - exact(p)

    return Problem(pde, walls)


@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_units_do_not_enter(length, size):
    def wrong(x):  # walls met, the equation not at all
        return torch.full_like(x[:, :1], size)

    def off(x):  # a thousandth on the walls, the equation met
        s = torch.sin(math.pi * x[:, :1] / length) * torch.sin(2 * math.pi * x[:, 1:] / length)
        return size * (1.001 + s)

    found = measured(poisson_in_units(length, size), wrong)
    assert found["pde"] == pytest.approx(1, rel=1e-6) and found["walls"] < 1e-12
    found = measured(poisson_in_units(length, size), off)
    assert found["pde"] < 1e-12 and found["walls"] == pytest.approx(1e-3, rel=0.2)


def test_the_derivatives_of_an_operator_count_apart_and_walls_against_the_inside():
    box = Box(x=(0, 1), y=(0, 1))
    u = Field("u", box)

    @on(box, samples=400)
    def laplace(p):
        return laplacian(u)(p)

    @on(box.at(x=0), samples=50)
    def wall(p):
        return u(p)

    def nearly(x):  # sin(πx) sinh(πy) with a wall of 1e-6 and a source of 2e-6
        return torch.sin(math.pi * x[:, :1]) * torch.sinh(math.pi * x[:, 1:]) + 1e-6 * (1 + x[:, :1] ** 2)

    found = measured(Problem(laplace, wall), nearly)
    inside = math.sqrt(0.5 * (math.sinh(2 * math.pi) / (4 * math.pi) - 0.5))
    assert found["laplace"] == pytest.approx(2e-6 / (math.pi**2 * inside), rel=0.1)
    assert found["wall"] == pytest.approx(1e-6 / inside, rel=0.1)


def test_a_rest_at_the_start_is_measured_against_speeds_later():
    box = Box(t=(0, 1), x=(0, 1))
    t, x = box.axes
    u = Field("u", box)

    @on(box, samples=400)
    def wave(p):
        return (D(u, t, t) - D(u, x, x))(p)

    @on(box.at(t=0), samples=100)
    def rest(p):
        return D(u, t)(p)

    def nearly(p):
        return torch.cos(math.pi * p[:, :1] + 1e-5) * torch.sin(math.pi * p[:, 1:])

    assert measured(Problem(wave, rest), nearly)["rest"] == pytest.approx(1e-5 * math.sqrt(2), rel=0.2)


def test_a_slope_of_nothing_at_a_wall_is_measured_against_slopes_along_other_axes():
    box = Box(x=(0, 1), y=(0, 1))
    y = box.axes[1]
    u = Field("u", box)

    @on(box, samples=400)
    def layer(p):
        return u(p) - 1e-4 * laplacian(u)(p) - 1

    @on(box.boundary("y"), samples=50)
    def insulated(p):
        return D(u, y)(p)

    def nearly(p):  # of a slope of 1e-6 beside slopes of 20, the root mean square of 200 sin
        return torch.sin(200 * p[:, :1]) + 1e-6 * p[:, 1:]

    found = measured(Problem(layer, insulated), nearly)
    assert found["insulated"] < 1e-4
    assert found["insulated"] == pytest.approx(1e-6 / (1e-3 * 200 / math.sqrt(2)), rel=0.1)


def test_constants_and_nothing_may_be_solutions():
    box = Box(x=(0, 1))
    u, v = Field("u", box), Field("v", box)

    @on(box, samples=50)
    def flat(p):
        return laplacian(u)(p)

    @on(box.boundary(), samples=2)
    def ends(p):
        return u(p) - 300

    @on(box, samples=50)
    def other(p):
        return laplacian(v)(p)

    @on(box.boundary(), samples=2)
    def zero(p):
        return v(p)

    def noise(x):
        return 1e-15 * torch.sin(3 * x)

    found = measured(Problem(flat, ends, other, zero), lambda x: 300 + 3e-12 * x**2, noise)
    assert all(value < 1e-9 for value in found.values()), found
    found = measured(Problem(flat, ends, other, zero), lambda x: 300 + 0 * x, lambda x: 0 * x)
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize("name", ["root", "reciprocal", "logarithm"])
def test_terms_that_vanishing_fields_do_not_have(name):
    """u' = 1/(2u), u' = sqrt(u), u' = log u: finite, and as large as the change of one term."""
    box = Box(t=(0, 1))
    (t,) = box.axes
    u = Field("u", box)
    right = {
        "root": torch.sqrt,
        "reciprocal": lambda value: 0.5 / value,
        "logarithm": torch.log,
    }[name]

    @on(box, samples=100)
    def motion(p):
        return D(u, t)(p) - right(u(p))

    @on(box.at(t=0))
    def start(p):
        return u(p) - 1

    def fast(x):  # speed and value of size one
        return 1 + 2 * x

    found = measured(Problem(motion, start), fast)
    assert 0.05 < found["motion"] < 2 and found["start"] == 0


def test_an_unknown_number_is_a_term():
    box = Box(x=(0, 1))
    u, c = Field("u", box), Unknown("c", initial=2.0, low=0.0)

    @on(box, samples=50)
    def ratio(p):
        return 1e-9 * u(p) + 1e3 * c(p) - 2001.0

    assert measured(Problem(ratio), lambda x: x)["ratio"] == pytest.approx(0.001 / 2.001, rel=0.01)


def test_the_worst_constraint_is_what_a_run_reports():
    """A square of 1000 km in metres, with features too slow for it: the walls are met before the equation."""
    problem = poisson_in_units(1e6, 1.0)
    solution = solve(problem, [Adam(steps=3)], network=Siren(8, depth=1))
    each = {name: value["relative"] for name, value in solution.constraints.items()}
    assert solution.relative_residual == max(each.values()) > 0.3 and set(each) == {"pde", "walls"}


def test_an_equation_of_a_field_that_vanishes_is_measured_against_what_the_data_have_beside_it():
    """v'' = 0 and u - v = 1: that v is 1e-9 is a billionth of u, though it is all that the equation has of v."""
    box = Box(x=(0, 1))
    (x,), u, v = box.axes, Field("u", box), Field("v", box)
    known = on(box, 50, name="known")(lambda p: u(p) - v(p) - 1 - 0 * x(p))
    free = on(box, 50, name="free")(lambda p: laplacian(v)(p) + 100 * v(p))

    def left(size, *more):
        problem = Problem(known, free, *more)
        return measured(problem, lambda p: 1 + 0 * p, lambda p: size * torch.cos(p))["free"]

    sizes = scales_of(Problem(known, free)).sizes
    assert 0.5 <= sizes[v] <= 2
    assert left(1e-9) == pytest.approx(99 / 100 * 1e-9 * rms_cos() / sizes[v], rel=0.01)
    # It rises evenly to that from where the field is no longer small, and its own terms are all.
    assert left(1e-5) == pytest.approx(99 / 100 * (1e-5 * rms_cos() / sizes[v]) ** 2 / 1e-6, rel=0.01)
    assert left(1e-2) == pytest.approx(0.99, rel=0.01)


def rms_cos():
    return math.sqrt(0.5 + math.sin(2) / 4)


def test_data_of_their_own_keep_the_measure_of_a_small_field():
    """v = 1e-6 at the walls, beside a u of one: the condition counts by its own data and no more."""
    box = Box(x=(0, 1))
    (x,), u, v = box.axes, Field("u", box), Field("v", box)
    known = on(box, 50, name="known")(lambda p: u(p) - v(p) - 1 - 0 * x(p))
    driven = on(box, 50, name="driven")(lambda p: laplacian(v)(p) + 1e-5)
    found = measured(Problem(known, driven), lambda p: 1 + 0 * p, lambda p: 0 * p)
    assert found["driven"] > 1e-3
