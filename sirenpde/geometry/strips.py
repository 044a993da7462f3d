"""Nodes and weights for integrals over a part of the plane that arcs bound: Gauss' rule in strips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from .arc import Arc
from .curves import Curve, Segment
from .nodes import WeightedNodes, gauss

NODES = 20  # across a strip with curved edges, besides those that the degree asks for
FINEST = 40  # halvings of a strip

Strip = tuple[float, float]


def strips(arcs: Sequence[Arc], count: int) -> WeightedNodes:
    """Nodes inside the arcs, and weights, that integrate polynomials up to degree 2 ``count`` - 1.

    The plane is cut into strips along the second axis at every end of an arc and every tangent along that axis.
    In a strip arcs do not meet: between each pair of them lie Gauss' nodes, at Gauss' nodes across the strip. Where
    an edge is curved, those are Gauss' nodes of the angle of which the place in the strip is a cosine, so that
    edges may end upright, and strips are halved until their area has converged to rounding.
    """
    pieces = [piece for arc in arcs for piece in _monotone(arc.curve)]
    ends = np.array(
        [piece.at(torch.tensor([0.0, 1.0], dtype=torch.float64))[:, 0].tolist() for piece in pieces]
    )
    low, high = ends.min(1), ends.max(1)
    size = float(high.max() - low.min())
    places, weights = list[Tensor](), list[Tensor]()
    for a, b in pairwise(_apart(np.sort(ends.reshape(-1)), 1e-13 * size)):
        middle = (a + b) / 2
        across = [pieces[k] for k in np.flatnonzero((low < middle) & (high > middle))]
        for strip in _resolved(across, (a, b), count, size) if across else ():
            x, width = _across(across, strip, count)
            y = _heights(across, x)  # (arcs, n), from below
            line = gauss(0, 1, count)
            for below, above in zip(y[::2], y[1::2], strict=True):
                height = above - below
                y_nodes = below[:, None] + height[:, None] * line.nodes
                places.append(torch.stack([x[:, None].expand_as(y_nodes), y_nodes], dim=2).reshape(-1, 2))
                weights.append(((width * height)[:, None] * line.weights).reshape(-1))
    return WeightedNodes(torch.cat(places), torch.cat(weights))


def _monotone(curve: Curve) -> list[Curve]:
    """Parts along which the first coordinate rises or falls; none where it is constant."""
    if isinstance(curve, Segment):
        return [curve] if curve.start[0] != curve.end[0] else []
    return [
        curve.part(low, high) for low, high in pairwise((0.0, *curve.turning(), 1.0)) if high - low > 1e-12
    ]


def _apart(values: np.ndarray, least: float) -> list[float]:
    return [
        float(v) for v, before in zip(values, [-math.inf, *values[:-1]], strict=True) if v - before > least
    ]


def _resolved(across: Sequence[Curve], strip: Strip, count: int, size: float) -> list[Strip]:
    """The strip, halved until the area between the curves in each part has converged."""
    if all(isinstance(curve, Segment) for curve in across):
        return [strip]
    done, open_ = list[Strip](), [(strip, FINEST)]
    while open_:
        (a, b), left = open_.pop()
        halves = ((a, (a + b) / 2), ((a + b) / 2, b))
        whole, first, second = (_moments(across, s, (a + b) / 2, count) for s in ((a, b), *halves))
        off = (whole - first - second).abs()
        if (off[0] <= 1e-15 * size**2 and off[1] <= 1e-15 * size**3) or not left:
            done.append((a, b))
        else:
            open_ += [(half, left - 1) for half in halves]
    return done


def _moments(across: Sequence[Curve], strip: Strip, middle: float, count: int) -> Tensor:
    """The area between the curves, and its moment about a line along the second axis."""
    x, width = _across(across, strip, count)
    y = _heights(across, x)
    return torch.stack([width, width * (x - middle)]) @ (y[1::2] - y[::2]).sum(0)


def _across(across: Sequence[Curve], strip: Strip, count: int) -> tuple[Tensor, Tensor]:
    """Places across a strip and their weights, which sum to its width."""
    a, b = strip
    if all(isinstance(curve, Segment) for curve in across):
        line = gauss(a, b, count + 1)
        return line.nodes, (b - a) * line.weights
    line = gauss(0, math.pi, NODES + count)
    x = (a + b) / 2 - (b - a) / 2 * line.nodes.cos()
    return x, (b - a) / 2 * math.pi * line.nodes.sin() * line.weights


def _heights(across: Sequence[Curve], x: Tensor) -> Tensor:
    """The second coordinate of each curve at these places (arcs, n), from below."""
    heights = torch.stack([curve.at(curve.across(x, 0))[:, 1] for curve in across])
    return heights[heights[:, len(x) // 2].argsort()]
