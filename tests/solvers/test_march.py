"""Whole marches against exact solutions: heat, waves, flows, solitons, from the first slab to the last."""

import math
import re
from dataclasses import replace

import pytest
import torch
from marched import burgers, carried, error, flow, spacetime, t, x
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    March,
    Point,
    Problem,
    SineFeatures,
    SineLattice,
    on,
    solve,
)
from sirenpde.references.solitons import solitons
from sirenpde.solvers.direct import lattice_growth
from sirenpde.solvers.marching import slab_polynomials
from sirenpde.solvers.marching.marchable import NotMarchable

F64 = torch.float64


@pytest.mark.parametrize("slabs", [None, 8])
def test_burgers(slabs: int | None) -> None:
    network = None if slabs is None else SineLattice((5, 60))
    solution = solve(burgers(0.1 / math.pi, network), [March(t, slabs)])
    assert error(solution) < 1e-8
    if slabs is not None:
        assert solution.parameters == 8 * 11 * 121


def test_both_values_and_rates_are_handed_over() -> None:
    """Waves need u and u_t at the start of every slab."""
    u = Field("u", spacetime, SineLattice((6, 4)), periodic=(x,))

    @on(spacetime, samples=2000)
    def wave(p: Point) -> Tensor:
        return D(u, t, t)(p) - 4 * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=100)
    def shape(p: Point) -> Tensor:
        return u(p) - torch.cos(math.pi * x(p))

    @on(spacetime.at(t=0), samples=100)
    def rate(p: Point) -> Tensor:
        return D(u, t)(p)

    def exact(p: Point) -> Tensor:
        return torch.cos(math.pi * x(p)) * torch.cos(2 * math.pi * t(p))

    problem = Problem(wave, shape, rate, reference={u: exact})
    assert error(solve(problem, [March("t", 5)])) < 1e-9


def test_other_networks_and_stages_march_too() -> None:
    """Heat with walls, frozen sines and a dense solve in every slab."""
    u = Field("u", spacetime, SineFeatures(120, (3.0, 6.0)))

    @on(spacetime, samples=600)
    def heat(p: Point) -> Tensor:
        return D(u, t)(p) - 0.3 * D(u, x, x)(p)

    @on(spacetime.boundary("x"), samples=200, weight=100)
    def walls(p: Point) -> Tensor:
        return u(p)

    @on(spacetime.at(t=0), samples=100, weight=100)
    def start(p: Point) -> Tensor:
        return u(p) - exact(p)

    def exact(p: Point) -> Tensor:
        decay = torch.exp(-0.3 * (math.pi / 2) ** 2 * t(p))
        return decay * torch.cos(math.pi / 2 * x(p))

    solution = solve(Problem(heat, walls, start, reference={u: exact}), [March(t, 3, [LeastSquares()])])
    assert error(solution) < 1e-5


