"""Intervals, as factors of a product."""

from __future__ import annotations

from .box import Box


class Interval(Box):
    """A box of one axis. Any domain times an interval is a domain: ``Disk() * Interval(t=(0, 1))``.

    The product has the domain's axes, then this one. Raises ValueError for any other number
    of axes, or one that the domain has.

    >>> from sirenpde import Box, Disk, Interval
    >>> cylinder = Disk() * Interval(t=(0, 2))
    >>> [axis.name for axis in cylinder.axes], cylinder.at(t=0).name, round(cylinder.measure, 6)
    (['x', 'y', 't'], 'disk, t = 0', 6.283185)
    >>> Box(x=(0, 1)) * Interval(t=(0, 2))
    Box(x=(0, 1), t=(0, 2))
    """

    def __init__(self, /, **interval: tuple[float, float]) -> None:
        if len(interval) != 1:
            given = f"the axes {', '.join(interval)}" if interval else "no axis"
            raise ValueError(
                f"An interval of {given} was declared; it has one. Write Interval(t=(0, 1)), or Box(...) for several."
            )
        super().__init__(**interval)
