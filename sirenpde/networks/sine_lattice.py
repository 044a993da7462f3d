"""Frozen sines and cosines on a tensor lattice of frequencies, with a linear head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Generator

from .recipe import check_box, check_positive, check_whole, one_per_axis
from .registry import known
from .series import Harmonics, SeparableSeries

SLOWEST = 0.5  # bandwidth: slower sines are told apart by rounding alone, and span the same functions
EXTENSION = 1e-13  # what a smooth function keeps of an error when it is continued to the longer period


@known
@dataclass(frozen=True)
class SineLattice:
    """All products of frozen sines and cosines, one factor per axis, and a linear head that starts at zero.

    xi in [-1, 1] is the position along an axis. There the functions are 1 and, for k = 1, ..., order,

        cos(pi k xi), sin(pi k xi)    along a periodic axis,
        cos(s k xi), sin(s k xi)      along any other, with the spacing s = bandwidth / order < pi.

    The network is the sum of all their products, each with a weight: a SIREN of one layer whose frequencies
    are frozen on a lattice. A spacing below pi continues the field to a periodic one on an interval pi / s
    times as long, so that fields without a period are met to spectral accuracy too: with few functions they
    act like polynomials of degree 2 order, with many like waves.

    Args:
        orders: one number or one per axis; None leaves them to ``March``, which finds them.
        bandwidth: the highest frequency, in radians per half side, one number or one per axis. Periodic axes
            take no notice of it. If left out it is 4 order arctan(eps^(1 / (2 order))), eps = 1e-13, which
            balances the error of the continuation against the number of waves (Adcock and Ruan 2014).

    Raises ValueError for numbers that are not positive, and when built while the orders are open.

    Source: Fourier extensions, Huybrechs 2010; Adcock and Ruan, Parameter selection and numerical
    approximation properties of Fourier extensions from fixed data, 2014.

    >>> import torch
    >>> from sirenpde import SineLattice
    >>> recipe = SineLattice(orders=(4, 16))
    >>> recipe.describe()
    'sine lattice, order 4 x 16'
    >>> network = recipe.build([0.0, -1.0], [0.1, 1.0], 1, (1,), torch.Generator())
    >>> network.coefficients.shape
    torch.Size([9, 33, 1])
    """

    is_linear: ClassVar[bool] = True
    is_curved: ClassVar[bool] = True

    orders: int | tuple[int, ...] | None = None
    bandwidth: float | tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for order in self.orders if isinstance(self.orders, tuple) else (self.orders,):
            if order is not None:
                check_whole("orders", order)
        for width in self.bandwidth if isinstance(self.bandwidth, tuple) else (self.bandwidth,):
            if width is not None:
                check_positive("bandwidth", width)

    @property
    def is_open(self) -> bool:
        return self.orders is None

    def smallest(self) -> SineLattice:
        return replace(self, orders=self.orders or 1)

    def typical(self) -> SineLattice:
        return replace(self, orders=self.orders or 3)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> SeparableSeries:
        check_box(low, high, outputs, periodic)
        if self.orders is None:
            raise ValueError(
                f"{self!r}; the orders were expected here. Solve with March(...), which finds them, or give "
                f"them: SineLattice(orders=(4, 64))."
            )
        orders = one_per_axis("orders", self.orders, len(low))
        widths = one_per_axis("bandwidth", self.bandwidth, len(low))
        bases = [
            _waves(low[a], high[a], order, None if a in periodic else width or default_bandwidth(order))
            for a, (order, width) in enumerate(zip(orders, widths, strict=True))
        ]
        return SeparableSeries(bases, outputs)

    def describe(self) -> str:
        if self.orders is None:
            return "sine lattice, orders chosen by the solver"
        orders = self.orders if isinstance(self.orders, tuple) else (self.orders,)
        return f"sine lattice, order {' x '.join(map(str, orders))}"


def default_bandwidth(order: int) -> float:
    """The highest frequency along an axis without a period, in radians per half side."""
    return max(SLOWEST, 4 * order * math.atan(EXTENSION ** (0.5 / order)))


def _waves(low: float, high: float, order: int, bandwidth: float | None) -> Harmonics:
    """Cosines of 0, ..., order and sines of 1, ..., order steps; full waves of the interval without a bandwidth."""
    step, spacing = (2, 1.0) if bandwidth is None else (1, 2 * bandwidth / (math.pi * order))
    modes = step * torch.arange(order + 1)
    quarters = torch.tensor([0] * (order + 1) + [1] * order)
    return Harmonics(low, high, torch.cat([modes, modes[1:]]), quarters, spacing)
