"""Where the domains of constraints are tensor products: nodes along each axis, with weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ..geometry.boundary import Boundary
from ..geometry.box import Box
from ..geometry.domain import Domain, Lattice
from ..geometry.point import Axis
from ..residuals.unfit import Unfit


class NoNodes(Unfit):
    """A domain that is no tensor product."""


@dataclass(frozen=True)
class Line:
    """Nodes (n,) along an axis, and weights (n,) that sum to one."""

    nodes: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Part:
    """A tensor product of nodes: all of a domain, or one of its faces with its share of the measure."""

    lines: tuple[Line, ...]  # one per axis of the domain
    share: float = 1.0
    data: Mapping[str, Tensor] = field(default_factory=dict)  # (n, ...), the last axis running fastest

    @property
    def points(self) -> Tensor:  # (n, d)
        return Lattice.full([line.nodes for line in self.lines]).points

    @property
    def weights(self) -> Tensor:  # (n,), with sum ``share``
        product = torch.ones(1, dtype=torch.float64)
        for line in self.lines:
            product = (product[:, None] * line.weights).reshape(-1)
        return self.share * product


@runtime_checkable
class WithData(Protocol):
    """A domain that adds data, functions of the points, to those of another."""

    @property
    def domain(self) -> Domain: ...

    def data(self, points: Tensor) -> Mapping[str, Tensor]: ...


def gauss(low: float, high: float, count: int) -> Line:
    """The nodes and weights of Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    place = torch.from_numpy(nodes)
    return Line((low + high) / 2 + (high - low) / 2 * place, torch.from_numpy(weights) / 2)


def equidistant(low: float, high: float, count: int) -> Line:
    """Nodes of equal weight around a period."""
    return Line(low + (high - low) * torch.arange(count, dtype=torch.float64) / count, _even(count))


def parts(domain: Domain, line: Callable[[Axis], Line]) -> Iterator[Part]:
    """The tensor products that a domain consists of, with the given nodes along the axes that it leaves free.

    A box, its slices and faces are such; so is a finite domain that fills a lattice, whose own nodes count.

    Raises NoNodes for any other domain.
    """
    lattice = getattr(domain, "lattice", None)
    if isinstance(domain, Box):
        held = dict(domain.fixed)
        yield Part(tuple(_held(held[a.name]) if a.name in held else line(a) for a in domain.axes))
    elif isinstance(domain, Boundary):
        for face in domain.faces:
            (whole,) = parts(face.slice, line)
            normal = face.normal.expand(len(whole.points), -1)
            yield Part(whole.lines, face.slice.measure / domain.measure, {"normal": normal})
    elif isinstance(domain, WithData):
        for part in parts(domain.domain, line):
            yield Part(part.lines, part.share, {**part.data, **domain.data(part.points)})
    elif lattice is not None and len(lattice.index) == math.prod(lattice.shape):
        _, data = domain.draw(None, torch.Generator())
        places = [*torch.tensor(lattice.shape[::-1]).cumprod(0).flip(0).tolist()[1:], 1]
        order = torch.argsort((lattice.index * torch.tensor(places)).sum(1))
        lines = tuple(Line(c.double(), _even(len(c))) for c in lattice.coordinates)
        yield Part(lines, 1.0, {key: values[order] for key, values in data.items()})
    else:
        raise NoNodes(
            f"The domain '{domain.name}' is no tensor product of intervals; boxes, their slices and faces, and "
            f"box.nodes(n) were expected. Use SineFeatures() with LeastSquares() for scattered points."
        )


def _held(value: float) -> Line:
    return Line(torch.tensor([value], dtype=torch.float64), torch.ones(1, dtype=torch.float64))


def _even(count: int) -> Tensor:
    return torch.full((count,), 1 / count, dtype=torch.float64)
