"""Obstacles in a plane by name or from a file, for problems that are told which one."""

from __future__ import annotations

import math
from pathlib import Path

from ..box import Box
from ..shape import Shape
from .disk import Disk
from .ellipse import Ellipse
from .polygon import Polygon

NAMES = ("circle", "ellipse", "square", "pair")


def obstacle(given: str, size: float, within: Box) -> Shape:
    """A shape about the origin by its name, or that of a file, as it is there.

    Names are circle, of the radius ``size``; ellipse, half as wide as long; square, turned by 20 degrees, with
    corners on a circle of that radius; pair, two circles one above the other. Files are what ``Polygon.open`` reads:
    a table of vertices or an SVG drawing.

    Raises FileNotFoundError for what is neither, and ValueError for a size that is not above 0 and a shape that is
    not inside of the box ``within``.

    >>> from sirenpde import Box
    >>> room = Box(x=(-0.5, 0.5), y=(-0.5, 0.5))
    >>> obstacle("ellipse", 0.2, room).bounds
    ((-0.2, 0.2), (-0.1, 0.1))
    """
    if not 0 < size < math.inf:
        raise ValueError(
            f"An obstacle was given the size {size:g}; expected a finite number above 0, as size=0.1."
        )
    names = (within.axes[0].name, within.axes[1].name)
    shape = _named(given, size, names) if given in NAMES else _read(given, names)
    for axis, (low, high) in zip(within.axes, shape.bounds, strict=True):
        if not (axis.low < low and high < axis.high):
            raise ValueError(
                f"The obstacle '{given}' reaches from {low:g} to {high:g} along {axis.name}; expected one inside of "
                f"{axis.low:g} to {axis.high:g}, where no layer absorbs waves. Make it smaller, move it, or take a "
                f"larger box."
            )
    return shape


def _named(name: str, size: float, names: tuple[str, str]) -> Shape:
    corners = [
        (size * math.cos(a), size * math.sin(a)) for a in (math.radians(20 + 90 * k) for k in range(4))
    ]
    upper, lower = (Disk((0, y), 0.7 * size, names) for y in (size, -size))
    return {
        "circle": Disk(radius=size, names=names),
        "ellipse": Ellipse(radii=(size, size / 2), names=names),
        "square": Polygon(corners, names=names, name="square"),
        "pair": upper | lower,
    }[name]


def _read(given: str, names: tuple[str, str]) -> Shape:
    if not Path(given).exists():
        raise FileNotFoundError(
            f"There is no file '{given}', and no obstacle of that name; expected {', '.join(NAMES)}, or a table of "
            f"vertices or an SVG drawing. Check the name and the folder."
        )
    return Polygon.open(given, names)
