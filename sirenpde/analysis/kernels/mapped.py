"""Fourier features of points with given frequencies and amplitudes, and the kernel that they have by themselves."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def features(points: Tensor, frequencies: Tensor, amplitudes: Tensor | None = None) -> Tensor:
    """gamma(v) = [a sin(2 pi B v), a cos(2 pi B v)] / |a|, which has norm 1 everywhere.

    Args:
        points: v, (n, d), in [0, 1)^d.
        frequencies: the rows of B, (m, d), in cycles per unit.
        amplitudes: a, (m,); ones if left out.

    Returns:
        The features, (n, 2m).

    Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains,
    2020, eq. 5.

    >>> import torch
    >>> from sirenpde.analysis.kernels.mapped import features
    >>> features(torch.tensor([[0.25]]), torch.tensor([[1.0]])).round(decimals=3).abs().tolist()
    [[1.0, 0.0]]
    """
    a = torch.ones_like(frequencies[:, 0]) if amplitudes is None else amplitudes
    turns = 2 * math.pi * torch.remainder(points @ frequencies.T, 1.0)
    waves: Tensor = torch.cat([a * turns.sin(), a * turns.cos()], dim=1) / torch.linalg.vector_norm(a)
    return waves


def correlation(offsets: Tensor, frequencies: Tensor, amplitudes: Tensor | None = None) -> Tensor:
    """gamma(v) · gamma(v'), which depends on v - v' alone: the mean of cos(2 pi b · (v - v')), weighted by a².

    Args:
        offsets: v - v', (..., d).
        frequencies: the rows b of B, (m, d), in cycles per unit.
        amplitudes: a, (m,); ones if left out.

    Returns:
        The correlation, (...), 1 where the offset vanishes.

    Source: Tancik et al. 2020, eq. 6.

    >>> import torch
    >>> from sirenpde.analysis.kernels.mapped import correlation
    >>> correlation(torch.tensor([[0.0], [0.5]]), torch.tensor([[1.0], [2.0]])).tolist()
    [1.0, 0.0]
    """
    a = torch.ones_like(frequencies[:, 0]) if amplitudes is None else amplitudes
    waves = torch.cos(2 * math.pi * torch.remainder(offsets @ frequencies.T, 1.0))
    mean: Tensor = waves @ (a.square() / a.square().sum())
    return mean
