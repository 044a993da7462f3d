"""What a domain can do beyond giving points: small protocols, which others ask for instead of a class.

``isinstance(domain, can.Cut)`` asks. A new shape offers those that it knows exactly; the functions ``within``,
``instant`` and ``moved`` make do with points where one is missing.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .domain import Domain
from .point import Axis


@runtime_checkable
class Cut(Protocol):
    """Knows its part between two values of an axis."""

    def within(self, axis: Axis, low: float, high: float) -> Domain | None:
        """The part in the slab (low, high] of an axis, [low, high] at the axis' own low end; None for nothing."""
        ...


@runtime_checkable
class Instant(Protocol):
    """Knows whether all its points have one coordinate along an axis."""

    def instant(self, axis: Axis) -> float | None:
        """That coordinate; None where they have several."""
        ...


@runtime_checkable
class Move(Protocol):
    """Can be had with another coordinate along an axis, where all its points have one."""

    def moved(self, axis: Axis, value: float) -> Domain: ...


@runtime_checkable
class Slice(Protocol):
    """Has slices, on which the named axes have one value."""

    def at(self, **values: float) -> Domain: ...
