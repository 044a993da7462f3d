"""The ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain import is_finite
from ..meshes.surfaces import Triangles, sphere
from ..nodes import WeightedNodes
from ..point import Axis, axes_about, check_axis_names
from ..shape import Shape
from .ball import Ball, check_center
from .sheet import Globe, Sheet


@dataclass(frozen=True)
class Ellipsoid(Shape):
    """The ellipsoid about ``center`` with half-axes ``radii`` along its three axes; ``rotated`` turns it.

    Points are quasi-random and uniform, inside and on the surface. Its area has no closed form; it is found by
    quadrature to 1e-13. Raises ValueError for half-axes that are not above 0, numbers that are not finite, and names
    that are no three Python names.

    >>> from sirenpde import Ellipsoid
    >>> egg = Ellipsoid(radii=(1, 1, 2))
    >>> round(egg.measure, 9), round(egg.boundary().measure, 9)  # 8/3 π, 2 π (1 + 4 π / 3√3)
    (8.37758041, 21.478435328)
    """

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radii: tuple[float, float, float] = (1.0, 1.0, 1.0)
    names: tuple[str, str, str] = ("x", "y", "z")

    def __post_init__(self) -> None:
        example = "Ellipsoid(center=(0, 0, 0), radii=(1, 1, 2))"
        check_center(self.center, "An ellipsoid", example)
        if not (
            isinstance(self.radii, Sequence)
            and len(self.radii) == 3
            and all(is_finite(r) and r > 0 for r in self.radii)
        ):
            raise ValueError(
                f"An ellipsoid was given radii={self.radii!r}; expected three finite numbers above 0, its half-axes. "
                f"Write {example}."
            )
        check_axis_names(self.names, 3, 'Ellipsoid(radii=(1, 1, 2), names=("x", "y", "z"))')

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The three axes, each over the ellipsoid's width."""
        return axes_about(self.names, self.center, self.radii)

    @property
    def name(self) -> str:
        return "ellipsoid"

    @property
    def measure(self) -> float:
        """The volume 4/3 π a b c."""
        return 4 / 3 * math.pi * math.prod(self.radii)

    @property
    def sides(self) -> tuple[Sheet, ...]:
        """The surface."""
        (x, y, z), (a, b, c) = (map(float, values) for values in (self.center, self.radii))
        return (Sheet(Globe((x, y, z), (a, b, c)), self.axes, "ellipsoid"),)

    def level(self, points: Tensor) -> Tensor:
        """(|q| - 1) |q| / |∇|, with q scaled to the unit sphere: 0 on the surface, and the distance close to it."""
        radii = points.new_tensor(self.radii)
        scaled = (points - points.new_tensor(self.center)) / radii
        distance = scaled.norm(dim=1)
        slope = (scaled / radii).norm(dim=1)
        middle = slope == 0
        level: Tensor = (distance - 1) * torch.where(
            middle, radii.amin(), distance / slope.where(~middle, 1.0)
        )
        return level

    def surface(self, resolution: int = 32) -> Triangles:
        vertices, faces = sphere(resolution)
        return self._of_ball(vertices), faces

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points."""
        return self._of_ball(Ball().draw(n, generator)[0]), {}

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit cube (n, 3) -> points of the ellipsoid; equal volumes for equal volumes."""
        return self._of_ball(Ball().from_unit(unit)[0]), {}

    def cubature(self, count: int) -> WeightedNodes:
        """Those of the unit ball, scaled."""
        nodes = Ball().cubature(count)
        return WeightedNodes(self._of_ball(nodes.points), math.prod(self.radii) * nodes.weights)

    def _of_ball(self, points: Tensor) -> Tensor:
        return points.new_tensor(self.center) + points * points.new_tensor(self.radii)
