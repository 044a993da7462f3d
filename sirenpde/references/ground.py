"""A slice through layered ground by formula, for seismic waves: water, sediments with a lens, and a basement.

Lengths are kilometres and speeds kilometres per second; the depth y points down. The water's floor dips, the basement
is level, and at the ends of the slice all layers are level too, so that absorbing layers may begin there.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..geometry.box import Box
from ..geometry.data.point_cloud import PointCloud

WATER, BASEMENT = 1.5, 3.5  # speeds
LEVEL = 1.4  # depth of the basement
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
    """The box in which a source's own wave is left out, and its middle; ValueError unless it is in water."""
    ends = torch.tensor([along - NEAR, along + NEAR], dtype=torch.float64)
    bottom = float(floor_depth(ends).amin())  # it dips one way
    if not (along - NEAR > 0 and along + NEAR < LENGTH and depth - NEAR > 0 and depth + NEAR < bottom):
        raise ValueError(
            f"A source {along:g} km along the slice and {depth:g} km deep; expected one in the water, {NEAR} km from "
            f"its floor and the ends and the top of the slice: {NEAR} to {LENGTH - NEAR} km along, and {NEAR} to "
            f"{bottom - NEAR:.2f} km deep there."
        )
    outer, inner = (Box(x=(along - h, along + h), y=(depth - h, depth + h)) for h in (NEAR, NEARER))
    return outer, inner


def floor_depth(x: Tensor) -> Tensor:
    """Where the water ends: 0.45 at the left of a slice 4 long, 0.75 at its right."""
    return 0.6 + 0.15 * torch.tanh((x - 2) / 0.6)


def floor_normal(x: Tensor) -> Tensor:
    """(n,) -> (n, 2): the unit normal of the water's floor, downwards."""
    slope = 0.25 / torch.cosh((x - 2) / 0.6) ** 2
    normal = torch.stack([-slope, torch.ones_like(slope)], dim=-1)
    unit: Tensor = normal / normal.norm(dim=-1, keepdim=True)
    return unit


def floor(box: Box, count: int = 3000) -> PointCloud:
    """Points on the water's floor from end to end of a box, with their ``normal``."""
    x = torch.linspace(*box.bounds[0], count, dtype=torch.float64)
    return PointCloud(torch.stack([x, floor_depth(x)], 1), box, {"normal": floor_normal(x)}, "floor")


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
