"""Derivatives of networks of slabs against those of nested torch.func."""

import torch

from sirenpde import SineLattice, Siren
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.pieces import PiecesEngine, SlabEngine
from sirenpde.engines.registry import engine_for
from sirenpde.networks.partition import Partition
from sirenpde.networks.pieces import Pieces
from sirenpde.networks.slabs import Slabs

F64 = torch.float64


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


def test_beyond_the_last_slab_the_field_stays_as_it_was() -> None:
    recipe = Slabs((SineLattice((2, 3)), SineLattice((3, 2))), axis=0, edges=(0.0, 0.4, 0.8))
    network = recipe.build([0.0, -1.0], [1.0, 1.0], 1, (1,), torch.Generator())
    theta = torch.randn(flatten(network).numel(), generator=torch.Generator().manual_seed(0), dtype=F64)
    symbols = [Symbol.identity(2), Symbol.partial(2, 0), Symbol.of({(2, 0): 1.0, (0, 2): -4.0})]
    engine, oracle = engine_for(network, symbols, 2), NestedEngine(network, symbols, 2)
    points = torch.tensor([[0.8, 0.3], [0.9, 0.3], [1.0, 0.3], [-0.1, 0.3]], dtype=F64)
    found, _ = engine.forward(engine.load(theta), points)
    expected, _ = oracle.forward(theta, points)
    assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
    assert found[0, 0] == found[0, 1] == found[0, 2] and found[1, 1] == found[1, 3] == 0


def test_the_engine_of_cells_matches_the_oracle() -> None:
    cells = Partition.grid([(0.0, 0.4, 1.0), (-1.0, 1.0)]).split(1, 1, 0.3)
    network = Pieces(Siren(5, 1), cells).build([0.0, -1.0], [1.0, 1.0], 2, (), torch.Generator())
    g = torch.Generator().manual_seed(0)
    theta = torch.randn(flatten(network).shape, generator=g, dtype=F64)
    points = torch.rand(30, 2, generator=g, dtype=F64) * torch.tensor([1.0, 2.0]) - torch.tensor([0.0, 1.0])
    symbols = [Symbol.identity(2), Symbol.partial(2, 0), Symbol.partial(2, 1, 2)]
    engine, oracle = engine_for(network, symbols, 2), NestedEngine(network, symbols, 2)
    assert isinstance(engine, PiecesEngine)
    weights = engine.load(theta)
    found, tape = engine.forward(weights, points)
    expected, slow = oracle.forward(theta, points)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    pull = torch.randn(found.shape, generator=g, dtype=F64)
    for shape in ((len(theta),), (30, len(theta))):
        gradient, wanted = torch.zeros(shape, dtype=F64), torch.zeros(shape, dtype=F64)
        engine.backward(weights, tape, pull, gradient)
        oracle.backward(theta, slow, pull, wanted)
        torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-9)
