"""Training as predicted: against steps of kernel descent, the matrix form, and networks that are trained."""

import pytest
import torch

from sirenpde import ntk
from sirenpde.analysis.kernels.descent import KernelDescent, predictions_on_grid
from sirenpde.analysis.kernels.finite import ReluNetworks, train
from sirenpde.analysis.kernels.mapped import features
from sirenpde.analysis.kernels.relu import ReluNTK
from sirenpde.analysis.kernels.signals import power_law_signals

FINE = torch.arange(32, dtype=torch.float64)[:, None] / 32
WAVES = torch.arange(1, 5, dtype=torch.float64)[:, None]
KERNEL = ReluNTK()(features(FINE, WAVES), features(FINE[::4], WAVES))  # (32, 8)
SIGNAL = power_law_signals(2, 32, 1.0, generator=torch.Generator().manual_seed(0)).T


def test_the_decay_is_that_of_many_steps():
    square = KERNEL[::4]
    descent = KernelDescent(square, SIGNAL[::4], rate=0.005)
    weights = torch.zeros_like(SIGNAL[::4])
    for _ in range(300):
        weights += 0.005 * (SIGNAL[::4] - square @ weights)
    torch.testing.assert_close(descent.error(1.5), SIGNAL[::4] - square @ weights, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(descent.predictions(KERNEL, 1.5), KERNEL @ weights, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(descent.loss(1.5), descent.error(1.5).square().mean(0))
    gentle = KernelDescent(square, SIGNAL[::4])
    torch.testing.assert_close(gentle.error(1.5), descent.error(1.5), rtol=0.1, atol=0.02)
    assert 0.005 < gentle.largest_rate < 0.1


@pytest.mark.parametrize("time", [0.3, 30.0])
def test_on_grids_the_aliased_spectrum_says_the_same(time):
    expected = KernelDescent(KERNEL[::4], SIGNAL[::4]).predictions(KERNEL, time)
    found = predictions_on_grid(KERNEL[:, 0], SIGNAL[::4].T, time).T
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def test_endless_training_meets_the_samples():
    found = predictions_on_grid(KERNEL[:, 0], SIGNAL[::4].T, None)
    torch.testing.assert_close(found[:, ::4], SIGNAL[::4].T, rtol=1e-9, atol=1e-9)
    flat = predictions_on_grid(torch.ones(8, 8, dtype=torch.float64), torch.ones(4, 4), None, dimension=2)
    torch.testing.assert_close(flat, torch.ones(8, 8, dtype=torch.float64))


def test_a_wide_network_learns_as_its_kernel_predicts():
    """Its loss and the error by eigenvector, from the kernel at its own random start."""
    rows = features(FINE[::2], WAVES)
    random = torch.Generator().manual_seed(1)
    networks = ReluNetworks.random(1, 8, 3, 512, generator=random, dtype=torch.float64)
    targets, rate, seen = SIGNAL[::2, :1], 1e-3, {}
    descent = KernelDescent(ntk(networks.member(0), rows).matrix, targets - networks(rows)[0].detach(), rate)

    def look(step: int) -> None:
        seen[step] = targets - networks(rows)[0]

    train(networks, rows, targets, rate, 200, look=look, at=(0, 50, 200))
    for step in (50, 200):
        assert float(seen[step].square().mean() / descent.loss(step * rate)) == pytest.approx(1, abs=0.1)
    left = (descent.along(seen[200]) / descent.along(seen[0])).abs()[:, 0]
    assert float(left[0]) < 1e-3 and float(left[-1]) > 0.1
