"""The one place that builds a ``Point`` and calls functions of one: at a point, over many, at the nodes of a site."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..geometry.point import Axis, Point
from .field import Derivative, Unknown
from .sites import Site

PointFunction = Callable[[Point], Tensor]
Read = Callable[[Hashable], Tensor]  # of a request or an unknown number, at one point
Sample = Callable[[str], Tensor]  # of data, at one point


def point(
    axes: tuple[str, ...],
    coords: Tensor,
    read: Read,
    sample: Sample,
    observe: Callable[[Any, Axis | None], None] | None = None,
    moved: tuple[str, ...] = (),
) -> Point:
    """One point (d,), what fields and unknown numbers are there, and its data."""
    return Point(axes, coords, read, sample, observe, moved)


def over_points(
    function: Callable[[Point], Any],
    axes: tuple[str, ...],
    points: Tensor,
    data: Mapping[str, Tensor],
    reader: Callable[..., Read],
    *arguments: Any,
    mapped: Any = 0,
) -> Any:
    """A function of a point at many, (n, d) with data (n, ...): what it gives, each tensor (n, ...).

    ``reader(coords, *arguments)`` makes what is read at one point; ``mapped`` says along which dimensions of the
    arguments the points run, None for an argument that all share, as ``in_dims`` of ``torch.func.vmap`` does.
    """

    def one(coords: Tensor, local: dict[str, Tensor], given: tuple[Any, ...]) -> Any:
        return function(point(axes, coords, reader(coords, *given), local.__getitem__))

    return torch.func.vmap(one, in_dims=(0, 0, mapped))(points, dict(data), arguments)


def over_known(
    function: PointFunction,
    axes: tuple[str, ...],
    points: Tensor,
    data: Mapping[str, Tensor],
    known: Mapping[Any, Tensor],
) -> Tensor:
    """The same where everything that is read is given for every point: ``known[request]`` is (n, ...)."""

    def reader(coords: Tensor, values: dict[Any, Tensor]) -> Read:
        return values.__getitem__

    result: Tensor = over_points(function, axes, points, data, reader, dict(known))
    return result


def moved_point(p: Point, axis: Axis, s: Tensor, place: Tensor) -> Point:
    """The point ``p`` moved by ``s`` along an axis, to ``place``: each request r reads r(p) + s D(r)(p)."""

    def read(key: Hashable) -> Tensor:
        value = p.read(key)
        if isinstance(key, Unknown):
            return value
        assert isinstance(key, Derivative)
        still = axis.name not in {a.name for a in key.field.axes}
        if still or (key.site is not None and not key.site.follows(axis.name)):
            return value
        return value + s * p.read(key.along(axis))

    def sample(key: str) -> Tensor:
        raise ValueError(
            f"A derivative along {axis} of the sampled data '{key}' was asked for; data are known at their points "
            f"only. Differentiate the fields alone and multiply by the data outside of D, or use the grid's own "
            f"derivatives, such as grid.gradient('{key}')."
        )

    return point(p.axes, place, read, sample, p.observe, (*p.moved, axis.name))


def at_nodes(function: PointFunction, p: Point, site: Site) -> Tensor:
    """A function of a point at the nodes of the sample ``p``: (count, *shape)."""
    axes, nodes = site.axes(p.axes), site.nodes(p)
    asked: dict[Derivative, Tensor] = {}
    data: dict[str, Tensor] = {}

    def first(key: Hashable) -> Tensor:
        if not isinstance(key, Derivative):
            return p.read(key)
        if key not in asked:
            asked[key] = p.read(key.at(site))
        return asked[key][0]

    def first_data(key: str) -> Tensor:
        if key not in data:
            data[key] = site.sample(p, key)
        return data[key][0]

    function(point(axes, nodes[0], first, first_data))  # what it asks for is known once it was called

    def reader(coords: Tensor, values: dict[Derivative, Tensor]) -> Read:
        return lambda key: values[key] if isinstance(key, Derivative) else p.read(key)

    result: Tensor = over_points(function, axes, nodes, data, reader, asked)
    return result
