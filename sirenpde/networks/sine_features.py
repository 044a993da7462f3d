"""Frozen random sines with a linear head: a SIREN of one layer that a least-squares solve can train."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, nn

from .activations import sine
from .dense import DenseNetwork
from .recipe import check_box, check_positive, check_whole, uniform_layer, waves


@dataclass(frozen=True)
class SineFeatures:
    """The features sin(k·xi + b), frozen, and a linear head that starts at zero.

    xi in [-1, 1]^d are the coordinates mapped from the box, k is uniform in the box |k_i| <= ``bandwidth``
    (radians per half side; one number, or one per axis), b uniform in [0, 2 pi]. Along a periodic axis k is
    a multiple of pi. With ``count=None`` or ``bandwidth=None`` the least-squares solver chooses them.

    Raises ValueError for numbers that are not positive, and when built with one of them still to be chosen.

    Source: the random feature method, Chen, Chi, E and Yang 2022; a SIREN whose first layer is frozen.

    >>> import torch
    >>> from sirenpde import SineFeatures
    >>> recipe = SineFeatures(count=400, bandwidth=20)
    >>> recipe.describe()
    '400 frozen sines, bandwidth 20'
    >>> network = recipe.build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator().manual_seed(0))
    >>> sum(p.numel() for p in network.parameters())
    401
    """

    count: int | None = None
    bandwidth: float | tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.count is not None:
            check_whole("count", self.count)
        if self.bandwidth is not None:
            for value in self.bandwidth if isinstance(self.bandwidth, tuple) else (self.bandwidth,):
                check_positive("bandwidth", value)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> DenseNetwork:
        check_box(low, high, outputs, periodic)
        if self.count is None or self.bandwidth is None:
            raise ValueError(
                f"{self!r}; both numbers were expected here. Solve with LeastSquares(), which chooses them, "
                f"or give them: SineFeatures(count=400, bandwidth=20)."
            )
        dimension = len(low)
        box = self.bandwidth if isinstance(self.bandwidth, tuple) else (self.bandwidth,) * dimension
        if len(box) != dimension:
            raise ValueError(
                f"bandwidth has {len(box)} numbers; one per axis, {dimension}, was expected. "
                f"Give {dimension} numbers, or a single one for all."
            )
        side = torch.tensor([float(b) for b in box], dtype=torch.float64)
        whole = list(periodic)
        # Half a step more at each end, so that the outermost multiples of pi are as likely as the others.
        side[whole] = math.pi * (torch.floor(side[whole] / math.pi) + 0.5)
        k = side * (2 * torch.rand(self.count, dimension, dtype=torch.float64, generator=generator) - 1)
        k[:, whole] = math.pi * torch.round(k[:, whole] / math.pi)
        b = 2 * math.pi * torch.rand(self.count, dtype=torch.float64, generator=generator)
        hidden: list[nn.Linear] = []
        head = uniform_layer(self.count, outputs, 0.0, 0.0, generator)
        return DenseNetwork(waves(low, high, k, b), hidden, [], sine, head)

    def describe(self) -> str:
        count = "frozen sines" if self.count is None else f"{self.count} frozen sines"
        if self.bandwidth is None:
            return f"{count}, bandwidth chosen by the solver"
        box = self.bandwidth if isinstance(self.bandwidth, tuple) else (self.bandwidth,)
        return f"{count}, bandwidth {', '.join(f'{b:g}' for b in box)}"
