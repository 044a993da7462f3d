"""Domains of one instant: whether a domain is one, and the same domain at another instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from . import can
from .domain import Domain, column_of
from .point import Axis

LOOKED_AT = 8  # points of an infinite domain that does not say


def instant(domain: Domain, axis: Axis) -> float | None:
    """The one coordinate along the axis that all points of a domain have; None where they have several."""
    if isinstance(domain, can.Instant):
        return domain.instant(axis)
    count = None if domain.size is not None else LOOKED_AT
    t = domain.draw(count, torch.Generator().manual_seed(0))[0][:, column_of(domain, axis)]
    return float(t[0]) if bool((t == t[0]).all()) else None


def held_at(domain: Domain, axis: Axis, value: float) -> Domain:
    """A domain of one instant at another."""
    return domain.held_at(axis, value) if isinstance(domain, can.HeldAt) else AtInstant(domain, axis, value)


@dataclass(frozen=True)
class AtInstant:
    """The points of a domain with another coordinate along one axis."""

    domain: Domain
    axis: Axis
    value: float

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
        points = points.clone()
        points[:, column_of(self.domain, self.axis)] = self.value
        return points, data
