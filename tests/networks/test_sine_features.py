"""Frozen sines: how their frequencies fill a box."""

import math

import torch
from boxes import HIGH, LOW, points, seeded

from sirenpde.networks.sine_features import SineFeatures
from sirenpde.networks.singular import Singular


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


def test_few_features_about_many_singular_points_are_as_many_as_were_asked_for() -> None:
    """Six corners leave one or five of them to each, less than there are families of exponents."""
    for count in (1, 3, 16, 64):
        corners = tuple(
            Singular("corner", at=(0.1 * i, 0.0), between=(0, 1.5 * math.pi), exponents=(2 / 3, 4 / 3, 2.0))
            for i in range(6)
        )
        network = SineFeatures(count, 5.0, singular=corners).build([0, 0], [1, 1], 1, (), torch.Generator())
        assert network(torch.rand(4, 2).double()).shape == (4, 1)
        assert sum(parameter.numel() for parameter in network.parameters()) == count + 1
