"""Where a solve starts: declared values, starts that cannot move, and numbers that nothing determines."""

import math

import numpy as np
import pytest
import torch

from sirenpde import (
    Box,
    Collocation,
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
    on,
    solve,
)
from sirenpde.run.begin import build_network
from sirenpde.solvers.initial import initial_values, set_initial

box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes
line = Box(z=(0, 1))
(z,) = line.axes


def wave(p):
    return 1.5 + torch.sin(2 * x(p)) * torch.exp(y(p))


def squares(sign, network=None, **options):
    """u² given: two solutions, of which the start decides."""
    u = Field("u", box, network, initial=lambda p: sign * (1 + wave(p)), **options)
    return u, Problem(on(box, 300, name="square")(lambda p: u(p) ** 2 - wave(p) ** 2))


def distance(solution, u, sign):
    points = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    exact = sign * (1.5 + torch.sin(2 * points[:, 0]) * torch.exp(points[:, 1]))
    return float((solution[u](points) - exact).abs().max())


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("network", "stages", "error"),
    [
        (SineFeatures(), [LeastSquares()], 1e-8),
        (SineLattice(), [Collocation()], 1e-6),
        (SineFeatures(200, 4.0), [LeastSquares()], 1e-8),
        (Siren(16, 2, 3.0, 1.0), [GaussNewton(steps=25)], 0.1),
    ],
)
def test_the_start_decides_between_two_solutions(sign, network, stages, error):
    u, problem = squares(sign, network)
    assert distance(solve(problem, using=stages), u, sign) < error


@pytest.mark.parametrize("stages", [None, [LeastSquares()]])
def test_a_start_is_given_in_the_units_of_the_field(stages):
    large = 1e9
    u = Field("u", line, initial=lambda p: -large * (1 + z(p)))
    ode = on(line, 200, name="ode")(lambda p: u(p) * D(u, z)(p) - large**2 * (1 + z(p)))
    edge = on(line.at(z=0), name="edge")(lambda p: u(p) ** 2 / large - large)
    exact = lambda p: -large * torch.sqrt(1 + 2 * z(p) + z(p) ** 2)
    solution = solve(Problem(ode, edge, reference={u: exact}), using=stages)
    assert solution.errors["u"]["relative_l2"] < 1e-9


def test_an_earlier_solution_is_a_start():
    u, problem = squares(-1)
    earlier = solve(problem)
    v = Field("v", box, SineFeatures(100, 3.0), initial=earlier[u])
    found = initial_values(v, torch.tensor([[0.25, 0.5]], dtype=torch.float64))
    assert float(found[0, 0]) == pytest.approx(float(earlier[u]([[0.25, 0.5]])[0]), abs=1e-12)
    again = solve(Problem(on(box, 300, name="square")(lambda p: v(p) ** 2 - wave(p) ** 2)))
    assert distance(again, v, -1) < 1e-6


@pytest.mark.parametrize("sign", [1, -1])
def test_a_march_starts_from_what_is_declared(sign):
    interval = Box(t=(0, 1))
    (t,) = interval.axes
    w = Field("w", interval, initial=float(2 * sign))
    ode = on(interval, 200, name="ode")(lambda p: D(w, t)(p) * w(p) - 1)
    start = on(interval.at(t=0), name="start")(lambda p: w(p) ** 2 - 4)
    exact = lambda p: sign * torch.sqrt(4 + 2 * t(p))
    solution = solve(Problem(ode, start, reference={w: exact}), using=[March(t)])
    assert solution.errors["w"]["relative_l2"] < 1e-9


@pytest.mark.parametrize("network", [SineFeatures(120, 6.0), SineLattice(10)])
def test_networks_are_fitted_to_complex_and_vector_values(network):
    w = Field(
        "w", box, network, shape=(2,), dtype=complex, initial=lambda p: torch.stack([wave(p), 1j * x(p)])
    )
    module = set_initial(build_network(w, network, 0), w)
    points = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = initial_values(w, points)
    assert expected[0].tolist()[3] == pytest.approx(float(points[0, 0]))  # the imaginary part of the second
    found = module.double()(points).detach().reshape(expected.shape)
    assert float((found - expected).abs().max()) < 1e-4


def test_starts_that_are_no_values_of_the_field_are_refused():
    with pytest.raises(TypeError, match="expected a number"):
        Field("u", box, initial="one")
    u = Field("u", box, initial=lambda p: torch.stack([x(p), y(p)]))
    with pytest.raises(ValueError, match="initial value of shape"):
        solve(Problem(on(box, 50, name="square")(lambda p: u(p) ** 2 - 1)))


# ------------------------------------------------------------------------------- starts that cannot move


