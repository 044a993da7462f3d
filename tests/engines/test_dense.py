"""Dense networks by the cheaper engine against nested torch.func in float64, and the choice by cost."""

from __future__ import annotations

import pytest
from oracle import D2, agrees, axis, network, partial, weighted

from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import trainable
from sirenpde.engines.registry import engine_for
from sirenpde.networks.activations.activation import Activation, offered_activations
from sirenpde.networks.activations.tanh import tanh
from sirenpde.networks.dense import DenseNetwork

# torch.func.jvp does it
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


@pytest.mark.parametrize("name", D2)
def test_requests_match_the_oracle(name: str) -> None:
    net = network(2)
    agrees(engine_for(net, D2[name], 2), net, D2[name], 2)
    two = network(2, outputs=2, passed=[1], waves=5)
    agrees(engine_for(two, D2[name], 2), two, D2[name], 2)


@pytest.mark.parametrize("activation", offered_activations(), ids=lambda a: a.name)
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


def test_mode_is_chosen_by_cost() -> None:
    gradient = [axis(3, i) for i in range(3)]
    chosen = engine_for(network(3), gradient, 3)
    assert (chosen.kind, chosen.channels) == ("reverse mode", 2)
    assert engine_for(network(3, outputs=3), gradient, 3).kind == "forward jets"
    assert engine_for(network(3), [axis(3, 0)], 3).kind == "forward jets"
    assert engine_for(network(3), [Symbol.identity(3)], 3).channels == 1
    assert engine_for(network(3), [*gradient, weighted(1, 1, 1)], 3).channels == 5


@pytest.mark.parametrize("trained", [False, True])
def test_wide_layers_match_the_oracle(trained: bool) -> None:
    """Their gradients are products of another order than those of a few inputs."""
    net = network(2, widths=(18, 20, 17), passed=[1], waves=16, trainable_omega=trained)
    for name in ("value", "value, slope, laplacian"):
        agrees(engine_for(net, D2[name], 2), net, D2[name], 2)
