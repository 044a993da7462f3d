"""The engine of spectral elements against nested autograd in straight cells, and against formulas in others."""

import pytest
import torch

from sirenpde import Elements
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for

SLANTED = (((0.0, 0.0), (0.2, 1.0), (1.0, 0.0), (1.2, 1.0)), ((1.0, 0.0), (1.2, 1.0), (2.0, 0.0), (2.2, 1.0)))
CROOKED = (((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.2, 1.1)), ((1.0, 0.0), (1.2, 1.1), (2.0, 0.0), (2.0, 1.0)))
SYMBOLS = [
    Symbol.identity(3),
    Symbol.partial(3, 0, 2),
    Symbol.partial(3, 1),
    Symbol.of({(0, 2, 0): 1.0, (0, 0, 2): 1.0}),
    Symbol.of({(1, 1, 0): 2.0, (0, 1, 1): -1.0}),
]


def built(cells):
    recipe = Elements(4, cells, (0.0, 0.4, 1.0), 3)
    return recipe.build([0.0] * 3, [1.0, 2.2, 1.1], 1, (), torch.Generator())


def random(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("times", [20, 2], ids=["scattered", "two times"])
def test_derivatives_agree_with_nested_autograd(times):
    network = built(SLANTED)
    theta, x = random(flatten(network).numel()), random(20, 3, seed=1) * torch.tensor([1.0, 1.9, 1.0])
    x[:, 0] = x[torch.arange(20) % times, 0]
    engine, oracle = engine_for(network, SYMBOLS, 3), NestedEngine(network, SYMBOLS, 3)
    found, _ = engine.forward(engine.load(theta), x)
    expected, _ = oracle.forward(oracle.load(theta), x)
    scale = expected.abs().amax((1, 2), keepdim=True)
    assert float(((found - expected) / scale).abs().max()) < 1e-11


def test_in_crooked_cells_polynomials_have_their_derivatives():
    network = built(CROOKED)
    with torch.no_grad():
        for slab in range(2):
            for k, t in enumerate(network.times(slab)):
                x, y = network.positions.flatten(0, 1).T
                network.values[slab, k, network.numbers.reshape(-1), 0] = (1 + t**2) * x**2 * y
    points = random(30, 3, seed=2) * torch.tensor([1.0, 1.9, 0.95])
    engine = engine_for(network, SYMBOLS, 3)
    found, _ = engine.forward(engine.load(flatten(network)), points)
    t, x, y = points.T
    exact = [
        (1 + t**2) * x**2 * y,
        2 * x**2 * y,
        (1 + t**2) * 2 * x * y,
        (1 + t**2) * 2 * y,
        8 * t * x * y - (1 + t**2) * 2 * x,
    ]
    assert float((found[:, :, 0] - torch.stack(exact)).abs().max()) < 1e-11


@pytest.mark.parametrize("rows", [False, True])
def test_the_way_back_is_the_transpose(rows):
    network = built(CROOKED)
    theta, x = random(flatten(network).numel()), random(15, 3, seed=3)
    engine = engine_for(network, SYMBOLS, 3)
    weights = engine.load(theta)
    found, tape = engine.forward(weights, x)
    pull = random(*found.shape, seed=4) - 0.5
    gradient = theta.new_zeros(15, len(theta)) if rows else torch.zeros_like(theta)
    engine.backward(weights, tape, pull, gradient)
    summed = gradient.sum(0) if rows else gradient
    assert abs(float(summed @ theta - (pull * found).sum())) < 1e-11
