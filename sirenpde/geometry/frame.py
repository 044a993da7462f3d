"""The way from a file's own units into a box, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        low, high = original.amin(0), original.amax(0)
        room = original.new_tensor([axis.high - axis.low for axis in axes])
        middle = original.new_tensor([(axis.high + axis.low) / 2 for axis in axes])
        extent = high - low
        if not extent.max() > 0:
            raise ValueError(
                "All points coincide; a shape with an extent is needed to scale it into a box. Check the "
                "file."
            )
        scale = float(fill / (extent / room).max())
        centre = (low + high) / 2 - middle / scale
        return Frame(tuple(centre.tolist()), scale)
