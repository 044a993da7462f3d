"""Shapes in the plane within closed curves: their level, and whether the curves are sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from ..point import Axis
from ..shape import Shape
from .arc import Arc
from .curves import Curve, Pair, Segment

AT_ONCE = 2**20  # distances of points to curves
CHORDS = 64  # of a curve, where shapely looks for crossings


@dataclass(frozen=True)
class Contour(Shape):
    """The points of a plane within closed loops of curves, those within an odd number of them.

    Made by ``Polygon.open`` from a drawing with curved edges. Each curve begins where the one before it ends, and the
    last of a loop ends where the first begins. Raises ValueError for loops that are open or cross.
    """

    loops: tuple[tuple[Curve, ...], ...]
    names: tuple[str, str] = ("x", "y")
    name: str = "contour"

    def __post_init__(self) -> None:
        check_loops([polyline(loop) for loop in self.loops], self.name)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        return axes_of(self.loops, self.names)

    @cached_property
    def sides(self) -> tuple[Arc, ...]:
        return sides_of(self.loops, self.axes, lambda loop, k: f"loop {loop + 1}, piece {k + 1}")

    def level(self, points: Tensor) -> Tensor:
        """The distance to the nearest curve, negative inside."""
        return level(self.sides, points)


def polyline(loop: Sequence[Curve]) -> list[Pair]:
    """A loop by the ends of its curves, and points on those that are no segments."""
    points = list[Pair]()
    for curve in loop:
        s = torch.linspace(0, 1, 2 if isinstance(curve, Segment) else CHORDS + 1, dtype=torch.float64)
        points += [(x, y) for x, y in curve.at(s[:-1]).tolist()]
    return points


def turned_right(loops: Sequence[tuple[Curve, ...]]) -> tuple[tuple[Curve, ...], ...]:
    """The loops with the shape on their left hand: those within an even number of others counterclockwise."""
    import shapely

    rings = [shapely.Polygon(polyline(loop)) for loop in loops]
    turned = []
    for k, (loop, ring) in enumerate(zip(loops, rings, strict=True)):
        depth = sum(other.contains(ring) for i, other in enumerate(rings) if i != k)
        right = shapely.is_ccw(ring.exterior) == (depth % 2 == 0)
        turned.append(tuple(loop) if right else tuple(curve.reversed() for curve in reversed(loop)))
    return tuple(turned)


def sides_of(
    loops: Sequence[tuple[Curve, ...]], axes: tuple[Axis, ...], named: Callable[[int, int], str]
) -> tuple[Arc, ...]:
    """The arcs of loops, in their order, with ends that are shared to the last bit."""
    arcs = list[Arc]()
    for number, loop in enumerate(turned_right(loops)):
        starts = [Arc.of(curve, axes, "").start for curve in loop]
        ends = [*starts[1:], starts[0]]
        arcs += [
            Arc(curve, axes, named(number, k), start, end)
            for k, (curve, start, end) in enumerate(zip(loop, starts, ends, strict=True))
        ]
    return tuple(arcs)


def axes_of(loops: Sequence[Sequence[Curve]], names: Sequence[str]) -> tuple[Axis, ...]:
    any_axes = tuple(Axis(name, 0.0, 1.0) for name in names)
    bounds = [Arc.of(curve, any_axes, "").bounds for loop in loops for curve in loop]
    return tuple(
        Axis(name, min(low for low, _ in ends), max(high for _, high in ends))
        for name, ends in zip(names, zip(*bounds, strict=True), strict=True)
    )


def level(arcs: Sequence[Arc], points: Tensor) -> Tensor:
    """The distance of points (n, 2) to the nearest of arcs, negative where a ray from them crosses an odd number."""
    straight = [arc for arc in arcs if isinstance(arc.curve, Segment)]
    levels = []
    for some in points.split(max(1, AT_ONCE // max(1, len(straight)))):
        distance, odd = _straight(straight, some)
        for arc in arcs:
            if isinstance(arc.curve, Segment):
                continue
            nearest = arc.curve.at(arc.curve.nearest(some).clamp(0, 1))
            distance = torch.minimum(distance, (some - nearest).norm(dim=1))
            odd = odd ^ _crosses(arc, some)
        levels.append(torch.where(odd, -distance, distance))
    return torch.cat(levels)


def _straight(arcs: Sequence[Arc], points: Tensor) -> tuple[Tensor, Tensor]:
    """The distance to the nearest segment, and whether a ray along the first axis crosses an odd number of them."""
    if not arcs:
        return points.new_full((len(points),), math.inf), torch.zeros(len(points), dtype=torch.bool)
    start, end = points.new_tensor([arc.start for arc in arcs]), points.new_tensor([arc.end for arc in arcs])
    along, to = end - start, points[:, None] - start
    s = ((to * along).sum(2) / (along * along).sum(1)).clamp(0, 1)
    distance: Tensor = (to - s[..., None] * along).norm(dim=2).amin(1)
    low, high = start[:, 1], end[:, 1]
    y = points[:, 1:]
    between = (y >= torch.minimum(low, high)) & (y < torch.maximum(low, high))
    cross = along[:, 0] * to[..., 1] - along[:, 1] * to[..., 0]
    right = (cross > 0) == (high > low)  # the segment passes on the right of the point
    odd: Tensor = (between & right).sum(1) % 2 == 1
    return distance, odd


def _crosses(arc: Arc, points: Tensor) -> Tensor:
    """Whether a ray along the first axis crosses an arc an odd number of times.

    Ends are those that arcs share, so that a ray through one meets one of both arcs, or both, or none.
    """
    (x, y), odd = points.T, torch.zeros(len(points), dtype=torch.bool)
    turning = arc.curve.turning()
    knots = [arc.start, *arc.curve.at(torch.tensor(turning, dtype=torch.float64)).tolist(), arc.end]
    for (s, first), (t, last) in pairwise(zip((0.0, *turning, 1.0), knots, strict=True)):
        (left, right), (low, high) = (sorted((first[i], last[i])) for i in (0, 1))
        between = (y >= low) & (y < high)
        crossed = between & (x < left)
        near = between & (x >= left) & (x <= right)
        if bool(near.any()):
            piece = arc.curve.part(s, t)
            crossed[near] = x[near] < piece.at(piece.across(y[near], 1).clamp(0, 1))[:, 0]
        odd = odd ^ crossed
    return odd


def check_loops(loops: Sequence[Sequence[Pair]], name: str) -> None:
    """Raises ValueError for a loop that crosses or touches itself or another, naming the place."""
    import shapely

    rings = [shapely.LinearRing(loop) for loop in loops]
    for ring in rings:
        if not ring.is_simple:
            reason = shapely.is_valid_reason(shapely.Polygon(ring))
            place = reason[reason.find("[") + 1 : reason.find("]")].split() if "[" in reason else []
            at = f"at ({float(place[0]):.6g}, {float(place[1]):.6g})" if len(place) > 1 else "along a line"
            raise ValueError(
                f"The boundary of '{name}' crosses or touches itself {at}; an outline that runs round its shape once "
                f"is needed. Check the order of the vertices, or declare two shapes and join them by a | b."
            )
    tree = shapely.STRtree(rings)
    for i, j in zip(*tree.query(rings, predicate="intersects"), strict=True):
        if i < j:
            (x, y), *_ = shapely.get_coordinates(rings[i].intersection(rings[j])).tolist()
            raise ValueError(
                f"Two loops of '{name}' meet at ({x:.6g}, {y:.6g}); loops lie apart, holes within their outline. "
                f"Move one, or cut the hole out as a shape: a - b."
            )
