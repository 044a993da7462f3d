"""Mappings: their frequencies and amplitudes, as the papers have them."""

import math

import pytest
import torch
from boxes import seeded

from sirenpde.networks.mappings.axes import Positional
from sirenpde.networks.mappings.changed import Rotated, Weighted
from sirenpde.networks.mappings.draws import Gaussian, Laplace, LogUniform, Uniform
from sirenpde.networks.mappings.lattice import IntegerLattice
from sirenpde.networks.mappings.mapping import Mapping
from sirenpde.networks.values import recipe_from_value, recipe_to_value


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


@pytest.mark.parametrize("draw", [Gaussian, Laplace, Uniform, LogUniform])
@pytest.mark.parametrize("sigma", [1.5, 20.0, 300.0])
def test_draws_of_every_shape_have_the_same_spread(draw: type[Gaussian], sigma: float) -> None:
    rows = draw(40_000, sigma).frequencies(2, seeded())
    assert rows.square().mean().sqrt().item() == pytest.approx(sigma, rel=0.02)
    assert abs(rows.mean().item()) < 0.02 * sigma
    assert abs(torch.corrcoef(rows.T)[0, 1].item()) < 0.02


def test_draws_have_their_shapes() -> None:
    """The mean absolute entry over the spread: sqrt(2/pi), 1/sqrt(2) and sqrt(3)/2; octaves of equal numbers."""
    for draw, ratio in ((Gaussian, math.sqrt(2 / math.pi)), (Laplace, 0.5**0.5), (Uniform, 0.75**0.5)):
        rows = draw(40_000, 7.0).frequencies(1, seeded())
        assert rows.abs().mean().item() / 7 == pytest.approx(ratio, rel=0.02)
    octaves = torch.log2(LogUniform(40_000, 50.0).frequencies(1, seeded()).abs())
    assert torch.histc(octaves, 5, 0, 5).div(40_000 / octaves.max()).tolist() == pytest.approx(
        [1] * 5, rel=0.06
    )


def test_the_ladder_from_zero_is_that_of_the_authors_code() -> None:
    rows = Positional(3 * 85, 2.0**6, "from zero").frequencies(3, seeded())
    assert torch.allclose(rows[:85, 0], 2 ** torch.linspace(0, 6, 85, dtype=torch.float64) - 1, atol=1e-12)


def test_rotation_in_space_is_about_z_and_then_about_x() -> None:
    c = math.sqrt(0.5)
    about_z = torch.tensor([[c, -c, 0], [c, c, 0], [0, 0, 1]], dtype=torch.float64)
    about_x = torch.tensor([[1, 0, 0], [0, c, -c], [0, c, c]], dtype=torch.float64)
    mapping = Positional(12, 8.0)
    turned = Rotated(mapping).spectrum(3, seeded()).frequencies
    expected = mapping.frequencies(3, seeded()) @ (about_x @ about_z).T
    assert (turned - expected).abs().max() < 1e-14


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_weights_fall_by_a_power_and_have_length_one(power: float) -> None:
    spectrum = Weighted(IntegerLattice(16), power).spectrum(1, seeded())
    assert spectrum.frequencies[:, 0].tolist() == list(range(1, 17))
    expected = torch.arange(1, 17, dtype=torch.float64) ** -power
    assert torch.allclose(spectrum.amplitudes, expected / expected.norm(), rtol=1e-14)


def test_an_infinite_power_leaves_the_slowest_waves() -> None:
    spectrum = Weighted(IntegerLattice(5), math.inf).spectrum(2, seeded())
    assert spectrum.frequencies.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    "mapping",
    [Weighted(Rotated(Positional(8, 4.0, "from zero"), 30.0), math.inf), Laplace(3, 2.0), IntegerLattice(2)],
    ids=lambda m: m.describe(),
)
def test_mappings_are_held_in_files(mapping: Mapping) -> None:
    value = recipe_to_value(mapping)
    assert value is not None
    assert recipe_from_value(value) == mapping
