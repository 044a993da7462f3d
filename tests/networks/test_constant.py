"""Networks made constant: exactly where they are series, but for a ripple before a linear head."""

import pytest
import torch
from boxes import HIGH, LOW, points, seeded
from torch import nn

from sirenpde.networks.constant import RIPPLE, set_constant
from sirenpde.networks.series import FourierSeries, WaveSeries
from sirenpde.networks.sine_lattice import SineLattice
from sirenpde.networks.siren import Siren
from sirenpde.networks.slabs import Slabs

VALUE = (3.0, -0.5)


def built(recipe):
    module = recipe.build(LOW, HIGH, 2, (), seeded())
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, dtype=torch.float64, generator=seeded(1))
    return module


@pytest.mark.parametrize(
    "recipe",
    [
        FourierSeries(order=(3, 2)),
        FourierSeries(order=4, half_period=True),
        WaveSeries(order=4),
        Slabs((FourierSeries(2), SineLattice(2)), 0, (-0.5, 0.5, 1.5)),
    ],
    ids=lambda r: r.describe(),
)
def test_series_are_constant(recipe):
    module = set_constant(built(recipe), VALUE)
    assert (module(points(9)) - torch.tensor(VALUE, dtype=torch.float64)).abs().max() < 1e-13


def test_before_a_linear_head_a_ripple_stays():
    network = built(Siren(width=8, depth=2, omega=3))
    first = network.head(network.features(points(9))) - network.head.bias
    ripple = set_constant(network, VALUE)(points(9)) - torch.tensor(VALUE, dtype=torch.float64)
    assert torch.allclose(ripple, RIPPLE * first, rtol=1e-10, atol=1e-14)
    assert ripple.abs().max() > 0


def test_another_module_stays_as_it_is():
    module = nn.Linear(2, 2, dtype=torch.float64)
    before = module(points(3))
    assert torch.equal(set_constant(module, VALUE)(points(3)), before)
