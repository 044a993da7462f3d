"""The edges between neighbouring pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, Protocol

import torch
from torch import Tensor

from ..data.cloud import Cloud
from ..domain import Data, Deferred, read_data
from ..point import Axis
from ..tensor_grid import TensorGrid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Along = Literal["x", "y"]


class Pixels(Protocol):
    """Aligned pictures, as the edges between their pixels see them."""

    @property
    def images(self) -> Mapping[str, Tensor]: ...
    @property
    def axes(self) -> tuple[Axis, ...]: ...
    @property
    def coordinates(self) -> tuple[Tensor, Tensor]: ...
    @property
    def spacing(self) -> float: ...
    def mask(self, mask: str | ArrayLike | Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Edges:
    """The midpoints between pixels that are neighbours along x or y, made by ``grid.edges``.

    ``edges["scene"]`` is the mean of the two pixels and ``edges.difference("scene")`` their difference per
    unit, (right - left) / h along x and (upper - lower) / h along y: a second-order derivative at the
    midpoint, and exactly the mean of the derivative on the way from one pixel centre to the other.
    """

    grid: Pixels
    along: Along

    def __repr__(self) -> str:
        return f"{self.grid!r}.edges({self.along!r})"

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.grid.axes

    @property
    def name(self) -> str:
        return f"edges along {self.along}"

    @property
    def size(self) -> int:
        return self.midpoints.size

    @property
    def points(self) -> Tensor:  # (n, 2)
        return self.midpoints.points

    @property
    def lattice(self) -> TensorGrid | None:
        return self.midpoints.lattice

    @property
    def data(self) -> Mapping[str, Tensor]:
        """Means and differences, a row for each edge, computed when asked for."""
        return self.midpoints.data

    @cached_property
    def midpoints(self) -> Cloud:
        """The same points and data as a cloud."""
        x, y = self.grid.coordinates
        lattice = TensorGrid.rows(_between(x), y) if self.along == "x" else TensorGrid.rows(x, _between(y))
        recipes: dict[str, Callable[[], Tensor]] = {}
        for key, image in self.grid.images.items():
            recipes[key] = partial(self._mean, image)
            recipes[f"difference of {key}"] = partial(self._difference, image)
        return Cloud(lattice.points, self.axes, Deferred(recipes), self.name, lattice=lattice)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All edges, row after row, or ``n`` of them without replacement, and their data."""
        return self.midpoints.draw(n, generator)

    def __getitem__(self, key: str) -> Data:
        """The mean of the two pixels as a function of a point: shape () if grey, (3,) if in colour."""
        return read_data(self.grid.images, key, "The pixel grid")

    def difference(self, key: str) -> Data:
        """The difference of the two pixels per unit of the axis as a function of a point: () or (3,)."""
        read_data(self.grid.images, key, "The pixel grid")
        return Data(f"difference of {key}")

    def where(
        self,
        mask: str | ArrayLike | Tensor,
        touching: Literal["any", "all"] = "any",
        name: str | None = None,
    ) -> Cloud:
        """The edges with any, or all, of their two pixels in a mask on the grid, as in ``grid.where``."""
        if touching not in ("any", "all"):
            raise ValueError(f"touching={touching!r} was given; expected 'any' or 'all'. Use one of them.")
        first, second = self._pairs(self.grid.mask(mask))
        chosen = first | second if touching == "any" else first & second
        label = f"{self.name} in {mask if isinstance(mask, str) else 'a part'}"
        return self.midpoints.where(chosen.reshape(-1), name or label)

    def _pairs(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The values at the lower and at the higher end of every edge."""
        return (image[:, :-1], image[:, 1:]) if self.along == "x" else (image[1:], image[:-1])

    def _mean(self, image: Tensor) -> Tensor:
        low, high = self._pairs(image)
        return ((low + high) / 2).flatten(0, 1)

    def _difference(self, image: Tensor) -> Tensor:
        low, high = self._pairs(image)
        return ((high - low) / self.grid.spacing).flatten(0, 1)


def _between(coordinates: Tensor) -> Tensor:
    return (coordinates[:-1] + coordinates[1:]) / 2
