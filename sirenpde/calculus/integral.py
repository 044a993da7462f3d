"""Integrals of functions of a point, by Gauss' quadrature, as terms of a constraint."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from ..geometry import can
from ..geometry.domain import Domain, is_finite
from ..geometry.nodes import gauss
from ..geometry.point import Axis, Point, check_point
from ..geometry.quadrature import cubature
from .evaluate import PointFunction, at_nodes
from .operators import check_function

NODES = {1: 32, 2: 16}  # along each axis of an integral over so many
FEW = 8  # along each of more

Limit = float | PointFunction


@dataclass(frozen=True)
class IntervalSite:
    """The nodes of an integral along one axis, between limits that may depend on the sample's point."""

    axis: Axis
    low: Limit
    high: Limit
    count: int

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.axis.name in names else (*names, self.axis.name)

    def nodes(self, p: Point) -> Tensor:
        low, high = self.limits(p)
        unit = _on(p, _unit(self.count).nodes)
        columns = {name: p.coordinate(name).expand(self.count) for name in p.axes}
        columns[self.axis.name] = low + (high - low) * unit
        return torch.stack([columns[name] for name in self.axes(p.axes)], dim=1)

    def weights(self, p: Point) -> Tensor:
        low, high = self.limits(p)
        return (high - low) * _on(p, _unit(self.count).weights)

    def limits(self, p: Point) -> tuple[Tensor, Tensor]:
        low, high = (end(p) if callable(end) else p.place.new_tensor(end) for end in (self.low, self.high))
        return low, high

    def follows(self, name: str) -> bool:
        if callable(self.low) or callable(self.high):
            raise ValueError(
                f"An integral whose limits depend on the point was differentiated along {name}; expected fixed "
                f"limits. Write Leibniz' rule out: the integrand at the upper limit times the slope of the limit, "
                f"the same at the lower, and the integral of the derivative."
            )
        return name != self.axis.name

    def sample(self, p: Point, key: str) -> Tensor:
        _no_data(key)

    def __str__(self) -> str:
        return f"the nodes of {self.axis.name}"


@dataclass(frozen=True)
class Over:
    """The nodes of an integral over a domain; coordinates that it does not have are those of the sample."""

    domain: Domain
    per_axis: int

    @property
    def rule(self) -> _Rule:
        return _rule(self.domain, self.per_axis)  # type: ignore[arg-type]

    @property
    def count(self) -> int:
        return len(self.rule.weights)

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*names, *self._names]))

    def nodes(self, p: Point) -> Tensor:
        inside = _on(p, self.rule.nodes)
        columns = {name: p.coordinate(name).expand(len(inside)) for name in p.axes}
        columns |= dict(zip(self._names, inside.unbind(1), strict=True))
        return torch.stack([columns[name] for name in self.axes(p.axes)], dim=1)

    def weights(self, p: Point) -> Tensor:
        return _on(p, self.rule.weights)

    def follows(self, name: str) -> bool:
        return name not in self._names

    def sample(self, p: Point, key: str) -> Tensor:
        if key not in self.rule.data:
            _no_data(key)
        return _on(p, self.rule.data[key])

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.domain.axes)

    def __str__(self) -> str:
        return f"the nodes of {self.domain.name}"


@dataclass(frozen=True)
class Integral:
    """Σ_k w_k f at the nodes of a site; a function of two points is given the sample's own point first."""

    function: Callable[..., Tensor]
    site: IntervalSite | Over

    def __call__(self, p: Point) -> Tensor:
        check_point(p, "An integral")
        f = (lambda q: self.function(p, q)) if _takes_two(self.function) else self.function
        values, weights = at_nodes(f, p, self.site), self.site.weights(p)
        total: Tensor = torch.tensordot(weights.to(values.dtype), values, dims=1)
        return total


