"""Perceptrons with the initialisations of the papers, and how large their values and slopes start."""

import math
from typing import get_args

import pytest
import torch
from boxes import seeded

from sirenpde.networks.initialisation import Initialisation
from sirenpde.networks.mlp import MLP
from sirenpde.networks.values import recipe_from_value, recipe_to_value

# Variances times the inputs n of weights and biases, for 300 inputs and 200 outputs.
WEIGHTS = {
    "glorot": 1.2,
    "kaiming": 2.0,
    "xavier": 1.2,
    "lecun": 1.0,
    "elu": 1.55,
    "stax": 1.2,
    "torch": 1 / 3,
}
UNIFORM = {"glorot", "torch"}


@pytest.mark.parametrize("name", get_args(Initialisation))
def test_weights_and_biases_have_the_variances_of_their_initialisation(name: Initialisation) -> None:
    inputs, outputs = 300, 200
    network = MLP(outputs, 1, "tanh", name).build([0.0] * inputs, [1.0] * inputs, 1, (), seeded())
    layer = network.hidden[0]
    weight, bias = layer.weight.detach(), layer.bias.detach()
    assert (weight.var() * inputs).item() == pytest.approx(WEIGHTS[name], rel=0.02)
    kurtosis = (weight**4).mean() / weight.var() ** 2
    assert kurtosis.item() == pytest.approx(1.8 if name in UNIFORM else 3, rel=0.05)
    if name == "glorot":
        assert not bias.any()
    elif name == "stax":
        assert bias.std().item() == pytest.approx(0.01, rel=0.15)
    else:
        assert 0.95 < bias.abs().max().item() * math.sqrt(inputs) <= 1


@pytest.mark.parametrize("activation, name", [("relu", "kaiming"), ("selu", "lecun")])
def test_values_keep_their_size_through_six_layers(activation: str, name: Initialisation) -> None:
    """Of relu the mean square, in the mean over networks; of selu mean 0 and variance 1, but for what biases add."""
    h = torch.randn(20, 64, dtype=torch.float64, generator=seeded(1))
    h, ends = h / h.square().mean(dim=1, keepdim=True).sqrt(), []
    for seed in range(16):
        network = MLP(256, 6, activation, name).build([-1.0] * 64, [1.0] * 64, 1, (), seeded(seed))
        v = h
        with torch.no_grad():
            for layer in network.hidden:
                v = network.activation.function(v @ layer.weight.T)
        ends.append(v)
    end = torch.stack(ends)
    assert end.square().mean().item() == pytest.approx(1, rel=0.2)
    if activation == "selu":
        assert abs(end.mean().item()) < 0.1


def test_a_perceptron_starts_at_zero_unless_it_is_told_otherwise() -> None:
    zero, drawn = (
        MLP(depth=0, initialisation=i).build([0.0], [1.0], 1, (), seeded()) for i in ("glorot", "torch")
    )
    assert not any(p.any() for p in zero.parameters())
    assert all(p.any() for p in drawn.parameters())


def test_the_initialisation_is_held_in_files() -> None:
    recipe = MLP(8, 2, "elu", "elu")
    value = recipe_to_value(recipe)
    assert value is not None
    assert recipe_from_value(value) == recipe
