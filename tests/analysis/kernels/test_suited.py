"""Recommended frequencies: against sweeps of trained networks, by hand on small grids, and bad input."""

import math

import pytest
import torch
from torch import Tensor

from sirenpde.analysis.kernels.descent import KernelDescent
from sirenpde.analysis.kernels.finite import ReluNetworks, train
from sirenpde.analysis.kernels.mapped import features
from sirenpde.analysis.kernels.relu import ReluNTK
from sirenpde.analysis.kernels.signals import power_law_signals
from sirenpde.analysis.kernels.suited import WAVES, suited

PLACE = torch.arange(192, dtype=torch.float64) / 192
SIGNALS = {
    "falls slowly": lambda: power_law_signals(1, 192, 1.0, generator=torch.Generator().manual_seed(0))[0],
    "falls fast": lambda: power_law_signals(1, 192, 2.0, generator=torch.Generator().manual_seed(1))[0],
    "steps": lambda: torch.floor(5 * PLACE) % 2 + 0.3 * torch.sin(9 * PLACE),
}


def swept(signal: Tensor, sigmas: list[float]) -> list[float]:
    """The errors between the samples of networks trained on every second one, in the root mean square."""
    random = torch.Generator().manual_seed(0)
    waves = [sigma * torch.randn(48, 1, dtype=torch.float64, generator=random) for sigma in sigmas]
    rows = 7 * torch.stack([features(PLACE[:, None], b) for b in waves]).float()
    networks = ReluNetworks.random(len(sigmas), 96, 3, 64, generator=random, start="glorot")
    train(networks, rows[:, ::2], signal[::2, None], 2e-3, 300, method="adam", loss="mean")
    with torch.no_grad():
        return (networks(rows)[..., 0] - signal)[:, 1::2].square().mean(1).sqrt().tolist()


# The third is smooth: its best networks err by half a percent, and twice that is one step of the sweep away.
@pytest.mark.parametrize(("name", "near"), [("falls slowly", 1.3), ("steps", 1.3), ("falls fast", 2.5)])
def test_the_recommended_width_is_near_the_best_of_a_sweep(name, near):
    signal = SIGNALS[name]()
    signal = signal - signal.mean()
    found = suited(signal)
    own, *others = swept(signal, [found.sigma, *(2.0**k for k in range(-1, 7))])
    assert own < near * min(others)
    assert max(others) > 3 * own


def test_transforms_say_what_matrices_do():
    """The error expected for one width, by the matrix of the kernel on the mirrored samples."""
    signal = power_law_signals(1, 32, 1.0, generator=torch.Generator().manual_seed(2))[0]
    signal = signal - signal.mean()
    found = suited(signal)
    sigma = 2.0
    around = torch.arange(64, dtype=torch.float64)
    apart = (around[:, None] - around).abs()
    apart = torch.minimum(apart, 64 - apart) / 32
    kernel = ReluNTK(3, 256).profile((-2 * (math.pi * sigma * apart) ** 2).exp(), 512)
    mirrored = torch.cat([signal, signal.flip(0)])
    descent = KernelDescent(kernel[::2, ::2], mirrored[::2])
    errors = descent.predictions(kernel[:, ::2], WAVES / float(descent.eigenvalues[0])) - mirrored
    expected = float(errors[1::2].square().mean().sqrt() / signal.square().mean().sqrt())
    assert found.sigmas[sigma] == pytest.approx(expected, rel=1e-4)


def test_axes_components_and_parts_of_large_grids():
    x, y = torch.meshgrid(PLACE[::4], PLACE[::8], indexing="ij")
    slow, fast = torch.sin(4 * x + 3 * y), torch.sin(60 * x) * torch.cos(20 * y)
    assert suited(torch.stack([slow, fast], -1), 2).sigma == pytest.approx(suited(fast).sigma, rel=0.5)
    assert suited(slow).sigma < 0.5 * suited(fast).sigma
    long = torch.sin(
        2000 * torch.arange(2**18, dtype=torch.float64) / 2**18
    )  # of which the middle is looked at
    assert suited(long).sigma > 20
    assert "Gaussian(sigma=" in suited(slow).describe() and "Siren(omega=" in suited(slow).describe()


def test_what_does_not_vary_suits_nothing_and_what_is_no_grid_is_refused():
    assert suited(torch.full((64,), 3.0)) is None
    with pytest.raises(ValueError, match="at least 8 along each axis were expected"):
        suited(torch.rand(64, 3))
    with pytest.raises(ValueError, match="not finite"):
        suited(torch.full((64,), math.nan))
