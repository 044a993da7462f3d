"""Sounds made by formulas, to fit where no recording is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
NOTES = (262, 330, 392, 523, 659, 523, 392, 330)  # Hz, a broken chord of C major


def broken_chord(rate: int = 22_050, seconds: float = 2.0) -> Samples:
    """Eight plucked notes, one after another, each of five harmonics that die away the sooner the higher they are.

        f(t) = sum over notes k and harmonics h of exp(-3 h τ_k)/h sin(2π h f_k τ_k),    τ_k = t - k T/8 > 0,

    (n,), scaled to a largest absolute value of 0.9, at the middles of the samples.

    >>> sound = broken_chord(8000, 0.5)
    >>> sound.shape, round(float(abs(sound).max()), 6)
    ((4000,), 0.9)
    """
    t = (np.arange(round(rate * seconds)) + 0.5) / rate
    sound = np.zeros_like(t)
    for k, frequency in enumerate(NOTES):
        since = t - k * seconds / len(NOTES)
        rung = np.maximum(since, 0.0)
        for h in range(1, 6):
            attack = 1 - np.exp(-200 * rung)
            sound += attack * np.exp(-3 * h * rung) / h * np.sin(2 * np.pi * h * frequency * rung)
    scaled: Samples = sound * (0.9 / np.abs(sound).max())
    return scaled
