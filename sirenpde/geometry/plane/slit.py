"""Shapes with a slit: a crack from the boundary to a tip inside, with a side of the boundary on either hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..meshes.cells import Cells
from ..nodes import WeightedNodes
from ..point import Axis
from ..shape import Piece, Shape, arcs_of
from ..verified import ON, size_of
from .arc import Arc
from .curves import Pair, Segment
from .outline import Outline, distances

APART = 3e-14  # of the size: so far from the slit its sides are drawn, each on its own hand
LOOKED_AT = 64  # places between start and tip


@dataclass(frozen=True)
class Slit(Shape):
    """A shape in the plane with a straight slit, a crack, from ``start`` on its boundary to ``tip`` inside.

    The slit is part of the boundary, once on either hand, with opposite normals: conditions hold on
    ``shape.boundary()`` with both sides, or on ``shape.faces``, these two alone. Fields may differ across it; frozen
    sines get functions that do, r^(1/2) at the tip.

    Raises ValueError for a start that is not on the boundary, or a tip that cannot be reached from there.

    >>> from sirenpde import Box, Slit
    >>> square = Box(x=(-1, 1), y=(-1, 1))
    >>> cracked = Slit(square, start=(1, 0), tip=(0, 0))
    >>> round(cracked.boundary().measure, 9), round(cracked.faces.measure, 9), round(cracked.measure, 9)
    (10.0, 2.0, 4.0)
    """

    shape: Shape
    start: Pair
    tip: Pair

    def __post_init__(self) -> None:
        arcs = arcs_of(self.shape)
        ends = torch.tensor([self.start, self.tip], dtype=torch.float64)
        if arcs is None or ends.shape != (2, 2):
            raise ValueError(
                f"A slit was declared in '{self.shape.name}' from {self.start} to {self.tip}; expected a shape in "
                f"the plane and two points of it. Write Slit(Box(x=(-1, 1), y=(-1, 1)), start=(1, 0), tip=(0, 0))."
            )
        if min(float(distances(arc, ends[:1])) for arc in arcs) > ON * size_of(self.shape):
            raise ValueError(
                f"The slit of '{self.shape.name}' starts at {self.start}, which is not on its boundary; expected a "
                f"point of the boundary. Cut a shape with a crack that has two tips inside in two."
            )
        s = torch.linspace(0, 1, LOOKED_AT + 1, dtype=torch.float64)[1:, None]
        if bool((self.shape.level(ends[0] + s * (ends[1] - ends[0])) >= 0).any()):
            raise ValueError(
                f"The slit of '{self.shape.name}' from {self.start} to {self.tip} leaves the shape; expected a "
                f"straight line inside. Choose a tip that is seen from the start."
            )

    @property
    def name(self) -> str:
        return f"{self.shape.noun} with a slit"

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.shape.axes

    @property
    def measure(self) -> float:
        return self.shape.measure

    @property
    def sides(self) -> tuple[Arc, ...]:
        return tuple(piece.side for piece in self._parts if isinstance(piece.side, Arc))

    @property
    def faces(self) -> Outline:
        """Both sides of the slit."""
        return Outline(self, self._faces, "slit")

    def level(self, points: Tensor) -> Tensor:
        """That of the shape, and 0 on the slit."""
        start, tip = points.new_tensor(self.start), points.new_tensor(self.tip)
        along = tip - start
        s = (((points - start) @ along) / (along @ along)).clamp(0, 1)
        away = (points - start - s[:, None] * along).norm(dim=1)
        return torch.maximum(self.shape.level(points), -away)

    def cubature(self, count: int) -> WeightedNodes | None:
        return self.shape.cubature(count)

    def cells(self, resolution: int) -> Cells:
        """Those of the shape without the slit."""
        return self.shape.cells(resolution)

    def _pieces(self) -> tuple[Piece, ...]:
        return self._parts

    @cached_property
    def _faces(self) -> tuple[Arc, Arc]:
        """Into the shape and out again, the shape on the left of both."""
        return self._face(self.start, self.tip), self._face(self.tip, self.start)

    def _face(self, first: Pair, last: Pair) -> Arc:
        length = math.dist(first, last)
        left = (-(last[1] - first[1]) / length, (last[0] - first[0]) / length)
        shift = [APART * size_of(self.shape) * c for c in left]
        a, b = ((p[0] + shift[0], p[1] + shift[1]) for p in (first, last))
        return Arc(Segment(a, b), self.axes, "slit", _pair(first), _pair(last))

    @cached_property
    def _parts(self) -> tuple[Piece, ...]:
        """The sides of the shape, and those of the slit where it starts."""
        start, near = torch.tensor([self.start], dtype=torch.float64), ON * size_of(self.shape)
        faces = [Piece(face) for face in self._faces]
        parts, entered = list[Piece](), False
        for piece in self.shape._pieces():
            owners, arc = (self.shape, *piece.owners), piece.side
            assert isinstance(arc, Arc)
            if entered or float(distances(arc, start)) > near or math.dist(arc.end, self.start) <= near:
                at_end = not entered and math.dist(arc.end, self.start) <= near
                parts += [Piece(arc, owners), *(faces if at_end else [])]
                entered = entered or at_end
                continue
            entered = True
            if math.dist(arc.start, self.start) <= near:
                parts += [*faces, Piece(arc, owners)]
                continue
            (s,) = arc.curve.nearest(start).tolist()
            before, after = arc.part(0, s), arc.part(s, 1)
            before = Arc(before.curve, before.axes, before.name, before.start, _pair(self.start))
            after = Arc(after.curve, after.axes, after.name, _pair(self.start), after.end)
            parts += [Piece(before, owners), *faces, Piece(after, owners)]
        return tuple(parts)


def _pair(point: Pair) -> Pair:
    return float(point[0]), float(point[1])
