"""Parts of a domain, given by a predicate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from . import can
from .arrays import as_mask
from .domain import Data, Domain, check_count, column_of, subset
from .instants import instant
from .meshes.cells import Cells
from .meshes.meshing import cells_within
from .point import Axis
from .slab import Slab

Predicate = Callable[[Tensor], Tensor]  # points (n, d) -> booleans (n,)


@dataclass(frozen=True)
class Region:
    """The part of a domain in which a predicate holds, drawn by rejection.

    ``predicate`` takes points (n, d) and gives booleans (n,). Data, such as the normals of a boundary, come
    along. Drawing raises ValueError where the predicate holds at none of some 100,000 points.

    >>> import torch
    >>> from sirenpde import Box
    >>> disk = Box(x=(-1, 1), y=(-1, 1)).where(lambda p: p.norm(dim=1) < 1)
    >>> points, _ = disk.draw(1000, torch.Generator().manual_seed(0))
    >>> points.shape, bool((points.norm(dim=1) < 1).all())
    (torch.Size([1000, 2]), True)
    """

    whole: Domain
    predicate: Predicate
    name: str = "region"

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.whole.axes

    @property
    def size(self) -> int | None:
        return None if self.whole.size is None else len(self._inside(None, torch.Generator())[0])

    @property
    def normal(self) -> Data:
        """The outward unit normal as a function of a point, on a part of a boundary."""
        return Data("normal")

    def where(self, predicate: Predicate, name: str = "region") -> Region:
        """The part of this part in which another predicate holds."""
        return Region(self, predicate, name)

    @property
    def dimension(self) -> int:
        return can.dimension_of(self.whole)

    def instant(self, axis: Axis) -> float | None:
        return instant(self.whole, axis)

    def contains(self, points: Tensor) -> Tensor:
        return can.contains(self.whole, points) & self._holds(points)

    def cells(self, resolution: int) -> Cells:
        """Triangles or tetrahedra of where the predicate holds in the plane or in space.

        Its boundary is looked for on a grid, see ``triangles_where``: corners are cut, and what is smaller than the
        spacing is not seen.
        """
        return cells_within(self.signed, resolution)

    @property
    def signed(self) -> Signed:
        """The region as a shape that is known by the sign of its level."""
        return Signed(self)

    def within(self, axis: Axis, low: float, high: float) -> Region | None:
        whole = within(self.whole, axis, low, high)
        return None if whole is None else Region(whole, self.predicate, self.name)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` points at which the predicate holds."""
        if self.whole.size is not None:
            points, data = self._inside(None, generator)
            chosen = subset(len(points), n, generator)
            return (points, data) if chosen is None else _rows(points, data, chosen)
        count = check_count(n, self.name)
        tried = max(1024, count)
        while True:
            points, data = self._inside(tried, generator)
            if len(points) >= count:
                return _rows(points, data, torch.arange(count))
            if not len(points) and tried > 100_000:
                raise ValueError(
                    f"None of {tried} points of {self.whole.name} lies in '{self.name}'; some should. "
                    f"Check the predicate, or declare a smaller box."
                )
            tried = min(16 * tried, math.ceil(1.2 * tried * count / max(len(points), 1)) + 64)

    def _inside(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        points, data = self.whole.draw(n, generator)
        return _rows(points, data, self._holds(points))

    def _holds(self, points: Tensor) -> Tensor:
        return as_mask(self.predicate(points), (len(points),), f"'{self.name}', made by its predicate,")


@dataclass(frozen=True)
class Signed:
    """A region as a shape that is known by the sign of its level."""

    region: Region
    sides: tuple[()] = ()

    @property
    def name(self) -> str:
        return self.region.name

    @property
    def dimension(self) -> int:
        return self.region.dimension

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        return can.bounds_of(self.region.whole)

    def level(self, points: Tensor) -> Tensor:
        return torch.where(self.region.contains(points), -1.0, 1.0).to(points.dtype)


def within(domain: Domain, axis: Axis, low: float, high: float) -> Domain | None:
    """The part of a domain in a slab of an axis; None where nothing is left.

    Domains that can be cut are; of any other the points in the slab stay.
    """
    if isinstance(domain, can.Cut):
        return domain.within(axis, low, high)
    slab, column = Slab(axis, low, high), column_of(domain, axis)

    def holds(points: Tensor) -> Tensor:
        return slab.holds(points[:, column])

    if domain.size is not None and not holds(domain.draw(None, torch.Generator())[0]).any():
        return None
    return Region(domain, holds, domain.name)


def _rows(points: Tensor, data: Mapping[str, Tensor], chosen: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    return points[chosen], {key: values[chosen] for key, values in data.items()}
