"""Circular cylinders."""

from __future__ import annotations

import math

from ..domain import is_finite
from ..interval import Interval
from ..plane.disk import Disk
from ..point import check_axis_names
from ..shape import Shape
from .ball import check_center


def Cylinder(
    center: tuple[float, float, float] = (0.0, 0.0, 0.0),
    radius: float = 1.0,
    height: float = 2.0,
    axis: str = "z",
    names: tuple[str, str, str] = ("x", "y", "z"),
) -> Shape:
    """The circular cylinder about ``center`` along one of its three axes: a disk times an interval, turned.

    ``Disk(center=(0, 0), radius=1) * Interval(z=(0, 1))`` is one with given ends; any other direction is had by
    ``rotated``. Raises ValueError for lengths that are not above 0 and an axis of another name.

    >>> import math
    >>> from sirenpde import Cylinder
    >>> rod = Cylinder(radius=0.5, height=3, axis="x")
    >>> round(rod.measure / math.pi, 12), [(a.name, a.low, a.high) for a in rod.axes]
    (0.75, [('x', -1.5, 1.5), ('y', -0.5, 0.5), ('z', -0.5, 0.5)])
    """
    example = 'Cylinder(radius=1, height=2, axis="x")'
    check_center(center, "A cylinder", "Cylinder(center=(0, 0, 0), radius=1, height=2)")
    check_axis_names(names, 3, f'{example[:-1]}, names=("x", "y", "z"))')
    for what, length in (("radius", radius), ("height", height)):
        if not (is_finite(length) and length > 0):
            raise ValueError(
                f"A cylinder was given {what}={length!r}; expected a finite number above 0. Write {example}."
            )
    if axis not in names:
        raise ValueError(
            f"A cylinder was given axis={axis!r}; expected one of {', '.join(map(repr, names))}. Write {example}."
        )
    upright: Shape = Disk(radius=radius, names=(names[0], names[1])) * Interval(
        **{names[2]: (-height / 2, height / 2)}
    )
    about = (0.0, 0.0, 0.0)
    if axis == names[0]:
        upright = upright.rotated(math.pi / 2, about=about, axis=names[1])
    elif axis == names[1]:
        upright = upright.rotated(math.pi / 2, about=about, axis=names[0])
    return upright.moved(**dict(zip(names, center, strict=True))) if any(center) else upright
