"""Dense networks, requests, and what it means that an engine agrees with nested ``torch.func``."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.engine import Engine
from sirenpde.engines.flat import flatten, unflatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.networks.activations.activation import Activation
from sirenpde.networks.activations.sine import sine
from sirenpde.networks.dense import DenseNetwork, Embedding

F64 = torch.float64


def weighted(*factors: float) -> Symbol:
    d = len(factors)
    return Symbol.of({tuple(2 * (i == j) for j in range(d)): c for i, c in enumerate(factors)})


def partial(*powers: int) -> Symbol:
    return Symbol.of({powers: 1.0})


def axis(d: int, i: int) -> Symbol:
    return Symbol.partial(d, i)


def embedding(d: int, passed: list[int], waves: int, g: torch.Generator) -> Embedding:
    def rand(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g, dtype=F64)

    return Embedding(
        0.3 * rand(d), 1 + 0.3 * rand(d), passed, rand(waves, d), rand(waves), 1 + 0.1 * rand(waves)
    )


def network(
    d: int,
    activation: Activation = sine,
    widths: tuple[int, ...] = (7, 8, 6),
    outputs: int = 1,
    passed: list[int] | None = None,
    waves: int = 0,
    bias: bool = True,
    trainable_omega: bool = False,
) -> DenseNetwork:
    g = torch.Generator().manual_seed(d + 10 * outputs + waves)
    mapping = embedding(d, list(range(d)) if passed is None else passed, waves, g)
    sizes = [mapping.outputs, *widths]

    def linear(n: int, m: int, bias: bool) -> nn.Linear:
        layer = nn.Linear(n, m, bias=bias, dtype=F64)
        for parameter in layer.parameters():
            parameter.data = torch.randn(parameter.shape, generator=g, dtype=F64) / n**0.5
        return layer

    hidden = [linear(n, m, bias) for n, m in pairwise(sizes)]
    omegas = [1.3, 0.8, 1.1][: len(hidden)]
    head = linear(sizes[-1], outputs, bias)
    return DenseNetwork(mapping, hidden, omegas, activation, head, trainable_omega)


def relative(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max().clamp_min(1e-12))


def agrees(engine: Engine, module: nn.Module, symbols: list[Symbol], d: int, n: int = 5) -> None:
    """Derivatives, gradient by the parameters and features equal those of the oracle."""
    g = torch.Generator().manual_seed(1)
    theta = flatten(module) + 0.1 * torch.randn(len(flatten(module)), generator=g, dtype=F64)
    x = torch.randn(n, d, generator=g, dtype=F64)
    oracle, weights = NestedEngine(module, symbols, d), engine.load(theta)
    expected, reference = oracle.forward(oracle.load(theta), x)
    for points in (n, n - 2, n):  # buffers are reused for other sizes
        value, tape = engine.forward(weights, x[:points])
        assert value.shape == (len(symbols), points, expected.shape[-1])
        for got, want in zip(value, expected, strict=True):
            assert relative(got, want[:points]) < 1e-11
    cotangent = torch.randn(value.shape, generator=g, dtype=F64)
    for pulled in (0 * cotangent, cotangent):  # a tape serves any number of times
        gradient = torch.ones_like(theta)
        engine.backward(weights, tape, pulled, gradient)
    wanted = torch.ones_like(theta)
    oracle.backward(theta, reference, cotangent, wanted)
    assert relative(gradient, wanted) < 1e-11
    by_point = torch.ones(n, 2 + len(theta), dtype=F64)
    engine.backward(weights, tape, cotangent, by_point[:, 1:-1])
    rows = torch.ones(n, len(theta), dtype=F64)
    oracle.backward(theta, reference, cotangent, rows)
    for row, expected_row in zip(by_point, rows, strict=True):
        assert relative(row[1:-1], expected_row) < 1e-11
        assert row[0] == row[-1] == 1
    if isinstance(module, DenseNetwork):
        features = engine.features(weights, x)
        assert features is not None
        named = dict(module.named_parameters()) | unflatten(module, theta)
        head = [named["head.weight"].T]
        if module.head.bias is not None:
            head.append(named["head.bias"][None])
        assert relative(features @ torch.cat(head), expected) < 1e-11


D2 = {
    "value": [Symbol.identity(2)],
    "gradient": [axis(2, 0), axis(2, 1)],
    "one slope": [axis(2, 1)],
    "slanted slope": [Symbol.of({(1, 0): 2.0, (0, 1): -0.7})],
    "laplacian": [weighted(1, 1)],
    "wave": [weighted(1, -2.5)],
    "mixed": [partial(1, 1)],
    "value, slope, laplacian": [Symbol.identity(2), axis(2, 0), weighted(1, 1)],
    "hessian": [partial(2, 0), partial(1, 1), partial(0, 2)],
    "dependent": [partial(2, 0), weighted(1, 1), partial(0, 2), weighted(3, 1), Symbol.identity(2)],
    "repeated": [partial(2, 0), partial(2, 0)],
    "full weight": [Symbol.of({(2, 0): 1.0, (1, 1): -1.5, (0, 2): 0.5})],
    "degenerate weight": [Symbol.of({(2, 0): 1.0, (1, 1): 2.0, (0, 2): 1.0})],
    "third": [partial(3, 0)],
    "mixed third": [partial(2, 1), partial(1, 0)],
    "slope of the laplacian": [Symbol.of({(3, 0): 1.0, (1, 2): 1.0})],
    "fourth": [partial(4, 0), partial(2, 0)],
    "u_xxyy": [partial(2, 2)],
    "biharmonic": [weighted(1, 1) * weighted(1, 1), Symbol.identity(2)],
    "third and fourth": [partial(1, 2), partial(3, 1), axis(2, 0)],
}
