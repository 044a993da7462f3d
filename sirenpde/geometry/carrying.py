"""Domains whose points carry values computed from their coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .domain import Domain
from .point import Axis


@dataclass(frozen=True, eq=False)
class Carrying:
    """A domain whose points carry values computed from their coordinates."""

    domain: Domain
    data: Callable[[Tensor], Mapping[str, Tensor]]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.domain.axes

    @property
    def size(self) -> int | None:
        return self.domain.size

    @property
    def name(self) -> str:
        return self.domain.name

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, data = self.domain.draw(n, generator)
        return points, {**data, **self.data(points)}
