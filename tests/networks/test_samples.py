"""Series through samples: exact on every grid, truncated and continued as Fourier coefficients are."""

import itertools
import math
from collections import Counter

import pytest
import torch
from boxes import seeded
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Box,
    Field,
    FourierFeatures,
    FourierSeries,
    FromSamples,
    Gaussian,
    IntegerLattice,
    PointCloud,
    Problem,
    Siren,
    Solution,
    on,
    solve,
)
from sirenpde.networks.recipe import Recipe

LOW, HIGH = (-1.0, 0.25, -1.0), (1.0, 0.75, 2.0)


def grid(shape: tuple[int, ...], offset: float) -> Tensor:
    lines = [
        a + (b - a) * (torch.arange(m, dtype=torch.float64) + offset) / m
        for a, b, m in zip(LOW, HIGH, shape, strict=False)
    ]
    return torch.stack(torch.meshgrid(*lines, indexing="ij"), dim=-1).reshape(-1, len(shape))


def decibels(found: Tensor, wanted: Tensor) -> float:
    return -10 * math.log10((found - wanted).square().mean().item())


@pytest.mark.parametrize("shape", [(64,), (63,), (16, 16), (9, 12), (5, 8, 7), (6, 6, 6)])
@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5])
def test_series_meet_their_samples_to_290_decibels(shape: tuple[int, ...], offset: float) -> None:
    d = len(shape)
    samples = torch.rand(*shape, 2, dtype=torch.float64, generator=seeded())
    recipes: list[Recipe] = [
        FourierFeatures(IntegerLattice(max(shape) // 2), MLP(depth=0)),
        FourierSeries(tuple(m // 2 for m in shape)),
    ]
    for recipe in recipes:
        network = FromSamples(recipe, samples, offset).build(LOW[:d], HIGH[:d], 2, (), seeded())
        with torch.no_grad():
            assert decibels(network(grid(shape, offset)), samples.reshape(-1, 2)) > 290


def test_a_smaller_order_leaves_the_fast_waves_out_and_a_larger_one_adds_none() -> None:
    """Against the sum over all n of the coefficients themselves."""
    shape = (8, 7)
    samples = torch.rand(shape, dtype=torch.float64, generator=seeded())
    c = torch.fft.fft2(samples) / samples.numel()
    x = grid((5, 6), 0.3)
    v = (x - torch.tensor(LOW[:2])) / (torch.tensor(HIGH[:2]) - torch.tensor(LOW[:2]))
    for order in (2, 4, 6):
        expected = torch.zeros(len(x), dtype=torch.complex128)
        for n in itertools.product(
            range(-min(order, 4), min(order, 4) + 1), range(-min(order, 3), min(order, 3) + 1)
        ):
            share = 0.5 if abs(n[0]) == 4 else 1.0
            wave = torch.exp(2j * math.pi * (v @ torch.tensor(n, dtype=torch.float64)))
            expected += share * c[n[0] % 8, n[1] % 7] * wave
        for recipe in (FourierFeatures(IntegerLattice(order), MLP(depth=0)), FourierSeries(order)):
            with torch.no_grad():
                found = FromSamples(recipe, samples).build(LOW[:2], HIGH[:2], 1, (), seeded())(x)[:, 0]
            assert (found - expected.real).abs().max() < 1e-13
            assert expected.imag.abs().max() < 1e-13


def test_waves_beyond_the_samples_may_share_what_they_cannot_tell_apart() -> None:
    """Every wave of the lattice against the definition; the samples are met all the same."""
    shape, order = (8, 7), 6
    samples = torch.rand(shape, dtype=torch.float64, generator=seeded())
    c = torch.fft.fft2(samples) / samples.numel()
    lattice = list(itertools.product(range(-order, order + 1), repeat=2))
    copies = Counter((i % 8, j % 7) for i, j in lattice)
    x = grid((5, 6), 0.3)
    v = (x - torch.tensor(LOW[:2])) / (torch.tensor(HIGH[:2]) - torch.tensor(LOW[:2]))
    waves = [
        c[i % 8, j % 7] / copies[i % 8, j % 7] * torch.exp(2j * math.pi * (i * v[:, 0] + j * v[:, 1]))
        for i, j in lattice
    ]
    expected = torch.stack(waves).sum(dim=0)
    assert expected.imag.abs().max() < 1e-13
    for recipe in (FourierFeatures(IntegerLattice(order), MLP(depth=0)), FourierSeries(order)):
        network = FromSamples(recipe, samples, beyond="copies").build(LOW[:2], HIGH[:2], 1, (), seeded())
        with torch.no_grad():
            assert (network(x)[:, 0] - expected.real).abs().max() < 1e-13
            assert decibels(network(grid(shape, 0.0))[:, 0], samples.flatten()) > 290
    with pytest.raises(ValueError, match="'none' or 'copies'"):
        FromSamples(FourierSeries(2), samples, beyond="all")


@pytest.mark.parametrize(
    "recipe, samples, words",
    [
        (FourierSeries(2), torch.zeros(4), "one dimension per axis"),
        (FourierSeries(2), torch.zeros(4, 4, 3), "one dimension per axis"),
        (FourierSeries(2), torch.full((4, 4), math.nan), "all finite"),
        (FourierSeries(2, half_period=True), torch.zeros(4, 4), "no Fourier series"),
        (FourierFeatures(Gaussian(4), MLP(depth=0)), torch.zeros(4, 4), "whole frequencies"),
        (FourierFeatures(IntegerLattice(2), MLP(8, 1)), torch.zeros(4, 4), "MLP\\(depth=0\\)"),
        (Siren(8, 1), torch.zeros(4, 4), "no Fourier series"),
    ],
)
def test_what_cannot_start_from_samples_is_named(recipe: Recipe, samples: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FromSamples(recipe, samples).build(LOW[:2], HIGH[:2], 1, (), seeded())


def test_a_run_starts_there_and_its_files_need_no_samples(tmp_path) -> None:
    box = Box(x=(0, 2))
    samples = torch.rand(8, dtype=torch.float64, generator=seeded())
    places = 0.25 * torch.arange(8, dtype=torch.float64)[:, None]
    cloud = PointCloud(places, box, {"f": samples})
    lattice = FourierFeatures(IntegerLattice(4), MLP(depth=0))
    u = Field("u", box, FromSamples(lattice, samples))
    fit = on(cloud, name="fit")(lambda p: u(p) - cloud["f"](p))
    solution = solve(Problem(fit), [Adam(steps=1, lr=1e-12)], dtype=torch.float64)
    assert solution.history[0].loss < 1e-29
    solution.save(tmp_path / "series")
    again = Solution.load(tmp_path / "series")
    x = torch.rand(9, 1, dtype=torch.float64, generator=seeded(1))
    assert (torch.as_tensor(again["u"](x)) == torch.as_tensor(solution["u"](x))).all()