def integral(
    f: Callable[..., Tensor],
    over: Axis | Domain,
    nodes: int | None = None,
    low: Limit | None = None,
    high: Limit | None = None,
) -> PointFunction:
    """The integral of ``f``, a field or any function of a point: a function of a point for constraints.

    By the quadrature of Gauss and Legendre, exact for polynomials up to degree 2 ``nodes`` - 1 along each axis.
    Coordinates that ``over`` does not have stay those of the point: ``integral(u, x)`` of a field of t and x is
    ∫ u(t, x) dx, a function of t. It has the shape of ``f``.

    Args:
        f: what is integrated, a function of the node q; or of two points, ``f(p, q)``, the point at which the
            integral is evaluated and the node.
        over: a box, a disk, a slice, a boundary with its ``normal``, any domain with nodes; or a single axis.
        nodes: how many along each axis; 32 on a line, 16 in a plane, 8 beyond, if left out.
        low, high: limits along a single axis, numbers or functions of the point, ``high=x``; its ends if left out.

    Raises:
        TypeError, ValueError: for domains without nodes, limits along more than one axis, numbers below one.

    A Fredholm equation, u(x) = 2 x / 3 + ∫ x s u(s) ds over [0, 1], which u = x solves:

    >>> from sirenpde import Box, Field, Problem, integral, on, solve
    >>> box = Box(x=(0, 1))
    >>> (x,) = box.axes
    >>> u = Field("u", box)
    >>> kernel = integral(lambda p, q: x(p) * x(q) * u(q), over=box, nodes=8)
    >>> law = on(box, 100, name="law")(lambda p: u(p) - 2 * x(p) / 3 - kernel(p))
    >>> round(float(solve(Problem(law))[u]([[0.5]])[0]), 9)
    0.5
    """
    check_function(f, "integral", "integral(u, box)")
    if nodes is not None and (isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 1):
        raise ValueError(f"integral was given nodes={nodes!r}; expected a positive whole number.")
    for side, end in ("low", low), ("high", high):
        if not (end is None or callable(end) or is_finite(end)):
            raise ValueError(
                f"integral was given {side}={end!r}; expected a finite number or a function of the point. Write "
                f"integral(f, over=x, low=0, high=x)."
            )
    if isinstance(over, Axis):
        ends = over.low if low is None else low, over.high if high is None else high
        return Integral(f, IntervalSite(over, *ends, nodes or NODES[1]))
    if low is not None or high is not None:
        raise ValueError(
            f"integral was given limits beside {over!r:.60}, a {type(over).__name__}; expected them along a single "
            f"axis. Write integral(f, over=x, low=0, high=x)."
        )
    if not hasattr(over, "draw"):
        raise TypeError(
            f"integral was given over={over!r:.60}, a {type(over).__name__}; expected a domain or an axis. Write "
            f"integral(u, box) or integral(u, x)."
        )
    site = Over(over, nodes or NODES.get(can.dimension_of(over), FEW))
    assert site.count  # made now, so that a domain without nodes is refused where it is named
    return Integral(f, site)


def _takes_two(f: Callable[..., Tensor]) -> bool:
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(f).parameters.values()
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters) == 2


def _no_data(key: str) -> NoReturn:
    raise ValueError(
        f"The data '{key}' were read at the nodes of an integral; data are known at the points of the samples only. "
        f"Read them there: integral(lambda p, q: ..., over=...), with cloud['{key}'](p)."
    )


Array = np.ndarray[Any, np.dtype[np.float64]]


def _on(p: Point, values: Array) -> Tensor:
    """As a tensor made anew: one made inside a derivative belongs to it and may not be used again."""
    return p.place.new_tensor(values)


@lru_cache(64)
def _unit(count: int) -> _Rule:
    line = gauss(0, 1, count)
    return _Rule(line.nodes.numpy(), line.weights.numpy(), {})


@dataclass(frozen=True, eq=False)
class _Rule:
    """Nodes (q, d) of a domain, weights (q,) that sum to its measure, and the data of the nodes."""

    nodes: Array
    weights: Array
    data: Mapping[str, Array]


@lru_cache(64)
def _rule(domain: Hashable, count: int) -> _Rule:
    nodes = cubature(domain, count)  # type: ignore[arg-type]
    if nodes is None:
        raise TypeError(
            f"integral was given over={domain!r:.60}, a {type(domain).__name__}, which has no nodes and weights; "
            f"expected a box, a disk, a slice or boundary of one, or an axis. Write integral(u, box)."
        )
    data = {key: values.numpy() for key, values in nodes.data.items()}
    return _Rule(nodes.points.numpy(), nodes.weights.numpy(), data)
