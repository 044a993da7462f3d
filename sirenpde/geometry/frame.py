"""The way from a file's own units into a box, and back; the box about points in their own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .point import Axis


@dataclass(frozen=True)
class Frame:
    """A uniform scaling: point = (original - centre) * scale."""

    centre: tuple[float, ...]
    scale: float

    def apply(self, original: Tensor) -> Tensor:
        """Points (n, d) in a file's own units -> points (n, d) of the box."""
        return (original - original.new_tensor(self.centre)) * self.scale

    def restore(self, points: Tensor) -> Tensor:
        """Points (n, d) of the box -> points (n, d) in the file's own units."""
        return points / self.scale + points.new_tensor(self.centre)

    @staticmethod
    def fitting(original: Tensor, axes: Sequence[Axis], fill: float = 0.95) -> Frame:
        """The frame that centres the points' bounding box in the axes' box and lets it fill this fraction."""
        low, extent = _extent(original)
        room = original.new_tensor([axis.high - axis.low for axis in axes])
        middle = original.new_tensor([(axis.high + axis.low) / 2 for axis in axes])
        scale = float(fill / (extent / room).max())
        centre = low + extent / 2 - middle / scale
        return Frame(tuple(centre.tolist()), scale)

    def over(self, axes: Sequence[Axis], chosen: Sequence[Axis]) -> Frame:
        """The frame of some of these axes, in their order."""
        centre = {axis.name: c for axis, c in zip(axes, self.centre, strict=True)}
        return Frame(tuple(centre[axis.name] for axis in chosen), self.scale)


def axes_around(points: Tensor, names: Sequence[str], fill: float = 0.95) -> tuple[Axis, ...]:
    """Axes whose box the points' bounding box fills by this fraction, side by side, about the same centre.

    Along an axis on which all points agree, the box is as wide as along the longest.

    >>> import torch
    >>> x, y = axes_around(torch.tensor([[0.0, 7.0], [9.0, 7.0]]), "xy", fill=0.9)
    >>> (x.low, x.high), (y.low, y.high)
    ((-0.5, 9.5), (2.0, 12.0))
    """
    low, extent = _extent(points)
    side = torch.where(extent > 0, extent, extent.max()) / fill
    middle = low + extent / 2
    ends = torch.stack([middle - side / 2, middle + side / 2], dim=1).tolist()
    return tuple(Axis(name, *pair) for name, pair in zip(names, ends, strict=True))


def _extent(points: Tensor) -> tuple[Tensor, Tensor]:
    """The low corner and the sides of the bounding box."""
    low = points.amin(0)
    extent = points.amax(0) - low
    if not torch.isfinite(extent).all():
        raise ValueError(
            f"The points run from {float(low.min()):g} to {float(points.max()):g}; a box of finite sides is needed. "
            "Check the file."
        )
    if not extent.max() > 0:
        raise ValueError(
            "All points coincide; a shape with an extent is needed to lay a box around it. Check the file, or "
            "pass a box."
        )
    return low, extent
