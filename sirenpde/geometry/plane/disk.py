"""The disk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain import check_count, is_finite, quasi_random
from ..meshes.cells import Cells
from ..nodes import WeightedNodes, equidistant, gauss
from ..point import Axis, axes_about, check_axis_names
from ..shape import Shape
from .arc import Arc
from .curves import EllipticArc


@dataclass(frozen=True)
class Disk(Shape):
    """The points of a plane within ``radius`` of ``center``, on two axes whose names can be chosen.

    Points are drawn quasi-random and uniform: a scrambled Sobol sequence, anew at every draw. Times an interval
    it is a cylinder: ``Disk() * Interval(t=(0, 1))``. Raises ValueError for a radius that is not above 0, numbers
    that are not finite, and names that are no two Python names.

    >>> import torch
    >>> from sirenpde import Disk
    >>> disk = Disk(center=(1, 0), radius=2)
    >>> disk.axes[0], round(disk.measure, 6)
    (Axis(name='x', low=-1.0, high=3.0), 12.566371)
    >>> points, data = disk.boundary().draw(100, torch.Generator().manual_seed(0))
    >>> bool(((points - torch.tensor([1, 0])) / 2 - data["normal"] < 1e-15).all())
    True
    """

    center: tuple[float, float] = (0.0, 0.0)
    radius: float = 1.0
    names: tuple[str, str] = ("x", "y")

    def __post_init__(self) -> None:
        if not (
            isinstance(self.center, Sequence) and len(self.center) == 2 and all(map(is_finite, self.center))
        ):
            raise ValueError(
                f"A disk was given center={self.center!r}; expected two finite numbers, its coordinates. Write "
                f"Disk(center=(0, 0), radius=1)."
            )
        if not (is_finite(self.radius) and self.radius > 0):
            raise ValueError(
                f"A disk was given radius={self.radius!r}; expected a finite number above 0. Write Disk(radius=1)."
            )
        check_axis_names(self.names, 2, 'Disk(radius=1, names=("x", "y"))')

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The two axes, each over the disk's width."""
        return axes_about(self.names, self.center, (self.radius, self.radius))

    @property
    def name(self) -> str:
        return "disk"

    @property
    def measure(self) -> float:
        """The area π radius²."""
        return math.pi * self.radius**2

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points."""
        return self.from_unit(quasi_random(check_count(n, self.name), 2, generator))

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit square (n, 2) -> points of the disk; equal areas for equal areas."""
        distance = self.radius * unit[:, :1].sqrt()
        return unit.new_tensor(self.center) + distance * _directions(2 * math.pi * unit[:, 1]), {}

    def cubature(self, count: int) -> WeightedNodes:
        """Gauss' nodes in the squared distance, of which means over circles are smooth, times 2 ``count`` angles."""
        squares, angles = gauss(0, 1, count // 2 + 1), equidistant(0, 1, 2 * count)
        unit = torch.cartesian_prod(squares.nodes, angles.nodes)
        weights = self.measure * torch.outer(squares.weights, angles.weights).reshape(-1)
        return WeightedNodes(self.from_unit(unit)[0], weights)

    @property
    def sides(self) -> tuple[Arc, ...]:
        """The circle."""
        center = (float(self.center[0]), float(self.center[1]))
        return (Arc.of(EllipticArc.circle(center, float(self.radius)), self.axes, "circle"),)

    def level(self, points: Tensor) -> Tensor:
        """The signed distance to the circle."""
        distance: Tensor = (points - points.new_tensor(self.center)).norm(dim=1)
        return distance - self.radius

    def cells(self, resolution: int) -> Cells:
        """Triangles between rings of equal distance, ``resolution`` points across; 6 k points on the k-th ring."""
        rings = max(1, resolution // 2)
        count = [max(1, 6 * k) for k in range(rings + 1)]
        first = [sum(count[:k]) for k in range(rings + 1)]
        angles = [2 * math.pi * torch.arange(n, dtype=torch.float64) / n for n in count]
        points = torch.cat([self.radius * k / rings * _directions(a) for k, a in enumerate(angles)])
        corners = []
        for k in range(1, rings + 1):
            sector, step = torch.arange(6)[:, None], torch.arange(k)[None]
            outer, inner = (sector * k + step).reshape(-1), (sector * (k - 1) + step).reshape(-1)
            a, b = first[k] + outer, first[k] + (outer + 1) % count[k]
            c, d = (first[k - 1] + (inner + i) % count[k - 1] for i in (0, 1))
            # One triangle less has its base on the inner ring.
            inward = (step < k - 1).expand(6, -1).reshape(-1)
            corners += [torch.stack([c, a, b], dim=1), torch.stack([c, b, d], dim=1)[inward]]
        return Cells(points.new_tensor(self.center) + points, torch.cat(corners))


def _directions(angles: Tensor) -> Tensor:
    return torch.stack([angles.cos(), angles.sin()], dim=1)
