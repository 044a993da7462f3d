"""Frozen waves at singular points: corners, tips of cracks and point sources, where solutions are not smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from .dense import Embedding
from .polar import Family, Plane, PolarWaves
from .registry import known

Kind = Literal["corner", "crack", "source"]
Pair = tuple[float, float]

HIGHEST = 30.0  # exponents of bare powers end here: beyond, they are as smooth as the waves beside them
BARE = 0.2  # of the waves at a point are bare powers r^λ e^{±iλθ}
FAMILIES = 3  # of exponents that differ by no whole number, multiplied by waves of all coordinates
FEW = 6  # points that are named one by one
NEAREST = 1e-14  # of the box: nearer to the point r is as large


@known
@dataclass(frozen=True)
class Singular:
    """A point of the plane of two axes at which a solution behaves like r^λ, and what is known of it.

    ``kind`` is "corner", "crack" (its tip) or "source" (log r). The domain lies ``between`` two directions from the
    point, angles in radians, from the first to the second against the clock; for a crack both are its own. The
    ``exponents`` λ may be given; left out, they are those of Laplace's equation with the same kind of condition on
    both sides, λ = mπ / ω for an opening ω. Where λ is whole there is r^λ log r as well. ``metric`` is the matrix K
    of an operator div(K grad u), the identity if left out. The angle jumps along ``cut``, a direction outside of the
    domain, the middle of what ``between`` leaves if left out. Where a point is only ``tried``, a search for features
    looks whether the data ask for it, and leaves it out if they do not.

    The solver fills in, from the shape and its conditions, what is left out.

    Raises ValueError for a kind or numbers that there are not.

    Source: Grisvard, Elliptic Problems in Nonsmooth Domains, 1985, chapter 4.

    >>> import math
    >>> from sirenpde import Singular
    >>> corner = Singular("corner", at=(0, 0), between=(0, 1.5 * math.pi))
    >>> [round(power, 4) for power in corner.powers[:4]]
    [0.6667, 1.3333, 2.0, 2.6667]
    """

    kind: Kind
    at: Pair
    between: Pair | None = None
    exponents: tuple[float, ...] | None = None
    axes: tuple[int, int] = (0, 1)
    metric: tuple[Pair, Pair] = ((1.0, 0.0), (0.0, 1.0))
    cut: float | None = None
    tried: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(
                f'kind={self.kind!r} was given; expected "corner", "crack" or "source". '
                f'Write Singular("corner", at=(0, 0)).'
            )
        if len(self.at) != 2 or not all(map(math.isfinite, self.at)):
            raise ValueError(
                f"at={self.at!r} was given; expected the two coordinates of a point. "
                f'Write Singular("corner", at=(0, 0)).'
            )
        if self.exponents is not None and not all(0 <= e < math.inf for e in self.exponents):
            raise ValueError(
                f"exponents={self.exponents!r} were given; expected numbers λ of r^λ, 0 or more. "
                f"Write exponents=(2 / 3, 4 / 3)."
            )

    @property
    def is_open(self) -> bool:
        """Whether the shape has to tell between which directions the domain lies."""
        return self.kind != "source" and self.between is None

    @property
    def opening(self) -> float:
        """The angle of the domain at the point, after the map that makes its operator a Laplacian."""
        if self.kind == "source" or self.between is None:
            return 2 * math.pi
        return opening(self.between, self.metric)

    @property
    def powers(self) -> tuple[float, ...]:
        """The exponents λ, ascending, up to 30."""
        if self.exponents is not None:
            return self.exponents
        if self.kind == "source":
            return (0.0,)
        step = math.pi / self.opening
        return tuple(m * step for m in range(1, int(HIGHEST / step) + 1))

    def describe(self) -> str:
        """For example ``corner at (0, 0), r^0.6667``."""
        place = ", ".join(f"{c:.4g}" for c in self.at)
        if self.kind == "source":
            return f"source at ({place}), log r"
        low = self.powers[0] if self.powers else 0.0
        return f"{self.kind} at ({place}), r^{low:.4g}{' log r' if is_whole(low) else ''}"


def is_whole(power: float) -> bool:
    return abs(power - round(power)) < 1e-9


def opening(between: Pair, metric: tuple[Pair, Pair]) -> float:
    """The angle from one direction to the other, against the clock, where the metric is mapped to the identity."""
    if metric == ((1.0, 0.0), (0.0, 1.0)):
        angle = (between[1] - between[0]) % (2 * math.pi)
        return angle if angle > 1e-12 else 2 * math.pi
    first, second = (mapped(direction, metric) for direction in between)
    angle = (second - first) % (2 * math.pi)
    return angle if angle > 1e-12 else 2 * math.pi


def _flattening(metric: tuple[Pair, Pair]) -> Tensor:
    """The map whose coordinates make div(K grad u) a Laplacian: K^(-1/2)."""
    values, vectors = torch.linalg.eigh(torch.tensor(metric, dtype=torch.float64))
    flat: Tensor = vectors @ torch.diag(values**-0.5) @ vectors.T
    return flat


def mapped(direction: float, metric: tuple[Pair, Pair]) -> float:
    """The angle of a direction where the metric is mapped to the identity."""
    x, y = (_flattening(metric) @ torch.tensor([math.cos(direction), math.sin(direction)]).double()).tolist()
    return math.atan2(y, x)


def plane_at(singular: Singular, low: Tensor, high: Tensor) -> Plane:
    """Polar coordinates whose angle jumps opposite to the middle of the domain's directions, in units of the box."""
    axes = list(singular.axes)
    centre = torch.tensor(singular.at, dtype=torch.float64)
    far = torch.stack([(end[axes] - centre).abs() for end in (low, high)]).amax(0)
    flat = _flattening(singular.metric)
    middle = 0.0
    if singular.cut is not None:
        middle = mapped(singular.cut, singular.metric) + math.pi
    elif singular.between is not None:
        middle = mapped(singular.between[0], singular.metric) + singular.opening / 2
    turn = torch.tensor(
        [[math.cos(middle), math.sin(middle)], [-math.sin(middle), math.cos(middle)]], dtype=torch.float64
    )
    (p, q), (s, t) = (turn @ flat / float((flat @ far).norm())).tolist()
    return Plane(singular.axes, (float(singular.at[0]), float(singular.at[1])), ((p, q), (s, t)), NEAREST)


