"""Shapes: solids with an exact boundary, their algebra and their motions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .boundary import Boundary, Side
from .domain import Domain, check_count, is_finite, is_number, named, quasi_random
from .labelled import Labelled
from .meshes.cells import Cells
from .meshes.meshing import cells_within
from .meshes.surfaces import Triangles, combined, enclosed_volume, level_surface
from .motion import Motion
from .nodes import WeightedNodes
from .operators import Operator, check_overlap, keeps, level_of, said_empty, said_outside
from .plane.arc import Arc, area
from .plane.outline import Outline
from .plane.overlay import cut, joined
from .plane.strips import strips
from .point import Axis
from .quadrature import cubature
from .region import Predicate, Region
from .sides import PlacedSide, Trimmed, moments_of
from .slab import SLACK
from .unrolled import unroll
from .verified import size_of

LONGEST = 60  # letters of the name of a combination
FINE = 64  # points across a surface that stands for a solid
# Points of the box around a shape in space, of which the fraction inside gives its volume.
MEASURED_AT = 2**16


@dataclass(frozen=True, eq=False)
class Piece:
    """A side of a shape, and the shapes that it came from: operands, operands of operands."""

    side: Side
    owners: tuple[Shape, ...] = ()


class Shape:
    """A solid: a part of a plane or of space with a boundary that is known exactly.

    Each shape is a frozen dataclass that offers

    - ``axes``, named, over its bounding box, and ``name``;
    - ``level(points)``: negative inside, 0 exactly on the boundary, positive outside, roughly a distance;
    - ``sides``: the pieces of its boundary. In the plane they are ``Arc``s; in space each has ``draw``, which gives
      points and their outward unit ``normal``, and a ``measure``;
    - and ``measure``, ``draw``, ``cubature`` where it knows better than what stands here.

    Everything else follows: ``a | b``, ``a & b``, ``a - b``, ``moved``, ``rotated``, ``scaled``, ``boundary``,
    ``boundary_of``, ``where``, and products, ``shape * Interval(t=(0, 1))``.

    >>> import torch
    >>> from sirenpde import Box, Disk
    >>> square, hole = Box(x=(-1, 1), y=(-1, 1)), Disk(radius=0.5)
    >>> plate = square - hole
    >>> round(plate.measure, 12), round(plate.boundary().measure, 12)  # 4 - π / 4, 8 + π
    (3.214601836603, 11.14159265359)
    >>> points, data = plate.boundary_of(hole).draw(3, torch.Generator().manual_seed(0))
    >>> bool((points + 0.5 * data["normal"]).abs().max() < 1e-15)  # out of the plate, into the hole
    True
    """

    if TYPE_CHECKING:

        @property
        def axes(self) -> tuple[Axis, ...]: ...
        @property
        def name(self) -> str: ...
        @property
        def sides(self) -> tuple[Side, ...]: ...
        def level(self, points: Tensor) -> Tensor: ...

    @property
    def noun(self) -> str:
        """What it is called in the name of a combination."""
        return self.name

    @property
    def size(self) -> int | None:
        return None

    @property
    def dimension(self) -> int:
        return len(self.axes)

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        return tuple((axis.low, axis.high) for axis in self.axes)

    @property
    def measure(self) -> float:
        """The area, from the arcs of the boundary, to rounding; in space the volume, from the sides, to 1e-8.

        Where a side is not unrolled, as those of a mesh are not, it is the volume of the surface 64 points across,
        exact where all is flat.
        """
        return self._measure

    @cached_property
    def _measure(self) -> float:
        arcs = arcs_of(self)
        if arcs is not None:
            return area(arcs, self.bounds)
        measured = [moments_of(side) for side in self.sides] if self.dimension == 3 else [None]
        if None not in measured:  # a third of the integral of (p - c) · n
            middle = torch.tensor([(low + high) / 2 for low, high in self.bounds], dtype=torch.float64)
            return sum(side.flux(middle) for side in measured if side is not None) / 3
        if self.dimension == len(self.axes) == 3:
            return enclosed_volume(*self.surface(FINE))
        points = self._in_the_box(MEASURED_AT, torch.Generator().manual_seed(0))
        inside = float((self.level(points) < 0).double().mean())
        return inside * math.prod(high - low for low, high in self.bounds)

    def contains(self, points: Tensor) -> Tensor:
        """Which of the points (n, d) lie in the shape or on its boundary, rounding forgiven."""
        return self.level(points) <= SLACK * size_of(self)

    def instant(self, axis: Axis) -> float | None:
        """None: a solid has points at more than one coordinate along every axis."""
        return None

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` points: those of a quasi-random sequence in the box around the shape that lie inside."""
        count, kept, found = check_count(n, self.name), list[Tensor](), 0
        tried = 2 * count + 64
        while found < count:
            points = self._in_the_box(tried, generator)
            kept.append(points[self.level(points) < 0])
            found += len(kept[-1])
            if not found and tried > 10**6:
                raise ValueError(
                    f"None of {tried} points of the box around '{self.name}' lies inside; some should. Check the "
                    f"shape's level, which is negative inside, or its axes, which are to fit it tightly."
                )
            tried = (
                math.ceil(1.2 * (count - found) * tried / len(kept[-1])) + 64 if len(kept[-1]) else 8 * tried
            )
        return torch.cat(kept)[:count], {}

    def cubature(self, count: int) -> WeightedNodes | None:
        """Nodes inside, with weights above 0, of polynomials up to degree 2 ``count`` - 1; None in space.

        Exact over polygons, to rounding where edges are curved.
        """
        arcs = arcs_of(self)
        return None if arcs is None else strips(arcs, count)

    def boundary(
        self, *, where: Predicate | None = None, name: str | None = None
    ) -> Outline | Boundary | Region:
        """The boundary, with the outward unit ``normal``; the part in which ``where`` holds, if it is given.

        ``where`` is a function of points (n, d) giving booleans (n,). In the plane the part consists of arcs that
        are cut where it changes, and knows its length.

        >>> from sirenpde import Box, Disk
        >>> plate = Box(x=(0, 2), y=(0, 1)) - Disk(center=(1, 0.5), radius=0.2)
        >>> plate.boundary(where=lambda points: points[:, 0] < 1e-9, name="inlet").measure
        1.0
        """
        return self._part(self.sides, f"boundary of {self.name}", where, name)

    def boundary_of(
        self, part: Shape, where: Predicate | None = None, name: str | None = None
    ) -> Outline | Boundary | Region:
        """What came from the boundary of ``part``, a shape that this one was made from; ``where`` as in ``boundary``.

        >>> from sirenpde import Box, Disk
        >>> hole = Disk(radius=0.5)
        >>> plate = (Box(x=(-1, 1), y=(-1, 1)) - hole).moved(x=3).scaled(2)
        >>> round(plate.boundary_of(hole).measure, 12)  # 2 π
        6.28318530718
        """
        pieces = self._pieces()
        sides = tuple(piece.side for piece in pieces if part in (self, *piece.owners))
        if not sides:
            owners = dict.fromkeys(owner.name for piece in pieces for owner in piece.owners)
            there = ", ".join(map(repr, owners)) or "none but its own"
            raise ValueError(
                f"The boundary of '{self.name}' that came from '{part.name}' was asked for; its sides came from "
                f"{there}. Name a shape that it was made from and that is not hidden by the others."
            )
        return self._part(sides, f"boundary of {part.name}", where, name)

    def where(self, predicate: Predicate, name: str = "region") -> Region:
        """The part in which ``predicate``, a function of points (n, d) giving booleans (n,), holds."""
        return Region(self, predicate, name)

    def labels(self, domain: Domain, spread: float = 0.0) -> Labelled:
        """The points of a domain, labelled: their data "outside" is 1 outside of this shape and 0 in it.

        ``spread`` displaces each of them by a Gaussian of that standard deviation first, in the units of the axes:
        ``shape.labels(shape.boundary(), spread=0.01)`` are points beside the boundary, on either side.

        >>> import torch
        >>> from sirenpde import Ball, Box
        >>> labelled = Ball(radius=0.5).labels(Box(x=(-1, 1), y=(-1, 1), z=(-1, 1)))
        >>> points, data = labelled.draw(1000, torch.Generator().manual_seed(0))
        >>> bool((data["outside"] == (points.norm(dim=1) > 0.5)).all())
        True
        """
        return Labelled(domain, self, spread)

    def cells(self, resolution: int) -> Cells:
        """Triangles or tetrahedra that fill it, about ``resolution`` points across, finer where the boundary is.

        In the plane vertices on the boundary lie on it to rounding, corners are kept, and angles are above 20
        degrees but for those at sharper corners; in space they lie on it to rounding where it is smooth, and
        within 1/1000 of the diagonal elsewhere.
        """
        return cells_within(self, resolution)

    def __or__(self, other: Shape) -> Shape:
        """The union."""
        return Combination(self, "|", other)

    def __and__(self, other: Shape) -> Shape:
        """The intersection."""
        return Combination(self, "&", other)

    def __sub__(self, other: Shape) -> Shape:
        """The part of this shape that does not lie in the other."""
        return Combination(self, "-", other)

    def surface(self, resolution: int = 32) -> Triangles:
        """Vertices (v, 3) and faces (f, 3) of a watertight surface of a solid, about ``resolution`` points across.

        Vertices lie on the solid's boundary: to rounding where it is smooth; edges of combinations are those of the
        operands' surfaces (manifold3d). ``TriangleMesh.of(shape, resolution)`` is a mesh of it.
        """
        if self.dimension != 3 or len(self.axes) != 3:
            raise ValueError(
                f"The surface of '{self.name}' was asked for, of dimension {self.dimension}; expected a solid. "
                f"Its boundary is shape.boundary(), its mesh shape.cells(32)."
            )
        return level_surface(self.level, self.bounds, resolution)

    def moved(self, **by: float) -> Shape:
        """The shape, moved along the named axes: ``shape.moved(x=0.5)``."""
        shift = dict.fromkeys((axis.name for axis in self.axes), 0.0)
        for axis, distance in by.items():
            shift[named(self.axes, axis).name] = _checked(distance, f"{axis}=", "moved(x=0.5)")
        return Placed(self, Motion.translation(list(shift.values())))

    def rotated(
        self, angle: float, about: tuple[float, ...] | None = None, axis: str | Axis | None = None
    ) -> Shape:
        """The shape, turned by an angle in radians, from the first axis to the second.

        ``about`` is the point that stays, the middle of the bounding box if left out. In space ``axis`` names the
        direction to turn about, by the right-hand rule.
        """
        if (self.dimension == 3 and axis is None) or self.dimension > 3:
            raise ValueError(
                f"'{self.name}' has the axes {_names(self)}; in space a rotation is about one of them, "
                f'as in shape.rotated(angle, axis="z").'
            )
        if self.dimension == 2 and axis is not None:
            raise ValueError(
                f"'{self.name}' is plane, and was to be rotated about axis={str(axis)!r}; it turns about a point. "
                f"Write shape.rotated(angle, about=(0, 0))."
            )
        turn = _checked(angle, "the angle ", "rotated(math.pi / 4)")
        column = None if axis is None else self.axes.index(named(self.axes, axis))
        return Placed(self, Motion.rotation(turn, self._point(about), column))

    def scaled(self, factor: float, about: tuple[float, ...] | None = None) -> Shape:
        """The shape, ``factor`` times as large; ``about`` is the point that stays, the middle if left out."""
        size = _checked(factor, "the factor ", "scaled(2)")
        if not size > 0:
            raise ValueError(
                f"'{self.name}' was to be scaled by {factor!r}; expected a number above 0. Write shape.scaled(2)."
            )
        return Placed(self, Motion.dilation(size, self._point(about)))

    def _pieces(self) -> tuple[Piece, ...]:
        return tuple(Piece(side) for side in self.sides)

    def _part(
        self, sides: tuple[Side, ...], label: str, where: Predicate | None, name: str | None
    ) -> Outline | Boundary | Region:
        arcs = [side for side in sides if isinstance(side, Arc)]
        if len(arcs) == len(sides):
            own = arcs[0].name if len(arcs) == 1 else label
            outline = Outline(self, tuple(arcs), own if where or name is None else name)
            return outline if where is None else outline.where(where, name)
        whole = Boundary(self, sides, label if where or name is None else name)
        return whole if where is None else whole.where(where, name or f"part of {label}")

    def _in_the_box(self, n: int, generator: torch.Generator) -> Tensor:
        low, high = torch.tensor(self.bounds, dtype=torch.float64).T
        points: Tensor = low + (high - low) * quasi_random(n, self.dimension, generator)
        return points

    def _point(self, about: tuple[float, ...] | None) -> tuple[float, ...]:
        if about is None:
            return tuple((low + high) / 2 for low, high in self.bounds)
        if len(about) != self.dimension or not all(map(is_finite, about)):
            raise ValueError(
                f"about={about!r} was given for '{self.name}'; expected a point, {self.dimension} finite numbers "
                f"for {_names(self)}. Write about=({', '.join('0' * self.dimension)})."
            )
        return tuple(map(float, about))


