"""Sine lattices: their functions and derivatives, default bandwidths, and what they refuse."""

import math

import pytest
import torch

from sirenpde import SineLattice
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for
from sirenpde.networks.sine_lattice import default_bandwidth
from sirenpde.networks.values import recipe_from_value, recipe_to_value


def built(recipe, low, high, periodic=(), outputs=1):
    return recipe.build(low, high, outputs, periodic, torch.Generator())


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_functions_are_the_products_of_sines_and_cosines():
    network = built(SineLattice((1, 2), bandwidth=(0.5, 9.0)), [0.0, -1.0], [2.0, 3.0], periodic=(1,))
    assert network.coefficients.shape == (3, 5, 1)
    with torch.no_grad():
        network.coefficients.copy_(random(3, 5, 1))
    x = torch.tensor([[0.3, 0.7], [1.9, -0.4]], dtype=torch.float64)
    t, xi = x[:, 0] - 1, (x[:, 1] - 1) / 2
    # From the low end on: the span is the same as from the middle.
    one = torch.ones_like(t)
    along = [one, torch.cos(0.5 * (t + 1)), torch.sin(0.5 * (t + 1))]
    across = [one]
    across += [torch.cos(k * math.pi * (xi + 1)) for k in (1, 2)]
    across += [torch.sin(k * math.pi * (xi + 1)) for k in (1, 2)]
    value = sum(
        network.coefficients[i, j, 0] * f * g for i, f in enumerate(along) for j, g in enumerate(across)
    )
    assert torch.allclose(network(x)[:, 0], value, rtol=0, atol=1e-13)


def test_periodic_axes_are_periodic_and_others_are_not():
    network = built(SineLattice((3, 4)), [0.0, -1.0], [0.1, 1.0], periodic=(1,))
    with torch.no_grad():
        network.coefficients.copy_(random(*network.coefficients.shape))
    ends = torch.tensor([[0.04, -1.0], [0.04, 1.0], [0.0, 0.2], [0.1, 0.2]], dtype=torch.float64)
    left, right, first, last = network(ends)[:, 0].tolist()
    assert abs(left - right) < 1e-12
    assert abs(first - last) > 1e-3


@pytest.mark.parametrize("periodic", [(), (1,)])
def test_derivatives_agree_with_nested_autograd(periodic):
    network = built(SineLattice((2, 3)), [0.0, -1.0], [0.5, 1.0], periodic, outputs=2)
    symbols = [Symbol.partial(2, 0), Symbol.partial(2, 1, 3), Symbol.of({(1, 1): 2.0, (2, 0): -1.0})]
    theta = random(flatten(network).numel())
    x = random(7, 2, seed=1).abs().clamp(max=0.5)
    engine, oracle = engine_for(network, symbols, 2), NestedEngine(network, symbols, 2)
    found, _ = engine.forward(engine.load(theta), x)
    exact, _ = oracle.forward(oracle.load(theta), x)
    assert float((found - exact).abs().max()) < 1e-11 * float(exact.abs().max())


def test_default_bandwidth_is_that_of_a_polynomial_for_few_waves_and_of_waves_for_many():
    spacings = [default_bandwidth(order) / order for order in (3, 8, 30, 100)]
    assert spacings == sorted(spacings)
    assert spacings[0] < 0.2 and 2.5 < spacings[-1] < math.pi
    order = 8
    tangent = math.tan(math.pi / (4 * math.pi / spacings[1]))  # of pi/4 over the extension T = pi/spacing
    assert tangent ** (2 * order) == pytest.approx(1e-13, rel=1e-6)


def test_recipes_become_values_and_return():
    recipe = SineLattice((4, 32), bandwidth=(1.0, 30.0))
    assert recipe_from_value(recipe_to_value(recipe)) == recipe
    assert SineLattice().describe() == "sine lattice, orders chosen by the solver"


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="orders=0; a whole number of at least 1"):
        SineLattice(orders=(4, 0))
    with pytest.raises(ValueError, match="bandwidth=-1; a positive number"):
        SineLattice(4, bandwidth=-1)
    with pytest.raises(ValueError, match=r"the orders were expected here\. Solve with March"):
        built(SineLattice(), [0.0], [1.0])
    with pytest.raises(ValueError, match="orders has 3 numbers; one per axis, 2"):
        built(SineLattice((1, 2, 3)), [0.0, 0.0], [1.0, 1.0])
