"""Shapes that are given by a function: where it is negative."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..boundary import Side
from ..box import Box
from ..domain import Data, check_count, quasi_random
from ..meshes.newton import gradient, onto
from ..plane.outline import Outline
from ..point import Axis
from ..shape import Shape, arcs_of
from ..sides import Trimmed, moments_of


@dataclass(frozen=True, eq=False)
class Implicit(Shape):
    """The points of a box at which a function is negative, in the plane or in space.

    ``function`` takes points (n, d), a float64 tensor, and gives (n,) values, smooth and with a gradient where it is
    0: a formula in torch or numpy, or a field that was solved for, ``solution["u"]``. Its zero is looked for on a
    grid of ``resolution`` points across the longest side, so that parts smaller than its spacing h may be missed.
    Samples of the boundary are moved onto the zero by Newton's method, to rounding; they are uniform to (h / r)² / 8,
    with r the radius of curvature, and measures are good to the square of that. Raises ValueError where the function
    is negative nowhere on the grid, or everywhere, or gives anything but a finite number for each point.

    >>> import math
    >>> from sirenpde import Box, Implicit
    >>> disk = Implicit(lambda points: (points**2).sum(1) - 1, Box(x=(-2, 2), y=(-2, 2)))
    >>> abs(disk.measure - math.pi) < 1e-6, abs(disk.boundary().measure - 2 * math.pi) < 1e-6
    (True, True)
    """

    function: Callable[[Any], Any]
    box: Box
    resolution: int = 64
    label: str = "implicit shape"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(
                f"An implicit shape was given {self.function!r:.60}; expected a function of points (n, d). Write "
                "Implicit(lambda points: points.norm(dim=1) - 1, Box(x=(-2, 2), y=(-2, 2)))."
            )
        if self.box.fixed or self.box.dimension not in (2, 3):
            raise ValueError(
                f"An implicit shape was given the box {self.box!r}; expected one of two or three axes, none of them "
                "held fixed. Write Box(x=(-2, 2), y=(-2, 2))."
            )
        negative = self._grid < 0
        if not negative.any() or negative.all():
            low, high = float(self._grid.min()), float(self._grid.max())
            raise ValueError(
                f"The function of an implicit shape is {'negative' if negative.any() else 'not negative'} at all "
                f"{self._grid.numel()} points of a grid over its box, from {low:.3g} to {high:.3g}; expected both "
                "signs, negative inside. "
                + (
                    "Widen the box."
                    if negative.any()
                    else "Change its sign, move the box, or raise the resolution."
                )
            )

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.box.axes

    @property
    def name(self) -> str:
        return self.label

    def level(self, points: Tensor) -> Tensor:
        """The function over its typical slope on the boundary, so that it is roughly a distance; cut by the box."""
        return torch.maximum(self._values(points) / self._slope, self.box.level(points))

    def keeps(self, points: Tensor, normals: Tensor, on_second: bool) -> Tensor:
        """Which points of the box's boundary bound the shape."""
        return self._values(points) < 0

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """The zero of the function, and what is left of the box's faces."""
        zero = ZeroSet(self._values, self._simplices, self.box, "zero of the function")
        if self.dimension == 2:
            edges = Outline(self.box, arcs_of(self.box) or (), "box")
            kept = edges.kept(lambda points: self._values(points) < 0)
            return (zero, *kept)
        faces = (Trimmed(face, self, False, False) for face in self.box.sides)
        return (zero, *(face for face in faces if face.is_there))

    @cached_property
    def measure(self) -> float:
        """The area or volume, by the divergence theorem."""
        if self.dimension == 2:
            zero, *edges = self.sides
            assert isinstance(zero, ZeroSet)
            rules = [rule for edge in edges if (rule := edge.cubature(2)) is not None]  # type: ignore[attr-defined]
            flux = sum(float((r.points * r.data["normal"]).sum(1) @ r.weights) for r in rules)
            return (zero.position + flux) / 2
        zero, *faces = self.sides
        assert isinstance(zero, ZeroSet)
        fluxes = [m.position for face in faces if (m := moments_of(face)) is not None]
        return (zero.position + sum(fluxes)) / 3

    def _values(self, points: Tensor) -> Tensor:
        given = self.function(points)
        values = given if isinstance(given, Tensor) else torch.from_numpy(np.asarray(given, np.float64))
        if values.shape == (len(points), 1):
            values = values[:, 0]
        if values.shape != (len(points),) or not values.isfinite().all():
            what = (
                f"shape {tuple(values.shape)}"
                if values.shape != (len(points),)
                else "values that are not finite"
            )
            raise ValueError(
                f"The function of an implicit shape gave {what} for points ({len(points)}, {points.shape[1]}); "
                f"expected ({len(points)},) finite numbers. Sum over components with dim=1."
            )
        return values.double()

    @cached_property
    def _lines(self) -> list[Tensor]:
        longest = max(high - low for low, high in self.box.bounds)
        counts = [max(4, math.ceil(self.resolution * (b - a) / longest)) for a, b in self.box.bounds]
        return [
            torch.linspace(a, b, n, dtype=torch.float64)
            for (a, b), n in zip(self.box.bounds, counts, strict=True)
        ]

    @cached_property
    def _grid(self) -> Tensor:
        points = torch.cartesian_prod(*self._lines)
        values = torch.cat([self._values(part).detach() for part in points.split(2**17)])
        return values.reshape([len(line) for line in self._lines])

    @cached_property
    def _slope(self) -> float:
        middle = self._simplices.mean(1)[:1000]
        return float(gradient(self._values, middle, 1e-4 * self._spacing).norm(dim=1).median())

    @property
    def _spacing(self) -> float:
        return max(float(line[1] - line[0]) for line in self._lines)

    @cached_property
    def _simplices(self) -> Tensor:
        """Segments (m, 2, 2) or triangles (m, 3, 3) with vertices on the zero set."""
        from skimage.measure import find_contours, marching_cubes

        values = self._grid.numpy()
        if self.dimension == 2:
            paths = find_contours(values, 0.0)
            places = np.concatenate(paths)
            starts = np.cumsum([0, *map(len, paths)])
            steps = [np.stack([np.arange(a, b - 1), np.arange(a + 1, b)], 1) for a, b in pairwise(starts)]
            simplices = np.concatenate(steps)
        else:
            places, simplices, *_ = marching_cubes(values, 0.0, allow_degenerate=False)
        columns = [
            np.interp(places[:, k], np.arange(len(line)), line.numpy()) for k, line in enumerate(self._lines)
        ]
        vertices = onto(self._values, torch.from_numpy(np.stack(columns, axis=1)), self._spacing)
        return vertices[torch.from_numpy(simplices.astype(np.int64))]


