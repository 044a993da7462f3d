"""How far apart two marches are."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Apart:
    """Field by field, the squares of the distance and of the first march's fields, integrated over slabs.

    >>> Apart((0.04, 0.0), (1.0, 0.0)).plus(Apart((0.0, 0.0), (3.0, 0.0))).bar
    0.1
    """

    squares: tuple[float, ...]
    sizes: tuple[float, ...]

    @property
    def bar(self) -> float:
        """The relative L2 distance of the two, the largest of all fields; one that vanishes says nothing."""
        pairs = zip(self.squares, self.sizes, strict=True)
        return max((math.sqrt(a / size) for a, size in pairs if size), default=0.0)

    def plus(self, other: Apart) -> Apart:
        """With other slabs."""
        squares = zip(self.squares, other.squares, strict=True)
        sizes = zip(self.sizes, other.sizes, strict=True)
        return Apart(tuple(a + b for a, b in squares), tuple(a + b for a, b in sizes))
