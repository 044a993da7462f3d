"""Boxes with named axes, and their slices."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, overload

import torch
from torch import Tensor

from .boundary import Boundary, Face, Side
from .data.cloud import Cloud
from .domain import Domain, HasAxes, check_count, is_number, named, quasi_random
from .extrusion import Extrusion, extruded
from .frame import axes_around
from .meshes.mesh import TriangleMesh
from .meshes.surfaces import Triangles, prism
from .pairs import Pairs
from .patch import Patch
from .plane.arc import Arc
from .plane.curves import Segment
from .plane.outline import Outline
from .point import Axis
from .product import Product
from .region import Predicate, Region
from .shape import Shape
from .slab import SLACK, Slab
from .tensor_grid import TensorGrid

APART = 1e-12  # of an axis: so far from an interface its two sides are


@dataclass(frozen=True, init=False, repr=False)
class Box(Shape):
    """A product of intervals, with an axis for each keyword, in their order.

    Points are drawn quasi-random: a scrambled Sobol sequence, anew at every draw. Some axes may be held
    fixed (``at``); the points keep all coordinates, so that a field of the box can be evaluated there.
    Raises ValueError for intervals that are empty or not finite.

    >>> import torch
    >>> from sirenpde import Box
    >>> spacetime = Box(t=(0, 0.5), x=(-1, 1))
    >>> t, x = spacetime.axes
    >>> start = spacetime.at(t=0)
    >>> start.name, spacetime.boundary("x").name, spacetime.measure
    ('t = 0', 'x = -1, 1', 1.0)
    >>> points, _ = start.draw(4, torch.Generator().manual_seed(0))
    >>> points.shape, points[:, 0].tolist()
    (torch.Size([4, 2]), [0.0, 0.0, 0.0, 0.0])
    """

    axes: tuple[Axis, ...]
    fixed: tuple[tuple[str, float], ...]  # the axes held constant, and where

    def __init__(self, /, **intervals: tuple[float, float]) -> None:
        if not intervals:
            raise ValueError(
                "A box without axes was declared; at least one is needed. Name them, as in Box(x=(0, 1))."
            )
        object.__setattr__(self, "axes", tuple(_axis(name, ends) for name, ends in intervals.items()))
        object.__setattr__(self, "fixed", ())

    @staticmethod
    def around(shape: HasAxes | TriangleMesh, fill: float = 0.95) -> Box:
        """The box of a cloud's or picture's axes, or the one of which a mesh fills this fraction.

        >>> from sirenpde import Box, TriangleMesh, bundled
        >>> Box.around(TriangleMesh.open(bundled("spot.obj")))
        Box(x=(-0.496371, 0.496371), y=(-0.781269, 0.998131), z=(-0.714117, 1.09421))
        """
        axes = axes_around(shape.vertices, "xyz", fill) if isinstance(shape, TriangleMesh) else shape.axes
        return Box(**{axis.name: (axis.low, axis.high) for axis in axes})

    @staticmethod
    def cube(shape: HasAxes | TriangleMesh) -> Box:
        """The box of equal sides about the middle of a shape, as wide as the shape is along its longest axis.

        >>> from sirenpde import Box, Disk
        >>> Box.cube(Disk(radius=1) | Disk(center=(2, 0), radius=1))
        Box(x=(-1, 3), y=(-2, 2))
        """
        half = max(axis.high - axis.low for axis in shape.axes) / 2
        middles = {axis.name: (axis.low + axis.high) / 2 for axis in shape.axes}
        return Box(**{name: (middle - half, middle + half) for name, middle in middles.items()})

    def __repr__(self) -> str:
        intervals = ", ".join(f"{a.name}=({a.low:g}, {a.high:g})" for a in self.axes)
        values = ", ".join(f"{name}={value:g}" for name, value in self.fixed)
        return f"Box({intervals})" + (f".at({values})" if values else "")

    @property
    def name(self) -> str:
        if self.fixed:
            return ", ".join(f"{name} = {value:g}" for name, value in self.fixed)
        return f"({', '.join(a.name for a in self.axes)})"

    @property
    def noun(self) -> str:
        return self.name if self.fixed else "box"

    @property
    def free(self) -> tuple[Axis, ...]:
        """The axes that are not held fixed."""
        held = dict(self.fixed)
        return tuple(a for a in self.axes if a.name not in held)

    @property
    def dimension(self) -> int:
        """How many axes are free."""
        return len(self.free)

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """The low and high end of each axis; the same value twice where it is held fixed."""
        held = dict(self.fixed)
        return tuple((held.get(a.name, a.low), held.get(a.name, a.high)) for a in self.axes)

    @property
    def measure(self) -> float:
        """The length, area or volume over the free axes; 1 for a single point."""
        return math.prod(a.high - a.low for a in self.free)

    @property
    def size(self) -> int | None:
        """None, or 1 where every axis is held fixed."""
        return None if self.free else 1

    def at(self, **values: float) -> Box:
        """The slice on which the named axes have these values; ValueError for a value outside the box."""
        held = dict(self.fixed)
        for name, value in values.items():
            axis = named(self.axes, name)
            if not is_number(value):
                raise TypeError(
                    f"{name} = {value!r}, a {type(value).__name__}, was asked for; expected a number from "
                    f"{axis.low:g} to {axis.high:g}. Write box.at({name}={axis.low:g})."
                )
            slack = 1e-9 * (axis.high - axis.low)  # the end of a range computed by the user
            if not axis.low - slack <= value <= axis.high + slack:
                raise ValueError(
                    f"{name} = {value:g} lies outside the box; {name} runs from {axis.low:g} to "
                    f"{axis.high:g}. Choose a value in this range, or widen the box."
                )
            if name in held:
                raise ValueError(
                    f"{name} is already held at {held[name]:g}; an axis can be fixed once. "
                    f"Take the slice of the whole box."
                )
            held[name] = min(max(float(value), axis.low), axis.high)
        section = copy.copy(self)
        object.__setattr__(section, "fixed", tuple(held.items()))
        return section

    def contains(self, points: Tensor) -> Tensor:
        """Which of the points (n, d) lie in the box, or in its slice."""
        low, high = points.new_tensor(self.bounds).T
        slack = SLACK * points.new_tensor([axis.high - axis.low for axis in self.axes])
        inside: Tensor = ((points >= low - slack) & (points <= high + slack)).all(1)
        return inside

    @property
    def sides(self) -> tuple[Side, ...]:
        """The faces; in the plane the edges, counterclockwise."""
        if self.dimension != 2 or self.fixed:
            return self.boundary().faces
        (a, b), (c, d) = self.bounds
        x, y = self.axes
        corners = ((a, c), (b, c), (b, d), (a, d))
        names = (f"{y} = {c:g}", f"{x} = {b:g}", f"{y} = {d:g}", f"{x} = {a:g}")
        edges = zip(corners, (*corners[1:], corners[0]), names, strict=True)
        return tuple(Arc.of(Segment(start, end), self.axes, name) for start, end, name in edges)

    def level(self, points: Tensor) -> Tensor:
        """The signed distance to the boundary."""
        if self.fixed:
            raise ValueError(
                f"'{self.name}' is a slice of a box, without an inside. Take the level of the whole box."
            )
        low, high = points.new_tensor(self.bounds).T
        beyond = torch.maximum(low - points, points - high)
        distance: Tensor = beyond.clamp(min=0).norm(dim=1) + beyond.amax(1).clamp(max=0)
        return distance

    def moved(self, **by: float) -> Box:
        """The box, moved along the named axes; a box again."""
        return self._again(super().moved(**by))

    def scaled(self, factor: float, about: tuple[float, ...] | None = None) -> Box:
        """The box, ``factor`` times as large; a box again."""
        return self._again(super().scaled(factor, about))

    def _again(self, placed: Shape) -> Box:
        if self.fixed:
            raise ValueError(
                f"'{self.name}' is a slice of a box, and was to be moved. Move the whole box, and take its slice."
            )
        return Box(**{a.name: ends for a, ends in zip(self.axes, placed.bounds, strict=True)})

    def surface(self, resolution: int = 32) -> Triangles:
        if self.dimension != 3 or len(self.axes) != 3:
            return super().surface(resolution)
        (a, b), (c, d), (low, high) = self.bounds
        return prism([torch.tensor([[a, c], [b, c], [b, d], [a, d]], dtype=torch.float64)], low, high)

    def patches(self) -> tuple[Patch, ...]:
        return (Patch(self.axes, self.bounds),)

    def instant(self, axis: Axis) -> float | None:
        """The value that an axis is held at; None where it is free."""
        return dict(self.fixed).get(axis.name)

    def within(self, axis: Axis, low: float, high: float) -> Box | None:
        """The part in a slab of an axis; None where nothing is left."""
        held = self.instant(axis)
        if held is not None:
            return self if Slab(axis, low, high).holds_instant(held) else None
        ends = {a.name: (a.low, a.high) for a in self.axes}
        first, last = ends[axis.name]
        ends[axis.name] = max(first, low), min(last, high)
        if ends[axis.name][0] >= ends[axis.name][1]:
            return None
        return Box(**ends).at(**dict(self.fixed))

    def held_at(self, axis: Axis, value: float) -> Box:
        """The slice at another value of an axis."""
        whole = Box(**{a.name: (a.low, a.high) for a in self.axes})
        return whole.at(**{**dict(self.fixed), axis.name: value})

    @overload  # type: ignore[override]
    def boundary(self, *names: str | Axis, side: Literal["low", "high"] | None = None) -> Boundary: ...

    @overload
    def boundary(
        self,
        *names: str | Axis,
        side: Literal["low", "high"] | None = None,
        where: Predicate,
        name: str | None = None,
    ) -> Outline | Boundary | Region: ...

    def boundary(
        self,
        *names: str | Axis,
        side: Literal["low", "high"] | None = None,
        where: Predicate | None = None,
        name: str | None = None,
    ) -> Outline | Boundary | Region:
        """The faces at both ends, or one ``side``, of the named axes; of all axes if none is named.

        The part of them in which ``where`` holds, a function of points (n, d) giving booleans (n,), if it is given.

        >>> from sirenpde import Box
        >>> Box(x=(0, 1), y=(0, 2)).boundary("x", side="high").name
        'x = 1'
        """
        if where is not None:
            if names or side is not None:
                return self.boundary(*names, side=side).where(where, name or "part of the boundary")
            return self._part(self.sides, "boundary of the box", where, name)
        axes = [named(self.axes, axis) for axis in names] or list(self.free)
        if not axes:
            raise ValueError(
                f"'{self.name}' is a single point; it has no boundary. Take that of a larger box."
            )
        if side not in (None, "low", "high"):
            raise ValueError(
                f"side={side!r} was given; expected 'low' or 'high', or nothing for both. Use one."
            )
        ends = ("low", "high") if side is None else (side,)
        faces = tuple(
            Face(self.at(**{axis.name: axis.low if end == "low" else axis.high}), axis.name, end)
            for axis in dict.fromkeys(axes)
            for end in ends
        )
        return Boundary(self, faces)

    def pairs(self, axis: str | Axis) -> Pairs:
        """Samples of two points, one at either end of an axis, for conditions that join them by ``jump``.

        >>> from sirenpde import Box
        >>> Box(t=(0, 1), x=(0, 2)).pairs("x").name
        'x = 0 and x = 2'
        """
        across = named(self.axes, axis)
        name = f"{across} = {across.low:g} and {across} = {across.high:g}"
        low = self.at(**{across.name: across.low})
        return Pairs(low, across, across.low, across.high, self._held(name))

    def interface(self, **value: float) -> Pairs:
        """Samples of two points, one on either side of the plane on which an axis has this value.

        They are 1e-12 of the axis away from it, so that functions that differ there are told apart, in float64.

        >>> from sirenpde import Box
        >>> Box(x=(0, 2), y=(0, 1)).interface(x=0.5).name
        'both sides of x = 0.5'
        """
        if len(value) != 1:
            raise ValueError(
                f"An interface across {len(value)} axes was asked for; expected one. Write box.interface(x=0.5)."
            )
        ((name, at),) = value.items()
        across, plane = named(self.axes, name), self.at(**value)
        if not across.low < at < across.high:
            raise ValueError(
                f"An interface at {name} = {at:g} was asked for, an end of {name}; expected a value between "
                f"{across.low:g} and {across.high:g}, with a side on either hand. An end is box.boundary({name!r})."
            )
        step = APART * (across.high - across.low)
        shown = self._held(f"both sides of {name} = {at:g}")
        return Pairs(plane, across, at - step, at + step, shown)

    def _held(self, name: str) -> str:
        return ", ".join([*(f"{axis} = {value:g}" for axis, value in self.fixed), name])

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points."""
        count = 1 if self.size == 1 else check_count(n, self.name)
        return self.from_unit(quasi_random(count, self.dimension, generator))

    def grid(self, n: int | Mapping[str, int]) -> tuple[Tensor, tuple[int, ...]]:
        """The points (N, d) of a regular grid, ends included, and its shape, with 1 for a fixed axis.

        ``n`` points along every free axis, or a number for each of them. The last axis runs fastest.

        >>> from sirenpde import Box
        >>> points, shape = Box(x=(0, 1), y=(0, 2)).grid({"x": 2, "y": 3})
        >>> shape, points.tolist()
        ((2, 3), [[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
        """
        lattice = self._lattice(n)
        return lattice.points, lattice.shape

    def nodes(self, n: int | Mapping[str, int]) -> Cloud:
        """The points of the regular ``grid`` as a finite domain that knows its ``lattice``."""
        lattice = self._lattice(n)
        name = f"{'×'.join(map(str, lattice.shape))} nodes"
        return Cloud(lattice.points, self.axes, {}, name, lattice=lattice)

    def __mul__(self, other: object) -> Box:
        """The box of both boxes' axes."""
        if not isinstance(other, Box):
            raise TypeError(
                f"A box was multiplied by a {type(other).__name__}; expected another box, or a shape before it. "
                f"Write shape * Interval(t=(0, 1)): the product has the shape's axes, then those of the box."
            )
        _check_apart(self.axes, other.axes)
        ends = {axis.name: (axis.low, axis.high) for axis in (*self.axes, *other.axes)}
        return Box(**ends).at(**dict((*self.fixed, *other.fixed)))

    @overload
    def __rmul__(self, domain: Shape) -> Extrusion: ...

    @overload
    def __rmul__(self, domain: Domain) -> Product: ...

    def __rmul__(self, domain: Domain) -> Product:
        """Any domain times the box: its points with every value of the box's axes."""
        if not hasattr(domain, "draw"):
            return NotImplemented
        _check_apart(domain.axes, self.axes)
        held = dict(self.fixed)
        lines = [
            Box(**{a.name: (a.low, a.high)}).at(**{a.name: held[a.name]} if a.name in held else {})
            for a in self.axes
        ]
        product = extruded(domain, lines[0])
        for line in lines[1:]:
            product = extruded(product, line)
        return product

    def where(self, predicate: Predicate, name: str = "region") -> Region:
        """The part in which ``predicate``, a function of points (n, d) giving booleans (n,), holds.

        >>> from sirenpde import Box
        >>> quarter = Box(x=(0, 1), y=(0, 1)).where(lambda p: p.norm(dim=1) < 1)
        """
        return Region(self, predicate, name)

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit cube over the free axes -> points (n, d) of the box."""
        held, columns, next_free = dict(self.fixed), [], iter(unit.T)
        for axis in self.axes:
            if axis.name in held:
                columns.append(unit.new_full((len(unit),), held[axis.name]))
            else:
                columns.append(axis.low + (axis.high - axis.low) * next(next_free))
        return torch.stack(columns, dim=1), {}

    def _lattice(self, n: int | Mapping[str, int]) -> TensorGrid:
        held = dict(self.fixed)
        counts = {a.name: n for a in self.free} if isinstance(n, int) else dict(n)
        wanted = {a.name for a in self.free}
        if set(counts) != wanted:
            raise ValueError(
                f"A grid of '{self.name}' was asked for with numbers for {', '.join(counts) or 'no axis'}; "
                f"expected one for each of {', '.join(a.name for a in self.free)}. Give one number for all, "
                f"or one for each."
            )
        for name, count in counts.items():
            if count < 2:
                raise ValueError(
                    f"A grid needs 2 points or more along {name}, its ends; got {count}. Raise it."
                )
        return TensorGrid.full(
            [
                torch.tensor([held[a.name]], dtype=torch.float64)
                if a.name in held
                else torch.linspace(a.low, a.high, counts[a.name], dtype=torch.float64)
                for a in self.axes
            ]
        )


def _check_apart(first: tuple[Axis, ...], second: tuple[Axis, ...]) -> None:
    shared = [axis.name for axis in second if axis.name in {a.name for a in first}]
    if shared:
        raise ValueError(
            f"A domain of the axes {', '.join(a.name for a in first)} was multiplied by an interval of {shared[0]}; "
            f"a product needs axes of different names. Name the interval otherwise, as in Interval(t=(0, 1))."
        )


def _axis(name: str, ends: tuple[float, float]) -> Axis:
    try:
        low, high = (float(end) for end in ends)
    except (TypeError, ValueError):
        raise TypeError(
            f"The axis {name} was given {ends!r}; expected two numbers, its ends. Write {name}=(0, 1)."
        ) from None
    if not name.isidentifier():
        raise ValueError(
            f"{name!r} was given as an axis; expected a Python name. Rename it, as in 'x' or 't'."
        )
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(
            f"The axis {name} runs from {low} to {high}; its ends must be finite. Cut the domain off, or "
            f"map it to a finite one."
        )
    if low >= high:
        raise ValueError(
            f"The axis {name} runs from {low:g} to {high:g}; the low end comes first, and the interval must "
            f"not be empty. Write {name}=(low, high) with low < high."
        )
    return Axis(name, low, high)
