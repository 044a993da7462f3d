"""Sites: where a function of a point reads fields, if not at the point of its sample."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ..geometry.point import Point


class Site(Protocol):
    """Nodes that belong to a sample: those of an integral, or the other end of a pair.

    Two sites that are equal are one, and what is read there is computed once.
    """

    @property
    def count(self) -> int:
        """How many nodes each sample has."""
        ...

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The axes of the nodes, for samples with the axes ``names``."""
        ...

    def nodes(self, p: Point) -> Tensor:
        """The nodes (count, axes) of the sample at ``p``."""
        ...

    def follows(self, name: str) -> bool:
        """Whether the nodes move with the sample along an axis, as far as it does; else they stay.

        Raises ValueError where they move in another way.
        """
        ...

    def sample(self, p: Point, key: str) -> Tensor:
        """Data at the nodes, (count, ...); ValueError where they are not known there."""
        ...
