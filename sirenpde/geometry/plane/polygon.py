"""Polygons: by their vertices, from tables and drawings, with holes and rounded corners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ..arrays import as_numbers, check_finite
from ..domain import is_finite
from ..point import Axis, check_axis_names
from ..readers.outlines import read_outline
from ..shape import Shape
from .arc import Arc
from .contour import Contour, axes_of, check_loops, level, sides_of
from .curves import Curve, EllipticArc, Pair, Segment

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Ring = tuple[Pair, ...]


@dataclass(frozen=True, init=False)
class Polygon(Shape):
    """The points of a plane within straight edges from vertex to vertex, ``vertices`` (n, 2), either way round.

    ``holes`` are loops of vertices within, which are left out. With ``rounded`` every corner is an arc of a circle of
    this radius, which meets both edges without a kink. Raises ValueError for fewer than three vertices, an outline
    that crosses or touches itself, with the place where it does, holes outside, and corners that leave no room for
    their arc.

    >>> import math
    >>> from sirenpde import Polygon
    >>> bracket = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])  # an L
    >>> bracket.measure, bracket.boundary().measure
    (3.0, 8.0)
    >>> rounded = Polygon([(0, 0), (2, 0), (2, 1), (0, 1)], rounded=0.25)
    >>> round(rounded.boundary().measure - (6 - 8 * 0.25 + 2 * math.pi * 0.25), 12)
    0.0
    """

    vertices: Ring
    holes: tuple[Ring, ...] = ()
    rounded: float = 0.0
    names: tuple[str, str] = ("x", "y")
    name: str = field(default="polygon", compare=False)

    def __init__(
        self,
        vertices: ArrayLike | Tensor,
        holes: Sequence[ArrayLike | Tensor] = (),
        rounded: float = 0.0,
        names: tuple[str, str] = ("x", "y"),
        name: str = "polygon",
    ) -> None:
        check_axis_names(names, 2, 'Polygon(vertices, names=("x", "y"))')
        if not (is_finite(rounded) and rounded >= 0):
            raise ValueError(
                f"A polygon was given rounded={rounded!r}; expected the radius of its corners, a finite number that "
                f"is not negative. Write Polygon(vertices, rounded=0.1)."
            )
        rings = (
            _ring(vertices, name),
            *(_ring(hole, f"hole {k + 1} of {name}") for k, hole in enumerate(holes)),
        )
        values = {"vertices": rings[0], "holes": rings[1:], "rounded": float(rounded), "names": tuple(names)}
        for key, value in {**values, "name": name}.items():
            object.__setattr__(self, key, value)
        check_loops(rings, name)
        _check_holes(rings, name)
        assert self._loops

    @staticmethod
    def open(path: str | PathLike[str], names: tuple[str, str] = ("x", "y")) -> Polygon | Contour:
        """The polygon of a table of vertices, or of the closed paths of an SVG drawing.

        A table has a row for each vertex (``.csv``, ``.txt``, ``.xyz``, ...), with columns named as the axes, or no
        header. In a drawing the second axis points up, against SVG's own, in the drawing's units; arcs and Bézier
        curves stay what they are, and give a ``Contour``. Loops within others are holes.
        """
        name, loops = read_outline(path, names)
        if all(isinstance(curve, Segment) for loop in loops for curve in loop):
            rings = [tuple(curve.start for curve in loop if isinstance(curve, Segment)) for loop in loops]
            rings.sort(key=lambda ring: -abs(_area(ring)))
            if all(_within(ring, rings[0]) for ring in rings[1:]):
                return Polygon(rings[0], rings[1:], names=names, name=name)
        return Contour(loops, names, name)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        return axes_of(self._loops, self.names)

    @cached_property
    def sides(self) -> tuple[Arc, ...]:
        """The edges, and the arcs of rounded corners."""

        def named(loop: int, k: int) -> str:
            edge = (
                f"edge {k + 1}" if not self.rounded else (f"edge {k // 2 + 1}", f"corner {k // 2 + 1}")[k % 2]
            )
            return edge if loop == 0 else f"hole {loop}, {edge}"

        return sides_of(self._loops, self.axes, named)

    def level(self, points: Tensor) -> Tensor:
        """The distance to the boundary, negative inside."""
        return level(self.sides, points)

    @cached_property
    def _loops(self) -> tuple[tuple[Curve, ...], ...]:
        rings = (self.vertices, *self.holes)
        if not self.rounded:
            return tuple(
                tuple(Segment(a, b) for a, b in zip(ring, (*ring[1:], ring[0]), strict=True))
                for ring in rings
            )
        return tuple(_rounded(ring, self.rounded, self.name) for ring in rings)


def _ring(vertices: ArrayLike | Tensor, name: str) -> Ring:
    """Vertices without repetitions of the one before."""
    array = as_numbers(vertices, f"The table of vertices of '{name}'")
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(
            f"The vertices of '{name}' have shape {tuple(array.shape)}; expected (n, 2), two coordinates for each. "
            f"Write Polygon([(0, 0), (1, 0), (0, 1)])."
        )
    check_finite(array, f"The vertices of '{name}'", "xy")
    pairs = [(float(x), float(y)) for x, y in array.tolist()]
    ring = tuple(pair for pair, before in zip(pairs, [pairs[-1], *pairs[:-1]], strict=True) if pair != before)
    if len(set(ring)) < 3 or np.linalg.matrix_rank(np.subtract(ring, ring[0])) < 2:
        raise ValueError(
            f"'{name}' has no area: {len(set(ring))} different vertices, which lie on one line; expected three or "
            f"more that do not. Check the table of vertices."
        )
    return ring


def _area(ring: Sequence[Pair]) -> float:
    (x0, y0), *_ = ring
    moved = [(x - x0, y - y0) for x, y in ring]
    return sum(a * d - b * c for (a, b), (c, d) in zip(moved, [*moved[1:], moved[0]], strict=True)) / 2


def _within(ring: Ring, outline: Ring) -> bool:
    import shapely

    return bool(shapely.Polygon(outline).contains(shapely.Polygon(ring)))


def _check_holes(rings: Sequence[Ring], name: str) -> None:
    for k, hole in enumerate(rings[1:]):
        if not _within(hole, rings[0]):
            raise ValueError(
                f"Hole {k + 1} of '{name}' lies outside its outline; expected a loop within. Check its vertices."
            )
        if any(_within(hole, other) for other in rings[1:] if other is not hole):
            raise ValueError(
                f"Hole {k + 1} of '{name}' lies within another hole; expected loops beside each other. Join the "
                f"inner part as a shape of its own: polygon | Polygon(...)."
            )


def _rounded(ring: Ring, radius: float, name: str) -> tuple[Curve, ...]:
    """Edges and arcs in turn, each arc at the end of its edge."""
    n = len(ring)
    directions = [_unit(ring[k], ring[(k + 1) % n]) for k in range(n)]
    turns = []
    for k in range(n):
        (a, b), (c, d) = directions[k - 1], directions[k]
        turns.append(math.atan2(a * d - b * c, a * c + b * d))  # at the start of edge k
    spared = [radius * abs(math.tan(turn / 2)) for turn in turns]
    curves = list[Curve]()
    for k in range(n):
        start, end, (a, b), turn = ring[k], ring[(k + 1) % n], directions[k], turns[(k + 1) % n]
        length, first, last = math.dist(start, end), spared[k], spared[(k + 1) % n]
        if first + last > length * (1 + 1e-12):
            raise ValueError(
                f"The corners of '{name}' at ({start[0]:g}, {start[1]:g}) and ({end[0]:g}, {end[1]:g}) leave no room "
                f"for arcs of radius {radius:g}: these need {first + last:.4g} of an edge of length {length:.4g}. "
                f"Choose a smaller radius."
            )
        tangent = (end[0] - last * a, end[1] - last * b)
        if first + last < length * (1 - 1e-12):
            curves.append(Segment((start[0] + first * a, start[1] + first * b), tangent))
        if abs(turn) > 1e-12:
            side = math.copysign(1.0, turn)
            center = (tangent[0] - side * radius * b, tangent[1] + side * radius * a)
            angle = math.atan2(tangent[1] - center[1], tangent[0] - center[0])
            curves.append(EllipticArc.circle(center, radius, angle, angle + turn))
    return tuple(curves)


def _unit(start: Pair, end: Pair) -> Pair:
    length = math.dist(start, end)
    return (end[0] - start[0]) / length, (end[1] - start[1]) / length
