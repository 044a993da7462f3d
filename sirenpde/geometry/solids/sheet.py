"""Smooth sheets: the curved sides of solids, images of the unit square."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ..domain import Data, check_count, quasi_random
from ..nodes import WeightedNodes, equidistant, gauss
from ..plane.arc import Arc
from ..point import Axis
from ..unrolled import Unroll


class Chart(Protocol):
    """A map of the unit square onto a sheet, periodic in the second coordinate."""

    @property
    def peak(self) -> float:
        """The largest stretch."""
        ...

    def at(self, unit: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points (n, 2) of the square -> points (n, 3), outward unit normals (n, 3), area per unit of area (n,)."""
        ...


@dataclass(frozen=True)
class Globe:
    """The ellipsoid with these half-axes along the coordinate axes; on a sphere, equal areas for equal areas.

    The height on the unit sphere is uniform (Archimedes), and an ellipsoid stretches a sphere's area by the length
    of the product of its half-axes with the normal, each component divided by its half-axis.
    """

    center: tuple[float, float, float]
    radii: tuple[float, float, float]

    @property
    def peak(self) -> float:
        a, b, c = self.radii
        return 4 * math.pi * max(a * b, b * c, c * a)

    def at(self, unit: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        height = 2 * unit[:, 0] - 1
        around, angle = (4 * unit[:, 0] * (1 - unit[:, 0])).clamp(min=0).sqrt(), 2 * math.pi * unit[:, 1]
        direction = torch.stack([around * angle.cos(), around * angle.sin(), height], dim=1)
        direction = direction / direction.norm(dim=1, keepdim=True)
        radii = unit.new_tensor(self.radii)
        normals = direction / radii
        length = normals.norm(dim=1, keepdim=True)
        points = unit.new_tensor(self.center) + radii * direction
        return points, normals / length, 4 * math.pi * radii.prod() * length[:, 0]


@dataclass(frozen=True)
class Turned:
    """An arc of the half-plane of distances from an axis and heights along it, turned about that axis."""

    arc: Arc

    @property
    def peak(self) -> float:
        return 2 * math.pi * self.arc.bounds[0][1] * self.arc.measure

    def at(self, unit: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        flat, data = self.arc.from_unit(unit[:, :1])
        angle = 2 * math.pi * unit[:, 1]
        stretch = 2 * math.pi * flat[:, 0].clamp(min=0) * self.arc.measure
        return turned(flat, angle), turned(data["normal"], angle), stretch


def turned(flat: Tensor, angle: Tensor) -> Tensor:
    """Points or vectors (n, 2) of the half-plane, turned about its second axis, which becomes the third."""
    return torch.stack([flat[:, 0] * angle.cos(), flat[:, 0] * angle.sin(), flat[:, 1]], dim=1)


@dataclass(frozen=True)
class Sheet:
    """A smooth side of a solid, with the outward unit ``normal`` as data; points are uniform by area.

    Points are quasi-random: those of the unit cube whose last coordinate lies below the stretch of the chart at the
    first two, so exactly uniform whatever the chart; all of them where the chart stretches evenly.
    """

    chart: Chart
    axes: tuple[Axis, ...]
    name: str

    @property
    def size(self) -> None:
        return None

    @property
    def dimension(self) -> int:
        return 2

    @property
    def normal(self) -> Data:
        """The outward unit normal (3,) as a function of a point."""
        return Data("normal")

    @cached_property
    def measure(self) -> float:
        """The area, by quadrature refined until it agrees to 1e-13."""
        before, count = math.inf, 16
        while True:
            area = float(self.cubature(count).weights.sum())
            if abs(area - before) <= 1e-13 * area or count > 512:
                return area
            before, count = area, 2 * count

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points and their normals."""
        count, found = check_count(n, self.name), 0
        points, normals = list[Tensor](), list[Tensor]()
        while found < count:
            tried = math.ceil((count - found) * self.chart.peak / self.measure) + 16
            unit = quasi_random(tried, 3, generator)
            there, outward, stretch = self.chart.at(unit[:, :2])
            kept = unit[:, 2] * self.chart.peak <= stretch * (1 + 1e-12)
            points.append(there[kept])
            normals.append(outward[kept])
            found += int(kept.sum())
        return torch.cat(points)[:count], {"normal": torch.cat(normals)[:count]}

    def cubature(self, count: int) -> WeightedNodes:
        """Gauss' nodes along the chart's first coordinate, times equidistant ones around."""
        along, around = gauss(0, 1, 2 * count), equidistant(0, 1, 4 * count)
        points, normals, stretch = self.chart.at(torch.cartesian_prod(along.nodes, around.nodes))
        weights = torch.outer(along.weights, around.weights).reshape(-1) * stretch
        return WeightedNodes(points, weights, {"normal": normals})

    def unroll(self) -> Unroll:
        """The chart; all of its points belong to the sheet."""
        return lambda unit: (*self.chart.at(unit), torch.ones(len(unit), dtype=torch.bool))
