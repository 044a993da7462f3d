"""Mappings: their frequencies, the features made of them, and the perceptron on a lattice."""

import math

import pytest
import torch
from boxes import HIGH, LOW, points, seeded

from sirenpde.networks.fourier import FourierFeatures, Gaussian, IntegerLattice, Positional
from sirenpde.networks.mlp import MLP
from sirenpde.networks.series import FourierSeries


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_lattice_is_half_of_all_whole_frequencies(dimension: int, order: int) -> None:
    rows = IntegerLattice(order).frequencies(dimension, seeded())
    assert len(rows) == ((2 * order + 1) ** dimension + 1) // 2
    both = {tuple(r) for r in rows.int().tolist()} | {tuple(r) for r in (-rows).int().tolist()}
    assert len(both) == (2 * order + 1) ** dimension
    assert rows.abs().max() == order


def test_lattice_of_order_8_has_145_rows() -> None:
    assert [len(IntegerLattice(n).frequencies(2, seeded())) for n in (8, 16, 32)] == [145, 545, 2113]


def test_positional_frequencies_lie_on_one_axis_each() -> None:
    rows = Positional(count=256, sigma=64).frequencies(3, seeded())
    assert rows.shape == (255, 3)
    assert ((rows != 0).sum(dim=1) == 1).all()
    assert torch.allclose(rows[:85, 0], 64.0 ** (torch.arange(85, dtype=torch.float64) / 85))


def test_gaussian_frequencies_have_their_deviation() -> None:
    rows = Gaussian(count=4000, sigma=7).frequencies(2, seeded())
    assert rows.std().item() == pytest.approx(7, rel=0.03)


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
