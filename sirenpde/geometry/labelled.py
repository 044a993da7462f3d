"""Points that know on which side of a solid's boundary they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from .domain import Data, Domain, read_data

if TYPE_CHECKING:
    from .point import Axis


class Sided(Protocol):
    """A solid that knows its inside: ``level`` is negative there."""

    def level(self, points: Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Labelled:
    """The points of a domain with the data "outside", 1 outside of a solid and 0 in it; made by ``solid.labels``.

    With ``spread`` each point is displaced by a Gaussian of that standard deviation along every axis first, so that
    the points of a boundary become points beside it.
    """

    domain: Domain
    solid: Sided
    spread: float = 0.0

    def __post_init__(self) -> None:
        if not self.spread >= 0:
            raise ValueError(
                f"Points were to be displaced by spread={self.spread!r}; expected a length, not negative, in the "
                "units of the axes. Write solid.labels(solid.boundary(), spread=0.01)."
            )

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.domain.axes

    @property
    def size(self) -> int | None:
        return self.domain.size

    @property
    def name(self) -> str:
        return f"beside {self.domain.name}" if self.spread else self.domain.name

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, _ = self.domain.draw(n, generator)
        if self.spread:
            points = points + self.spread * torch.randn(points.shape, dtype=points.dtype, generator=generator)
        return points, {"outside": (self.solid.level(points) > 0).to(points.dtype)}

    def __getitem__(self, key: str) -> Data:
        """``labels["outside"]`` as a function of a point."""
        return read_data(("outside",), key, f"'{self.name}'")
