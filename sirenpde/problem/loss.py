"""Losses: how the values of a residual count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """How residuals count. ``pointwise`` maps real residuals (n, m) to one non-negative number per point.

    ``unit`` is that of a loss that no field brings to 0, so that its residual is no equation; empty for equations.
    Solvers ask whether it is the sum of squares, and whether its slope is continuous, as line searches need.

    >>> import torch
    >>> from sirenpde import l1, l2
    >>> residuals = torch.tensor([[3.0, -4.0]])
    >>> l1.pointwise(residuals), l2.pointwise(residuals)
    (tensor([7.]), tensor([25.]))
    """

    name: str
    pointwise: Callable[[Tensor], Tensor]
    is_square: bool = False
    is_smooth: bool = True
    unit: str = ""


l2 = Loss("l2", lambda r: (r * r).sum(-1), is_square=True)
"""The sum of squares over the residual's components; real and imaginary parts are two components."""

l1 = Loss("l1", lambda r: r.abs().sum(-1), is_smooth=False)
"""The sum of absolute values over the residual's components, real and imaginary parts counted apart."""

nats = Loss("cross entropy", lambda r: (r * r).sum(-1), is_square=True, unit="nats")
"""The squares of ``cross_entropy``: how far labels are from what was thought likely. Small, never 0: no equation."""