@dataclass(frozen=True)
class Combination(Shape):
    """``first | second``, ``first & second`` or ``first - second``, made by these operators.

    In the plane the arcs of either operand are cut where they meet those of the other, and kept where they bound
    the result; in space the sides of either are drawn and kept in the same way. Where both operands have the same
    piece of boundary it counts once, or not at all.
    """

    first: Shape
    operator: Operator
    second: Shape

    def __post_init__(self) -> None:
        _check_operands(self.first, self.operator, self.second)
        if arcs_of(self.first) is not None and arcs_of(self.second) is not None:
            if not self._parts:
                raise ValueError(said_empty(self.name, self.first, self.second))
            before, after = arcs_of(self.first) or (), arcs_of(self) or ()
            uncut = len(before) == len(after) and all(
                a.curve == b.curve for a, b in zip(before, after, strict=True)
            )
            if self.operator == "-" and uncut:
                raise ValueError(said_outside(self.first, self.second))
        elif self.operator != "|":
            check_overlap(self.name, self.first, self.operator, self.second)

    @property
    def name(self) -> str:
        nouns = []
        for shape in (self.first, self.second):
            chain = shape is self.first and isinstance(shape, Combination) and shape.operator == self.operator
            nouns.append(shape.noun if chain or not isinstance(shape, Combination) else f"({shape.noun})")
        whole = f" {self.operator} ".join(nouns)
        return whole if len(whole) <= LONGEST else f"{whole[: whole.index(' ')]} {self.operator} … {nouns[1]}"

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        ends = self._bounds()
        return tuple(Axis(a.name, *end) for a, end in zip(self.first.axes, ends, strict=True))

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(piece.side for piece in self._parts)

    def level(self, points: Tensor) -> Tensor:
        """The minimum, or the maximum, of the operands' levels."""
        return level_of(self.operator, self.first.level(points), self.second.level(points))

    def surface(self, resolution: int = 32) -> Triangles:
        if self.dimension != 3:
            return super().surface(resolution)
        return combined(self.operator, self.first.surface(resolution), self.second.surface(resolution))

    def _pieces(self) -> tuple[Piece, ...]:
        return self._parts

    @cached_property
    def _parts(self) -> tuple[Piece, ...]:
        first, second = self.first._pieces(), self.second._pieces()
        if arcs_of(self.first) is not None and arcs_of(self.second) is not None:
            return self._arcs(first, second)
        found = []
        unrolls = all(unroll(piece.side) is not None for piece in (*first, *second))
        for piece, owner, is_second in self._operands():
            side = Trimmed(piece.side, self, is_second and self.operator == "-", is_second, unrolls)
            if side.is_there:
                found.append(Piece(side, (owner, *piece.owners)))
        return tuple(found)

    def _operands(self) -> list[tuple[Piece, Shape, bool]]:
        return [
            (piece, owner, is_second)
            for owner, is_second in ((self.first, False), (self.second, True))
            for piece in owner._pieces()
        ]

    def _arcs(self, first: tuple[Piece, ...], second: tuple[Piece, ...]) -> tuple[Piece, ...]:
        size = max(size_of(self.first), size_of(self.second))
        a, b = ([p.side for p in pieces if isinstance(p.side, Arc)] for pieces in (first, second))
        if self.operator == "-":
            b = [arc.reversed() for arc in b]
        kept, owners = list[Arc](), list[tuple[Shape, ...]]()
        for pieces, arcs, others, on_second in ((first, a, b, False), (second, b, a, True)):

            def bounding(points: Tensor, normals: Tensor, near: Tensor, of: bool = on_second) -> Tensor:
                return self.keeps(points, normals, of, near)

            owner = self.second if on_second else self.first
            for piece, parts in zip(pieces, cut(arcs, others, bounding, size), strict=True):
                kept += parts
                owners += [(owner, *piece.owners)] * len(parts)
        if not kept:
            return ()
        ends = joined(kept, size)
        if ends is None:
            raise ValueError(
                f"The boundary of '{self.name}' does not close: its parts meet at angles, or leave gaps, too small "
                f"to be told from rounding at its size of {size:.3g}. Move one of them a little."
            )
        bounds = list(zip(*(arc.bounds for arc in ends), strict=True))
        axes = tuple(
            Axis(axis.name, min(low for low, _ in of), max(high for _, high in of))
            for axis, of in zip(self.first.axes, bounds, strict=True)
        )
        return tuple(
            Piece(Arc(arc.curve, axes, arc.name, arc.start, arc.end), owner)
            for arc, owner in zip(ends, owners, strict=True)
        )

    def keeps(self, points: Tensor, normals: Tensor, on_second: bool, near: Tensor | None = None) -> Tensor:
        """Which points of an operand's boundary bound the result; see ``operators.keeps``."""
        size = max(size_of(self.first), size_of(self.second))
        levels = (self.first.level, self.second.level)
        return keeps(self.operator, levels, size, points, normals, on_second, near)

    def _bounds(self) -> tuple[tuple[float, float], ...]:
        if arcs_of(self.first) is not None and arcs_of(self.second) is not None:
            side = self._parts[0].side
            return tuple((axis.low, axis.high) for axis in side.axes)
        pairs = zip(self.first.bounds, self.second.bounds, strict=True)
        if self.operator == "|":
            return tuple((min(a, c), max(b, d)) for (a, b), (c, d) in pairs)
        if self.operator == "&":
            return tuple((max(a, c), min(b, d)) for (a, b), (c, d) in pairs)
        return self.first.bounds


