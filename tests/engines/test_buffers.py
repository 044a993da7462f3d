"""Memory that is used again: by chunks of any size, in any mode and precision."""

from __future__ import annotations

import pytest
import torch
from oracle import D2, F64, network, relative, weighted

from sirenpde.engines.flat import flatten
from sirenpde.engines.forward import ForwardEngine
from sirenpde.engines.registry import engine_for

# torch.func.jvp does it
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


def test_memory_does_not_grow_with_the_number_of_chunks() -> None:
    net = network(2, widths=(32, 32))
    engine = ForwardEngine(net, [weighted(1, 1)], 2)
    weights, gradient = engine.load(flatten(net)), torch.zeros_like(flatten(net))
    places = set()
    for n in (64, 64, 64, 30, 64):
        value, tape = engine.forward(weights, torch.randn(n, 2, dtype=F64))
        engine.backward(weights, tape, value, gradient)
        places.add(engine.frames.size)
    assert len(places) == 1


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