def test_three_fields_with_a_pressure_that_no_slab_hands_over() -> None:
    """A decaying vortex carried along; the pressure is free up to a constant and has no rate in time."""
    box = Box(t=(0, 0.5), x=(0, 2 * math.pi), y=(0, 2 * math.pi))
    t, x, y = box.axes

    def wave(p: Point, power: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
        return x(p) - t(p), y(p) - 0.5 * t(p), torch.exp(-0.1 * power * t(p))

    def exact_u(p: Point) -> Tensor:
        a, b, decay = wave(p)
        return 1 + torch.cos(a) * torch.sin(b) * decay

    def exact_v(p: Point) -> Tensor:
        a, b, decay = wave(p)
        return 0.5 - torch.sin(a) * torch.cos(b) * decay

    def exact_q(p: Point) -> Tensor:
        a, b, decay = wave(p, 2.0)
        return -0.25 * (torch.cos(2 * a) + torch.cos(2 * b)) * decay

    errors = solve(flow(box, 0.05, (exact_u, exact_v, exact_q)), [March(t)]).errors
    assert max(float(errors[name]["relative_l2"]) for name in "uv") < 1e-10
    assert float(errors["q"]["relative_l2"]) < 1e-8


def test_complex_fields_march() -> None:
    """A soliton of i h_t + h_xx / 2 + |h|² h = 0."""
    box = Box(t=(0, 0.5), x=(-8, 8))
    t, x = box.axes
    h = Field("h", box, SineLattice(), dtype=complex, periodic=(x,))

    def exact(p: Point) -> Tensor:
        size, phase = 3 / torch.cosh(3 * x(p)), 4.5 * t(p)
        return torch.complex(size * torch.cos(phase), size * torch.sin(phase))

    problem = Problem(
        on(box, 1000, name="motion")(
            lambda p: 1j * D(h, t)(p) + 0.5 * D(h, x, x)(p) + h(p) * h(p).conj() * h(p)
        ),
        on(box.at(t=0), 100, name="start")(lambda p: h(p) - exact(p)),
        reference={h: exact},
    )
    solution = solve(problem, [March(t, tolerance=1e-7)])
    assert float(solution.errors["h"]["relative_l2"]) < 1e-6


def test_boundary_data_that_move_with_time() -> None:
    """A front between walls, without any period: the factor of the whole slab."""
    front = Box(t=(0, 0.5), x=(-1, 1))
    t, x = front.axes
    u = Field("u", front, SineLattice())

    def exact(p: Point) -> Tensor:
        return 0.5 - torch.tanh((x(p) - 0.5 * t(p)) / 0.4)

    problem = Problem(
        on(front, 1000, name="motion")(lambda p: D(u, t)(p) + u(p) * D(u, x)(p) - 0.2 * D(u, x, x)(p)),
        on(front.at(t=0), 100, name="start")(lambda p: u(p) - exact(p)),
        on(front.boundary("x"), 100, name="walls")(lambda p: u(p) - exact(p)),
        reference={u: exact},
    )
    assert error(solve(problem, [March(t)])) < 1e-8


def test_a_start_without_smoothness_is_kept_as_well_as_it_goes(monkeypatch) -> None:
    """A kink is never told in full: the orders stop at their limit, the slabs go on, and diffusion heals it."""
    monkeypatch.setattr(lattice_growth, "GROWTH", replace(lattice_growth.GROWTH, largest=3000))
    u = Field("u", spacetime, SineLattice(), periodic=(x,))
    heat = on(spacetime, 1000, name="heat")(lambda p: D(u, t)(p) - 0.02 * D(u, x, x)(p))
    kink = on(spacetime.at(t=0), 100, name="kink")(lambda p: u(p) - x(p).abs())
    solution = solve(Problem(heat, kink), [March(t)])
    assert solution.status == "rough"
    place = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], dtype=F64)
    k = torch.arange(1, 400, 2, dtype=F64)
    terms = -4 / (math.pi * k) ** 2 * torch.exp(-0.02 * (math.pi * k) ** 2)
    middle, end = 0.5 + terms.sum(), 0.5 + (terms * torch.cos(math.pi * k)).sum()
    found = solution[u](place)
    assert 0 < float(found[0]) < 3e-3
    assert abs(float(found[1] - middle)) < 1e-5 and abs(float(found[2] - end)) < 1e-5


@pytest.mark.slow
def test_solitons_between_walls() -> None:
    """A third derivative, boundary data at both ends, nothing periodic."""
    ocean = Box(t=(0, 0.5), x=(0, 20))
    t, x = ocean.axes
    u = Field("u", ocean, SineLattice())
    exact = solitons((6, 2), (-2, 2), (t, x))
    problem = Problem(
        on(ocean, 1000, name="motion")(lambda p: D(u, t)(p) + 6 * u(p) * D(u, x)(p) + D(u, x, x, x)(p)),
        on(ocean.at(t=0), 100, weight=100, name="start")(lambda p: u(p) - exact(p)),
        on(ocean.boundary("x"), 100, weight=100, name="ends")(lambda p: u(p) - exact(p)),
        on(ocean.at(x=20), 100, name="outflow")(lambda p: D(u, x)(p) - D(exact, x)(p)),
        reference={u: exact},
    )
    assert error(solve(problem, [March(t)])) < 1e-7


