"""Radial functions against their formula, and their derivatives through the engine."""

import pytest
import torch
from boxes import HIGH, LOW, points, seeded
from oracle import D2, agrees

from sirenpde.engines.registry import engine_for
from sirenpde.networks.mlp import MLP
from sirenpde.networks.radial import RBF


def test_radial_functions_fall_with_the_fourth_power_of_the_distance() -> None:
    network = RBF(6, 3.0).build(LOW, HIGH, 1, (), seeded())
    x = points(5)
    low, high = torch.tensor(LOW, dtype=torch.float64), torch.tensor(HIGH, dtype=torch.float64)
    xi = 2 * (x - low) / (high - low) - 1
    apart = torch.cdist(xi, network.centres)
    assert (network.centres.abs() <= 1).all() and network.centres.std() > 0.3
    assert (network.radial(x) - torch.exp(-((3 * apart**2) ** 2))).abs().max() < 1e-13


def test_the_default_is_the_papers() -> None:
    network = RBF().build(LOW, HIGH, 1, (), seeded())
    assert network.centres.shape == (1024, 2) and (network.factors == 10).all()
    assert [tuple(layer.weight.shape) for layer in network.network.hidden] == [
        (256, 1024),
        (256, 256),
        (256, 256),
    ]
    assert network.network.activation.name == "relu"


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
@pytest.mark.parametrize("periodic", [(), (0,)])
def test_derivatives_and_their_gradients(periodic: tuple[int, ...]) -> None:
    network = RBF(7, 1.0, MLP(6, 1)).build(LOW, HIGH, 2, periodic, seeded())
    symbols = D2["value, slope, laplacian"]
    engine = engine_for(network, symbols, 2)
    agrees(engine, network, symbols, 2)
