"""One problem in several units has one solution: metres or nanometres, pascals or gigapascals."""

import math

import pytest
import torch

from sirenpde import Box, D, Field, GaussNewton, Problem, Siren, Unknown, laplacian, on, solve
from sirenpde.problem.scaling import scales_of
from sirenpde.residuals import System

F64 = torch.float64
PI = math.pi


def rectangle(length, ratio=1.0):
    return Box(x=(0, length), y=(0, ratio * length))


def poisson(length, time, size):
    box = rectangle(length)
    x, y = box.axes
    u = Field("u", box)

    def exact(p):
        return size * (1 + torch.sin(PI * x(p) / length) * torch.sin(2 * PI * y(p) / length) + x(p) / length)

    def source(p):
        return size * torch.sin(PI * x(p) / length) * torch.sin(2 * PI * y(p) / length)

    inside = on(box, 600, name="pde")(lambda p: laplacian(u)(p) + 5 * (PI / length) ** 2 * source(p))
    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls, reference={u: exact})


def helmholtz(length, time, size):
    box = rectangle(length)
    x, y = box.axes
    u, k = Field("u", box), 5 / length

    def exact(p):
        return size * torch.cos(k * (0.6 * x(p) + 0.8 * y(p)))

    inside = on(box, 600, name="pde")(lambda p: laplacian(u)(p) + k**2 * u(p))
    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls, reference={u: exact})


def heat(length, time, size):
    box = Box(t=(0, time), x=(0, length))
    t, x = box.axes
    u, k = Field("u", box), 0.2 * length**2 / time

    def exact(p):
        return size * torch.exp(-k * (PI / length) ** 2 * t(p)) * torch.sin(PI * x(p) / length)

    inside = on(box, 600, name="heat")(lambda p: D(u, t)(p) - k * D(u, x, x)(p))
    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    ends = on(box.boundary("x"), 100, name="ends")(u)
    return Problem(inside, start, ends, reference={u: exact})


def wave(length, time, size):
    box = Box(t=(0, time), x=(0, length))
    t, x = box.axes
    u, c = Field("u", box), length / time

    def exact(p):
        return size * torch.cos(PI * t(p) / time) * torch.sin(PI * x(p) / length)

    inside = on(box, 600, name="wave")(lambda p: (D(u, t, t) - c**2 * D(u, x, x))(p))
    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    rest = on(box.at(t=0), 100, name="rest")(D(u, t))
    ends = on(box.boundary("x"), 100, name="ends")(u)
    return Problem(inside, start, rest, ends, reference={u: exact})


def plane_stress(length, time, size, modulus=210e9, nu=0.3):
    """A plate with displacements of 1e-6 of its side; ``size`` is the unit of stress."""
    box = rectangle(length)
    x, y = box.axes
    a, b, far = Field("a", box), Field("b", box), 1e-6 * length
    stiff = modulus * size / (1 - nu**2)

    def exact_a(p):
        return far * torch.sin(PI * x(p) / length) * torch.cos(PI * y(p) / length)

    def exact_b(p):
        return far * torch.cos(PI * x(p) / length) * torch.sin(PI * y(p) / length)

    q = stiff * (PI / length) ** 2 * 2  # both displacements are a gradient

    def along_x(p):
        s = D(a, x, x)(p) + 0.5 * (1 - nu) * D(a, y, y)(p) + 0.5 * (1 + nu) * D(b, x, y)(p)
        return stiff * s + q * exact_a(p)

    def along_y(p):
        s = D(b, y, y)(p) + 0.5 * (1 - nu) * D(b, x, x)(p) + 0.5 * (1 + nu) * D(a, x, y)(p)
        return stiff * s + q * exact_b(p)

    return Problem(
        on(box, 500)(along_x),
        on(box, 500)(along_y),
        on(box.boundary(), 200, name="wall a")(lambda p: a(p) - exact_a(p)),
        on(box.boundary(), 200, name="wall b")(lambda p: b(p) - exact_b(p)),
        reference={a: exact_a, b: exact_b},
    )


