"""Products of intervals: what boxes, their slices and their faces are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .nodes import Line, Rule, TensorNodes
from .point import Axis


@dataclass(frozen=True, eq=False)
class Patch:
    """A product of intervals, one per axis, of which some may be single values; a face has its outward normal.

    ``share`` is its part of the measure of the domain that it belongs to.
    """

    axes: tuple[Axis, ...]
    intervals: tuple[tuple[float, float], ...]
    normal: Tensor | None = None  # (d,)
    share: float = 1.0

    @property
    def free(self) -> tuple[Axis, ...]:
        """The axes along which it is more than one value."""
        return tuple(a for a, (low, high) in zip(self.axes, self.intervals, strict=True) if low < high)

    def times(self, other: Patch) -> Patch:
        """The product with a patch of further axes, along which the normal has no component."""
        normal = None if self.normal is None else torch.nn.functional.pad(self.normal, (0, len(other.axes)))
        axes, intervals = (*self.axes, *other.axes), (*self.intervals, *other.intervals)
        return Patch(axes, intervals, normal, self.share * other.share)

    def nodes(self, rule: Rule) -> TensorNodes:
        """The nodes of a rule along the intervals."""
        lines = tuple(
            rule(axis) if low < high else Line.even(torch.tensor([low], dtype=torch.float64))
            for axis, (low, high) in zip(self.axes, self.intervals, strict=True)
        )
        nodes = TensorNodes(lines, self.share)
        if self.normal is None:
            return nodes
        return TensorNodes(lines, self.share, {"normal": self.normal.expand(len(nodes.weights), -1)})
