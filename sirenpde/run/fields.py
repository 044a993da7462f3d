"""Fields that were found, to evaluate: functions of a point at arrays of points, and on grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..calculus.operators import PointFunction
from ..geometry import can
from ..geometry.point import Axis
from ..problem.constraint import in_precision, name_of
from ..problem.problem import Problem
from ..residuals import Evaluator, System, evaluate, requests_of


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
class Evaluable:
    """A field, or any function of a point, of a solution: called on points (N, d), it gives values (N, *shape).

    Arrays in, arrays out; tensors in, tensors out (on the run's device and in its precision).
    """

    problem: Problem
    system: System
    theta: Tensor
    function: PointFunction

    def __call__(self, points: Any, data: Mapping[str, Tensor] | None = None) -> Any:
        axes = self.axes
        coordinates = torch.as_tensor(points)
        if coordinates.ndim != 2 or coordinates.shape[1] != len(axes):
            raise ValueError(
                f"{name_of(self.function)} was evaluated on points of shape {tuple(coordinates.shape)}; expected (N, "
                f"{len(axes)}), one column for each of {', '.join(axis.name for axis in axes)}. Reshape the points."
            )
        result = values(self.system, self.theta, [self.function], axes, coordinates, data or {})[0]
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
        domain: Any = self.problem.output(self.function).domain
        if can.needs_mesh(domain):
            result[~can.contains(domain, points).numpy()] = np.nan
        coordinates = tuple(line.numpy() for line in lines)
        return Gridded(self.axes, coordinates, result.reshape(*counts, *result.shape[1:]))
