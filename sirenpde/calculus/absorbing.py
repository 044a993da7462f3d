"""Perfectly matched layers: waves leave a box as if it had no end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.box import Box
from ..geometry.domain import is_number, named
from ..geometry.point import Axis, Point
from .evaluate import PointFunction
from .operators import D, check_function

EFOLDS = 50 / 3  # by which waves fall in one layer that they meet head-on, unless a strength is given


@dataclass(frozen=True, eq=False)
class PML:
    """A layer along the ends of a box in which waves fall off, and at whose beginning nothing is reflected.

    In the layer each coordinate s is stretched into the complex plane, ds → e ds, with

        e = 1 - i a (d/L)²,

    d the depth into the layer, L its thickness and a its strength; outside of it e = 1. Outgoing waves are those of
    the time factor e^{+iωt}: H⁽²⁾(kr) in the plane. For fields of the other sign take complex conjugates. The
    equation Δu + k² m u = f becomes, in any number of axes,

        Σ_i ∂_i ( (Π_{j≠i} e_j) / e_i ∂_i u ) + (Π_j e_j) k² m u = f,

    which is ``layer.laplacian(u)(p) + layer.volume(p) * k**2 * m(p) * u(p) - f(p)``. At the box's ends u is 0;
    where the layer is strong for all waves, as one for their wavenumber is, no condition is needed there. A wave that
    meets the layer at an angle θ from its normal falls by exp(-k a L cos(θ) / 3) on its way through it, and comes
    back with the square of that, ``reflection``. Shapes and sources are best half a wavelength from the layer, so
    that little grazes it.

    Args:
        box: what the equation is solved on, the layer included.
        thickness: L, in the units of the box: one for all ends, or for each axis by name, or a pair for an axis's low
            and high end. Axes that are left out, and ends with 0, have no layer: ``{"x": 0.5, "y": (0, 0.25)}``.
        strength: a, at the box's ends.
        wavenumber: k, in place of a strength, which is then 50 / (kL): waves come back with 3e-15 of their
            amplitude head-on, with 6e-11 at 45 degrees and 6e-8 at 60.

    Raises ValueError for layers that leave no room between them, and unless a strength or a wavenumber is given.

    Source: Bérenger, J. Comput. Phys. 114, 1994; Chew and Weedon, Microw. Opt. Techn. Lett. 7, 1994, equation 3.

    >>> from sirenpde import PML, Box, Field, on
    >>> box = Box(x=(-1, 1), y=(-1, 1))
    >>> u, layer = Field("u", box, dtype=complex), PML(box, 0.5, wavenumber=20.0)
    >>> @on(box, samples=1000)
    ... def helmholtz(p):
    ...     return layer.laplacian(u)(p) + layer.volume(p) * 400 * u(p)
    >>> layer.interior, f"{layer.reflection(20.0):.0e}"
    (Box(x=(-0.5, 0.5), y=(-0.5, 0.5)), '3e-15')
    """

    box: Box
    thickness: float | Mapping[str, float | tuple[float, float]]
    strength: float | None = None
    wavenumber: float | None = None

    def __post_init__(self) -> None:
        if (self.strength is None) == (self.wavenumber is None):
            raise ValueError(
                f"PML was given strength={self.strength} and wavenumber={self.wavenumber}; expected one of them. "
                f"Give the wavenumber k, as in PML(box, 0.5, wavenumber=20.0), and the strength follows from it."
            )
        for name, value in (("strength", self.strength), ("wavenumber", self.wavenumber)):
            if value is not None and not (is_number(value) and 0 < float(value) < math.inf):
                raise ValueError(
                    f"PML was given {name}={value!r}; expected a positive number. Fields of e^(-iωt), whose layers "
                    f"would have a negative one, are the complex conjugates of those of e^(+iωt)."
                )
        if not any(any(pair) for pair in self.sides.values()):
            raise ValueError(
                f"PML was given the thickness {self.thickness!r}, no layer at any end of {self.box!r}. Give one "
                f'number for all ends, or some of them: PML(box, {{"x": 0.5}}, wavenumber=20.0).'
            )

    @property
    def sides(self) -> dict[str, tuple[float, float]]:
        """The thickness at the low and high end of each axis that has a layer."""
        given = self.thickness
        if not isinstance(given, Mapping):
            given = {axis.name: given for axis in self.box.axes if not axis.is_time}
        return {name: _pair(named(self.box.axes, name), value) for name, value in given.items()}

    @property
    def interior(self) -> Box:
        """The part of the box that has no layer, where the field is the waves'."""
        ends = {axis.name: (axis.low, axis.high) for axis in self.box.axes}
        for name, (low, high) in self.sides.items():
            ends[name] = ends[name][0] + low, ends[name][1] - high
        return Box(**ends)

    def reflection(self, wavenumber: float, angle: float = 0.0) -> float:
        """exp(-2/3 k a L cos θ), the amplitude that comes back from the weakest end; the angle θ is in radians."""
        ends = [length for pair in self.sides.values() for length in pair if length > 0]
        return max(math.exp(-2 / 3 * wavenumber * self._strength(s) * s * math.cos(angle)) for s in ends)

    def keep_out(self, places: Sequence[Sequence[float]], what: str) -> None:
        """Raises ValueError for the first of some places, of a "source" or a "receiver", that lies in the layer."""
        points = torch.tensor([[float(s) for s in place] for place in places], dtype=torch.float64)
        outside = ~self.interior.contains(points)
        if bool(outside.any()):
            place = ", ".join(f"{s:g}" for s in points[outside][0].tolist())
            raise ValueError(
                f"The {what} at ({place}) lies in the absorbing layer or beyond it, where the field is none of the "
                f"waves'; expected a place in {self.interior!r}. Move it, or take a larger box."
            )

    def stretch(self, axis: Axis) -> PointFunction:
        """e of one axis, a complex function of a point; 1 where the axis has no layer."""
        axis = named(self.box.axes, axis)
        low, high = self.sides.get(axis.name, (0.0, 0.0))
        ends = ((-1, -axis.low - low, low), (1, axis.high - high, high))
        layers = [(sign, begin, length, self._strength(length)) for sign, begin, length in ends if length > 0]

        def e(p: Point) -> Tensor:
            s = axis(p)
            lost = torch.zeros_like(s)
            for sign, begin, length, strength in layers:
                lost = lost + strength * torch.relu((sign * s - begin) / length) ** 2
            return torch.complex(torch.ones_like(s), -lost)

        return e

    def volume(self, p: Point) -> Tensor:
        """Π e_i, the factor of whatever the equation has outside of its derivatives."""
        first, *others = (self.stretch(named(self.box.axes, name))(p) for name in self.sides)
        return math.prod(others, start=first)

    def laplacian(self, u: PointFunction, *axes: Axis) -> PointFunction:
        """Σ_i ∂_i ( (Π_{j≠i} e_j) / e_i ∂_i u ) over the axes, all of the box but time unless named."""
        check_function(u, "PML.laplacian", "layer.laplacian(u)")
        along = axes or tuple(axis for axis in self.box.axes if not axis.is_time)
        stretches = {axis.name: self.stretch(axis) for axis in along}

        def second(axis: Axis) -> PointFunction:
            slope, own = D(u, axis), stretches[axis.name]
            others = [e for name, e in stretches.items() if name != axis.name]  # constant along this axis
            curvature = D(lambda p: slope(p) / own(p), axis)
            return lambda p: math.prod([e(p) for e in others], start=curvature(p))

        seconds = [second(axis) for axis in along]
        return lambda p: torch.stack([second(p) for second in seconds]).sum(0)

    def _strength(self, length: float) -> float:
        if self.wavenumber is not None:
            return 3 * EFOLDS / (self.wavenumber * length)
        assert self.strength is not None
        return self.strength


def _pair(axis: Axis, given: float | tuple[float, float]) -> tuple[float, float]:
    """The thickness at both ends of an axis, checked."""
    pair = given if isinstance(given, tuple) else (given, given)
    if len(pair) != 2 or not all(is_number(s) and 0 <= float(s) < math.inf for s in pair):
        raise ValueError(
            f"PML was given the thickness {given!r} along {axis}; expected a length, or a pair of lengths for "
            f"its two ends, none of them negative. Write {{{axis.name!r}: 0.5}} or {{{axis.name!r}: (0, 0.5)}}."
        )
    low, high = (float(s) for s in pair)
    if low + high >= axis.high - axis.low:
        raise ValueError(
            f"Layers {low:g} and {high:g} thick leave nothing of {axis}, which runs from {axis.low:g} to "
            f"{axis.high:g}. Take thinner layers or a wider box: waves need room of their own."
        )
    return low, high