def stokes(length, time, size, viscosity=1e-3):
    """Velocities of length / time, and a pressure; ``size`` is the unit of stress."""
    box = rectangle(length)
    x, y = box.axes
    u, v, pressure = Field("u", box), Field("v", box), Field("p", box)
    speed, mu = length / time, viscosity * size * time
    unit = mu * speed / length

    def exact_u(p):
        return speed * torch.sin(PI * x(p) / length) * torch.cos(PI * y(p) / length)

    def exact_v(p):
        return -speed * torch.cos(PI * x(p) / length) * torch.sin(PI * y(p) / length)

    def exact_p(p):
        return unit * torch.sin(x(p) / length) * y(p) / length

    def along_x(p):
        force = (
            2 * mu * (PI / length) ** 2 * exact_u(p)
            + unit / length * torch.cos(x(p) / length) * y(p) / length
        )
        return D(pressure, x)(p) - mu * laplacian(u)(p) - force

    def along_y(p):
        force = 2 * mu * (PI / length) ** 2 * exact_v(p) + unit / length * torch.sin(x(p) / length)
        return D(pressure, y)(p) - mu * laplacian(v)(p) - force

    def continuity(p):
        return D(u, x)(p) + D(v, y)(p)

    return Problem(
        *(on(box, 400)(f) for f in (along_x, along_y, continuity)),
        on(box.boundary(), 150, name="wall u")(lambda p: u(p) - exact_u(p)),
        on(box.boundary(), 150, name="wall v")(lambda p: v(p) - exact_v(p)),
        on(box.at(x=0, y=0), name="level")(lambda p: pressure(p) - exact_p(p)),
        reference={u: exact_u, v: exact_v, pressure: exact_p},
    )


def reaction(length, time, size):
    """u' = k u_xx + r u (1 - u / K), with a source that makes the solution known."""
    box = Box(t=(0, time), x=(0, length))
    t, x = box.axes
    u, k, r = Field("u", box), 0.05 * length**2 / time, 1 / time

    def exact(p):
        return size * (0.5 + 0.3 * torch.exp(-t(p) / time) * torch.cos(PI * x(p) / length))

    def source(p):
        part = exact(p) - 0.5 * size
        return -part / time + k * (PI / length) ** 2 * part - r * exact(p) * (1 - exact(p) / size)

    def motion(p):
        return D(u, t)(p) - k * D(u, x, x)(p) - r * u(p) * (1 - u(p) / size) - source(p)

    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    ends = on(box.boundary("x"), 100, name="ends")(D(u, x))
    return Problem(on(box, 600)(motion), start, ends, reference={u: exact})


def bratu(length, time, size):
    """u'' + λ exp(u / size) = 0 between two ends held at zero: the lower of its solutions."""
    line = Box(x=(0, length))
    (x,) = line.axes
    u, angle = Field("u", line), 0.7
    strength = 8 * size * (angle / math.cosh(angle) / length) ** 2

    def exact(p):
        return 2 * size * torch.log(math.cosh(angle) / torch.cosh(angle * (1 - 2 * x(p) / length)))

    inside = on(line, 200, name="bratu")(lambda p: D(u, x, x)(p) + strength * torch.exp(u(p) / size))
    ends = on(line.boundary(), name="ends")(u)
    return Problem(inside, ends, reference={u: exact})


def beam(length, time, size, modulus=210e9):
    """E I w'''' = q, clamped at both ends, under a uniform load; ``size`` is the unit of stress."""
    line = Box(x=(0, length))
    (x,) = line.axes
    w, stiff = Field("w", line), modulus * size * (0.01 * length) ** 4
    load = 1e-4 * length * 384 * stiff / length**4

    def exact(p):
        return load / (24 * stiff) * x(p) ** 2 * (length - x(p)) ** 2

    return Problem(
        on(line, 200, name="beam")(lambda p: stiff * D(w, x, x, x, x)(p) - load),
        on(line.boundary(), name="ends")(w),
        on(line.boundary(), name="slopes")(D(w, x)),
        reference={w: exact},
    )


def transport(length, time, size):
    """Advection and diffusion of a substance, steady, with a Péclet number of 10."""
    box = rectangle(length)
    x, y = box.axes
    u, speed = Field("u", box), length / time
    k = 0.1 * speed * length

    def exact(p):
        return size * (1 + torch.exp(x(p) / length) * torch.sin(PI * y(p) / length))

    def inside(p):
        part = exact(p) - size
        return (
            speed * D(u, x)(p) - k * laplacian(u)(p) - part * (speed / length + k * (PI**2 - 1) / length**2)
        )

    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(on(box, 600)(inside), walls, reference={u: exact})


QUICK = (poisson, helmholtz, heat, wave, reaction, bratu, beam, transport)
SLOWER = (plane_stress, stokes)
# Lengths, times and sizes of stresses and fields, in three systems of units.
UNITS = {"SI": (0.1, 1e7, 1.0), "nanometres": (1e8, 1e-2, 1e-9), "kilometres": (1e-4, 1e3, 1e6)}


