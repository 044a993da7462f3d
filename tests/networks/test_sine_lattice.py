"""Sine lattices: their functions, their accuracy without a period, and the products along axes behind them."""

import math

import pytest
import torch

from sirenpde import SineLattice
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.axis_maps import MatrixMap, WaveMap
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for
from sirenpde.geometry.nodes import equidistant, gauss
from sirenpde.geometry.point import Axis
from sirenpde.linear.axis_basis import AxisBasis
from sirenpde.linear.tensor_rows import amplitude_transform
from sirenpde.networks.sine_lattice import default_bandwidth
from sirenpde.networks.values import from_value, to_value


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


def test_smooth_functions_without_a_period_are_met_to_many_digits():
    x = torch.linspace(0, 1, 301, dtype=torch.float64)
    for order, function, error in (
        (4, lambda s: torch.exp(s), 2e-8),
        (8, lambda s: torch.exp(s), 2e-12),
        (30, lambda s: torch.sin(40 * s), 2e-11),
        (60, lambda s: 1 / (1 + 100 * (s - 0.4) ** 2), 2e-8),
    ):
        basis = AxisBasis(built(SineLattice(order), [0.0], [1.0]).basis(0))
        amplitudes = basis.project(function(basis.reference().nodes)[:, None])
        found = basis.functions(x, 0) @ basis.to_coefficients(amplitudes, 0)
        assert float((found[:, 0] - function(x)).abs().max()) < error, order


def test_default_bandwidth_is_that_of_a_polynomial_for_few_waves_and_of_waves_for_many():
    spacings = [default_bandwidth(order) / order for order in (3, 8, 30, 100)]
    assert spacings == sorted(spacings)
    assert spacings[0] < 0.2 and 2.5 < spacings[-1] < math.pi
    order = 8
    tangent = math.tan(math.pi / (4 * math.pi / spacings[1]))  # of pi/4 over the extension T = pi/spacing
    assert tangent ** (2 * order) == pytest.approx(1e-13, rel=1e-6)


def test_bases_are_orthonormal_and_coefficients_return():
    for periodic in ((), (0,)):
        basis = AxisBasis(built(SineLattice(6, bandwidth=8.0), [0.5], [2.0], periodic).basis(0))
        line = basis.reference()
        values = basis.matrix(line.nodes, 0)
        gram = values.T @ (line.weights[:, None] * values)
        assert torch.allclose(gram, torch.eye(13, dtype=torch.float64), rtol=0, atol=1e-9)
        x = random(3, 13, 2)
        assert torch.allclose(basis.to_amplitudes(basis.to_coefficients(x, 1), 1), x, rtol=0, atol=1e-9)


@pytest.mark.parametrize("derivative", [0, 1, 2, 3])
def test_fast_transforms_agree_with_matrices(derivative):
    basis = AxisBasis(built(SineLattice(5), [-1.0], [2.0], (0,)).basis(0))
    line = equidistant(-1.0, 2.0, 16)
    fast = basis.map(line, derivative, random(0))
    slow = MatrixMap(basis.matrix(line.nodes, derivative))
    assert isinstance(fast, WaveMap)
    amplitudes, values = random(2, 3, 11), random(2, 3, 16, seed=1)
    size = float(slow.matrix.abs().max())
    assert torch.allclose(fast.forth(amplitudes), slow.forth(amplitudes), rtol=0, atol=1e-13 * size)
    assert torch.allclose(fast.back(values), slow.back(values), rtol=0, atol=1e-12 * size)


def test_transforms_on_grids_agree_with_the_engine_and_with_their_transpose():
    network = built(SineLattice((2, 3), bandwidth=4.0), [0.0, -1.0], [0.5, 1.0], (1,), outputs=2)
    bases = [AxisBasis(network.basis(axis)) for axis in range(2)]
    symbols = [Symbol.identity(2), Symbol.partial(2, 1, 2), Symbol.of({(1, 1): 2.0, (2, 0): -1.0})]
    axis = Axis("x", -1.0, 1.0)
    lines = [gauss(0.0, 0.5, 6), bases[1].line(axis, 10)]
    transform = amplitude_transform(bases, symbols, lines, random(0))
    amplitudes = random(5, 7, 2)
    coefficients = bases[1].to_coefficients(bases[0].to_coefficients(amplitudes, 0), 1)
    engine = engine_for(network, symbols, 2)
    points = torch.cartesian_prod(lines[0].nodes, lines[1].nodes)
    exact, _ = engine.forward(engine.load(coefficients.reshape(-1)), points)
    found = transform.forth(amplitudes).flatten(1, 2)
    assert float((found - exact).abs().max()) < 1e-12 * float(exact.abs().max())
    values = random(*found.shape, seed=1)
    one, other = float((found * values).sum()), float((amplitudes * transform.back(values)).sum())
    assert one == pytest.approx(other, rel=1e-11)


def test_recipes_become_values_and_return():
    recipe = SineLattice((4, 32), bandwidth=(1.0, 30.0))
    assert from_value(to_value(recipe)) == recipe
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