@pytest.mark.slow
def test_korteweg_de_vries() -> None:
    """Conserved: the means of u, u² and u³/3 - δ² u_x²."""
    u = Field("u", spacetime, SineLattice(), periodic=(x,))
    motion = on(spacetime, 1000, name="motion")(
        lambda p: D(u, t)(p) + u(p) * D(u, x)(p) + 0.022**2 * D(u, x, x, x)(p)
    )
    start = on(spacetime.at(t=0), 100, name="start")(lambda p: u(p) - torch.cos(math.pi * x(p)))
    solution = solve(Problem(motion, start), [March(t)])
    line = torch.linspace(-1, 1, 2001, dtype=F64)[:-1]

    def invariants(time: float) -> list[float]:
        points = torch.stack([torch.full_like(line, time), line], dim=1)
        values, slopes = solution[u](points), solution[D(u, x)](points)
        return [float(c.mean()) for c in (values, values**2, values**3 / 3 - 0.022**2 * slopes**2)]

    assert invariants(1.0) == pytest.approx(invariants(0.0), rel=1e-8, abs=1e-9)


def test_rounding_in_the_highest_waves_does_not_raise_the_orders() -> None:
    """Third derivatives of functions without a period amplify rounding to above so small a tolerance."""
    channel = Box(t=(0, 0.2), x=(0, 3))
    t, x = channel.axes
    u = Field("u", channel, SineLattice())

    def wave(p: Point) -> Tensor:
        return torch.sin(2 * x(p) + 8 * t(p))

    @on(channel, samples=1000)
    def dispersion(p: Point) -> Tensor:
        return D(u, t)(p) + D(u, x, x, x)(p)

    @on(channel.at(t=0), samples=100, weight=100)
    def start(p: Point) -> Tensor:
        return u(p) - wave(p)

    @on(channel.boundary("x"), samples=100, weight=100)
    def ends(p: Point) -> Tensor:
        return u(p) - wave(p)

    @on(channel.at(x=3), samples=100)
    def outflow(p: Point) -> Tensor:
        return D(u, x)(p) - D(wave, x)(p)

    problem = Problem(dispersion, start, ends, outflow, reference={u: wave})
    solution = solve(problem, [March(t, tolerance=1e-12)])
    assert error(solution) < 1e-10
    order = max(int(m) for m in re.findall(r"order \d+ x (\d+)", solution.stages[0].reason))
    assert order < 50


@pytest.mark.slow
def test_orders_and_slabs_of_a_pulse_across_a_square_are_found() -> None:
    solution = solve(carried(SineLattice(), width=0.2), [March("t", tolerance=1e-6)])
    assert error(solution) < 1e-5


@pytest.mark.parametrize("turning", [False, True])
def test_a_field_too_fast_for_the_largest_lattice_is_told_so(monkeypatch, turning: bool) -> None:
    """Not that the problem has no solution, which is what slabs shorter and shorter would have said."""
    monkeypatch.setattr(lattice_growth, "GROWTH", replace(lattice_growth.GROWTH, widest=800))
    monkeypatch.setattr(slab_polynomials, "suits", lambda system, axis: False)
    problem = carried(SineLattice(), 0.05, turning)
    with pytest.raises(NotMarchable, match="varies too fast"):
        solve(problem, [March("t")])


@pytest.mark.slow
@pytest.mark.parametrize("waves", [1, 2])
def test_decaying_vortices_keep_their_orders_and_digits_over_long_times(waves: int) -> None:
    """Navier-Stokes to t = 10 around two periods; one product of waves is all there is, and the pressure's."""
    box = Box(t=(0, 10), x=(0, 2 * math.pi), y=(0, 2 * math.pi))
    t, x, y = box.axes

    def exact_u(p: Point) -> Tensor:
        return -torch.cos(waves * x(p)) * torch.sin(waves * y(p)) * torch.exp(-0.2 * t(p))

    def exact_v(p: Point) -> Tensor:
        return torch.sin(waves * x(p)) * torch.cos(waves * y(p)) * torch.exp(-0.2 * t(p))

    def exact_q(p: Point) -> Tensor:
        both = torch.cos(2 * waves * x(p)) + torch.cos(2 * waves * y(p))
        return -0.25 * both * torch.exp(-0.4 * t(p))

    solution = solve(flow(box, 0.1 / waves**2, (exact_u, exact_v, exact_q)))
    assert max(float(e["relative_l2"]) for e in solution.errors.values()) < 1e-9
    orders = [int(m) for m in re.findall(r"order \d+ x (\d+)", solution.stages[0].reason)]
    assert max(orders) <= 12
