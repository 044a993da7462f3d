"""Waves that come in one after another while a network is trained, slow ones first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..engines.flat import trainable
from ..networks.frequencies import frequencies_of
from ..residuals import System
from ..residuals.unfit import Unfit


@dataclass(frozen=True)
class Ramp:
    """Progressive training: a feature of frequency b is multiplied by the window w(α - |b|), and α rises.

        w(s) = 0 for s < 0,    (1 - cos(pi s))/2 for 0 <= s <= 1,    1 for s > 1,

    with |b| in cycles per side of the box, on any mapping of Fourier features and on Fourier series. α goes in a
    straight line from ``start`` at the first step to ``end`` at the share ``until`` of the stage's steps, and stays
    there; ``end`` is one more than the highest frequency if left out, where every wave is on. Constants and
    coordinates always are. What is shown of a field, during and after the stage, is the masked network.

    Raises ValueError for numbers out of range.

    Source: Lin et al., BARF, 2021, eq. 14, on arbitrary frequencies as in Benbarka et al. 2021, section 4.

    >>> from sirenpde import Adam, Ramp
    >>> Adam(steps=600, ramp=Ramp(until=0.5)).ramp.windows(torch.tensor([0.0, 1.0, 5.0]), done=0.25).tolist()
    [1.0, 1.0, 0.0]
    """

    start: float = 1.0
    end: float | None = None
    until: float = 1.0

    def __post_init__(self) -> None:
        ends = [self.start] if self.end is None else [self.start, self.end]
        if not all(math.isfinite(a) and a >= 0 for a in ends) or not 0 < self.until <= 1:
            raise ValueError(
                f"Ramp was given start={self.start}, end={self.end}, until={self.until}; expected frequencies of 0 "
                f"or more and a share of the steps, 0 < until <= 1. Ramp() goes through all waves in all steps."
            )

    def windows(self, frequencies: Tensor, done: float) -> Tensor:
        """What features of these frequencies are multiplied by where the share ``done`` of the steps is."""
        # A tensor still: reading it would wait for all that a GPU was told to do.
        end = frequencies.max() + 1 if self.end is None else self.end
        alpha = self.start + (end - self.start) * min(1.0, done / self.until)
        opened = 0.5 * (1 - torch.cos(math.pi * (alpha - frequencies).clamp(0, 1)))
        return torch.where(frequencies > 0, opened, torch.ones_like(opened))


def parameter_frequencies(system: System) -> Tensor:
    """For each number of theta the frequency of the wave that it multiplies, 0 for all others.

    Raises ``Unfit`` where no network stands on waves.
    """
    speeds = torch.zeros_like(system.initial())
    found = False
    for u, module in system.parameters.networks.items():
        known = frequencies_of(module)
        parts = [
            known.get(name, torch.zeros(())).to(speeds).expand(parameter.shape).reshape(-1)
            for name, parameter in trainable(module)
        ]
        if parts:
            speeds[system.parameters.slices[u]] = torch.cat(parts)
        found = found or bool(known)
    if not found:
        raise Unfit(
            "A ramp was given to networks that stand on no waves; expected Fourier features or a Fourier series. Use "
            "FourierFeatures(IntegerLattice(order), network), or leave the ramp out."
        )
    return speeds
