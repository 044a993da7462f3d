"""Axes, and the point at which everything is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


TIME = ("t", "time")


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

    @property
    def is_time(self) -> bool:
        """Whether its unit is that of time, as its name says: a length on it compares with no other."""
        return self.name in TIME

    def __call__(self, p: Point) -> Tensor:
        """The coordinate of ``p`` along this axis, a scalar tensor."""
        check_point(p, self.name)
        return p.coordinate(self.name)

    def __str__(self) -> str:
        return self.name


def check_axis_names(names: Sequence[str], count: int, example: str) -> None:
    """Raises ValueError unless there are so many different Python names."""
    given = list(names)
    if len(given) != count or len(set(given)) != count or not all(map(str.isidentifier, map(str, given))):
        raise ValueError(
            f"The axes {', '.join(map(repr, given))} were given; expected {count} different Python names. Write "
            f"{example}."
        )


@dataclass(frozen=True, eq=False)
class Reader:
    """What is known at one point, handed out as copies: what is done to a value in place changes nothing else."""

    place: Tensor
    function: Callable[[Any], Tensor]

    def __call__(self, key: Any) -> Tensor:
        return self.function(key).clone()


class _Coordinates:
    """The coordinates of a point, a copy for whoever asks: ``q = p.coords; q -= 0.5`` moves no sample."""

    def __get__(self, p: Point | None, owner: type[Point]) -> Tensor:
        if p is None:
            raise AttributeError("coords")  # so a dataclass sees that there is no default
        return p.place.clone()

    def __set__(self, p: Point, value: Tensor) -> None:
        p.__dict__["_place"] = value


@dataclass(frozen=True, eq=False)
class Point:
    """One point of a domain, as a constraint sees it.

    A constraint never builds one. It hands it to axes, fields, operators, unknowns and data, each of which
    is a function of a point. Under the hood many points pass at once (``torch.func.vmap``).

    What ``read`` and ``sample`` know, they know at this point. A copy with other coordinates can be handed to
    functions of the coordinates; it raises ValueError where a field or data are read.

    >>> from sirenpde import Box, Field, Point, Problem, on
    >>> box = Box(x=(0, 1))
    >>> u, (x,) = Field("u", box), box.axes
    >>> @on(box, samples=10)
    ... def line(p: Point):
    ...     return u(p) - 2 * x(p)
    >>> Problem(line).requests[0].shape
    ()
    """

    axes: tuple[str, ...]
    coords: _Coordinates = _Coordinates()  # (d,), one entry per axis; no default, whatever mypy says
    read: Callable[[Hashable], Tensor]  # type: ignore[misc]  # a field's derivative, or an unknown number
    sample: Callable[[str], Tensor]  # type: ignore[misc]  # data of the sample: a normal, a pixel
    observe: Callable[[Any, Axis | None], None] | None = (
        None  # told what is differentiated along what, or read
    )
    moved: tuple[str, ...] = ()  # the axes along which a derivative is taken here

    def __post_init__(self) -> None:
        for name in ("read", "sample"):
            given = getattr(self, name)
            if not isinstance(given, Reader):
                object.__setattr__(self, name, Reader(self.place, given))
            elif given.place is not self.place:
                object.__setattr__(self, name, Reader(given.place, _elsewhere(given)))

    @property
    def place(self) -> Tensor:
        """The coordinates themselves; whoever asks for them leaves them as they are."""
        coords: Tensor = self.__dict__["_place"]
        return coords

    def coordinate(self, name: str) -> Tensor:
        if name not in self.axes:
            raise ValueError(
                f"This point has no coordinate '{name}'; its domain has the axes {', '.join(self.axes)}. "
                f"Use an axis of the domain that the constraint is declared on."
            )
        return self.place[self.axes.index(name)].clone()


def check_point(p: object, name: str) -> None:
    """Raises TypeError where a function of a point was called with something else."""
    if not isinstance(p, Point):
        given = "an axis" if isinstance(p, Axis) else f"a {type(p).__name__}"
        raise TypeError(
            f"{name} was called with {given}; expected the point p that the constraint is given, as in {name}(p). "
            f"{AT_THE_SAMPLE}"
        )


AT_THE_SAMPLE = (
    "A field is known at the point of the sample only. For its value at another place declare a second field for "
    "that value, such as v(x) = u(1 - x), with an equation of its own and a condition where the two meet; a field "
    "that repeats itself is Field(..., periodic=(x,)); at an end of an axis, declare a constraint on box.at(x=0)."
)


def _elsewhere(reader: Reader) -> Callable[[Any], Tensor]:
    def read(key: Any) -> Tensor:
        name = getattr(getattr(key, "field", None), "name", None)
        if name is None and not isinstance(key, str):
            return reader(key)  # an unknown number is the same everywhere
        what = f"the data '{key}'" if name is None else f"the field {name}"
        raise ValueError(
            f"A point with other coordinates than the sample's was made, and {what} read there. {AT_THE_SAMPLE}"
        )

    return read


def axes_about(names: Sequence[str], center: Sequence[float], radii: Sequence[float]) -> tuple[Axis, ...]:
    """The axes of a round shape, each over its width.

    >>> axes_about(("x",), (1.0,), (2.0,))
    (Axis(name='x', low=-1.0, high=3.0),)
    """
    ends = zip(names, center, radii, strict=True)
    return tuple(Axis(name, float(c - r), float(c + r)) for name, c, r in ends)
