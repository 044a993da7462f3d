"""Frozen random sines with a linear head: a SIREN of one layer that a least-squares solve can train."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn
from torch.quasirandom import SobolEngine

from .activations.sine import sine
from .around_holes import Hole, hole_waves
from .dense import DenseNetwork
from .polar import AroundPoints
from .recipe import check_box, check_positive, check_whole, one_per_axis, uniform_layer, wave_embedding
from .registry import known, offer
from .singular import Singular, described, singular_waves

APART = 1000  # between the seeds of singular points
UNIFORM = 3  # axes up to which frequencies fill a box; beyond, nearly all of its volume lies in its corners


@known
@dataclass(frozen=True)
class SineFeatures:
    """The features sin(k·xi + b), frozen, and a linear head that starts at zero.

    xi in [-1, 1]^d are the coordinates mapped from the box. A feature depends on ``interaction`` of the axes,
    each choice of so many in turn, or on all: one axis each suits sums of functions of one coordinate, two
    each sums of functions of pairs. k is uniform in the box |k_i| <= ``bandwidth`` (radians per half side; one
    number, or one per axis) where it has three entries or fewer, and normal with the same variance where it
    has more; b is uniform in [0, 2 pi]. All are quasi-random, from a scrambled Sobol sequence. Along a
    periodic axis k is a multiple of pi. With ``count=None`` or ``bandwidth=None`` the least-squares solver
    chooses them, and the interaction too. Half of the features are ``around`` holes and at ``singular`` points, if
    there are such, in equal parts.

    Raises ValueError for numbers that are not positive, and when built with one of them still to be chosen.

    Source: the random feature method, Chen, Chi, E and Yang 2022; a SIREN whose first layer is frozen.
    Features of a few axes each: Hashemi, Schaeffer, Shi, Topcu, Tran and Ward 2023.

    >>> import torch
    >>> from sirenpde import SineFeatures
    >>> recipe = SineFeatures(count=400, bandwidth=20)
    >>> recipe.describe()
    '400 frozen sines, bandwidth 20'
    >>> network = recipe.build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator().manual_seed(0))
    >>> sum(p.numel() for p in network.parameters())
    401
    """

    is_linear: ClassVar[bool] = True
    is_curved: ClassVar[bool] = True

    count: int | None = None
    bandwidth: float | tuple[float, ...] | None = None
    interaction: int | None = None
    around: tuple[Hole, ...] = ()
    singular: tuple[Singular, ...] = ()

    def __post_init__(self) -> None:
        if self.count is not None:
            check_whole("count", self.count)
        if self.interaction is not None:
            check_whole("interaction", self.interaction)
        if self.bandwidth is not None:
            for value in self.bandwidth if isinstance(self.bandwidth, tuple) else (self.bandwidth,):
                check_positive("bandwidth", value)

    @property
    def is_open(self) -> bool:
        return self.count is None or self.bandwidth is None

    def smallest(self) -> SineFeatures:
        return replace(self, count=self.count or 1, bandwidth=self.bandwidth or 1.0)

    def typical(self) -> SineFeatures:
        return replace(self, count=self.count or 64, bandwidth=self.bandwidth or 5.0)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> DenseNetwork | AroundPoints:
        check_box(low, high, outputs, periodic)
        if self.count is None or self.bandwidth is None:
            raise ValueError(
                f"{self!r}; both numbers were expected here. Solve with LeastSquares(), which chooses them, "
                f"or give them: SineFeatures(count=400, bandwidth=20)."
            )
        dimension = len(low)
        box = one_per_axis("bandwidth", self.bandwidth, dimension)
        side = torch.tensor([float(b) for b in box], dtype=torch.float64)
        together = min(self.interaction or dimension, dimension)
        seed = int(torch.randint(2**62, (), generator=generator))
        each = self._at_each
        plain = self.count - each * self._points
        unit = SobolEngine(dimension + 1, scramble=True, seed=seed).draw(plain, dtype=torch.float64)
        k = _frequencies(2 * unit[:, 1:] - 1, side, list(periodic), together <= UNIFORM)
        if together < dimension:
            k = k * _choices(dimension, together, plain)
        waves = wave_embedding(low, high, k, 2 * math.pi * unit[:, 0])
        hidden: list[nn.Linear] = []
        head = uniform_layer(self.count, outputs, 0.0, 0.0, generator)
        if not each:
            return DenseNetwork(waves, hidden, [], sine, head)
        points = [
            hole_waves(hole, each, waves, side.tolist(), seed + 1 + i) for i, hole in enumerate(self.around)
        ]
        points += [
            singular_waves(singular, each, waves, side.tolist(), seed + 1 + APART * (i + 1))
            for i, singular in enumerate(self.singular)
        ]
        return AroundPoints(waves, points, head)

    @property
    def _points(self) -> int:
        return len(self.around) + len(self.singular)

    @property
    def _at_each(self) -> int:
        """How many of the features belong to each hole or singular point: half of all together."""
        return 0 if not self._points or self.count is None else self.count // (2 * self._points)

    def describe(self) -> str:
        count = "frozen sines" if self.count is None else f"{self.count} frozen sines"
        if self.interaction is not None:
            count += f" of {self.interaction} axes each" if self.interaction > 1 else " of one axis each"
        if self.around:
            holes = "a hole" if len(self.around) == 1 else f"{len(self.around)} holes"
            count += f", half of them about {holes}"
        if self.singular:
            count += f", with {described(self.singular)}"
        if self.bandwidth is None:
            return f"{count}, bandwidth chosen by the solver"
        box = self.bandwidth if isinstance(self.bandwidth, tuple) else (self.bandwidth,)
        numbers = dict.fromkeys(box) if len(set(box)) == 1 else box
        return f"{count}, bandwidth {', '.join(f'{b:g}' for b in numbers)}"


def _frequencies(unit: Tensor, side: Tensor, whole: Sequence[int], uniform: bool) -> Tensor:
    """Points of [-1, 1]^d -> frequencies, multiples of pi in the columns ``whole``."""
    if uniform:
        # Half a step more at each end, so that the outermost multiples of pi are as likely as the others.
        side = side.clone()
        side[whole] = math.pi * (torch.floor(side[whole] / math.pi) + 0.5)
        k = side * unit
    else:
        k = side * math.sqrt(2 / 3) * torch.erfinv(unit.clamp(-1 + 1e-9, 1 - 1e-9))
    k[:, whole] = math.pi * torch.round(k[:, whole] / math.pi)
    return k


def _choices(dimension: int, together: int, count: int) -> Tensor:
    """Ones for the axes that each feature depends on, (count, dimension)."""
    choices = list(itertools.combinations(range(dimension), together))
    axes = torch.tensor([choices[i % len(choices)] for i in range(count)])
    return torch.zeros(count, dimension, dtype=torch.float64).scatter_(1, axes, 1.0)


offer("sine-features", SineFeatures())
