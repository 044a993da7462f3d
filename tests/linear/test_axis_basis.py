"""The functions of a series along an axis: orthonormal, accurate without a period, and taken to nodes and back."""

import pytest
import torch

from sirenpde import SineLattice
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.axis_maps import MatrixMap, WaveMap
from sirenpde.engines.registry import engine_for
from sirenpde.geometry.nodes import equidistant, gauss
from sirenpde.geometry.point import Axis
from sirenpde.linear.axis_basis import AxisBasis
from sirenpde.linear.tensor_rows import amplitude_transform


def built(recipe, low, high, periodic=(), outputs=1):
    return recipe.build(low, high, outputs, periodic, torch.Generator())


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


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


def test_a_decomposition_that_finds_no_end_is_made_by_another_method(monkeypatch):
    waves = built(SineLattice(20), [0.0], [100.0]).basis(0)
    usual = AxisBasis(waves)

    def endless(*_args, **_options):
        raise torch.linalg.LinAlgError("The algorithm failed to converge")

    monkeypatch.setattr(torch.linalg, "svd", endless)
    other = AxisBasis(waves)
    torch.testing.assert_close(other.strength, usual.strength, rtol=1e-10, atol=1e-13)
    values = torch.cos(0.3 * other.reference().nodes)[:, None]
    found, expected = (
        basis.functions(basis.reference().nodes, 0) @ basis.to_coefficients(basis.project(values), 0)
        for basis in (other, usual)
    )
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
