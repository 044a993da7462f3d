"""Derivatives of networks under windows against nested torch.func, and what a least-squares solve reads of them."""

import pytest
import torch

from sirenpde import (
    D,
    Field,
    GaussNewton,
    LeastSquares,
    Pieces,
    Problem,
    SineFeatures,
    Siren,
    laplacian,
    on,
    solve,
)
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for
from sirenpde.engines.windows import WindowsEngine
from sirenpde.geometry.box import Box

F64 = torch.float64
SYMBOLS = [
    Symbol.identity(2),
    Symbol.partial(2, 0),
    Symbol.of({(2, 0): 1.0, (0, 2): -3.0}),
    Symbol.of({(1, 1): 2.0}),
    Symbol.of({(2, 1): 1.0}),
]


@pytest.mark.parametrize("recipe", [Siren(4, 2, omega=3), SineFeatures(10, bandwidth=5)])
def test_the_engine_of_windows_matches_the_oracle(recipe: object) -> None:
    pieces = Pieces(recipe, cells=(2, 2), blend="smooth", overlap=0.7)  # type: ignore[arg-type]
    g = torch.Generator().manual_seed(0)
    network = pieces.build([-1.0, 0.0], [1.0, 2.0], 2, (), g).double()
    theta = torch.randn(flatten(network).shape, generator=g, dtype=F64)
    points = torch.rand(30, 2, generator=g, dtype=F64) * 2 - torch.tensor([1.0, 0.0])
    engine, oracle = engine_for(network, SYMBOLS, 2), NestedEngine(network, SYMBOLS, 2)
    assert isinstance(engine, WindowsEngine)
    weights = engine.load(theta)
    found, tape = engine.forward(weights, points)
    expected, slow = oracle.forward(theta, points)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10 * float(expected.abs().max()))
    pull = torch.randn(found.shape, generator=g, dtype=F64)
    for shape in ((len(theta),), (30, len(theta))):
        gradient, wanted = torch.zeros(shape, dtype=F64), torch.zeros(shape, dtype=F64)
        engine.backward(weights, tape, pull, gradient)
        oracle.backward(theta, slow, pull, wanted)
        torch.testing.assert_close(gradient, wanted, rtol=1e-10, atol=1e-10 * float(wanted.abs().max()))


def test_frozen_windows_are_solved_by_least_squares() -> None:
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box, Pieces(SineFeatures(100, bandwidth=3), cells=(2, 2), blend="smooth", overlap=1))

    @on(box, samples=1200)
    def poisson(p):
        """Δu = -2 sin x sin y"""
        return laplacian(u)(p) + 2 * torch.sin(x(p)) * torch.sin(y(p))

    @on(box.boundary(), samples=400)
    def sides(p):
        """u = sin x sin y"""
        return u(p) - torch.sin(x(p)) * torch.sin(y(p))

    def exact(p):
        return torch.sin(x(p)) * torch.sin(y(p))

    solution = solve(Problem(poisson, sides, using=(LeastSquares(),), reference={u: exact}), seed=0)
    assert solution.errors["u"]["relative_l2"] < 1e-8


@pytest.mark.slow
def test_trained_windows_meet_two_scales() -> None:
    """Ten windows of a slow and a fast wave, a trust region in place of thousands of first-order steps."""
    line = Box(x=(0, 4))
    (x,) = line.axes
    u = Field("u", line, Pieces(Siren(10, 1, omega=5.0), cells=(10,), blend="smooth", overlap=0.7))

    @on(line, samples=600)
    def slope(p):
        """u' = cos x + 15 cos 15x"""
        return D(u, x)(p) - torch.cos(x(p)) - 15 * torch.cos(15 * x(p))

    @on(line.at(x=0.0), samples=1)
    def start(p):
        """u = 0 at x = 0"""
        return u(p)

    def exact(p):
        return torch.sin(x(p)) + torch.sin(15 * x(p))

    errors = [
        solve(Problem(slope, start, using=(GaussNewton(steps=25),), reference={u: exact}), seed=seed).errors
        for seed in (0, 1)
    ]
    assert max(each["u"]["relative_l2"] for each in errors) < 1e-5
