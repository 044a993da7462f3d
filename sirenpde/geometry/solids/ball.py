"""The ball."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain import check_count, is_finite, quasi_random
from ..meshes.surfaces import Triangles, sphere
from ..nodes import WeightedNodes, equidistant, gauss
from ..point import Axis, axes_about, check_axis_names
from ..shape import Shape
from .sheet import Globe, Sheet


@dataclass(frozen=True)
class Ball(Shape):
    """The points of space within ``radius`` of ``center``, on three axes whose names can be chosen.

    Points are quasi-random and uniform, inside and on the sphere. Raises ValueError for a radius that is not above
    0, numbers that are not finite, and names that are no three Python names.

    >>> import math, torch
    >>> from sirenpde import Ball
    >>> ball = Ball(center=(1, 0, 0), radius=2)
    >>> round(ball.measure / math.pi, 12), round(ball.boundary().measure / math.pi, 12)
    (10.666666666667, 16.0)
    >>> points, data = ball.boundary().draw(100, torch.Generator().manual_seed(0))
    >>> bool((points - torch.tensor([1, 0, 0]) - 2 * data["normal"]).abs().max() < 1e-15)
    True
    """

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 1.0
    names: tuple[str, str, str] = ("x", "y", "z")

    def __post_init__(self) -> None:
        check_center(self.center, "A ball", "Ball(center=(0, 0, 0), radius=1)")
        if not (is_finite(self.radius) and self.radius > 0):
            raise ValueError(
                f"A ball was given radius={self.radius!r}; expected a finite number above 0. Write Ball(radius=1)."
            )
        check_axis_names(self.names, 3, 'Ball(radius=1, names=("x", "y", "z"))')

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The three axes, each over the ball's width."""
        return axes_about(self.names, self.center, (self.radius, self.radius, self.radius))

    @property
    def name(self) -> str:
        return "ball"

    @property
    def measure(self) -> float:
        """The volume 4/3 π radius³."""
        return 4 / 3 * math.pi * self.radius**3

    @property
    def sides(self) -> tuple[Sheet, ...]:
        """The sphere."""
        return (Sheet(Globe(_floats(self.center), (float(self.radius),) * 3), self.axes, "sphere"),)

    def level(self, points: Tensor) -> Tensor:
        """The signed distance to the sphere."""
        distance: Tensor = (points - points.new_tensor(self.center)).norm(dim=1)
        return distance - self.radius

    def surface(self, resolution: int = 32) -> Triangles:
        vertices, faces = sphere(resolution)
        return vertices.new_tensor(self.center) + self.radius * vertices, faces

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points."""
        return self.from_unit(quasi_random(check_count(n, self.name), 3, generator))

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit cube (n, 3) -> points of the ball; equal volumes for equal volumes."""
        direction, *_ = Globe((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).at(unit[:, 1:])
        distance = self.radius * unit[:, :1] ** (1 / 3)
        return unit.new_tensor(self.center) + distance * direction, {}

    def cubature(self, count: int) -> WeightedNodes:
        """Gauss' nodes in the distance and the height, times equidistant angles."""
        distance, height, angle = gauss(0, 1, count + 1), gauss(0, 1, count), equidistant(0, 1, 2 * count)
        nodes = torch.cartesian_prod(distance.nodes, height.nodes, angle.nodes)
        weights = torch.einsum(
            "i,j,k->ijk", 3 * distance.weights * distance.nodes**2, height.weights, angle.weights
        )
        unit = torch.cat([nodes[:, :1] ** 3, nodes[:, 1:]], dim=1)
        return WeightedNodes(self.from_unit(unit)[0], self.measure * weights.reshape(-1))


def check_center(center: object, what: str, example: str) -> None:
    """Raises ValueError unless it is a point of space."""
    if not (isinstance(center, Sequence) and len(center) == 3 and all(map(is_finite, center))):
        raise ValueError(
            f"{what} was given center={center!r}; expected three finite numbers, its coordinates. Write {example}."
        )


def _floats(values: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = map(float, values)
    return x, y, z