@dataclass(frozen=True)
class Placed(Shape):
    """A shape, moved, turned and scaled; made by ``shape.moved``, ``shape.rotated`` and ``shape.scaled``."""

    shape: Shape
    motion: Motion

    @property
    def name(self) -> str:
        return self.shape.name

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        arcs = arcs_of(self.shape)
        if arcs is not None:
            moved = [arc.mapped(self.motion, arc.axes).bounds for arc in arcs]
            ends = [(min(a for a, _ in of), max(b for _, b in of)) for of in zip(*moved, strict=True)]
        else:
            corners = torch.cartesian_prod(*torch.tensor(self.shape.bounds, dtype=torch.float64))
            moved_corners = self.motion.points(corners)
            ends = list(zip(moved_corners.amin(0).tolist(), moved_corners.amax(0).tolist(), strict=True))
        return tuple(Axis(a.name, *end) for a, end in zip(self.shape.axes, ends, strict=True))

    @property
    def measure(self) -> float:
        return self.motion.factor**self.dimension * self.shape.measure

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(piece.side for piece in self._pieces())

    def level(self, points: Tensor) -> Tensor:
        return self.motion.factor * self.shape.level(self._inverse.points(points))

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, data = self.shape.draw(n, generator)
        return self.motion.points(points), data

    def cubature(self, count: int) -> WeightedNodes | None:
        nodes = cubature(self.shape, count)
        if nodes is None:
            return None
        weights = self.motion.factor**self.dimension * nodes.weights
        return WeightedNodes(self.motion.points(nodes.points), weights)

    def surface(self, resolution: int = 32) -> Triangles:
        vertices, faces = self.shape.surface(resolution)
        return self.motion.points(vertices), faces

    @cached_property
    def _inverse(self) -> Motion:
        return self.motion.inverse()

    def _pieces(self) -> tuple[Piece, ...]:
        return self._placed

    @cached_property
    def _placed(self) -> tuple[Piece, ...]:
        def mapped(side: Side) -> Side:
            if isinstance(side, Arc):
                return side.mapped(self.motion, self.axes)
            return PlacedSide(side, self.motion, self.axes)

        return tuple(Piece(mapped(p.side), (self.shape, *p.owners)) for p in self.shape._pieces())


