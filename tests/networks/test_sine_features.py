"""Frozen sines: how their frequencies fill a box."""

import math

import torch
from boxes import HIGH, LOW, points, seeded

from sirenpde.networks.sine_features import SineFeatures


def test_sine_features_fill_their_box_of_frequencies() -> None:
    network = SineFeatures(count=3000, bandwidth=(20.0, 6.0)).build(LOW, HIGH, 1, (), seeded())
    k = network.embedding.frequencies
    assert torch.allclose(k.abs().amax(dim=0), torch.tensor([20.0, 6.0], dtype=torch.float64), rtol=0.01)
    assert torch.allclose(
        k.std(dim=0), torch.tensor([20.0, 6.0], dtype=torch.float64) / math.sqrt(3), rtol=0.05
    )
    assert not network(points(4)).any()


def test_periodic_sine_features_use_every_multiple_of_pi_in_the_band_alike() -> None:
    network = SineFeatures(count=7000, bandwidth=10.0).build(LOW, HIGH, 1, (0,), seeded())
    turns = (network.embedding.frequencies[:, 0] / math.pi).round().int()
    assert torch.equal(turns.unique(), torch.arange(-3, 4, dtype=torch.int32))
    assert turns.unique(return_counts=True)[1].min() > 850
