"""The product of any domain with an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import Tensor

from . import can
from .boundary import Boundary, Face, Side, Solid
from .domain import Data, Domain, check_count, named, quasi_random
from .instants import held_at, instant
from .meshes.cells import Cells
from .nodes import WeightedNodes
from .patch import Patch
from .point import Axis
from .quadrature import cubature
from .region import Predicate, Region, within
from .unrolled import Unroll, from_unit


class Range(Solid, can.Instant, can.Bound, can.Contain, can.Dimension, can.FromUnit, Protocol):
    """An interval on one axis, or one value of it, as a product sees it."""

    @property
    def fixed(self) -> tuple[tuple[str, float], ...]: ...
    def at(self, **values: float) -> Range: ...
    def within(self, axis: Axis, low: float, high: float) -> Range | None: ...
    def held_at(self, axis: Axis, value: float) -> Range: ...
    def patches(self) -> tuple[Patch, ...]: ...


@dataclass(frozen=True)
class Product:
    """A domain times an interval: its points with every value of one axis more, or one value where it is fixed.

    Made by ``Disk() * Interval(t=(0, 1))``. Data of the domain come along; a normal has the component 0 along the
    interval.
    """

    shape: Domain
    interval: Range

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (*self.shape.axes, *self.interval.axes)

    @property
    def name(self) -> str:
        return f"{self.shape.name}{', ' if self.interval.fixed else ' × '}{self.interval.name}"

    @property
    def size(self) -> int | None:
        return self.shape.size if self.interval.fixed else None

    @property
    def dimension(self) -> int:
        return can.dimension_of(self.shape) + self.interval.dimension

    @property
    def measure(self) -> float:
        if not isinstance(self.shape, can.Measure):
            raise TypeError(
                f"'{self.shape.name}' does not know its measure, nor does its product with {self.interval.name}. "
                f"Ask the shape that it was made from."
            )
        return self.shape.measure * self.interval.measure

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        return (*can.bounds_of(self.shape), *self.interval.bounds)

    @property
    def normal(self) -> Data:
        """The outward unit normal (d,) as a function of a point, on the product of a boundary."""
        return Data("normal")

    def contains(self, points: Tensor) -> Tensor:
        return can.contains(self.shape, points[:, :-1]) & self.interval.contains(points[:, -1:])

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` points, quasi-random together where the domain maps a unit cube to itself."""
        if self.interval.fixed:
            points, data = self.shape.draw(n, generator)
            return self._with(points, data, self.interval.draw(1, generator)[0].expand(len(points), -1))
        count = check_count(n, self.name)
        if isinstance(self.shape, can.FromUnit):
            return self.from_unit(quasi_random(count, self.dimension, generator))
        # Sequences of the same kind go in step; points of a finite domain are taken as often as it needs.
        points, data = self.shape.draw(None if self.shape.size else count, generator)
        rows = torch.arange(count) % len(points)
        rows = rows[torch.randperm(count, generator=generator)]
        t, _ = self.interval.draw(count, generator)
        return self._with(points[rows], {key: value[rows] for key, value in data.items()}, t)

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points of the unit cube (n, dimension) -> points of the product."""
        assert isinstance(self.shape, can.FromUnit)
        k = can.dimension_of(self.shape)
        points, data = self.shape.from_unit(unit[:, :k])
        return self._with(points, data, self.interval.from_unit(unit[:, k:])[0])

    def unroll(self) -> Unroll | None:
        """Of an arc times the interval, and of a plane shape at one of its values."""
        if self.dimension != 2:
            return None
        if isinstance(self.shape, can.FromUnit):
            return from_unit(self)
        if not (self.interval.fixed and isinstance(self.shape, can.Level)):
            return None
        low, high = torch.tensor(can.bounds_of(self.shape), dtype=torch.float64).T
        level, ((value, _),) = self.shape.level, self.interval.bounds

        def at(unit: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            flat = low + unit * (high - low)
            points = torch.nn.functional.pad(flat, (0, 1), value=value)
            stretch = torch.full_like(flat[:, 0], float((high - low).prod()))
            return points, torch.zeros_like(points), stretch, level(flat) < 0

        return at

    def at(self, **values: float) -> Product:
        """The slice on which the named axes have these values."""
        last = self.interval.axes[0].name
        last_values = {name: value for name, value in values.items() if name == last}
        rest = {name: value for name, value in values.items() if name != last}
        for name in rest:
            named(self.axes, name)
        if rest and not isinstance(self.shape, can.Slice):
            raise ValueError(
                f"A slice at {', '.join(rest)} was asked for of '{self.name}', which has slices along {last} alone. "
                f"Take a part by where(...)."
            )
        shape = self.shape.at(**rest) if rest and isinstance(self.shape, can.Slice) else self.shape
        return Product(shape, self.interval.at(**last_values))

    def instant(self, axis: Axis) -> float | None:
        return self.interval.instant(axis) if self._is_last(axis) else instant(self.shape, axis)

    def within(self, axis: Axis, low: float, high: float) -> Product | None:
        if self._is_last(axis):
            interval = self.interval.within(axis, low, high)
            return None if interval is None else replace(self, interval=interval)
        shape = within(self.shape, axis, low, high)
        return None if shape is None else Product(shape, self.interval)

    def held_at(self, axis: Axis, value: float) -> Product:
        if self._is_last(axis):
            return Product(self.shape, self.interval.held_at(axis, value))
        return Product(held_at(self.shape, axis, value), self.interval)

    def boundary_of(self, part: Domain, where: Predicate | None = None, name: str | None = None) -> Domain:
        """The boundary of the shape that came from ``part``, a shape that it was made from, times the interval.

        >>> from sirenpde import Box, Disk, Interval
        >>> hole = Disk(radius=0.5)
        >>> tube = (Box(x=(-1, 1), y=(-1, 1)) - hole) * Interval(t=(0, 2))
        >>> round(tube.boundary_of(hole).measure, 12)  # 2 π
        6.28318530718
        """
        if not isinstance(self.shape, can.BoundedInParts):
            raise ValueError(
                f"The boundary of '{self.name}' that came from '{part.name}' was asked for; '{self.shape.name}' was "
                f"not made from shapes. Combine shapes, and multiply the result: (a - b) * Interval(t=(0, 1))."
            )
        return Product(self.shape.boundary_of(part, where, name), self.interval)

    def boundary(
        self,
        *names: str | Axis,
        side: Literal["low", "high"] | None = None,
        where: Predicate | None = None,
        name: str | None = None,
    ) -> Boundary | Region:
        """Both ends, or one ``side``, of the interval where it is named; the sides where the domain's axes are.

        Everything if none is named; the part in which ``where`` holds, a function of points (n, d) giving booleans
        (n,), if it is given.

        >>> from sirenpde import Disk, Interval
        >>> cylinder = Disk() * Interval(t=(0, 2))
        >>> cylinder.boundary("x", "y").name, cylinder.boundary("t").name, cylinder.boundary().name
        ('circle × (t)', 't = 0, 2', 'circle × (t), t = 0, 2')
        """
        (last,) = self.interval.axes
        chosen = {named(self.axes, axis).name for axis in names} or {axis.name for axis in self.axes}
        sides, faces = {axis.name for axis in self.shape.axes}, list[Side]()
        if chosen & sides:
            if not chosen >= sides or not isinstance(self.shape, can.Bounded):
                raise ValueError(
                    f"The boundary across {', '.join(sorted(chosen & sides))} was asked for of '{self.name}', whose "
                    f"sides are not told apart by axes. Name all of {', '.join(sorted(sides))}, or multiply the "
                    f"boundary that you mean: shape.boundary(...) * Interval({last.name}=...)."
                )
            faces.append(Product(self.shape.boundary(), self.interval))
        if last.name in chosen and not self.interval.fixed:
            for end in ("low", "high") if side is None else (side,):
                value = last.low if end == "low" else last.high
                faces.append(Face(self.at(**{last.name: value}), last.name, end))
        whole = Boundary(self, tuple(faces), name if where is None else None)
        return whole if where is None else whole.where(where, name or "part of the boundary")

    def cells(self, resolution: int) -> Cells:
        """The cells of the domain, times equally spaced values along the interval."""
        assert isinstance(self.shape, can.Triangulate)
        (axis,), ((low, high),) = self.interval.axes, self.interval.bounds
        count = 1 if self.instant(axis) is not None else resolution
        return self.shape.cells(resolution).times(torch.linspace(low, high, count, dtype=torch.float64))

    def patches(self) -> tuple[Patch, ...] | None:
        patches = can.patches_of(self.shape)
        return (
            None if patches is None else tuple(patch.times(self.interval.patches()[0]) for patch in patches)
        )

    def cubature(self, count: int) -> WeightedNodes | None:
        """The nodes of the domain times those of the interval."""
        sides, line = cubature(self.shape, count), cubature(self.interval, count)
        if sides is None or line is None:
            return None
        rows = torch.arange(len(sides.weights)).repeat_interleave(len(line.weights))
        points, data = self._with(
            sides.points[rows],
            {key: values[rows] for key, values in sides.data.items()},
            line.points.repeat(len(sides.weights), 1),
        )
        return WeightedNodes(points, torch.outer(sides.weights, line.weights).reshape(-1), data)

    def where(self, predicate: Predicate, name: str = "region") -> Region:
        """The part in which ``predicate``, a function of points (n, d) giving booleans (n,), holds."""
        return Region(self, predicate, name)

    def _is_last(self, axis: Axis) -> bool:
        return axis.name == self.interval.axes[0].name

    def _with(
        self, points: Tensor, data: Mapping[str, Tensor], t: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        padded = dict(data)
        if "normal" in padded:
            padded["normal"] = torch.nn.functional.pad(padded["normal"], (0, 1))
        return torch.cat([points, t], dim=1), padded
