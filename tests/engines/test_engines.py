"""Every engine against nested torch.func in float64, and the counts of channels that a plan promises."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from sirenpde.calculus.plan import jet_plan
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.choose import engine_for
from sirenpde.engines.dense_jets import JetEngine
from sirenpde.engines.engine import Engine
from sirenpde.engines.flat import flatten, trainable, unflatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.reverse import ReverseEngine
from sirenpde.networks.activations.activation import Activation, activation_named, offered
from sirenpde.networks.activations.sine import sine
from sirenpde.networks.activations.tanh import tanh
from sirenpde.networks.dense import DenseNetwork, Embedding

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch.func.jvp does it
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
    for i, row in enumerate(by_point):
        alone = torch.zeros_like(cotangent)
        alone[:, i] = cotangent[:, i]
        wanted = torch.ones_like(theta)
        oracle.backward(theta, reference, alone, wanted)
        assert relative(row[1:-1], wanted) < 1e-11
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


@pytest.mark.parametrize("name", D2)
def test_requests_match_the_oracle(name: str) -> None:
    net = network(2)
    agrees(engine_for(net, D2[name], 2), net, D2[name], 2)
    two = network(2, outputs=2, passed=[1], waves=5)
    agrees(engine_for(two, D2[name], 2), two, D2[name], 2)


@pytest.mark.parametrize("activation", offered(), ids=lambda a: a.name)
def test_activations_match_the_oracle(activation: Activation) -> None:
    net = network(2, activation, widths=(6, 5))
    for name in ("value, slope, laplacian", "gradient", "third and fourth"):
        agrees(engine_for(net, D2[name], 2), net, D2[name], 2)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6])
def test_dimensions_match_the_oracle(d: int) -> None:
    gradient = [axis(d, i) for i in range(d)]
    for symbols in ([Symbol.identity(d), *gradient, weighted(*range(1, d + 1))], gradient):
        for outputs in (1, 3):
            net = network(d, widths=(6, 5), outputs=outputs)
            agrees(engine_for(net, symbols, d), net, symbols, d)


def test_biharmonic_in_three_dimensions() -> None:
    symbols = [weighted(1, 1, 1) * weighted(1, 1, 1), partial(1, 1, 2)]
    net = network(3, tanh, widths=(5, 4))
    agrees(engine_for(net, symbols, 3), net, symbols, 3)


@pytest.mark.parametrize(
    "net",
    [
        network(2, widths=(7,)),
        network(2, widths=(7,), outputs=2, bias=False),
        network(2, bias=False),
        network(2, passed=[1]),
        network(2, passed=[], waves=6),
        network(2, passed=[1], waves=4, widths=(6,)),
        network(2, passed=[], waves=6, widths=()),
        network(2, passed=[0, 1], waves=3, widths=(), outputs=2),
        network(2, passed=[0], waves=3, widths=(), bias=False),
    ],
    ids=[
        "one layer",
        "no bias, one layer",
        "no bias",
        "one axis",
        "waves",
        "periodic axis",
        "frozen",
        "mixed",
        "b",
    ],
)
def test_shapes_of_network_match_the_oracle(net: DenseNetwork) -> None:
    for name in ("gradient", "value, slope, laplacian", "third and fourth"):
        agrees(engine_for(net, D2[name], 2), net, D2[name], 2)


@pytest.mark.parametrize("engine", [JetEngine, ReverseEngine])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("waves", [0, 4])
def test_both_modes_give_first_derivatives(
    engine: type[JetEngine | ReverseEngine], outputs: int, waves: int
) -> None:
    for symbols in (
        [axis(3, 0), axis(3, 2)],
        [Symbol.identity(3), Symbol.of({(1, 0, 0): 1.0, (0, 1, 0): -2.0})],
    ):
        for activation in (sine, activation_named("softplus")):
            net = network(3, activation, outputs=outputs, passed=[0, 2], waves=waves)
            agrees(engine(net, symbols, 3), net, symbols, 3)


@pytest.mark.parametrize("name", ["gradient", "value, slope, laplacian", "third and fourth"])
@pytest.mark.parametrize("waves", [0, 4])
def test_trainable_omegas(name: str, waves: int) -> None:
    net = network(2, waves=waves, trainable_omega=True)
    assert trainable(net)[0][0] == "omega"
    agrees(engine_for(net, D2[name], 2), net, D2[name], 2)


@pytest.mark.parametrize("frozen", ["hidden.0", "hidden.1", "head", "hidden", "bias"])
def test_frozen_parameters_have_no_place_in_the_gradient(frozen: str) -> None:
    for symbols in (D2["value, slope, laplacian"], D2["third"], [axis(2, 0), axis(2, 1)]):
        for net in (network(2), network(2, passed=[0], waves=4)):
            for name, parameter in net.named_parameters():
                parameter.requires_grad_(frozen not in name)
            agrees(engine_for(net, symbols, 2), net, symbols, 2)


def test_counts_of_channels() -> None:
    for d in range(1, 11):
        assert len(jet_plan([weighted(*[1.0] * d)], d).channels) == d + 2
    assert len(jet_plan([Symbol.identity(3)], 3).channels) == 1
    assert len(jet_plan([partial(2, 0)], 2).channels) == 3
    assert len(jet_plan([axis(3, 1)], 3).channels) == 2
    assert len(jet_plan([weighted(1, -1, -1), axis(3, 0), Symbol.identity(3)], 3).channels) == 5
    assert len(jet_plan(D2["dependent"], 2).channels) == 5
    assert len(jet_plan(D2["degenerate weight"], 2).channels) == 3  # (∂x + ∂y)² is one direction
    assert len(jet_plan([partial(4)], 1).channels) == 5
    assert len(jet_plan(D2["biharmonic"], 2).channels) == 9
    assert len(jet_plan(D2["u_xxyy"], 2).channels) == 9


def test_mode_is_chosen_by_cost() -> None:
    gradient = [axis(3, i) for i in range(3)]
    chosen = engine_for(network(3), gradient, 3)
    assert (chosen.kind, chosen.channels) == ("reverse mode", 2)
    assert engine_for(network(3, outputs=3), gradient, 3).kind == "forward jets"
    assert engine_for(network(3), [axis(3, 0)], 3).kind == "forward jets"
    assert engine_for(network(3), [Symbol.identity(3)], 3).channels == 1
    assert engine_for(network(3), [*gradient, weighted(1, 1, 1)], 3).channels == 5
    assert engine_for(nn.Linear(3, 1), gradient, 3).kind == "nested torch.func"


def test_any_module_and_modules_with_their_own_engine() -> None:
    class Bump(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(2, 4, dtype=F64)
            self.outer = nn.Linear(4, 1, dtype=F64)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.outer(torch.exp(-(self.inner(x) ** 2)))
            return y * x[..., :1]

    bump = Bump()
    engine = engine_for(bump, D2["hessian"], 2)
    theta, x = flatten(bump), torch.randn(3, 2, dtype=F64)
    value, _ = engine.forward(engine.load(theta), x)
    hessian = torch.stack([torch.func.hessian(lambda p: bump(p)[0])(p) for p in x])
    assert relative(value[..., 0], hessian[:, [0, 0, 1], [0, 1, 1]].T.detach()) < 1e-12

    class Own(nn.Module):
        def engine(self, symbols: list[Symbol]) -> Engine:
            return NestedEngine(bump, symbols, 2)

    assert engine_for(Own(), D2["value"], 2).kind == "nested torch.func"


def test_float32_and_inference_mode() -> None:
    symbols = D2["value, slope, laplacian"]
    net = network(2).float()
    engine = engine_for(net, symbols, 2)
    weights, x = engine.load(flatten(net)), torch.randn(9, 2)
    with torch.inference_mode():
        engine.forward(weights, x)
        engine.forward(weights, x)
    value, tape = engine.forward(weights, x)
    gradient = torch.zeros_like(flatten(net))
    engine.backward(weights, tape, torch.ones_like(value), gradient)
    assert value.dtype == torch.float32 and not value.requires_grad
    exact = engine_for(net.double(), symbols, 2)
    expected, _ = exact.forward(exact.load(flatten(net)), x.double())
    assert relative(value.double(), expected) < 1e-5
    assert float(gradient.abs().sum()) > 0


def test_memory_does_not_grow_with_the_number_of_chunks() -> None:
    net = network(2, widths=(32, 32))
    engine = JetEngine(net, [weighted(1, 1)], 2)
    weights, gradient = engine.load(flatten(net)), torch.zeros_like(flatten(net))
    places = set()
    for n in (64, 64, 64, 30, 64):
        value, tape = engine.forward(weights, torch.randn(n, 2, dtype=F64))
        engine.backward(weights, tape, value, gradient)
        places.add(engine.frames.size)
    assert len(places) == 1


def test_layout() -> None:
    net = network(2)
    net.hidden[1].requires_grad_(False)
    names = [name for name, _ in trainable(net)]
    assert names == [
        "hidden.0.weight",
        "hidden.0.bias",
        "hidden.2.weight",
        "hidden.2.bias",
        "head.weight",
        "head.bias",
    ]
    theta = flatten(net)
    views = unflatten(net, theta)
    theta[0] = 17.0
    assert views["hidden.0.weight"][0, 0] == 17.0
    with pytest.raises(ValueError, match="expected"):
        unflatten(net, theta[1:])


def test_errors_teach() -> None:
    with pytest.raises(ValueError, match="expected 3"):
        engine_for(network(3), [axis(2, 0)], 3)
    with pytest.raises(ValueError, match="at most 4"):
        engine_for(network(1), [partial(5)], 1)
