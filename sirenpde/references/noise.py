"""Places of measurement, and errors drawn from a seed."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor


def with_noise(exact: Tensor, deviation: float, generator: Generator, unit: float = 1.0) -> Tensor:
    """Values with independent normal errors of a standard deviation, in units of ``unit``.

    Raises ValueError for a deviation that is negative or not finite.

    >>> import torch
    >>> from sirenpde.references.noise import with_noise
    >>> seen = with_noise(torch.zeros(10_000).double(), 0.1, torch.Generator().manual_seed(0))
    >>> round(float(seen.std()), 2)
    0.1
    """
    if not 0 <= deviation < math.inf:
        raise ValueError(
            f"noise={deviation:g} was given, the standard deviation of the measurements' errors; expected 0 or a "
            f"positive number. Write noise=0 for exact measurements, and noise=0.01 for errors of a hundredth."
        )
    errors = torch.randn(exact.shape, dtype=exact.dtype, generator=generator)
    return exact + deviation * unit * errors


def sensors_along(count: int) -> Tensor:
    """The middles of so many equal parts of [0, 1], (count,).

    Raises ValueError for none.

    >>> from sirenpde.references.noise import sensors_along
    >>> sensors_along(2).tolist()
    [0.25, 0.75]
    """
    if count < 1:
        raise ValueError(
            f"sensors={count} was given; expected 1 or more. Without measurements nothing is known of what causes "
            f"them."
        )
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count
