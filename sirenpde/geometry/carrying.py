"""Domains whose points carry values computed from their coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .domain import Domain
from .nodes import Rule, TensorNodes
from .point import Axis
from .quadrature import quadrature


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

    @property
    def bare(self) -> Domain:
        return self.domain

    def data_at(self, points: Tensor) -> Mapping[str, Tensor]:
        return self.data(points)

    def quadrature(self, rule: Rule) -> tuple[TensorNodes, ...] | None:
        products = quadrature(self.domain, rule)
        if products is None:
            return None
        return tuple(replace(nodes, data={**nodes.data, **self.data(nodes.points)}) for nodes in products)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        points, data = self.domain.draw(n, generator)
        return points, {**data, **self.data(points)}
