"""Fields that were found, to evaluate: functions of a point at arrays of points, and on grids."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..calculus.operators import PointFunction
from ..export.places import OnMesh, cells_on, outside
from ..geometry import can
from ..geometry.box import Box
from ..geometry.domain import Domain
from ..geometry.meshes.cells import Cells
from ..geometry.nodes import WeightedNodes
from ..geometry.point import Axis
from ..geometry.quadrature import cubature
from ..problem.constraint import in_precision, name_of
from ..problem.problem import Problem
from ..residuals import Evaluator, System, evaluate, requests_of
from .uncertainty import deviations


def values(
    system: System,
    theta: Tensor,
    functions: Sequence[PointFunction],
    axes: tuple[Axis, ...],
    points: Tensor,
    data: Mapping[str, Tensor],
) -> list[Tensor]:
    """Functions of a point at points (N, d) with the given axes: each (N, *shape)."""
    batch = system.batch(points, data)
    names = tuple(axis.name for axis in axes)
    functions = [in_precision(function) for function in functions]
    requests = requests_of(functions, batch, names)
    return evaluate(Evaluator(functions, requests, names, system.parameters), theta, batch, system.device)


@dataclass(frozen=True)
class Gridded:
    """Values on a regular grid: the coordinates along each axis, and values (n1, ..., nd, *shape)."""

    axes: tuple[Axis, ...]
    coordinates: tuple[np.ndarray[Any, Any], ...]
    values: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Meshed:
    """Values on a mesh: points (n, d) of the axes, cells (m, s + 1) between them, and values (n, *shape)."""

    axes: tuple[Axis, ...]
    points: np.ndarray[Any, Any]
    cells: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Along:
    """Values along a line: points (n, d), their distances (n,) from the first, and values (n, *shape)."""

    axes: tuple[Axis, ...]
    points: np.ndarray[Any, Any]
    distance: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Integral:
    """The integral of a function, of its shape, and how far another rule with fewer nodes is from it."""

    value: np.ndarray[Any, Any]
    error: float


@dataclass(frozen=True)
class Evaluable:
    """A field, or any function of a point, of a solution: called on points (N, d), it gives values (N, *shape).

    Arrays in, arrays out; tensors in, tensors out (on the run's device and in its precision).
    """

    problem: Problem
    system: System
    theta: Tensor
    function: PointFunction
    spread: Tensor | None = None  # of the coefficients: then the values are standard deviations

    def __call__(self, points: Any, data: Mapping[str, Tensor] | None = None) -> Any:
        axes = self.axes
        coordinates = torch.as_tensor(points)
        if coordinates.ndim != 2 or coordinates.shape[1] != len(axes):
            raise ValueError(
                f"{name_of(self.function)} was evaluated on points of shape {tuple(coordinates.shape)}; expected (N, "
                f"{len(axes)}), one column for each of {', '.join(axis.name for axis in axes)}. Reshape the points."
            )
        if self.spread is None:
            result = values(self.system, self.theta, [self.function], axes, coordinates, data or {})[0]
        else:
            batch = self.system.batch(coordinates, data or {})
            domain = self.problem.output(self.function).domain
            result = deviations(self.system, self.theta, self.spread, self.function, domain, batch)
        return result if isinstance(points, Tensor) else result.cpu().numpy()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the points it takes, in the order of their columns."""
        return self.problem.output(self.function).domain.axes

    def on_grid(self, n: int | tuple[int, ...]) -> Gridded:
        """Values on a regular grid over the ranges of the axes, ends included, n points along each.

        Outside a shape, such as a disk, they are not a number.
        """
        counts = (n,) * len(self.axes) if isinstance(n, int) else tuple(n)
        lines = [
            torch.linspace(a.low, a.high, m, dtype=torch.float64)
            for a, m in zip(self.axes, counts, strict=True)
        ]
        points = torch.stack(torch.meshgrid(*lines, indexing="ij"), dim=-1).reshape(-1, len(lines))
        result = self(points.numpy())
        result = self._known(points.numpy(), result)
        coordinates = tuple(line.numpy() for line in lines)
        return Gridded(self.axes, coordinates, result.reshape(*counts, *result.shape[1:]))

    def on_mesh(self, mesh: int | str | PathLike[str] | None = None, **held: float) -> Meshed:
        """Values on the mesh of the domain itself, so many points across, or on a mesh file of the user's.

        Axes that are ``held`` have one value: ``solution[u].on_mesh(40, t=0.5)`` of a field of space and time. Values
        outside the domain are not numbers.
        """
        space = [axis for axis in self.axes if axis.name not in held]
        unknown = set(held) - {axis.name for axis in self.axes}
        if unknown or not space:
            raise ValueError(
                f"{', '.join(sorted(held))} were held for {name_of(self.function)}, a field of "
                f"{', '.join(a.name for a in self.axes)}; expected some of these, and not all. Write "
                f"on_mesh(40, t=0.5)."
            )
        cells = self._cells(mesh, tuple(space))
        columns = dict(zip((axis.name for axis in space), cells.all_points.T, strict=True))
        parts = [columns.get(a.name, torch.full((1,), held.get(a.name, 0.0)).double()) for a in self.axes]
        points = torch.stack([part.expand(len(cells.all_points)) for part in parts], dim=1).numpy()
        return Meshed(self.axes, points, cells.corners.numpy(), self._known(points, self(points)))

    def on_line(self, start: Sequence[float], end: Sequence[float], n: int = 200) -> Along:
        """Values at ``n`` points in equal steps from one end to another, each with a coordinate for each axis."""
        ends = np.asarray([start, end], dtype=np.float64)
        if ends.shape != (2, len(self.axes)) or n < 2:
            raise ValueError(
                f"A line of {n} points from {tuple(start)} to {tuple(end)} was given; expected two points or more, "
                f"and ends with {len(self.axes)} coordinates each, for {', '.join(a.name for a in self.axes)}."
            )
        points = ends[0] + np.linspace(0, 1, n)[:, None] * (ends[1] - ends[0])
        distance = np.linalg.norm(points - points[0], axis=1)
        return Along(self.axes, points, distance, self._known(points, self(points)))

    def over(self, domain: Domain | None = None) -> Integral:
        """The integral over a domain, that of the field if none is given; see ``Solution.integrate``."""
        over: Any = self.problem.output(self.function).domain if domain is None else domain
        last: np.ndarray[Any, Any] | None = None
        error = math.inf
        for nodes in rules(over):
            at = values(
                self.system, self.theta, [self.function], over.axes, nodes.points.double(), nodes.data
            )[0]
            found = np.tensordot(nodes.weights.numpy(), at.cpu().numpy(), axes=1)
            if last is not None:
                error = float(np.abs(found - last).max())
            last = found
            if error <= 1e-12 * max(1e-300, float(np.abs(found).max())):
                break
        assert last is not None
        return Integral(last, error)

    def _cells(self, mesh: int | str | PathLike[str] | None, space: tuple[Axis, ...]) -> Cells:
        if isinstance(mesh, str | PathLike):
            return cells_on(OnMesh(mesh), space, None)
        domain: Any = self.problem.output(self.function).domain
        if isinstance(domain, can.Multiplied) and len(space) < len(self.axes):
            domain = domain.shape
        if [axis.name for axis in domain.axes] != [axis.name for axis in space]:
            domain = Box(**{axis.name: (axis.low, axis.high) for axis in space})
        cells = can.cells_of(domain, 24 if mesh is None and len(space) > 2 else mesh or 65)
        if cells is None:
            raise ValueError(
                f"{name_of(self.function)} is on '{domain.name}', which has no mesh of its own. Give a mesh file, or "
                f"use on_grid."
            )
        return cells

    def _known(self, points: np.ndarray[Any, Any], result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The values, not numbers outside a shape."""
        domain: Any = self.problem.output(self.function).domain
        if not (can.needs_mesh(domain) or isinstance(domain, can.Restricted)):
            return result
        hidden = outside(domain, points)
        if hidden.any():
            result = result.astype(np.result_type(result.dtype, np.float32), copy=True)
            result[hidden] = np.nan
        return result


def rules(domain: Domain) -> Iterator[WeightedNodes]:
    """Rules with more and more nodes: cubatures of rising degree, or means over points where there is none."""
    for count in (8, 12, 18, 27, 40):
        nodes = cubature(domain, count)
        if nodes is None:
            break
        yield nodes
    else:
        return
    if not isinstance(domain, can.Measure):
        raise ValueError(
            f"An integral over '{domain.name}' was asked for, which knows neither a cubature nor its measure. "
            f"Integrate over the shape that it is a part of, with a function that is zero elsewhere."
        )
    for size in (2**14, 2**15):
        points, data = domain.draw(size, torch.Generator().manual_seed(size))
        yield WeightedNodes(points, torch.full((size,), domain.measure / size, dtype=torch.float64), data)
