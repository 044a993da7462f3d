"""Slabs of time and lattices of sines against exact solutions."""

import math

import pytest
import torch
from torch import Tensor

from sirenpde import (
    Box,
    Collocation,
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
from sirenpde.analysis.references.burgers import burgers_from_sine
from sirenpde.calculus.engines import engine_for
from sirenpde.calculus.layout import flatten
from sirenpde.calculus.nested import NestedEngine
from sirenpde.calculus.slabs import SlabEngine
from sirenpde.calculus.symbols import Symbol
from sirenpde.networks.slabs import Slabs
from sirenpde.solvers.slab_problem import NotMarchable

F64 = torch.float64
spacetime = Box(t=(0, 1), x=(-1, 1))
t, x = spacetime.axes


def burgers(nu: float, network=None) -> Problem:
    u = Field("u", spacetime, network or SineLattice(), periodic=(x,))

    @on(spacetime, samples=4000)
    def inside(p: Point) -> Tensor:
        return D(u, t)(p) + u(p) * D(u, x)(p) - nu * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=200, weight=10)
    def start(p: Point) -> Tensor:
        return u(p) + torch.sin(math.pi * x(p))

    return Problem(inside, start, reference={u: burgers_from_sine(nu, (t, x))})


def error(solution) -> float:
    return float(solution.errors["u"]["relative_l2"])


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
    assert error(solution) < 1e-6


def test_collocation_alone_solves_a_steady_nonlinear_problem() -> None:
    line = Box(x=(-1, 1))
    (s,) = line.axes
    u = Field("u", line, SineLattice(24), periodic=(s,))

    def exact(p: Point) -> Tensor:
        return torch.exp(torch.sin(math.pi * s(p)))

    @on(line, samples=200)
    def balance(p: Point) -> Tensor:
        v, wave = exact(p), math.pi * s(p)
        second = math.pi**2 * v * (torch.cos(wave) ** 2 - torch.sin(wave))
        return D(u, s, s)(p) - u(p) - u(p) ** 3 - second + v + v**3

    assert error(solve(Problem(balance, reference={u: exact}), [Collocation()])) < 1e-12


def test_a_run_goes_on_to_the_same_bits() -> None:
    problem, stages = burgers(0.1, SineLattice((4, 24))), [March(t, 5)]
    whole = solve(problem, stages)

    def stop(progress) -> None:
        if progress.step == 3:
            raise KeyboardInterrupt

    cut = solve(problem, stages, progress=stop)
    assert cut.parameters < whole.parameters
    assert torch.equal(solve(problem, stages, resume=cut.snapshot()).theta, whole.theta)


def test_the_engine_of_slabs_matches_the_oracle() -> None:
    recipe = Slabs((SineLattice((2, 3)), SineLattice((3, 2))), axis=0, edges=(0.0, 0.4, 1.0))
    network = recipe.build([0.0, -1.0], [1.0, 1.0], 1, (1,), torch.Generator())
    g = torch.Generator().manual_seed(0)
    theta = torch.randn(flatten(network).shape, generator=g, dtype=F64)
    points = torch.rand(30, 2, generator=g, dtype=F64) * torch.tensor([1.0, 2.0]) - torch.tensor([0.0, 1.0])
    symbols = [Symbol.identity(2), Symbol.partial(2, 0), Symbol.partial(2, 1, 2)]
    engine, oracle = engine_for(network, symbols, 2), NestedEngine(network, symbols, 2)
    assert isinstance(engine, SlabEngine)
    weights = engine.load(theta)
    found, tape = engine.forward(weights, points)
    expected, slow = oracle.forward(theta, points)
    assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
    pull = torch.randn(found.shape, generator=g, dtype=F64)
    for shape in ((len(theta),), (30, len(theta))):
        gradient, wanted = torch.zeros(shape, dtype=F64), torch.zeros(shape, dtype=F64)
        engine.backward(weights, tape, pull, gradient)
        oracle.backward(theta, slow, pull, wanted)
        assert torch.allclose(gradient, wanted, rtol=1e-10, atol=1e-10)


def test_what_cannot_march_is_told_so() -> None:
    line = Box(x=(0, 1))
    u = Field("u", line, SineFeatures(20, 3.0))

    @on(line, samples=20)
    def nothing(p: Point) -> Tensor:
        return u(p) - 1

    with pytest.raises(NotMarchable, match="u"):
        solve(Problem(nothing), [March("t")])
    with pytest.raises(ValueError, match="slabs=0"):
        March("t", slabs=0)
