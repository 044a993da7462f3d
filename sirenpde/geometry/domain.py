"""What a domain is, the data its points carry, and the ways of choosing points."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, SupportsFloat

import torch
from torch import Tensor

from .point import Axis, Point, check_point


class HasAxes(Protocol):
    """Anything with axes, such as a box: all that a field or a cloud needs of it."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...


class Domain(Protocol):
    """A set of points at which a constraint holds.

    ``size`` counts the points of a finite domain and is None for an infinite one. ``name`` is short, for
    tables. ``draw`` gives points (n, d), float64 on the CPU, one column per axis, and their data, each
    (n, ...). A finite domain gives all its points in their order for ``n=None`` or ``n >= size``, and a
    random subset without replacement otherwise; an infinite one needs ``n``.
    """

    @property
    def axes(self) -> tuple[Axis, ...]: ...

    @property
    def size(self) -> int | None: ...

    @property
    def name(self) -> str: ...

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]: ...


@dataclass(frozen=True)
class Data:
    """Data carried by the points of a domain, read as a function of a point.

    ``cloud["normal"]``, ``box.boundary().normal`` and ``Data("normal")`` are the same thing where the points
    carry data of that name.

    >>> from sirenpde import Box, Data, Field, Problem, dot, grad, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u, normal = Field("u", box), Data("normal")
    >>> insulated = on(box.boundary(), samples=40, name="insulated")(lambda p: dot(normal(p), grad(u)(p)))
    >>> Problem(insulated).requests[0].data
    ('normal',)
    """

    key: str

    def __call__(self, p: Point) -> Tensor:
        check_point(p, f"The data '{self.key}'")
        return p.sample(self.key)

    def __str__(self) -> str:
        return self.key


class Deferred(Mapping[str, Tensor]):
    """Data that are computed when they are first asked for, and then kept."""

    def __init__(self, recipes: Mapping[str, Callable[[], Tensor]]) -> None:
        self._recipes = dict(recipes)
        self._made: dict[str, Tensor] = {}

    def __getitem__(self, key: str) -> Tensor:
        if key not in self._made:
            self._made[key] = self._recipes[key]()
        return self._made[key]

    def __contains__(self, key: object) -> bool:  # asking for a name computes nothing
        return key in self._recipes

    def __iter__(self) -> Iterator[str]:
        return iter(self._recipes)

    def __len__(self) -> int:
        return len(self._recipes)


def select(data: Mapping[str, Tensor], chosen: Tensor) -> Mapping[str, Tensor]:
    """The data of the chosen points, gathered when they are asked for."""

    def gather(key: str) -> Callable[[], Tensor]:
        return lambda: data[key][chosen]

    return Deferred({key: gather(key) for key in data})


def named(axes: Sequence[Axis], name: str | Axis) -> Axis:
    """The axis of this name."""
    for axis in axes:
        if axis.name == str(name):
            return axis
    raise ValueError(
        f"There is no axis '{name}'; the axes are {', '.join(a.name for a in axes)}. Name one of them."
    )


def column_of(domain: Domain, axis: Axis) -> int:
    """Which column of a domain's points an axis is, by its name."""
    return [a.name for a in domain.axes].index(axis.name)


def read_data(data: Collection[str], key: str, owner: str) -> Data:
    """``Data(key)``, once it is certain that there is such data."""
    if key not in data:
        there = ", ".join(repr(k) for k in data) or "none"
        raise ValueError(f"{owner} carries no data {key!r}; it carries {there}. Name one of them.")
    return Data(key)


def is_number(value: object) -> bool:
    """Whether it is a number, of Python, numpy or torch."""
    return isinstance(value, SupportsFloat) and not isinstance(value, str)


def is_finite(value: object) -> bool:
    """Whether it is a finite number."""
    return is_number(value) and math.isfinite(value)  # type: ignore[arg-type]


def check_count(n: int | None, name: str) -> int:
    """The number of points asked of an infinite domain."""
    if n is None:
        raise ValueError(
            f"The domain '{name}' has infinitely many points; drawing needs a number of them. "
            f"Give one, for example samples=1024."
        )
    if n < 1:
        raise ValueError(f"Asked for {n} points of '{name}'; at least one is needed. Give a number above 0.")
    return n


def quasi_random(n: int, dimension: int, generator: torch.Generator) -> Tensor:
    """Points (n, dimension) strictly inside the unit cube: a scrambled Sobol sequence of fresh seed.

    Plain random points beyond the dimension that torch has direction numbers for.
    """
    if n == 0 or dimension == 0:
        return torch.empty(n, dimension, dtype=torch.float64)
    if dimension > torch.quasirandom.SobolEngine.MAXDIM:
        return torch.rand(n, dimension, dtype=torch.float64, generator=generator)
    seed = int(torch.randint(2**62, (), generator=generator))
    engine = torch.quasirandom.SobolEngine(dimension, scramble=True, seed=seed)
    step = 2.0**-engine.MAXBIT
    points = engine.draw(n, dtype=torch.float64)
    return points.clamp(max=1 - step) + step / 2  # torch rounds the first point to float32, up to 1


def subset(size: int, n: int | None, generator: torch.Generator) -> Tensor | None:
    """Indices of ``n`` of ``size`` points without replacement; None stands for all of them in order."""
    if n is None or n >= size:
        return None
    if n < 1:
        raise ValueError(f"Asked for {n} of {size} points; at least one is needed. Give a number above 0.")
    if 8 * n > size:
        return torch.randperm(size, generator=generator)[:n]
    # A few out of very many: shuffling all of them would cost more than an optimiser's step.
    distinct = torch.empty(0, dtype=torch.int64)
    while len(distinct) < n:
        distinct = torch.unique(torch.randint(size, (2 * n + 8,), generator=generator))
    return distinct[torch.randperm(len(distinct), generator=generator)[:n]]
