"""The features that networks stand on, and the perceptron on a lattice."""

import math

import pytest
import torch
from boxes import HIGH, LOW, points, seeded

from sirenpde.networks.fourier import FourierFeatures
from sirenpde.networks.mappings.axes import Coordinates, Octaves
from sirenpde.networks.mappings.changed import Weighted
from sirenpde.networks.mappings.draws import Gaussian
from sirenpde.networks.mappings.lattice import IntegerLattice
from sirenpde.networks.mlp import MLP
from sirenpde.networks.series import FourierSeries


def test_fourier_features_are_cosines_and_sines_of_the_position_in_the_box() -> None:
    mapping = Gaussian(count=30, sigma=3)
    rows = mapping.frequencies(2, seeded())
    network = FourierFeatures(mapping, MLP(depth=0)).build(LOW, HIGH, 1, (), seeded())
    x = points(11)
    v = (x - torch.tensor(LOW, dtype=torch.float64)) / torch.tensor(
        [b - a for a, b in zip(LOW, HIGH, strict=True)], dtype=torch.float64
    )
    angle = 2 * math.pi * v @ rows.T
    expected = torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)
    assert (network.embedding(x) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("dimension", [1, 2])
def test_lattice_perceptron_and_fourier_series_are_one_space(dimension: int) -> None:
    low, high = LOW[:dimension], HIGH[:dimension]
    x = points(80)[:, :dimension]
    series = FourierSeries(order=3).build(low, high, 1, (), seeded())
    table = torch.ones(len(x), 1, dtype=torch.float64)
    for axis in range(dimension):
        table = (table[:, :, None] * series.factors(axis, x[:, axis], 0)[:, None]).flatten(1)
    perceptron = FourierFeatures(IntegerLattice(3), MLP(depth=0)).build(low, high, 1, (), seeded())
    lattice = torch.cat([perceptron.features(x), torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
    assert lattice.shape == table.shape
    combination = torch.linalg.lstsq(table, lattice).solution
    assert (table @ combination - lattice).abs().max() < 1e-10


def test_perceptron_starts_at_zero() -> None:
    network = FourierFeatures(IntegerLattice(2), MLP(depth=0)).build(LOW, HIGH, 3, (), seeded())
    assert not network(points(4)).any()


def test_coordinates_stand_beside_their_waves_and_run_as_they_are_told() -> None:
    x, sides = points(9), torch.tensor([b - a for a, b in zip(LOW, HIGH, strict=True)], dtype=torch.float64)
    v = (x - torch.tensor(LOW, dtype=torch.float64)) / sides
    plain = FourierFeatures(Coordinates(-0.5, 1.0), MLP(4, 1)).build(LOW, HIGH, 1, (), seeded())
    assert (plain.embedding(x) - (1.5 * v - 0.5)).abs().max() < 1e-14
    octaves = FourierFeatures(Octaves(3), MLP(4, 1)).build(LOW, HIGH, 1, (), seeded()).embedding(x)
    angles = [2**i * math.pi * (2 * v[:, [axis]] - 1) for axis in range(2) for i in range(3)]
    waves = [f(angle) for f in (torch.cos, torch.sin) for angle in angles]
    expected = torch.cat([2 * v - 1, *waves], dim=1)
    assert octaves.shape == (9, 14)
    assert (octaves.abs() - expected.abs()).abs().max() < 1e-13


def test_along_a_periodic_axis_a_coordinate_is_its_cosine_and_sine() -> None:
    network = FourierFeatures(Octaves(2), MLP(4, 1)).build(LOW, HIGH, 1, (0,), seeded())
    assert network.embedding.passed == (1,)
    turns = network.embedding.frequencies / math.pi
    assert turns[:4].tolist() == [[0, 1], [0, 2], [1, 0], [2, 0]]


@pytest.mark.parametrize("dimension", [1, 2])
def test_normalised_features_have_length_one_at_every_point(dimension: int) -> None:
    recipe = FourierFeatures(Weighted(Gaussian(20, 3.0), power=0), MLP(4, 1))
    network = recipe.build(LOW[:dimension], HIGH[:dimension], 1, (), seeded())
    assert (network.embedding(points(7)[:, :dimension]).norm(dim=1) - 1).abs().max() < 1e-14
