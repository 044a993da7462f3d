"""The corners of a shape in the plane, and which points lie on a domain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from . import can
from .boundary import Boundary, Face
from .box import Box
from .domain import HasAxes
from .plane.arc import Arc
from .plane.outline import distances
from .product import Product
from .shape import Shape, arcs_of
from .slab import SLACK


@dataclass(frozen=True)
class Corner:
    """Where one arc of a boundary ends and the next begins, the shape on the left of both."""

    before: Arc
    after: Arc

    @property
    def at(self) -> tuple[float, float]:
        return self.after.start

    @property
    def between(self) -> tuple[float, float]:
        """The directions of the two sides as seen from the corner, angles in radians; the shape lies between the
        first and the second, against the clock."""
        return direction(self.after, 0.0), direction(self.before, 1.0) + math.pi

    @property
    def opening(self) -> float:
        """The angle of the shape there, in (0, 2π]."""
        first, second = self.between
        angle = (second - first) % (2 * math.pi)
        return angle if angle > 1e-9 else 2 * math.pi


def direction(arc: Arc, s: float) -> float:
    """The angle of an arc's tangent at a fraction of its length."""
    ((x, y),) = arc.normals(torch.tensor([s], dtype=torch.float64)).tolist()
    return math.atan2(x, -y)


def plane_arcs(domain: HasAxes) -> tuple[Arc, ...] | None:
    """The arcs that bound a shape in the plane of a domain's first two axes, the other axes being intervals.

    None where a domain is no such shape.

    >>> from sirenpde import Box, Interval
    >>> from sirenpde.geometry.corners import plane_arcs
    >>> len(plane_arcs(Box(x=(0, 1), y=(0, 1)) * Interval(t=(0, 1)))), plane_arcs(Interval(x=(0, 1)))
    (4, None)
    """
    if isinstance(domain, Product):
        return plane_arcs(domain.shape)
    if isinstance(domain, Box) and len(domain.axes) == 3 and domain.axes[2].is_time:
        return plane_arcs(Box(**{a.name: (a.low, a.high) for a in domain.axes[:2]}))
    return arcs_of(domain) if isinstance(domain, Shape) and domain.dimension == 2 else None


def corners_of(domain: HasAxes) -> Iterator[Corner]:
    """Where arcs of the boundary of a shape in the plane meet, at whatever angle.

    >>> import math
    >>> from sirenpde import Box
    >>> from sirenpde.geometry.corners import corners_of
    >>> l_shape = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
    >>> [corner.at for corner in corners_of(l_shape) if corner.opening > math.pi + 1e-9]
    [(0.0, 0.0)]
    """
    arcs = plane_arcs(domain) or ()
    for before, following in zip(arcs, (*arcs[1:], *arcs[:1]), strict=True):
        # Where a slit starts, four arcs meet: those that follow each other belong together.
        meeting = [arc for arc in (following, *arcs) if arc.start == before.end]
        if meeting and meeting[0] is not before:
            yield Corner(before, meeting[0])


def lies_on(domain: object, points: Tensor) -> Tensor:
    """Which points (n, d) lie in a domain or on its boundary, rounding forgiven; none where it does not know."""
    patches, nowhere = can.patches_of(domain), torch.zeros(len(points), dtype=torch.bool)
    if isinstance(domain, can.Restricted):
        return lies_on(domain.whole, points) & domain.predicate(points)
    if isinstance(domain, Arc):
        size = max(high - low for low, high in domain.bounds)
        near: Tensor = distances(domain, points) <= SLACK * size
        return near
    if isinstance(domain, Face):
        return lies_on(domain.slice, points)
    if isinstance(domain, Product):
        return lies_on(domain.shape, points[:, :-1]) & domain.interval.contains(points[:, -1:])
    if isinstance(domain, Boundary) and patches is None:
        sides = [lies_on(side, points) for side in domain.faces]
        return torch.stack([nowhere, *sides]).any(0)
    if patches is None:
        return domain.contains(points) if isinstance(domain, can.Contain) else nowhere
    found = nowhere
    for patch in patches:
        low, high = points.new_tensor(patch.intervals).T
        slack = 1e-12 * points.new_tensor([axis.high - axis.low for axis in patch.axes])
        found = found | ((points >= low - slack) & (points <= high + slack)).all(1)
    return found