def families_of(powers: Sequence[float]) -> list[float]:
    """The lowest exponents of which no two differ by a whole number."""
    found: list[float] = []
    for power in powers:
        if not any(is_whole(power - known) for known in found):
            found.append(power)
    return found[:FAMILIES]


def singular_waves(
    singular: Singular, count: int, beside: Embedding, side: Sequence[float], seed: int
) -> PolarWaves:
    """So many waves at a singular point: bare powers, and powers times waves of the bandwidths ``side``."""
    low, high = beside.centre - 1 / beside.scale, beside.centre + 1 / beside.scale
    plane = plane_at(singular, low, high)
    powers, dimension = singular.powers, len(side)
    smooth = dimension == 2
    bare = [p for p in powers if p > 0][: min(count // 2, max(1, int(BARE * count) // 2))]
    parts = [_bare(bare, singular, dimension)] if smooth and bare and singular.kind != "source" else []
    left = count - sum(len(part.phases) for part in parts)
    families = families_of(powers) or [1.0]
    shares = [
        left * (len(families) - i) * 2 // (len(families) * (len(families) + 1)) for i in range(len(families))
    ]
    shares[0] += left - sum(shares)
    for i, (power, share) in enumerate(zip(families, shares, strict=True)):
        if share > 0:
            parts.append(_products(power, share, singular, side, seed + i))
    return PolarWaves(plane, Family.joined(parts), beside.centre, beside.scale)


def _bare(powers: Sequence[float], singular: Singular, dimension: int) -> Family:
    """r^λ sin λθ and r^λ cos λθ."""
    growth = torch.tensor(powers, dtype=torch.float64).repeat_interleave(2)
    steps = torch.stack([torch.zeros_like(growth), growth], dim=1)
    phases = torch.tensor([0.0, math.pi / 2], dtype=torch.float64).repeat(len(powers))
    return Family(
        growth, steps, _logs(growth, singular), torch.zeros(len(growth), dimension).double(), phases
    )


def _products(power: float, count: int, singular: Singular, side: Sequence[float], seed: int) -> Family:
    """r^λ times sines, phases λθ and -λθ in turn."""
    unit = SobolEngine(len(side) + 1, scramble=True, seed=seed).draw(count, dtype=torch.float64)
    frequencies = (2 * unit[:, 1:] - 1) * torch.tensor([float(b) for b in side], dtype=torch.float64)
    growth = torch.full((count,), power, dtype=torch.float64)
    steps = torch.stack([torch.zeros_like(growth), growth], dim=1)
    return Family(growth, steps, _logs(growth, singular), frequencies, 2 * math.pi * unit[:, 0])


def _logs(growth: Tensor, singular: Singular) -> Tensor:
    """log r at a source; log z where the exponent is whole, whose powers alone are smooth."""
    if singular.kind == "source":
        return torch.full((len(growth), 2), 0.5, dtype=torch.float64)
    whole = (growth - growth.round()).abs() < 1e-9
    return torch.stack([whole.double(), torch.zeros(len(growth)).double()], dim=1)


def described(points: Sequence[Singular]) -> str:
    """The points in a few words, those that are only tried by their number."""
    sure = [point.describe() for point in points if not point.tried]
    tried = len(points) - len(sure)
    if len(sure) > FEW:
        low = min(power for point in points for power in point.powers)
        sure = [f"{len(sure)} singular points, r^{low:.4g} and higher"]
    if tried:
        where = "a corner" if tried == 1 else f"{tried} {'more ' if sure else ''}corners"
        sure.append(f"{where} where the data may ask for it")
    return "; ".join(sure)
