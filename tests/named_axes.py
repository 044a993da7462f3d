"""Axes by their names, for whatever needs no more of them."""

from collections.abc import Iterable

from sirenpde import Axis


def named_axes(names: Iterable[str]) -> tuple[Axis, ...]:
    """One axis over [0, 1] for each name."""
    return tuple(Axis(name, 0.0, 1.0) for name in names)
