"""Layers of untrained networks: the exact fixed points, gradients that keep their size, shifts, spectra."""

import math

import pytest
import torch

from sirenpde import FourierSeries, Siren
from sirenpde.analysis.initialisation import (
    BINS,
    LayerStatistics,
    layer_statistics,
    siren_deviation,
    siren_gradient_growth,
)


def averaged(recipe: Siren, seeds: int, quantity: str) -> list[float]:
    """The root mean square over networks, layer by layer."""
    runs = [
        [getattr(s, quantity) for s in layer_statistics(recipe, points=100, seed=k)] for k in range(seeds)
    ]
    return torch.tensor(runs).square().mean(dim=0).sqrt().tolist()


@pytest.mark.parametrize(
    "bias, width, seeds, expected",
    [("zero", 512, 6, 0.893), ("torch", 256, 16, 1.469), ("narrow", 256, 12, 0.897)],
)
def test_deviations_settle_at_the_exact_fixed_point(bias, width, seeds, expected) -> None:
    exact = siren_deviation(width, bias)
    assert exact == pytest.approx(expected, abs=2e-3)
    recipe = Siren(width=width, depth=8, bias=bias)
    before, after = (averaged(recipe, seeds, name) for name in ("before", "after"))
    assert before[4:] == pytest.approx([exact] * 4, rel=0.05)
    assert after[4:] == pytest.approx([math.sqrt((1 - math.exp(-2 * exact**2)) / 2)] * 4, rel=0.04)


def test_the_fixed_point_solves_its_equation() -> None:
    for width, bias, added in ((None, "zero", 0.0), (256, "torch", 300 / 256), (64, "narrow", 300 / 64**2)):
        s = siren_deviation(width, bias)
        assert s**2 == pytest.approx(1 - math.exp(-2 * s**2) + added, rel=1e-14)
    with pytest.raises(ValueError, match="Give width=256"):
        siren_deviation(bias="torch")


@pytest.mark.parametrize("bias", ["zero", "torch"])
def test_gradients_grow_towards_the_input_as_cosines_say(bias) -> None:
    gradients = averaged(Siren(width=256, depth=9, bias=bias), 12, "gradient")
    growth = (gradients[2] / gradients[-1]) ** (1 / 6)
    assert growth == pytest.approx(siren_gradient_growth(siren_deviation(256, bias)), rel=0.02)


def test_distributions_do_not_depend_on_where_the_points_are() -> None:
    recipe = Siren(width=512, depth=4, bias="zero")
    here, there = (layer_statistics(recipe, points=2048, shift=shift)[-1] for shift in (0.0, 1000.0))
    assert here.before == pytest.approx(there.before, rel=0.05)
    assert (here.before_density - there.before_density).abs().max() < 0.08 * here.before_density.max()


def test_densities_are_arcsine_and_normal() -> None:
    last: LayerStatistics = layer_statistics(Siren(width=512, depth=4, bias="zero"), points=1024)[-1]
    first = layer_statistics(Siren(width=1024, depth=1, omega=300), points=2048)[0]
    middles = (2 * torch.arange(BINS, dtype=torch.float64) + 1) / BINS - 1
    normal = torch.exp(-((4 * middles) ** 2) / 2) / math.sqrt(2 * math.pi) / last.before
    assert (last.before_density - normal).abs().max() < 0.06 * normal.max()
    arcsine = 1 / (math.pi * (1 - middles**2).sqrt())
    assert (first.after_density - arcsine)[5:-5].abs().max() < 0.03
    assert (last.before_density.sum() * 8 * last.before / BINS).item() == pytest.approx(1, abs=2e-3)


def test_the_spectrum_of_the_first_layer_ends_where_its_factor_says() -> None:
    """30 x, |x| <= 1, has 9.5 periods; deeper layers go beyond."""
    layers = layer_statistics(Siren(width=512, depth=3, bias="zero"), points=4096, bins=60)
    squares = [s.spectrum.square() for s in layers]
    beyond = [float(q[12:].sum() / q.sum()) for q in squares]
    assert beyond[0] < 0.35 and beyond[1] < beyond[2]
    assert layers[0].spectrum.shape == (60,)


def test_other_networks_are_refused() -> None:
    with pytest.raises(TypeError, match="dense layers"):
        layer_statistics(FourierSeries(3))
