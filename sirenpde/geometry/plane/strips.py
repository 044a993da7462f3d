"""Nodes and weights for integrals over a part of the plane that arcs bound: Gauss' rule in strips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..nodes import WeightedNodes, gauss
from .arc import Arc
from .curves import Curve, Segment

NODES = 16  # across a strip with curved edges, besides those that the degree asks for
FEWEST = 8  # on a part of an interval, besides its share of those on the whole
FINEST = 40  # halvings of a strip

Strip = tuple[float, float]


def strips(arcs: Sequence[Arc], count: int) -> WeightedNodes:
    """Nodes inside the arcs, and weights, that integrate polynomials up to degree 2 ``count`` - 1.

    The plane is cut into strips along the second axis at every end of an arc and every tangent along that axis.
    In a strip arcs do not meet: between each pair of them lie Gauss' nodes, at Gauss' nodes across the strip. Where
    an edge is curved, those are Gauss' nodes of the angle of which the place in the strip is a cosine, so that
    edges may end upright, and strips are halved until their area and its moment have converged to rounding.
    """
    return _Strips.of(arcs, count).nodes()


@dataclass(frozen=True, eq=False)
class _Strips:
    pieces: Sequence[Curve]
    ends: NDArray[np.float64]  # (pieces, 2), first coordinates
    count: int
    wide: float
    tall: float

    @staticmethod
    def of(arcs: Sequence[Arc], count: int) -> _Strips:
        pieces = [piece for arc in arcs for piece in _monotone(arc.curve)]
        unit = torch.tensor([0.0, 1.0], dtype=torch.float64)
        ends = np.array([piece.at(unit)[:, 0].tolist() for piece in pieces])
        tall = max(arc.bounds[1][1] for arc in arcs) - min(arc.bounds[1][0] for arc in arcs)
        return _Strips(pieces, ends, count, float(np.ptp(ends)), tall)

    def nodes(self) -> WeightedNodes:
        low, high = self.ends.min(1), self.ends.max(1)
        places, weights = list[Tensor](), list[Tensor]()
        for a, b in pairwise(_apart(np.sort(self.ends.reshape(-1)), 1e-13 * self.wide)):
            middle = (a + b) / 2
            across = [self.pieces[k] for k in np.flatnonzero((low < middle) & (high > middle)).tolist()]
            for strip in self._resolved(across, (a, b)) if across else ():
                x, width = self._across(across, strip)
                y = _heights(across, x)
                for below, above in zip(y[::2], y[1::2], strict=True):
                    height = above - below
                    line = gauss(0, 1, _enough(self.count, float(height.max()) / self.tall))
                    inside = below[:, None] + height[:, None] * line.nodes
                    places.append(torch.stack([x[:, None].expand_as(inside), inside], dim=2).reshape(-1, 2))
                    weights.append(((width * height)[:, None] * line.weights).reshape(-1))
        return WeightedNodes(torch.cat(places), torch.cat(weights))

    def _resolved(self, across: Sequence[Curve], strip: Strip) -> list[Strip]:
        """The strip, halved until the area between the curves in each part has converged, and its moment."""
        if all(isinstance(curve, Segment) for curve in across):
            return [strip]
        area = 1e-15 * max(self.wide, self.tall) ** 2
        done, open_ = list[Strip](), [(strip, FINEST)]
        while open_:
            (a, b), left = open_.pop()
            halves = ((a, (a + b) / 2), ((a + b) / 2, b))
            whole, first, second = (self._moments(across, s, (a + b) / 2) for s in ((a, b), *halves))
            off = (whole - first - second).abs()
            if (off[0] <= area and off[1] <= area * self.wide) or not left:
                done.append((a, b))
            else:
                open_ += [(half, left - 1) for half in halves]
        return done

    def _moments(self, across: Sequence[Curve], strip: Strip, middle: float) -> Tensor:
        """The area between the curves, and its moment about a line along the second axis."""
        x, width = self._across(across, strip)
        y = _heights(across, x)
        return torch.stack([width, width * (x - middle)]) @ (y[1::2] - y[::2]).sum(0)

    def _across(self, across: Sequence[Curve], strip: Strip) -> tuple[Tensor, Tensor]:
        """Places across a strip and their weights, which sum to its width."""
        a, b = strip
        share = (b - a) / self.wide
        if all(isinstance(curve, Segment) for curve in across):
            line = gauss(a, b, _enough(self.count + 1, share))
            return line.nodes, (b - a) * line.weights
        ends = _heights(across, torch.tensor([a, b], dtype=torch.float64))
        steepest = float((ends[:, 1] - ends[:, 0]).abs().max()) / self.tall
        line = gauss(0, math.pi, NODES + math.ceil(2 * self.count * max(share, steepest)))
        x = (a + b) / 2 - (b - a) / 2 * line.nodes.cos()
        return x, (b - a) / 2 * math.pi * line.nodes.sin() * line.weights


def _monotone(curve: Curve) -> list[Curve]:
    """Parts along which the first coordinate rises or falls; none where it is constant."""
    if isinstance(curve, Segment):
        return [curve] if curve.start[0] != curve.end[0] else []
    ends = pairwise((0.0, *curve.turning(), 1.0))
    return [curve.part(low, high) for low, high in ends if high - low > 1e-12]


def _apart(values: NDArray[np.float64], least: float) -> list[float]:
    return [
        float(v) for v, before in zip(values, [-math.inf, *values[:-1]], strict=True) if v - before > least
    ]


def _enough(count: int, share: float) -> int:
    """Nodes on a part of an interval that serve as well as so many on the whole."""
    return min(count, math.ceil(count * share) + FEWEST)


def _heights(across: Sequence[Curve], x: Tensor) -> Tensor:
    """The second coordinate of each curve at these places (arcs, n), from below."""
    heights = torch.stack([curve.at(curve.across(x, 0))[:, 1] for curve in across])
    return heights[heights[:, len(x) // 2].argsort()]
