"""Spectra of kernels against dense eigenvalues; stationarity of mappings; spreading with depth."""

import pytest
import torch
from torch import Tensor

from sirenpde.analysis.kernels.grid_spectra import (
    by_frequency,
    grid_spectrum,
    nonstationarity,
    shift_mean,
    tail,
)
from sirenpde.analysis.kernels.mapped import correlation, features
from sirenpde.analysis.kernels.relu import ReluNTK
from sirenpde.analysis.kernels.signals import power_law_signals

GRID = torch.arange(32, dtype=torch.float64)[:, None] / 32
WAVES = torch.arange(1, 5, dtype=torch.float64)[:, None]


def test_the_transform_of_a_row_has_the_eigenvalues_of_the_matrix():
    kernel = ReluNTK()(features(GRID, WAVES))
    torch.testing.assert_close(
        grid_spectrum(kernel[0]).sort()[0], torch.linalg.eigvalsh(kernel), rtol=1e-5, atol=1e-7
    )
    torch.testing.assert_close(shift_mean(kernel), kernel[0], rtol=1e-6, atol=0)


def test_in_two_dimensions_too():
    axis = torch.arange(6, dtype=torch.float64) / 6
    points = torch.cartesian_prod(axis, axis)
    waves = torch.tensor([[1.0, 0.0], [1.0, 2.0]], dtype=torch.float64)
    kernel = ReluNTK()(features(points, waves))
    found = grid_spectrum(kernel[0].view(6, 6), 2)
    torch.testing.assert_close(found.flatten().sort()[0], torch.linalg.eigvalsh(kernel), rtol=1e-5, atol=1e-6)


def test_a_mapping_makes_the_kernel_stationary_and_plain_coordinates_do_not():
    mapped = ReluNTK()(features(GRID, WAVES))
    plain = ReluNTK()(GRID - 0.5)
    assert nonstationarity(mapped) < 1e-7 and nonstationarity(mapped, periodic=False) < 1e-7
    assert nonstationarity(plain) > 0.3 and nonstationarity(plain, periodic=False) > 0.1


def test_deeper_networks_spread_the_spectrum():
    """The published figure: at the highest frequency a share that grows with depth, and gaps that fill."""
    size = 128
    grid = torch.arange(size, dtype=torch.float64)[:, None] / size

    def spectrum(hidden: int, waves: list[float]) -> Tensor:
        row = ReluNTK(hidden, parametrisation="ntk").profile(
            correlation(grid, torch.tensor(waves, dtype=torch.float64)[:, None]), 2 * len(waves)
        )
        return grid_spectrum(row / row[0])

    tails = [tail(spectrum(hidden, [1.0]), 32) for hidden in (4, 8, 16)]
    assert tails[0] < tails[1] < tails[2]
    gaps = [float(spectrum(hidden, [1.0, 43.0])[20:24].min()) for hidden in (4, 8, 16)]
    assert gaps[0] < gaps[1] < gaps[2]


def test_signals_have_the_spectrum_that_was_asked_for():
    signals = power_law_signals(400, 256, 1.5, generator=torch.Generator().manual_seed(0))
    assert signals.amin() == -0.5 and signals.amax() == 0.5
    mean = by_frequency(signals - signals.mean(1, keepdim=True)).square().mean(0).sqrt()
    slope = float((mean[40] / mean[4]).log() / torch.tensor(10.0).log())
    assert slope == pytest.approx(-1.5, abs=0.12)
    assert by_frequency(signals)[:, 5].mean() > 5 * by_frequency(signals)[:, 40].mean()