@dataclass(frozen=True, eq=False)
class ZeroSet:
    """The zero of a function within a box: points near the simplices (m, d, d), moved onto it."""

    function: Callable[[Tensor], Tensor]
    simplices: Tensor
    box: Box
    name: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.box.axes

    @property
    def size(self) -> None:
        return None

    @property
    def dimension(self) -> int:
        return len(self.axes) - 1

    @property
    def normal(self) -> Data:
        """The outward unit normal as a function of a point: the function's gradient, made unit."""
        return Data("normal")

    @property
    def measure(self) -> float:
        """The length or area, extrapolated from that of the simplices and of their halves."""
        return self._extrapolated[0]

    @property
    def position(self) -> float:
        """The integral of p · n."""
        return self._extrapolated[1]

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points and their normals."""
        count, found = check_count(n, self.name), 0
        points, d = list[Tensor](), len(self.axes)
        ends = _vectors(self.simplices).norm(dim=1).cumsum(0)
        while found < count:
            unit = quasi_random(count - found + 16, d, generator)
            which = torch.searchsorted(ends, unit[:, 0] * ends[-1]).clamp(max=len(ends) - 1)
            first = unit[:, 1] if d == 2 else unit[:, 1].sqrt()
            shares = (
                [1 - first, first] if d == 2 else [1 - first, first * (1 - unit[:, 2]), first * unit[:, 2]]
            )
            flat = (torch.stack(shares, dim=1)[:, :, None] * self.simplices[which]).sum(1)
            there = onto(self.function, flat, self._spacing)
            scale = self.function(flat).detach().abs().max().clamp(min=1e-30)
            on = self.function(there).detach().abs() <= torch.maximum(1e-9 * scale, scale.new_tensor(1e-13))
            points.append(there[on & (self.box.level(there) <= 0)])
            found += len(points[-1])
            if not found:
                raise ValueError(
                    f"No point could be moved onto the {self.name}; expected a function with a gradient where it "
                    "vanishes. Smooth it, or write it so that it changes its sign there."
                )
        drawn = torch.cat(points)[:count]
        slopes = gradient(self.function, drawn, 1e-3 * self._spacing)
        return drawn, {"normal": slopes / slopes.norm(dim=1, keepdim=True)}

    @property
    def _spacing(self) -> float:
        sides = self.simplices - self.simplices.roll(1, 1)
        return float(sides.norm(dim=2).max())

    @cached_property
    def _extrapolated(self) -> tuple[float, float]:
        coarse, fine = self._integrals(self.simplices), self._integrals(self._halved())
        (area, position) = ((4 * f - c) / 3 for c, f in zip(coarse, fine, strict=True))
        return area, position

    def _integrals(self, simplices: Tensor) -> tuple[float, float]:
        """The measure of flat simplices, and the integral of p · n over them."""
        vectors, middle = _vectors(simplices), simplices.mean(1)
        outward = gradient(self.function, middle, 1e-3 * self._spacing)
        signs = (vectors * outward).sum(1).sign()
        return float(vectors.norm(dim=1).sum()), float((signs * (middle * vectors).sum(1)).sum())

    def _halved(self) -> Tensor:
        """The simplices with new vertices on the zero set, in the middle of their sides."""

        def between(i: int, j: int) -> Tensor:
            return onto(self.function, (self.simplices[:, i] + self.simplices[:, j]) / 2, self._spacing)

        if len(self.axes) == 2:
            (a, b), middle = self.simplices.unbind(1), between(0, 1)
            return torch.cat([torch.stack([a, middle], 1), torch.stack([middle, b], 1)])
        a, b, c = self.simplices.unbind(1)
        ab, bc, ca = between(0, 1), between(1, 2), between(2, 0)
        corners = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
        return torch.cat([torch.stack(corner, 1) for corner in corners])


def _vectors(simplices: Tensor) -> Tensor:
    """Normals (m, d) of segments or triangles, as long as their length or area."""
    if simplices.shape[1] == 2:
        along = simplices[:, 1] - simplices[:, 0]
        return torch.stack([along[:, 1], -along[:, 0]], dim=1)
    a, b, c = simplices.unbind(1)
    doubled: Tensor = torch.linalg.cross(b - a, c - a)
    return doubled / 2
