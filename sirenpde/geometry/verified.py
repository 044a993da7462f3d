"""Samples of a boundary, verified when they are drawn."""

from __future__ import annotations

import math
from typing import Protocol

from torch import Tensor

from .domain import HasAxes

ON = 1e-9  # of the size: so far may a point be from the boundary
STEP = 1e-6  # of the size: so far beside the boundary the inside and the outside are looked at
FAR = 1e-5  # of the coordinates: rounding there is like that of a shape of this size
CHECKED = 512  # points of a draw


class Levelled(HasAxes, Protocol):
    """A solid that knows its inside: ``level`` is negative there, 0 on the boundary and positive outside."""

    @property
    def name(self) -> str: ...
    def level(self, points: Tensor) -> Tensor: ...


def size_of(shape: HasAxes) -> float:
    """The diagonal of the box that a shape's axes span, or what rounding makes of coordinates far from 0."""
    farthest = max(max(abs(axis.low), abs(axis.high)) for axis in shape.axes)
    return max(math.hypot(*(axis.high - axis.low for axis in shape.axes)), FAR * farthest)


def verify(shape: Levelled, points: Tensor, normals: Tensor) -> None:
    """Raises ValueError unless points lie on a shape's boundary and their normals are unit and point out of it."""
    step = max(1, len(points) // CHECKED)
    points, normals = points[::step], normals[::step]
    size = size_of(shape)
    away = shape.level(points).abs()
    if bool((away > ON * size).any()):
        raise ValueError(
            f"A point of the boundary of '{shape.name}' was drawn at {_shown(points[away.argmax()])}, where its "
            f"level is {float(away.max()):.3g}; expected 0, the boundary. Check the shape's level and its sides."
        )
    unit = (normals.norm(dim=1) - 1).abs()
    if bool((unit > 1e-9).any()):
        raise ValueError(
            f"A normal of '{shape.name}' at {_shown(points[unit.argmax()])} has length "
            f"{float(normals[unit.argmax()].norm()):.6g}; expected 1. Check the shape's sides."
        )
    outer, inner = (shape.level(points + sign * STEP * size * normals) for sign in (1, -1))
    inward = (outer < 0) & (inner > 0)
    if bool(inward.any()):
        first = int(inward.nonzero()[0])
        raise ValueError(
            f"The normal of '{shape.name}' at {_shown(points[first])} points inwards, where its level is negative; "
            f"outward normals are needed. Turn the side round, or change the sign of the level."
        )


def _shown(point: Tensor) -> str:
    return f"({', '.join(f'{value:.6g}' for value in point.tolist())})"
