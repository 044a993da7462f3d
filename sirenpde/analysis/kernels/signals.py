"""Random signals whose spectra fall as a power of the frequency, as those of natural ones do."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def power_law_signals(
    count: int, size: int, power: float, *, generator: Generator, band: int | None = None
) -> Tensor:
    """Periodic signals at i/size, (count, size), in [-1/2, 1/2]: noise with the spectrum 1/|f|^power.

    ``band`` leaves the frequencies below it alone, all if left out. Constants count as the first frequency does.

    Source: Tancik et al. 2020, section 6, whose experiments in one dimension these are.

    >>> import torch
    >>> from sirenpde.analysis.kernels.signals import power_law_signals
    >>> y = power_law_signals(3, 64, 1.0, generator=torch.Generator().manual_seed(0), band=4)
    >>> y.shape, bool(torch.fft.rfft(y).abs()[:, 4:].max() < 1e-12)
    (torch.Size([3, 64]), True)
    """
    parts = torch.randn(2, count, size, dtype=torch.float64, generator=generator)
    frequency = torch.fft.fftfreq(size, 1 / size).abs().double()
    scaled = torch.complex(parts[0], parts[1]) * frequency.clamp(min=1) ** -power
    if band is not None:
        scaled = scaled * (frequency < band)
    y = torch.fft.ifft(scaled).real
    low, high = y.amin(1, keepdim=True), y.amax(1, keepdim=True)
    centred: Tensor = (y - low) / (high - low) - 0.5
    return centred
