"""Samples that are more than a point: what their data are called, and all points of a finite domain as one sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .arrays import as_numbers, check_finite
from .domain import Data, Deferred, Domain, read_data
from .point import Axis

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NODES = "the nodes"  # of a sample, (q, d)
DEPTHS = "the depths"  # of a ray's nodes, (q,)
LENGTHS = "the lengths"  # of a ray that its nodes stand for, (q,)


class Whole:
    """All points of a finite domain as one sample: a transform or a projection of a whole picture is a residual.

    ``everywhere(u)(p)`` is u at all points, (N, ...), in the order of ``grid.points``, and ``grid["f"](p)`` the data
    f there, (N, ...). Data of the sample alone, of any shape, are given by name: ``whole["measured"](p)``.

    Args:
        grid: the pixels of a ``PixelGrid``, the voxels of a ``VoxelGrid``, a point cloud, ``box.nodes(16)``.
        data: what else is known, such as measured numbers, by name.
        name: for tables.

    Raises ValueError for a domain of infinitely many points, names that the grid has too, and numbers that are not
    finite.

    The discrete Fourier transform of a signal, measured up to frequency 2, and the smoothest signal that has it:

    >>> import torch
    >>> from sirenpde import Box, Field, LeastSquares, Problem, SineFeatures, Whole, everywhere, on, solve
    >>> line = Box(x=(0, 1)).nodes(16)
    >>> u = Field("u", line, SineFeatures(20, bandwidth=6.0))
    >>> signal = torch.exp(-20 * (line.points[:, 0] - 0.5) ** 2)
    >>> whole = Whole(line, {"spectrum": torch.fft.rfft(signal)[:3]})
    >>> @on(whole)
    ... def spectrum(p):
    ...     return torch.fft.rfft(everywhere(u)(p))[:3] - whole["spectrum"](p)
    >>> value = solve(Problem(spectrum), [LeastSquares()])[u](line.points)
    >>> bool((torch.fft.rfft(value)[:3] - whole.data["spectrum"][0]).abs().max() < 1e-6)
    True
    """

    def __init__(
        self, grid: Domain, data: Mapping[str, ArrayLike | Tensor] | None = None, name: str | None = None
    ) -> None:
        size = getattr(grid, "size", None)
        if size is None:
            raise ValueError(
                f"Whole was given {grid!r:.60}, a {type(grid).__name__}, which has no finite number of points; "
                f"expected pixels, voxels or other points. Write Whole(box.nodes(32))."
            )
        self.grid = grid
        self.count: int = size
        self.name = name or f"all of {grid.name}"
        self._own = {key: as_numbers(values, f"The data '{key}'") for key, values in (data or {}).items()}
        for key, values in self._own.items():
            check_finite(values, f"The data '{key}'")
        twice = sorted(set(self._own) & set(self._all[1]))
        if twice:
            raise ValueError(
                f"Whole was given the data {', '.join(twice)}, and '{grid.name}' has data of that name; expected "
                f"another name. Rename them."
            )

    def __repr__(self) -> str:
        return f"Whole({self.grid!r})"

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.grid.axes

    @property
    def size(self) -> int:
        return 1

    @property
    def points(self) -> Tensor:
        """The sample's own point, (1, d): the middle of the axes."""
        return torch.tensor([[(axis.low + axis.high) / 2 for axis in self.axes]], dtype=torch.float64)

    @cached_property
    def data(self) -> Mapping[str, Tensor]:
        """Data of the sample, each (1, ...): of the grid (1, N, ...), its points, and its own."""
        points, of_grid = self._all
        recipes: dict[str, Callable[[], Tensor]] = {NODES: lambda: points[None]}
        for key in of_grid:
            recipes[key] = partial(_first, of_grid, key)
        for key in self._own:
            recipes[key] = partial(_first, self._own, key)
        return Deferred(recipes)

    def __getitem__(self, key: str) -> Data:
        """The data of this name as a function of the sample; ValueError where there is none."""
        return read_data(self.data, key, f"'{self.name}'")

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The one sample and its data."""
        return self.points, self.data

    @cached_property
    def _all(self) -> tuple[Tensor, Mapping[str, Tensor]]:
        return self.grid.draw(None, torch.Generator())


def _first(data: Mapping[str, Tensor], key: str) -> Tensor:
    return data[key][None]