def test_a_field_that_enters_squared_leaves_zero():
    u = Field("u", box)
    square = on(box, 300, name="square")(lambda p: u(p) ** 2 - wave(p) ** 2)
    solution = solve(Problem(square, reference={u: wave}))
    assert solution.errors["u"]["relative_l2"] < 1e-10 and "cannot move" in solution.message


def test_a_coefficient_that_enters_squared_is_found():
    v, c = Field("v", line), Field("c", line)
    places = np.linspace(0, 1, 60)[:, None]
    data = PointCloud(places, line, {"v": np.sin(places[:, 0]) + places[:, 0]})
    flux = lambda p: c(p) ** 2 * D(v, z)(p)

    def source(p):
        k = 1 + z(p) / 2
        return k * (torch.cos(z(p)) + 1) - k**2 * torch.sin(z(p))

    problem = Problem(
        on(line, 300, name="flux")(lambda p: D(flux, z)(p) - source(p)),
        on(data, weight=100, name="data")(lambda p: v(p) - data["v"](p)),
        on(line.at(z=0), weight=100, name="edge")(lambda p: c(p) ** 2 - 1),
        reference={c: lambda p: 1 + z(p) / 2},
    )
    assert solve(problem).errors["c"]["relative_l2"] < 1e-8


def test_two_fields_whose_product_is_given_leave_zero():
    a, b = Field("a", line), Field("b", line)
    product = on(line, 200, name="product")(lambda p: a(p) * b(p) - 1 - z(p))
    equal = on(line, 200, name="equal")(lambda p: a(p) ** 2 - b(p) ** 2)
    solution = solve(Problem(product, equal, reference={a: lambda p: torch.sqrt(1 + z(p))}))
    assert solution.errors["a"]["relative_l2"] < 1e-10


def test_an_unknown_number_that_enters_squared_leaves_zero():
    w, k = Field("w", line), Unknown("k", 0.0)
    ode = on(line, 200, name="ode")(lambda p: D(w, z)(p) + k(p) ** 2 * w(p))
    ends = [
        on(line.at(z=place), name=f"end {place}")(lambda p, value=value: w(p) - value)
        for place, value in ((0, 1.0), (1, math.exp(-4)))
    ]
    assert solve(Problem(ode, *ends)).unknowns["k"] == pytest.approx(2.0, abs=1e-8)


def test_fields_that_may_vanish_begin_there():
    u = Field("u", box)
    solution = solve(Problem(on(box, 100, name="square")(lambda p: u(p) ** 2)))
    assert float(np.abs(solution[u](np.random.default_rng(0).uniform(size=(9, 2)))).max()) == 0


# ------------------------------------------------------------------------------- what nothing determines


def test_undetermined_numbers_keep_their_start():
    u, stiffness = Field("u", line), Unknown("E", initial=4.0)
    ode = on(line, 400, name="ode")(lambda p: D(u, z, z)(p) / 2 + stiffness(p) * u(p))
    solution = solve(Problem(ode, on(line.boundary(), name="walls")(u)))
    assert solution.unknowns["E"] == 4.0


def test_undetermined_numbers_keep_their_start_beside_fields_that_are_found():
    u, v, k, e = Field("u", line), Field("v", line), Unknown("k", 1.0, low=0.0), Unknown("E", initial=4.0)
    rows = [
        on(line, 300, name="first")(lambda p: D(u, z)(p) + k(p) * u(p)),
        on(line.at(z=0), name="one")(lambda p: u(p) - 1),
        on(line.at(z=1), name="two")(lambda p: u(p) - math.exp(-3)),
        on(line, 300, name="second")(lambda p: D(v, z, z)(p) + e(p) * v(p)),
        on(line.boundary(), name="walls")(v),
    ]
    solution = solve(Problem(*rows), using=[LeastSquares()])
    assert solution.unknowns["k"] == pytest.approx(3.0, abs=1e-9)
    assert solution.unknowns["E"] == pytest.approx(4.0, abs=1e-6)


@pytest.mark.parametrize("initial", [None, 1.5])
def test_a_run_with_constant_or_declared_starts_is_resumed_to_the_same_bits(initial):
    u, v = Field("u", line, SineFeatures()), Field("v", line, SineFeatures(), initial=initial)
    rows = [
        on(line, 200, name="first")(lambda p: torch.sqrt(u(p)) - 1 - z(p)),
        on(line, 200, name="second")(lambda p: v(p) ** 2 - u(p)),
    ]
    problem = Problem(*rows, reference={v: lambda p: 1 + z(p)})
    whole = solve(problem)

    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    cut = solve(problem, progress=stop)
    assert whole.errors["v"]["relative_l2"] < 1e-8
    assert solve(problem, resume=cut.snapshot()).theta.equal(whole.theta)
