"""Axes, and the point at which everything is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Axis:
    """A named coordinate with its range; called on a point, the coordinate's value there.

    >>> import torch
    >>> from sirenpde import Box
    >>> x, y = Box(x=(0, 1), y=(-1, 1)).axes
    >>> x.name, x.low, x.high
    ('x', 0.0, 1.0)
    """

    name: str
    low: float
    high: float

    def __call__(self, p: Point) -> Tensor:
        """The coordinate of ``p`` along this axis, a scalar tensor."""
        return p.coordinate(self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Point:
    """One point of a domain, as a constraint sees it.

    A constraint never builds one. It hands it to axes, fields, operators, unknowns and data, each of which
    is a function of a point. Under the hood many points pass at once (``torch.func.vmap``).
    """

    axes: tuple[str, ...]
    coords: Tensor  # (d,), one entry per axis
    read: Callable[[Hashable], Tensor]  # a field's derivative, or an unknown number
    sample: Callable[[str], Tensor]  # data carried by the samples: a normal, a pixel, a distance

    def coordinate(self, name: str) -> Tensor:
        if name not in self.axes:
            raise ValueError(
                f"This point has no coordinate '{name}'; its domain has the axes {', '.join(self.axes)}. "
                f"Use an axis of the domain that the constraint is declared on."
            )
        return self.coords[self.axes.index(name)]
