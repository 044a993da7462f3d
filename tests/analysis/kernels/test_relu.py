"""The closed form of the tangent kernel against published figures, its own slow twin, and bad input."""

import math

import pytest
import torch
from torch import Tensor

from sirenpde.analysis.kernels.mapped import correlation, features
from sirenpde.analysis.kernels.relu import ReluNTK, arc_cosine

FREQUENCIES = torch.arange(1, 17, dtype=torch.float64)[:, None]
GRID = torch.arange(32, dtype=torch.float64)[:, None] / 32


def amplitudes(power: float) -> Tensor:
    return FREQUENCIES[:, 0] ** -power if power < math.inf else (FREQUENCIES[:, 0] == 1).double()


@pytest.mark.parametrize(
    ("power", "half", "spectrum"),
    [
        (0, 5.70, (188, 8.3, 8.3, 11.2)),
        (0.5, 5.18, (190, 20.5, 6.8, 6.05)),
        (1, 4.57, (202, 41.2, 3.7, 2.19)),
        (1.5, 4.28, (213, 55.0, 1.8, 0.85)),
        (2, 4.17, (219, 61.0, 1.2, 0.55)),
        (math.inf, 4.12, (225, 65.2, 0.93, 0.44)),
    ],
)
def test_the_kernels_of_the_published_figure_come_out(power, half, spectrum):
    row = ReluNTK(3, 1024).profile(correlation(GRID, FREQUENCIES, amplitudes(power)), 32)
    assert float(row[0]) == pytest.approx(14, abs=1e-12)
    assert float(row[16]) == pytest.approx(half, abs=0.006)
    found = torch.fft.fft(row).abs()[[0, 1, 8, 16]]
    assert found.tolist() == pytest.approx(spectrum, rel=0.02)


@pytest.mark.parametrize("parametrisation", ["standard", "ntk"])
def test_the_kernel_of_features_is_that_of_their_correlation(parametrisation):
    kernel = ReluNTK(4, 300, parametrisation)
    rows = features(GRID, FREQUENCIES, amplitudes(1))
    torch.testing.assert_close(torch.linalg.vector_norm(rows, dim=1), torch.ones(32, dtype=torch.float64))
    profile = kernel.profile(correlation(GRID - GRID[3], FREQUENCIES, amplitudes(1)), 32)
    torch.testing.assert_close(kernel(rows)[:, 3], profile, rtol=1e-7, atol=0)


@pytest.mark.parametrize(("parametrisation", "scaled"), [("standard", 0), ("ntk", 1)])
def test_inputs_of_other_lengths_follow_the_mean_over_random_weights(parametrisation, scaled):
    """One hidden layer: the means that the closed form stands for, over a million rows of weights."""
    x = torch.tensor([[0.3, -0.4], [1.2, 0.5]], dtype=torch.float64)
    spread = (1 if scaled else 0.5) ** 0.5
    w = spread * torch.randn(1_000_000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = w @ x.T
    step, ramp = (z > 0).double(), z.relu()
    rows = len(w)
    width = 1 if scaled else 50
    factor = 2.0 if scaled else 1.0
    steps, ramps = step.T @ step / rows * factor, ramp.T @ ramp / rows * factor
    # The head's weights and bias, then the first layer's, of which each of the head's squares is 1/width.
    standard = width * ramps + 1 + steps * (x @ x.T + 1)
    expected = ramps + steps * (x @ x.T) if scaled else standard
    torch.testing.assert_close(ReluNTK(1, 50, parametrisation)(x), expected, rtol=5e-3, atol=0)


def test_the_kernel_has_slopes_where_correlations_are_one():
    """What an optimiser of amplitudes needs: the diagonal has none of its own, and no NaN."""
    a = torch.ones(16, dtype=torch.float64, requires_grad=True)
    row = ReluNTK().profile(correlation(GRID, FREQUENCIES, a), 32)
    row[:5].sum().backward()
    assert a.grad is not None and a.grad.isfinite().all() and a.grad.abs().max() > 0
    assert arc_cosine(torch.tensor([1.0, 0.0, -1.0]))[0].tolist() == [1.0, 0.5, 0.0]


def test_another_parametrisation_is_refused():
    with pytest.raises(ValueError, match="'standard' or 'ntk' was expected"):
        ReluNTK(parametrisation="mean-field")
