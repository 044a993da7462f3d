"""The oracle itself: the features of the last layer, which the fast engines hand out in closed form."""

from __future__ import annotations

import pytest
import torch
from oracle import D2, F64, network, relative

from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for
from sirenpde.networks.linear_head import head_names, head_width, linear_head

# torch.func.jvp does it
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ["value, slope, laplacian", "gradient", "mixed third"])
def test_features_are_those_of_the_fast_engines(name: str, bias: bool) -> None:
    net = network(2, widths=(6, 5), bias=bias)
    engine, oracle = engine_for(net, D2[name], 2), NestedEngine(net, D2[name], 2)
    theta, x = flatten(net), torch.randn(4, 2, dtype=F64)
    fast, slow = engine.features(engine.load(theta), x), oracle.features(theta, x)
    assert fast is not None and slow is not None
    assert fast.shape == slow.shape == (len(D2[name]), 4, 5 + bias)
    assert relative(fast, slow) < 1e-11


@pytest.mark.parametrize("name", ["value, slope, laplacian", "mixed third"])
def test_each_points_own_gradient_is_that_of_a_pull_on_it_alone(name: str) -> None:
    net = network(2, widths=(6, 5), outputs=2)
    oracle, theta, x = NestedEngine(net, D2[name], 2), flatten(net), torch.randn(4, 2, dtype=F64)
    value, tape = oracle.forward(oracle.load(theta), x)
    cotangent = torch.randn(value.shape, dtype=F64)
    rows = torch.ones(4, len(theta), dtype=F64)
    oracle.backward(theta, tape, cotangent, rows)
    for i, row in enumerate(rows):
        alone, gradient = torch.zeros_like(cotangent), torch.ones_like(theta)
        alone[:, i] = cotangent[:, i]
        oracle.backward(theta, tape, alone, gradient)
        assert relative(row, gradient) < 1e-12


def test_a_module_without_a_linear_head_has_no_features() -> None:
    module = torch.nn.Linear(2, 1, dtype=F64)
    engine = NestedEngine(module, D2["value"], 2)
    assert engine.features(flatten(module), torch.zeros(3, 2, dtype=F64)) is None
    assert linear_head(module) is None and head_width(module) == 0
    with pytest.raises(ValueError, match="a Linear; a module with a linear head was expected"):
        head_names(module)


def test_the_last_layer_is_known_by_name() -> None:
    assert head_names(network(2)) == [("head.weight", "head.bias")]
    assert head_names(network(2, bias=False)) == [("head.weight", None)]
    assert head_width(network(2, widths=(6, 5))) == 6
