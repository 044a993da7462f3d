"""Parameters as one vector."""

from __future__ import annotations

import pytest
from oracle import network

from sirenpde.engines.flat import flatten, trainable, unflatten

# torch.func.jvp does it
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


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
