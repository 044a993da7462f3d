"""Reverse mode and forward jets on the requests that both can answer."""

from __future__ import annotations

import pytest
from oracle import agrees, axis, network

from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.forward import ForwardEngine
from sirenpde.engines.reverse import ReverseEngine
from sirenpde.networks.activations.activation import activation_named
from sirenpde.networks.activations.sine import sine

# torch.func.jvp does it
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


@pytest.mark.parametrize("engine", [ForwardEngine, ReverseEngine])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("waves", [0, 4])
def test_both_modes_give_first_derivatives(
    engine: type[ForwardEngine | ReverseEngine], outputs: int, waves: int
) -> None:
    for symbols in (
        [axis(3, 0), axis(3, 2)],
        [Symbol.identity(3), Symbol.of({(1, 0, 0): 1.0, (0, 1, 0): -2.0})],
    ):
        for activation in (sine, activation_named("softplus")):
            net = network(3, activation, outputs=outputs, passed=[0, 2], waves=waves)
            agrees(engine(net, symbols, 3), net, symbols, 3)
