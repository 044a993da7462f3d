"""Derivatives by all parameters as linear maps: of a problem's residuals, and of a network's values at points.

Their matrices are never stored: a product with one makes its rows in blocks, and lets each go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from ..calculus.symbols import Symbol
from ..engines.engine import Engine
from ..engines.flat import flatten, unflatten
from ..engines.registry import engine_for
from ..residuals import Batch, System

ENTRIES = 2**23  # of the rows that are held at once


class Jacobian(Protocol):
    """A linear map, parameters (columns,) -> values (rows,), that can also make its rows block by block.

    ``apply`` takes (columns,) or, for many products at once, (columns, k).
    """

    @property
    def rows(self) -> int: ...

    @property
    def columns(self) -> int: ...

    @property
    def like(self) -> Tensor: ...

    @property
    def matrix(self) -> None: ...

    def apply(self, x: Tensor) -> Tensor: ...

    def transpose(self, y: Tensor) -> Tensor: ...

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        """Where rows stand, and these rows (some, columns)."""
        ...


def _applied(jacobian: Jacobian, x: Tensor) -> Tensor:
    y = x.new_empty(jacobian.rows, *x.shape[1:])
    for place, rows in jacobian.blocks():
        y[place] = rows @ x
    return y


@dataclass(frozen=True, eq=False)
class ResidualJacobian:
    """The derivative of all residual components of a problem by all parameters, at ``theta``.

    Rows are in the order, and in the units, of ``System.vector``: the sum of the squares of that is the objective.

    >>> import torch
    >>> from sirenpde import Box, D, Field, MLP, Problem, on
    >>> from sirenpde.analysis.check import build_system
    >>> from sirenpde.linear.derivative_maps import ResidualJacobian
    >>> box = Box(t=(0, 1))
    >>> u, (t,) = Field("u", box, MLP(8, 1)), box.axes
    >>> problem = Problem(on(box, samples=5, name="decay")(lambda p: D(u, t)(p) + u(p)))
    >>> system = build_system(problem, {u: u.network})
    >>> jacobian = ResidualJacobian(system, system.initial(), system.draw(torch.Generator()))
    >>> jacobian.rows, jacobian.columns, jacobian.transpose(torch.ones(5, dtype=torch.float64)).shape
    (5, 25, torch.Size([25]))
    """

    system: System
    theta: Tensor
    batches: Sequence[Batch]
    matrix: None = None

    @property
    def rows(self) -> int:
        return self.system.row_count(self.batches)

    @property
    def columns(self) -> int:
        return self.theta.numel()

    @property
    def like(self) -> Tensor:
        return self.theta

    def apply(self, x: Tensor) -> Tensor:
        return _applied(self, x)

    def transpose(self, y: Tensor) -> Tensor:
        return self.system.pull_back(self.theta, self.batches, y)

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        most = max(1, ENTRIES // max(1, self.columns))
        for place, _, rows in self.system.jacobian_blocks(self.theta, self.batches, most):
            yield place, rows


@dataclass(frozen=True, eq=False)
class NetworkJacobian:
    """The derivative of a network's values at points (n, d) by all its parameters, as these are now.

    Rows are in the order of the points, and for each in that of the outputs. Any module that maps points (n, d) to
    (n, outputs), each by itself, will do.

    >>> import torch
    >>> from sirenpde.linear.derivative_maps import NetworkJacobian
    >>> layer = torch.nn.Linear(2, 1)
    >>> NetworkJacobian(layer, torch.tensor([[2.0, 3.0]])).apply(torch.ones(3))
    tensor([6.])
    """

    network: nn.Module
    points: Tensor
    matrix: None = None
    theta: Tensor = field(init=False)
    outputs: int = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        theta = flatten(self.network)
        points = self.points.to(theta)
        with torch.no_grad():
            value = self.network(points[:1])
        dimension = points.shape[1]
        for name, known in (
            ("theta", theta),
            ("points", points),
            ("outputs", value.shape[1]),
            ("engine", engine_for(self.network, [Symbol.identity(dimension)], dimension)),
        ):
            object.__setattr__(self, name, known)

    @property
    def rows(self) -> int:
        return len(self.points) * self.outputs

    @property
    def columns(self) -> int:
        return self.theta.numel()

    @property
    def like(self) -> Tensor:
        return self.theta

    def apply(self, x: Tensor) -> Tensor:
        """One product by the derivative along x, which makes no rows."""
        if x.dim() > 1:
            return _applied(self, x)
        parts = []
        for points in self.points.split(self.engine.chunk):

            def values(theta: Tensor, points: Tensor = points) -> Tensor:
                result: Tensor = torch.func.functional_call(
                    self.network, unflatten(self.network, theta), (points,)
                )
                return result.flatten()

            parts.append(torch.func.jvp(values, (self.theta,), (x,))[1])
        return torch.cat(parts)

    def transpose(self, y: Tensor) -> Tensor:
        gradient, weights = torch.zeros_like(self.theta), self.engine.load(self.theta)
        pull = y.view(len(self.points), self.outputs)
        for points, part in zip(
            self.points.split(self.engine.chunk), pull.split(self.engine.chunk), strict=True
        ):
            _, tape = self.engine.forward(weights, points)
            self.engine.backward(weights, tape, part[None].contiguous(), gradient)
        return gradient

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        weights = self.engine.load(self.theta)
        most = min(self.engine.chunk, max(1, ENTRIES // max(1, self.columns * self.outputs)))
        for start in range(0, len(self.points), most):
            points = self.points[start : start + most]
            value, tape = self.engine.forward(weights, points)
            first, last = start * self.outputs, (start + len(points)) * self.outputs
            made = []  # all of them before the engine is asked again, which may be where a block is used
            for output in range(self.outputs):
                cotangent = torch.zeros_like(value)
                cotangent[..., output] = 1
                rows = value.new_zeros(len(points), self.columns)
                self.engine.backward(weights, tape, cotangent, rows)
                made.append((slice(first + output, last, self.outputs), rows))
            yield from made
