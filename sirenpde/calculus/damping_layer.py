"""Rims of a box that take waves in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.box import Box
from ..geometry.point import Point


@dataclass(frozen=True)
class DampingLayer:
    """σ of u_tt + σ u_t = c² Δu: a rim of a box in which waves die away, so that hardly any come back from its walls.

        σ = strength Σ over the axes of (depth / thickness)³,

    with the depth in the rim, 0 inside. A wave that goes through a rim of thickness L at speed c and back is left
    with exp(-strength L / 4c) of its height; a rim too strong for its thickness throws waves back itself.

    Args:
        box: of the axes of space, the rim within.
        thickness: of the rim.
        strength: σ at the middle of the walls, in radians per unit of time.

    Raises:
        ValueError: for a rim that leaves nothing inside, and for a strength below zero.

    Source: Israeli and Orszag, Approximation of radiation boundary conditions, 1981.

    >>> from sirenpde import Box
    >>> layer = DampingLayer(Box(x=(-2, 2), y=(-2, 2)), thickness=0.5, strength=40.0)
    >>> layer.inside(1.0, 0.0)
    (1.0, 0.0)
    """

    box: Box
    thickness: float
    strength: float

    def __post_init__(self) -> None:
        narrowest = min(axis.high - axis.low for axis in self.box.axes)
        if not 0 < 2 * self.thickness < narrowest or not self.strength >= 0:
            raise ValueError(
                f"DampingLayer was given a rim of thickness={self.thickness!r} with strength={self.strength!r} in a "
                f"box {narrowest:g} wide; expected a thickness between 0 and {narrowest / 2:g}, and a strength of 0 "
                f"or more. Make the box larger, or the rim thinner."
            )

    def rate(self, p: Point) -> Tensor:
        """σ at a point."""
        total = torch.zeros(())
        for axis in self.box.axes:
            high, low = axis(p) - (axis.high - self.thickness), (axis.low + self.thickness) - axis(p)
            depth = torch.maximum(high, low).clamp(min=0) / self.thickness
            total = total + depth**3
        return self.strength * total

    def inside(self, *place: float) -> tuple[float, ...]:
        """The place, which has to lie inside of the rim, as sources do: ValueError where it does not."""
        for axis, coordinate in zip(self.box.axes, place, strict=True):
            low, high = axis.low + self.thickness, axis.high - self.thickness
            if not low <= coordinate <= high:
                raise ValueError(
                    f"{axis.name} = {coordinate:g} lies in the rim that takes waves in; expected {low:g} to "
                    f"{high:g}. Move the source, or make the box larger by the rim's thickness, {self.thickness:g}."
                )
        return place