def values(solution):
    """Every field at some points of its box, as a fraction of its largest value."""
    unit = torch.rand(200, 2, dtype=F64, generator=torch.Generator().manual_seed(3))
    found = []
    for u in solution.problem.fields:
        own = solution[u](unit[:, : len(u.axes)] * torch.tensor([axis.high for axis in u.axes], dtype=F64))
        found.append(own / own.abs().max())
    return torch.cat(found)


@pytest.mark.parametrize("declare", [*QUICK, *(pytest.param(f, marks=pytest.mark.slow) for f in SLOWER)])
def test_ten_problems_agree_in_all_units(declare):
    solutions = {name: solve(declare(*units)) for name, units in UNITS.items()}
    for name, solution in solutions.items():
        error = max(own["relative_l2"] for own in solution.errors.values())
        assert error < 1e-10 and solution.relative_residual < 1e-10, (name, error)
        assert 1e-3 * solution.relative_residual < max(error, 1e-15) < 1e3 * solution.relative_residual, name
    first, *others = map(values, solutions.values())
    assert all(float((other - first).abs().max()) < 1e-9 for other in others)


@pytest.mark.parametrize("length", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_poisson_on_a_square_of_any_size(length):
    assert solve(poisson(length, 1.0, 1.0)).errors["u"]["relative_l2"] < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("length", [1e-6, 1e6])
def test_a_declared_network_is_trained_in_any_unit(length):
    """A square of 1000 km in metres, and one of a micrometre."""
    solution = solve(poisson(length, 1.0, 1.0), network=Siren(10, depth=2, omega=4, omega_hidden=1))
    assert solution.errors["u"]["relative_l2"] < 1e-6
    assert solution.relative_residual == max(c["relative"] for c in solution.constraints.values()) < 1e-6


def test_gauss_newton_takes_the_same_steps_in_any_unit():
    """From one unit to another that is a power of two of it, not a bit of the parameters changes."""
    network, found = Siren(8, depth=1, omega=4, omega_hidden=1), []
    for length, size in ((2.0**20, 2.0**30), (2.0**-24, 2.0**-18)):
        solution = solve(poisson(length, 1.0, size), [GaussNewton(steps=5)], network=network)
        found.append(solution)
    assert torch.equal(found[0].theta, found[1].theta)
    assert found[0].relative_residual == pytest.approx(found[1].relative_residual, rel=1e-9)


@pytest.mark.parametrize("declare", [*QUICK, *SLOWER])
def test_units_multiply_the_scales_and_change_nothing_else(declare):
    one = scales_of(declare(1.0, 1.0, 1.0))
    other = scales_of(declare(2.0**12, 1.0, 1.0))
    for u, v in zip(one.sizes, other.sizes, strict=True):
        ratio = other.sizes[v] / one.sizes[u]
        expected = (
            2.0**12 if declare in (plane_stress, beam) or (u.name in "uv" and declare is stokes) else 1.0
        )
        assert 0.5 <= ratio / expected <= 2, (u.name, ratio)
    assert scales_of(declare(1.0, 1.0, 2.0**40)).constraints.keys() == one.constraints.keys()


def test_ordinary_problems_are_left_as_they_are_declared():
    problem = poisson(1.0, 1.0, 1.0)
    assert scales_of(problem).units == {problem.fields[0]: 1.0}
    assert [scales_of(problem).row_unit(c.name) for c in problem.constraints] == [1.0, 1.0]


def test_weights_that_make_up_for_the_units_are_respected():
    box = Box(x=(0, 1e3), y=(0, 1e3))
    u = Field("u", box)

    def declare(weight):
        inside = on(box, 100, weight=weight, name="inside")(lambda p: laplacian(u)(p) + 1e-6)
        return scales_of(Problem(inside, on(box.boundary(), 100, name="walls")(lambda p: u(p) - 1)))

    assert declare(1e12).row_unit("inside") == declare(1e12).row_unit("walls") == 1.0
    assert declare(1.0).row_unit("inside") == 2.0**-18 and declare(1.0).row_unit("walls") == 1.0


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_sizes_where_slopes_depend_on_the_fields(unit):
    """Equations that hold for fields of size ``unit`` and for none much larger or smaller."""
    line = Box(x=(0, 2))
    (x,) = line.axes
    u = Field("u", line)
    for residual in (
        lambda p: D(u, x)(p).abs() - unit,
        lambda p: D(u, x)(p) ** 2 - unit**2,
        lambda p: u(p) * D(u, x)(p) - unit**2,
        lambda p: u(p) ** 2 + unit * u(p) - 2 * unit**2,
        lambda p: D(u, x, x)(p) + unit * torch.exp(u(p) / unit),
        lambda p: torch.sqrt(u(p)) - unit**0.5,
    ):
        scales = scales_of(Problem(on(line, 50, name="own")(residual)))
        assert 1 / 8 <= scales.sizes[u] / unit <= 8
    for residual in (
        lambda p: D(u, x)(p) - unit**2 / u(p),
        lambda p: D(u, x)(p) - unit * torch.log(u(p) / unit),
    ):
        start = on(line.at(x=0), name="start")(lambda p: u(p) - unit)
        scales = scales_of(Problem(on(line, 50, name="own")(residual), start))
        assert 1 / 8 <= scales.sizes[u] / unit <= 8


def test_data_of_rounding_size_say_nothing():
    """Walls at 1e-16, as sin(πx) has them, and a source of size one."""
    line = Box(x=(0, 2))
    (x,) = line.axes
    u = Field("u", line)
    ends = on(line.boundary(), name="ends")(lambda p: u(p) - 1e-16)
    scales = scales_of(Problem(on(line, 50, name="inside")(lambda p: D(u, x, x)(p) + 1), ends))
    assert scales.sizes[u] == scales.constraints["ends"] == 1.0


def test_a_field_without_data_has_the_size_that_others_give_it():
    """σ = E u', σ' = -f: the stress from the load, the displacement from the stress."""
    line = Box(x=(0, 2))
    (x,) = line.axes
    u, stress = Field("u", line), Field("stress", line)
    problem = Problem(
        on(line, 50, name="law")(lambda p: stress(p) - 2.0**37 * D(u, x)(p)),
        on(line, 50, name="balance")(lambda p: D(stress, x)(p) + 2.0**15),
        on(line.boundary(), name="ends")(u),
    )
    scales = scales_of(problem)
    assert scales.sizes[stress] == 2.0**15 and scales.sizes[u] == scales.constraints["ends"] == 2.0**-22
    assert solve(problem).relative_residual < 1e-10


def test_rows_are_the_same_by_differences_and_by_derivatives_in_any_unit():
    """A load that is large beside the slopes of a stiffness in small numbers."""
    problem = beam(*UNITS["kilometres"])
    system = System(problem, {u: _features(u) for u in problem.fields}, torch.device("cpu"), F64)
    batches = system.draw(torch.Generator().manual_seed(0))
    pairs = zip(system.linear_rows(batches), system.linear_rows(batches, at=system.initial()), strict=True)
    for exact, tangent in pairs:
        torch.testing.assert_close(exact.slopes[0], tangent.slopes[0], rtol=1e-9, atol=0)


def _features(u):
    recipe = Siren(8, depth=1)
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    return recipe.build(low, high, u.outputs, (), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_an_unknown_number_beside_a_field_in_other_units(size):
    """c u'' = -size on a line, u known at five points: c = 2."""
    line = Box(x=(0, 1))
    (x,) = line.axes
    u, c = Field("u", line), Unknown("c", initial=1.0)

    def exact(p):
        return size * x(p) * (1 - x(p)) / 4

    inside = on(line, 50, name="inside")(lambda p: c(p) * D(u, x, x)(p) + size)
    data = on(line, 20, name="data")(lambda p: u(p) - exact(p))
    solution = solve(Problem(inside, data))
    assert solution.unknowns["c"] == pytest.approx(2, rel=1e-8)


def test_a_constraint_on_numbers_alone_has_a_size():
    box = Box(x=(0, 1))
    u, c = Field("u", box), Unknown("c", initial=1.0)
    known = on(box, 5, name="known")(lambda p: c(p) - 3)
    scales = scales_of(Problem(known, on(box, 20, name="own")(lambda p: u(p) - c(p))))
    assert scales.constraints == {"known": 2.0, "own": 1.0} and scales.sizes[u] == 1.0


def test_a_checkpoint_keeps_the_sizes_that_its_parameters_are_in():
    """Rounding may lead to the next power of two on another machine: there its fields must be the same."""
    from sirenpde.run.solve import recall

    problem = poisson(1e3, 1.0, 2.0**30)
    (u,), solution = problem.fields, solve(problem)
    snapshot = solution.snapshot()
    points = torch.tensor([[250.0, 250.0], [700.0, 100.0]], dtype=F64)
    assert torch.equal(recall(problem, snapshot)[u](points), solution[u](points))
    doubled = {**snapshot, "sizes": {"u": 2 * snapshot["sizes"]["u"]}}
    assert torch.equal(recall(problem, doubled)[u](points), 2 * solution[u](points))
