"""How fast functions on an interval vary, from their Chebyshev coefficients: no period is needed."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

NOTHING = 1e-300
FASTEST, GROWTH = 1e5, 1.12  # of the plane waves that degrees are compared with


def chebyshev_nodes(count: int) -> Tensor:
    """The points cos(pi j / (count - 1)) of [-1, 1], ascending, (count,)."""
    return -torch.cos(math.pi * torch.arange(count, dtype=torch.float64) / (count - 1))


def chebyshev_coefficients(values: Tensor) -> Tensor:
    """Values (..., n) at the nodes -> the coefficients (..., n) of the polynomial through them.

    >>> from sirenpde.diagnosis.spectrum import chebyshev_coefficients, chebyshev_nodes
    >>> x = chebyshev_nodes(5)
    >>> [round(a, 12) + 0.0 for a in chebyshev_coefficients(2 * x**2).tolist()]
    [1.0, 0.0, 1.0, 0.0, 0.0]
    """
    descending = values.flip(-1)
    circle = torch.cat([descending, values[..., 1:-1]], -1)
    count = values.shape[-1]
    result: Tensor = torch.fft.rfft(circle, dim=-1).real / (count - 1)
    result[..., [0, -1]] /= 2
    return result


def wavenumbers(coefficients: Tensor, share: float, whole: Tensor) -> Tensor:
    """How fast functions vary, (...), in radians per half side: as a plane wave of as high a degree.

    The degree is that beyond which less than ``share`` of the size ``whole`` (...) is left, in the root mean square
    with the weight 1 / sqrt(1 - x^2), fractions of it by the rate of decay. A wave e^(i k x) has the coefficients
    2 i^n J_n(k), which fall off beyond n = k.

    >>> import torch
    >>> from sirenpde.diagnosis.spectrum import chebyshev_coefficients, chebyshev_nodes, wavenumbers
    >>> waves = torch.sin(40 * chebyshev_nodes(257) + 1)
    >>> round(float(wavenumbers(chebyshev_coefficients(waves), 1e-2, torch.tensor(0.7))))
    40
    """
    degree = _degrees(coefficients.numpy(), share, whole.numpy())
    waves, degrees = _plane_waves(share)
    return torch.as_tensor(np.interp(degree, degrees, waves, left=0.0))


def _degrees(coefficients: np.ndarray[Any, Any], share: float, whole: np.ndarray[Any, Any]) -> Any:
    """Where the tails fall below a share of the whole; between two degrees by the logarithms of their tails."""
    energy = np.abs(coefficients) ** 2 * np.where(np.arange(coefficients.shape[-1]) == 0, 1.0, 0.5)
    tails = np.sqrt(np.flip(np.cumsum(np.flip(energy, -1), -1), -1))
    tails = np.log(np.maximum(tails, NOTHING))
    limit = np.log(np.maximum(share * whole, NOTHING))[..., None]
    above = tails > limit
    last = np.maximum(above.sum(-1) - 1, 0)[..., None]
    there = np.take_along_axis(tails, last, -1)
    beyond = np.take_along_axis(tails, np.minimum(last + 1, tails.shape[-1] - 1), -1)
    part = np.clip((there - limit) / np.maximum(there - beyond, 1e-12), 0.0, 1.0)
    return np.where(above.any(-1), (last + part)[..., 0], 0.0)


@cache
def _plane_waves(share: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Wavenumbers, and the degrees at which the tails of these waves fall below the share."""
    waves = GROWTH ** np.arange(math.log(1e-3, GROWTH), math.log(FASTEST, GROWTH))
    return waves, np.array([_wave_degree(k, share) for k in waves])


@cache
def _wave_degree(k: float, share: float) -> float:
    if k > 1000:  # the tail is a function of (n - k) / k^(1/3)
        return float(k + (_wave_degree(1000.0, share) - 1000.0) * (k / 1000.0) ** (1 / 3))
    first, coefficients = _wave_tail(k)
    # |e^(ikx)| is 1, of which real and imaginary part each have about the half.
    return first + float(_degrees(coefficients, share, np.array(1.0)))


@cache
def _wave_tail(k: float) -> tuple[int, np.ndarray[Any, Any]]:
    """A degree at which most of a wave is left, and its coefficients from there on, or from 0."""
    from scipy.special import jv

    width = (k + 1) ** (1 / 3)
    first = max(0, int(k - 3 * width))
    coefficients = 2 * jv(np.arange(first, int(k + 12 * width) + 8), k)
    if not first:
        coefficients[0] /= 2
    return first, coefficients