def arcs_of(shape: Shape) -> tuple[Arc, ...] | None:
    """The arcs that bound a shape in the plane; None in space, or where a side is no arc."""
    if shape.dimension != 2:
        return None
    arcs = tuple(side for side in shape.sides if isinstance(side, Arc))
    return arcs if len(arcs) == len(shape.sides) else None


def _check_operands(first: Shape, operator: str, second: object) -> None:
    if not isinstance(second, Shape):
        raise TypeError(
            f"'{first.name}' {operator} a {type(second).__name__} was written; expected two shapes. Write "
            f"Box(x=(0, 1), y=(0, 1)) {operator} Disk(radius=0.5)."
        )
    names = [tuple(axis.name for axis in shape.axes) for shape in (first, second)]
    if names[0] != names[1]:
        raise ValueError(
            f"'{first.name}' has the axes {', '.join(names[0])}, '{second.name}' {', '.join(names[1])}; shapes that "
            f"are combined have the same ones, in the same order. Name them alike, and multiply by time afterwards: "
            f"(a {operator} b) * Interval(t=(0, 1))."
        )
    for shape in (first, second):
        if shape.dimension != len(shape.axes):
            raise ValueError(
                f"'{shape.name}' is a slice, without an inside of its own; shapes that are combined are solids. "
                f"Combine first, and take the slice of the product: (shape * Interval(t=(0, 1))).at(t=0)."
            )
    if first.dimension < 2:
        raise ValueError(
            f"'{first.name}' has one axis; shapes are combined in the plane or in space. "
            f"Declare the intervals that are left, each as an Interval of its own."
        )


def _names(shape: Shape) -> str:
    return ", ".join(axis.name for axis in shape.axes)


def _checked(value: object, what: str, example: str) -> float:
    if not (is_number(value) and is_finite(value)):
        raise ValueError(f"{what}{value!r} was given; expected a finite number. Write shape.{example}.")
    return float(value)  # type: ignore[arg-type]
