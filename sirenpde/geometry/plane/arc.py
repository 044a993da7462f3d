"""Arcs: the sides of a shape in the plane."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..domain import Data, check_count, quasi_random
from ..motion import Motion
from ..nodes import WeightedNodes, equidistant, gauss
from ..point import Axis
from .curves import Curve, EllipticArc, Pair, Segment

BENDS = 512  # steps in which an arc's curvature is looked at
NODES = 16  # of Gauss on each panel, between which an arc's length is measured


@dataclass(frozen=True)
class Arc:
    """A smooth piece of a boundary in the plane, run through with the shape on its left hand.

    ``at(s)`` gives points for s in [0, 1], equal steps for equal lengths; ``start`` and ``end`` are shared with the
    arcs before and after it to the last bit. Points are drawn quasi-random and uniform by length, with the
    outward unit ``normal`` as data, and never at an end.

    >>> import torch
    >>> from sirenpde import Disk
    >>> (circle,) = Disk(radius=2).sides
    >>> circle.at(torch.tensor([0.0, 0.25], dtype=torch.float64)).round(decimals=12).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    >>> len(circle.polyline(spacing=1.0))
    14
    """

    curve: Curve
    axes: tuple[Axis, ...]
    name: str
    start: Pair
    end: Pair

    @staticmethod
    def of(curve: Curve, axes: tuple[Axis, ...], name: str) -> Arc:
        start, end = curve.at(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
        if math.dist(start, end) < 1e-12 * math.hypot(*(a.high - a.low for a in axes)):
            end = start  # a closed curve
        return Arc(curve, axes, name, tuple(start), tuple(end))

    @property
    def size(self) -> None:
        return None

    @property
    def dimension(self) -> int:
        return 1

    @property
    def closed(self) -> bool:
        return self.start == self.end

    @property
    def normal(self) -> Data:
        """The outward unit normal (2,) as a function of a point."""
        return Data("normal")

    @property
    def measure(self) -> float:
        """The length."""
        return float(self._lengths[-1])

    @cached_property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        turning = self.curve.at(torch.tensor(self.curve.turning(), dtype=torch.float64)).tolist()
        columns = zip(self.start, self.end, *turning, strict=True)
        return tuple((min(column), max(column)) for column in columns)

    def instant(self, axis: Axis) -> float | None:
        """The one coordinate along an axis that all its points have; None where they have several."""
        low, high = self.bounds[[a.name for a in self.axes].index(axis.name)]
        return low if low == high else None

    def at(self, s: Tensor) -> Tensor:
        """Fractions (n,) of the length -> points (n, 2)."""
        points = self.curve.at(self._parameters(s))
        points = torch.where(s[:, None] <= 0, s.new_tensor(self.start), points)
        return torch.where(s[:, None] >= 1, s.new_tensor(self.end), points)

    def normals(self, s: Tensor) -> Tensor:
        """Fractions (n,) of the length -> outward unit normals (n, 2)."""
        return self._normals(self._parameters(s))

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit interval (n, 1) -> points of the arc and their normals."""
        return self.from_parameter(self._parameters(unit[:, 0].clamp(1e-12, 1 - 1e-12)))

    def from_parameter(self, s: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Values (n,) of the curve's own parameter -> points of the arc and their normals."""
        return self.curve.at(s), {"normal": self._normals(s)}

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points and their normals."""
        return self.from_unit(quasi_random(check_count(n, self.name), 1, generator))

    def cubature(self, count: int) -> WeightedNodes:
        """Gauss' nodes, so many that polynomials up to degree 2 ``count`` - 1 are integrated to rounding."""
        if self.closed and self.curve.even and isinstance(self.curve, EllipticArc):
            line = equidistant(0, 1, 2 * count)
            nodes, weights = line.nodes, self.measure * line.weights
        else:
            panels = 1 if isinstance(self.curve, Segment) else len(self._lengths) - 1
            line = gauss(0, 1, count if isinstance(self.curve, Segment) else NODES + count)
            nodes = ((torch.arange(panels)[:, None] + line.nodes) / panels).reshape(-1)
            weights = (line.weights / panels).repeat(panels) * self.curve.velocity(nodes).norm(dim=1)
        return WeightedNodes(self.curve.at(nodes), weights, {"normal": self._normals(nodes)})

    def polyline(self, spacing: float = math.inf, tolerance: float = math.inf) -> Tensor:
        """Points (n, 2) from ``start`` to ``end``, at equal steps of at most ``spacing``.

        Chords between them leave the arc by at most ``tolerance``, a length.
        """
        turn, sharpest = self._bends
        steps = max(1, math.ceil(self.measure / spacing - 1e-9))
        if turn > 1e-12:
            steps = max(
                steps, math.ceil(self.measure * math.sqrt(sharpest / (8 * tolerance))), math.ceil(turn)
            )
        return self.at(torch.linspace(0, 1, steps + 1, dtype=torch.float64))

    def reversed(self) -> Arc:
        return Arc(self.curve.reversed(), self.axes, self.name, self.end, self.start)

    def mapped(self, motion: Motion, axes: tuple[Axis, ...]) -> Arc:
        ends = motion.points(torch.tensor([self.start, self.end], dtype=torch.float64)).tolist()
        return Arc(self.curve.mapped(motion), axes, self.name, *map(tuple, ends))

    def part(self, low: float, high: float) -> Arc:
        """The part between two values of the curve's own parameter."""
        if (low, high) == (0, 1):
            return self
        part = Arc.of(self.curve.part(low, high), self.axes, self.name)
        start = self.start if low == 0 else part.start
        return Arc(part.curve, self.axes, self.name, start, self.end if high == 1 else part.end)

    def _normals(self, s: Tensor) -> Tensor:
        velocity = self.curve.velocity(s)
        turned = torch.stack([velocity[:, 1], -velocity[:, 0]], dim=1)
        unit: Tensor = turned / turned.norm(dim=1, keepdim=True) + 0.0  # no -0
        return unit

    @cached_property
    def _bends(self) -> tuple[float, float]:
        """The angle by which it turns in all, and its largest curvature."""
        s = torch.linspace(0, 1, BENDS + 1, dtype=torch.float64)
        normals, steps = self._normals(s), self.curve.velocity((s[1:] + s[:-1]) / 2).norm(dim=1) / BENDS
        turns = normals.diff(dim=0).norm(dim=1)
        return float(turns.sum()), float((turns / steps).max())

    @cached_property
    def _lengths(self) -> Tensor:
        """The length up to the ends of equal panels of the parameter, as many as rounding asks for."""
        if self.curve.even:
            speed = self.curve.velocity(torch.zeros(1, dtype=torch.float64)).norm()
            panels = 1 if isinstance(self.curve, Segment) else 8
            even: Tensor = speed * torch.linspace(0, 1, panels + 1, dtype=torch.float64)
            return even
        panels, before = 8, math.inf
        while True:
            ends = torch.linspace(0, 1, panels + 1, dtype=torch.float64)
            lengths = self._length_between(ends[:-1], ends[1:])
            total = float(lengths.sum())
            if abs(total - before) <= 4e-15 * total or panels > 4096:
                return torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
            panels, before = 2 * panels, total

    def _length_between(self, low: Tensor, high: Tensor) -> Tensor:
        line = gauss(0, 1, NODES)
        s = low[:, None] + (high - low)[:, None] * line.nodes
        speed = self.curve.velocity(s.reshape(-1)).norm(dim=1).reshape(s.shape)
        lengths: Tensor = (high - low) * (speed @ line.weights)
        return lengths

    def _parameters(self, fractions: Tensor) -> Tensor:
        """Fractions of the length -> the curve's own parameters, by Newton's method."""
        if self.curve.even:
            return fractions
        panels = len(self._lengths) - 1
        wanted = fractions.clamp(0, 1) * self._lengths[-1]
        panel = (torch.searchsorted(self._lengths, wanted, right=True) - 1).clamp(0, panels - 1)
        low, rest = panel / panels, wanted - self._lengths[panel]
        s = low + rest / (self._lengths[panel + 1] - self._lengths[panel]) / panels
        for _ in range(5):
            speed = self.curve.velocity(s).norm(dim=1)
            s = torch.minimum(
                torch.maximum(s - (self._length_between(low, s) - rest) / speed, low), low + 1 / panels
            )
        return s


def area(arcs: Sequence[Arc], bounds: Sequence[Pair]) -> float:
    """The area that arcs with these bounds enclose, to rounding, by Green's formula.

    It is half of the integral of (p - c) · n over the arcs, c the middle of the bounds.
    """
    middle = torch.tensor([(low + high) / 2 for low, high in bounds], dtype=torch.float64)
    rules = [arc.cubature(2) for arc in arcs]
    fluxes = [((r.points - middle) * r.data["normal"]).sum(1) @ r.weights / 2 for r in rules]
    return float(torch.stack(fluxes).sum())


def polylines(arcs: Sequence[Arc], resolution: int) -> list[Tensor]:
    """The arcs as chains of chords, about three for each point across on a circle as large as all of them."""
    bounds = [arc.bounds for arc in arcs]
    size = max(max(b for _, b in of) - min(a for a, _ in of) for of in zip(*bounds, strict=True))
    return [arc.polyline(tolerance=size / max(resolution, 2) ** 2 / 2) for arc in arcs]
