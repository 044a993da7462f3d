"""A slice through layered ground by formula, for seismic waves: water, sediments with a lens, and a basement.

Lengths are kilometres and speeds kilometres per second; the depth y points down. The water's floor dips, the basement
is level, and at the ends of the slice all layers are level too, so that absorbing layers may begin there.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..calculus.absorbing import PML
from ..calculus.evaluate import PointFunction
from ..calculus.operators import D
from ..geometry.box import Box
from ..geometry.point import Point

WATER, BASEMENT = 1.5, 3.5  # speeds
LEVEL = 1.4  # depth of the basement
MIDDLE = 0.6  # of the water's floor, which dips from above it to below
LENS = (2.6, 0.95)  # its middle
LENGTH, DEPTH = 4.0, 1.8  # of the slice
STRENGTH = 5.2  # of layers that are two waves in water thick: waves in the basement come back with 1e-8
NEAR, NEARER = (
    0.15,
    0.09,
)  # around a source: half a side of the box in which its own wave is left out, in the middle alone


def angular(frequency: float) -> float:
    """ω = 2π frequency. Raises ValueError for what is no frequency."""
    if not 0 < frequency < math.inf:
        raise ValueError(f"A wave of {frequency:g} Hz; expected a finite frequency above 0, such as 7.5.")
    return 2 * math.pi * frequency


def around_source(along: float, depth: float) -> tuple[Box, Box]:
    """The box (x, z) in which a source's own wave is left out, and its middle; ValueError unless it is in water."""
    middle = depth / (1 + float(_dip(torch.tensor(along, dtype=torch.float64))) / MIDDLE)
    if not (NEAR < along < LENGTH - NEAR and NEAR < middle < MIDDLE - NEAR):
        low, high = (z * depth / middle for z in (NEAR, MIDDLE - NEAR))
        raise ValueError(
            f"A source {along:g} km along the slice and {depth:g} km deep; expected one in the water, away from "
            f"its floor and the ends and the top of the slice: {NEAR} to {LENGTH - NEAR} km along, and {low:.2f} to "
            f"{high:.2f} km deep there."
        )
    outer, inner = (Box(x=(along - h, along + h), z=(middle - h, middle + h)) for h in (NEAR, NEARER))
    return outer, inner


def floor_depth(x: Tensor) -> Tensor:
    """Where the water ends: 0.45 at the left of a slice 4 long, 0.75 at its right."""
    return MIDDLE + _dip(x)


def depth_at(x: Tensor, z: Tensor) -> Tensor:
    """y where the floor is drawn level, at z = 0.6: linear in z from the top to the floor and on to the basement.

    Above and below, y = z.

    >>> import torch
    >>> from sirenpde.references.ground import depth_at, floor_depth
    >>> x, z = torch.tensor([1.0, 1.0, 3.0]), torch.tensor([0.6, 1.4, 2.0])
    >>> bool(depth_at(x, z)[0] == floor_depth(x)[0]), depth_at(x, z)[1:].tolist()
    (True, [1.399999976158142, 2.0])
    """
    return z + _dip(x) * torch.minimum(z / MIDDLE, (LEVEL - z) / (LEVEL - MIDDLE)).clamp(min=0)


def depth_slopes(x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """y_x and y_z of ``depth_at``; y_z jumps at the top, at the floor and at the basement."""
    share = torch.minimum(z / MIDDLE, (LEVEL - z) / (LEVEL - MIDDLE)).clamp(min=0)
    dip = _dip(x)
    rate = torch.where(z < MIDDLE, dip / MIDDLE, -dip / (LEVEL - MIDDLE))
    inside = (z > 0) & (z < LEVEL)
    return 0.25 / torch.cosh((x - 2) / 0.6) ** 2 * share, 1 + torch.where(
        inside, rate, torch.zeros_like(rate)
    )


def level_laplacian(layer: PML, v: PointFunction) -> PointFunction:
    """y_z times the stretched Laplacian, of a function of x and z.

    With α = e_y/e_x it is ∂x(α (y_z v_x - y_x v_z)) + ∂z(v_z/(α y_z) - α y_x (v_x - y_x v_z/y_z)); what is in the
    second parentheses is the flux through lines of one z, and continuous.

    Args:
        layer: of a box of x and z, outside of the slice, where y = z.
    """
    x, z = layer.box.axes

    def ratio(p: Point) -> Tensor:
        return layer.stretch(z)(p) / layer.stretch(x)(p)

    def across(p: Point) -> Tensor:
        y_x, y_z = depth_slopes(x(p), z(p))
        return ratio(p) * (y_z * D(v, x)(p) - y_x * D(v, z)(p))

    def down(p: Point) -> Tensor:
        y_x, y_z = depth_slopes(x(p), z(p))
        v_y = D(v, z)(p) / y_z
        return v_y / ratio(p) - ratio(p) * y_x * (D(v, x)(p) - y_x * v_y)

    return lambda p: D(across, x)(p) + D(down, z)(p)


def _dip(x: Tensor) -> Tensor:
    return 0.15 * torch.tanh((x - 2) / 0.6)


def speed_below(x: Tensor, y: Tensor) -> Tensor:
    """Below the water: 1.9 and more with the depth, a sixth less in a lens; 3.5 in the basement.

    >>> import torch
    >>> from sirenpde.references.ground import speed_below
    >>> speed_below(torch.tensor([0.0, 2.6, 2.6]), torch.tensor([1.0, 0.95, 1.5]))
    tensor([2.0000, 1.6458, 3.5000])
    """
    a, b = LENS
    lens = torch.exp(-(((x - a) / 0.45) ** 2) - ((y - b) / 0.15) ** 2)
    return torch.where(y > LEVEL, BASEMENT, (1.9 + 0.5 * (y - 0.8)) * (1 - lens / 6))


def speed(x: Tensor, y: Tensor) -> Tensor:
    """Everywhere."""
    return torch.where(y < floor_depth(x), WATER, speed_below(x, y))
