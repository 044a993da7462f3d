"""Networks made constant, for a solve to start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn

from .linear_head import linear_head

M = TypeVar("M", bound=nn.Module)

RIPPLE = 0.01  # of the constant: what a network's first values may add to it


def set_constant(module: M, values: Sequence[float]) -> M:
    """Make a network's function constant, or nearly: before a linear head its first values stay as a ripple.

    A module may have a method of its own, ``set_constant(value)``, for a value at every point, (outputs,) float64;
    one that has neither this nor a linear head stays as it is.

    >>> from sirenpde import FourierSeries
    >>> series = FourierSeries(order=2).build([0.0], [1.0], 1, (), torch.Generator())
    >>> set_constant(series, [3.0])(torch.zeros(1, 1, dtype=torch.float64)).item()
    3.0
    """
    value, head = torch.tensor(values, dtype=torch.float64), linear_head(module)
    with torch.no_grad():
        if callable(method := getattr(module, "set_constant", None)):
            method(value)
        elif head is not None and head.bias is not None:
            head.weight.mul_(RIPPLE * min(1.0, float(value.abs().max())))
            head.bias.copy_(value)
    return module
