"""The edges between neighbouring pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from ..data.cloud import Cloud
from ..domain import Data, Deferred, read_data
from ..pairs import ONE, OTHER, at_end
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
    def shape(self) -> tuple[int, int]: ...
    @property
    def spacing(self) -> float: ...
    def mask(self, mask: str | ArrayLike | Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Edges:
    """The midpoints between pixels that are neighbours along x or y, made by ``grid.edges``.

    ``edges["scene"]`` is the mean of the two pixels and ``edges.difference("scene")`` their difference per
    unit, (right - left) / h along x and (upper - lower) / h along y: a second-order derivative at the
    midpoint, and exactly the mean of the derivative on the way from one pixel centre to the other.

    Samples have two ends, across which ``jump`` is taken: ``jump(u)`` is the field at the right pixel centre minus
    that at the left one, and ``jump(grid["scene"])`` the same of the picture.
    """

    grid: Pixels
    along: Along
    given: Mapping[str, ArrayLike | Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        height, width = self.grid.shape
        expected = (height, width - 1) if self.along == "x" else (height - 1, width)
        for key, values in self.given.items():
            shape = tuple(np.shape(values))
            if shape not in (expected, (*expected, 3)):
                raise ValueError(
                    f"The data '{key}' have shape {shape}; expected {expected} or {(*expected, 3)}, a number or a "
                    f"colour for each edge along {self.along} of {height}×{width} pixels. Take the differences of "
                    f"such a picture: np.diff(picture, axis={int(self.along == 'x')})."
                )
            if key in self.grid.images:
                raise ValueError(f"The data '{key}' have the name of a picture of the grid. Choose another.")

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
        for place, end in enumerate((ONE, OTHER)):
            recipes[end] = partial(self._points_at, place)
        for key, image in self.grid.images.items():
            recipes[key] = partial(self._mean, image)
            recipes[f"difference of {key}"] = partial(self._difference, image)
            for place, end in enumerate((ONE, OTHER)):
                recipes[at_end(key, end)] = partial(self._at, place, image)
        recipes |= {key: partial(_rows, values) for key, values in self.given.items()}
        return Cloud(lattice.points, self.axes, Deferred(recipes), self.name, lattice=lattice)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All edges, row after row, or ``n`` of them without replacement, and their data."""
        return self.midpoints.draw(n, generator)

    def __getitem__(self, key: str) -> Data:
        """The mean of the two pixels, or what was given of this name, as a function of a point: shape () or (3,)."""
        return read_data([*self.grid.images, *self.given], key, "The pixel grid")

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

    def _at(self, end: int, image: Tensor) -> Tensor:
        return self._pairs(image)[end].flatten(0, 1)

    def _points_at(self, end: int) -> Tensor:
        """The pixel centres (n, 2) at the lower or the higher end of every edge."""
        x, y = self.grid.coordinates
        if self.along == "x":
            return TensorGrid.rows((x[:-1], x[1:])[end], y).points
        return TensorGrid.rows(x, (y[1:], y[:-1])[end]).points

    def _mean(self, image: Tensor) -> Tensor:
        low, high = self._pairs(image)
        return ((low + high) / 2).flatten(0, 1)

    def _difference(self, image: Tensor) -> Tensor:
        low, high = self._pairs(image)
        return ((high - low) / self.grid.spacing).flatten(0, 1)


def _between(coordinates: Tensor) -> Tensor:
    return (coordinates[:-1] + coordinates[1:]) / 2


def _rows(values: ArrayLike | Tensor) -> Tensor:
    """Values (H, W, ...) of all edges, one after the other, float64."""
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float64).flatten(0, 1)
