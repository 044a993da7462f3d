"""Shapes times an interval, as shapes: prisms and cylinders in space, shapes over time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .boundary import Boundary, Face, Side
from .domain import Domain
from .meshes.surfaces import Triangles, loops_of, prism
from .plane.arc import polylines
from .plane.outline import Outline
from .product import Product, Range
from .region import Predicate, Region
from .shape import Piece, Shape, arcs_of


@dataclass(frozen=True)
class Extrusion(Product, Shape):
    """A shape times an interval, made by ``Polygon(...) * Interval(z=(0, 1))``: what a product is, and a shape.

    >>> import math
    >>> from sirenpde import Box, Disk, Interval
    >>> rod = Disk(radius=0.5) * Interval(z=(-1, 2))
    >>> block = Box(x=(-1, 1), y=(-1, 1), z=(0, 1))
    >>> (block - rod).measure - (4 - math.pi / 4) < 1e-9
    True
    """

    shape: Shape

    def level(self, points: Tensor) -> Tensor:
        """The distance to the boundary, as far as the shape's level is one."""
        ((low, high),) = self.interval.bounds
        along = points[:, -1]
        pair = torch.stack(
            [self.shape.level(points[:, :-1]), torch.maximum(low - along, along - high)], dim=1
        )
        outside: Tensor = pair.clamp(min=0).norm(dim=1)
        return outside + pair.amax(1).clamp(max=0)

    def boundary_of(
        self, part: Domain, where: Predicate | None = None, name: str | None = None
    ) -> Outline | Boundary | Region:
        """What came from the boundary of ``part``: a shape in the plane or in space that this one was made from."""
        assert isinstance(part, Shape)
        return Shape.boundary_of(self, part, where, name)

    def surface(self, resolution: int = 32) -> Triangles:
        arcs = arcs_of(self.shape) if self.dimension == len(self.axes) == 3 else None
        if arcs is None:
            return super().surface(resolution)
        ((low, high),) = self.interval.bounds
        return prism(loops_of(polylines(arcs, resolution)), low, high)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides of the shape times the interval, and both ends."""
        return tuple(piece.side for piece in self._pieces())

    def _pieces(self) -> tuple[Piece, ...]:
        (axis,) = self.interval.axes
        around = (
            Piece(Product(p.side, self.interval), (self.shape, *p.owners)) for p in self.shape._pieces()
        )
        ends = () if self.interval.fixed else ("low", "high")
        faces = (Face(self.at(**{axis.name: getattr(axis, end)}), axis.name, end) for end in ends)
        return (*around, *map(Piece, faces))


def extruded(domain: Domain, interval: Range) -> Product:
    """A domain times an interval: a shape, where both are more than a slice of one."""
    if isinstance(domain, Shape) and not interval.fixed:
        return Extrusion(domain, interval)
    return Product(domain, interval)
