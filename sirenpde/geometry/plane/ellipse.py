"""The ellipse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain import check_count, is_finite, quasi_random
from ..nodes import WeightedNodes
from ..point import Axis, axes_about, check_axis_names
from ..shape import Shape
from .arc import Arc
from .curves import EllipticArc
from .disk import Disk


@dataclass(frozen=True)
class Ellipse(Shape):
    """The points of a plane within an ellipse with half-axes ``radii`` along the axes; turned by ``rotated``.

    Points are drawn quasi-random and uniform, those of its boundary uniform by length. Raises ValueError for radii
    that are not above 0, numbers that are not finite, and names that are no two Python names.

    >>> import math
    >>> from sirenpde import Ellipse
    >>> ellipse = Ellipse(radii=(2, 1))
    >>> round(ellipse.measure, 12), round(ellipse.boundary().measure, 12)
    (6.28318530718, 9.688448220548)
    >>> ellipse.rotated(math.pi / 2).bounds
    ((-1.0, 1.0), (-2.0, 2.0))
    """

    center: tuple[float, float] = (0.0, 0.0)
    radii: tuple[float, float] = (2.0, 1.0)
    names: tuple[str, str] = ("x", "y")

    def __post_init__(self) -> None:
        for what, pair in (("center", self.center), ("radii", self.radii)):
            if not (isinstance(pair, Sequence) and len(pair) == 2 and all(map(is_finite, pair))):
                raise ValueError(
                    f"An ellipse was given {what}={pair!r}; expected two finite numbers. Write "
                    f"Ellipse(center=(0, 0), radii=(2, 1))."
                )
        if not min(self.radii) > 0:
            raise ValueError(
                f"An ellipse was given radii={self.radii!r}; expected numbers above 0. Write Ellipse(radii=(2, 1))."
            )
        check_axis_names(self.names, 2, 'Ellipse(radii=(2, 1), names=("x", "y"))')

    @property
    def axes(self) -> tuple[Axis, ...]:
        return axes_about(self.names, self.center, self.radii)

    @property
    def name(self) -> str:
        return "ellipse"

    @property
    def measure(self) -> float:
        """The area π a b."""
        return math.pi * self.radii[0] * self.radii[1]

    @property
    def sides(self) -> tuple[Arc, ...]:
        (x, y), (a, b) = self.center, self.radii
        curve = EllipticArc((float(x), float(y)), (float(a), 0.0), (0.0, float(b)))
        return (Arc.of(curve, self.axes, "ellipse"),)

    def level(self, points: Tensor) -> Tensor:
        """|q| - 1, where q = (p - center) / radii, over the length of its gradient: near the ellipse a distance."""
        radii = points.new_tensor(self.radii)
        q = (points - points.new_tensor(self.center)) / radii
        distance = q.norm(dim=1)
        slope = (q / radii).norm(dim=1) / distance
        level: Tensor = (distance - 1) / torch.where(distance > 0, slope, 1 / radii.min())
        return level

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points."""
        return self.from_unit(quasi_random(check_count(n, self.name), 2, generator))

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit square (n, 2) -> points of the ellipse; equal areas for equal areas."""
        points, data = Disk().from_unit(unit)
        return unit.new_tensor(self.center) + unit.new_tensor(self.radii) * points, data

    def cubature(self, count: int) -> WeightedNodes:
        """The nodes of a disk, stretched."""
        nodes = Disk().cubature(count)
        points = nodes.points * nodes.points.new_tensor(self.radii) + nodes.points.new_tensor(self.center)
        return WeightedNodes(points, self.radii[0] * self.radii[1] * nodes.weights)
