"""Functions of space and time as a series of grids or meshes in space, evaluated step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..geometry.frame import Frame
from ..geometry.point import Axis
from .grid import Grid
from .mesh import Mesh
from .sampled import Array, Blocks, Function, Sampled


@dataclass(frozen=True, eq=False)
class Series:
    """One carrier in space, and functions of points (N, d) of all axes, to be evaluated at each of ``times`` (m,).

    The carrier has the axes without time, in their order, and no values of its own. Iterating gives the carrier
    with the values at one time after another, each computed when its writer asks for it.

    >>> import numpy as np
    >>> from sirenpde import Box
    >>> time, x = Box(t=(0, 1), x=(0, 2)).axes
    >>> line = Grid((x,), (np.arange(3.0),), {})
    >>> series = Series(line, (time, x), np.array([0.0, 0.5]), {"u": lambda p: p[:, 0] + p[:, 1]})
    >>> [step.values["u"].tolist() for step in series]
    [[0.0, 1.0, 2.0], [0.5, 1.5, 2.5]]
    """

    carrier: Grid | Mesh
    axes: tuple[Axis, ...]
    times: Array
    functions: Mapping[str, Function]
    blocks: Blocks | None = None  # the carrier's points in the box, if the carrier is in other units

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def time(self) -> Axis:
        return self.axes[self._column]

    @property
    def _column(self) -> int:
        return next(i for i, axis in enumerate(self.axes) if axis.is_time)

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Grid | Mesh]:
        return (self.at(float(time)) for time in self.times)

    def at(self, time: float) -> Grid | Mesh:
        """The carrier with the values at one time."""
        places = self.blocks or self.carrier.blocks

        def blocks() -> Iterator[Array]:
            return (np.insert(points, self._column, time, axis=1) for points in places())

        return replace(self.carrier, values=Sampled(self.functions, self.carrier.shape, blocks))

    def restored(self, frame: Frame) -> Series:
        """The same with the coordinates of the file that its domain was scaled from."""
        return replace(
            self,
            carrier=self.carrier.restored(frame.over(self.axes, self.carrier.axes)),
            blocks=self.blocks or self.carrier.blocks,
        )
