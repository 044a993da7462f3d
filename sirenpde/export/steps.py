"""The states that a file holds: one, or one after another in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..geometry.point import Axis
from .about import Fact
from .format import check_held
from .grid import Grid
from .mesh import Mesh
from .series import Series


@dataclass(frozen=True, eq=False)
class Steps:
    """Carriers at the same places, the state ``at(i)`` computed when it is asked for.

    ``times`` has a time for each state, and none where nothing depends on time; then there is one state.
    """

    places: Grid | Mesh  # its values are not asked for
    axes: tuple[Axis, ...]  # of the functions
    times: tuple[float, ...]
    at: Callable[[int], Grid | Mesh]

    @property
    def count(self) -> int:
        return max(1, len(self.times))

    @property
    def plays(self) -> bool:
        """Whether there is more than one."""
        return self.count > 1

    def __iter__(self) -> Iterator[Grid | Mesh]:
        return (self.at(i) for i in range(self.count))

    def facts_at(self, i: int, facts: Mapping[str, Fact]) -> dict[str, Fact]:
        """Facts with the time of a state, where it has one, by the name that VTK's readers know."""
        return {"TimeValue": self.times[i], **facts} if self.times else dict(facts)


def steps_of(carrier: Grid | Mesh | Series) -> Steps:
    """The states of a carrier: those of a series, or along the time axis of a grid or mesh that has one.

    >>> from sirenpde import Box
    >>> values = {"u": np.arange(6.0).reshape(2, 3)}
    >>> grid = Grid(Box(t=(0, 1), x=(0, 2)).axes, (np.array([0.0, 1.0]), np.arange(3.0)), values)
    >>> steps = steps_of(grid)
    >>> steps.times, steps.places.names, steps.at(1).values["u"].tolist()
    ((0.0, 1.0), ('x',), [3.0, 4.0, 5.0])
    """
    if isinstance(carrier, Series):
        times = tuple(map(float, carrier.times))
        return Steps(carrier.carrier, carrier.axes, times, lambda i: carrier.at(times[i]))
    lines = carrier.coordinates if isinstance(carrier, Grid) else _lines(carrier)
    scattered = len(carrier.axes) - len(lines)  # axes of points that have a time each, if one of them is time
    column = next((i for i, axis in enumerate(carrier.axes) if axis.is_time and i >= scattered), None)
    if column is None or len(carrier.axes) == 1:
        return Steps(carrier, carrier.axes, (), lambda _: carrier)
    line = lines[column - scattered]
    places = _without(carrier, column)
    position = column - len(carrier.axes) + len(carrier.shape)  # of the time among the axes of the values

    def at(i: int) -> Grid | Mesh:
        taken = {name: np.take(values, i, axis=position) for name, values in carrier.values.items()}
        return replace(places, values=taken)

    return Steps(places, carrier.axes, tuple(float(t) for t in line), at)


def joined(series: Series) -> Grid | Mesh:
    """A series as one grid or mesh with an axis for time: what a figure is drawn from.

    >>> from sirenpde import Box
    >>> time, x = Box(t=(0, 1), x=(0, 2)).axes
    >>> line = Grid((x,), (np.arange(3.0),), {})
    >>> joined(Series(line, (time, x), np.array([0.0, 0.5]), {"u": lambda p: p[:, 0]})).values["u"].tolist()
    [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
    """
    places, column = series.carrier, series.axes.index(series.time)
    states = [dict(state.values) for state in series]
    position = column - len(series.axes) + len(places.shape) + 1
    values = {name: np.stack([state[name] for state in states], axis=position) for name in series.functions}
    if isinstance(places, Grid):
        lines = (*places.coordinates[:column], series.times, *places.coordinates[column:])
        return replace(places, axes=series.axes, coordinates=lines, values=values)
    cells, time = places.cells, places.cells.points.new_tensor(series.times)
    cells = replace(cells, lines=(*cells.lines[: position - 1], time, *cells.lines[position - 1 :]))
    return replace(places, axes=series.axes, cells=cells, values=values)


def _lines(mesh: Mesh) -> tuple[np.ndarray, ...]:
    return tuple(line.numpy() for line in mesh.cells.lines)


def _without(carrier: Grid | Mesh, column: int) -> Grid | Mesh:
    axes = carrier.axes[:column] + carrier.axes[column + 1 :]
    if isinstance(carrier, Grid):
        left = carrier.coordinates[:column] + carrier.coordinates[column + 1 :]
        return replace(carrier, axes=axes, coordinates=left, values={})
    position = column - (len(carrier.axes) - len(carrier.cells.lines))
    lines = carrier.cells.lines[:position] + carrier.cells.lines[position + 1 :]
    return replace(carrier, axes=axes, cells=replace(carrier.cells, lines=lines), values={})


def held_by(kind: str, carrier: Grid | Mesh | Series) -> Steps:
    """The states of a carrier that a format is to hold. Raises ValueError, naming others, where it cannot."""
    from .vtk.cells import shown_axes

    steps = steps_of(carrier)
    shown = [steps.places.names[i] for i in shown_axes(steps.places)]
    check_held(kind, times=len(steps.times), axes=shown)
    return steps
