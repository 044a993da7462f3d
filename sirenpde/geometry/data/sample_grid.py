"""Samples on a grid of one, two or three axes: a line, a picture, a volume."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ..arrays import as_numbers, check_finite
from ..pictures.pictures import read_picture, reduce
from ..point import Axis
from ..readers.arrays import load_array
from ..tensor_grid import TensorGrid, centres
from .cloud import Cloud

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NAMES = "xyz"


class SampleGrid(Cloud):
    """Samples f at the centres of equal cells that fill a box of one, two or three axes x, y and z.

    ``values`` is (n1, ..., nd), or (n1, ..., nd, c) for c components where ``axes`` is d; entry i along an axis of n
    samples lies at (2i + 1 - n)/max(n), so that the longest axis spans [-1, 1] and cells have equal sides. Raises
    ValueError for other numbers of axes, for values that are not finite, and for none.

    >>> from sirenpde import SampleGrid
    >>> grid = SampleGrid([[0.0, 1.0, 4.0, 9.0], [1.0, 2.0, 5.0, 10.0]])
    >>> grid.shape, [axis.name for axis in grid.axes]
    ((2, 4), ['x', 'y'])
    >>> grid.every_second(1).points.tolist(), grid.every_second(1).values.tolist()
    ([[0.25, -0.25], [0.25, 0.75]], [[2.0, 10.0]])
    """

    def __init__(self, values: ArrayLike | Tensor, axes: int | None = None, name: str = "samples") -> None:
        numbers = as_numbers(values, name)
        d = numbers.ndim if axes is None else axes
        if not 1 <= d <= 3 or numbers.ndim not in (d, d + 1) or not numbers.numel():
            raise ValueError(
                f"{name} of shape {tuple(numbers.shape)} on {d} axes; one, two or three axes, and components last, "
                f"were expected. Give axes=2 for a picture (columns, rows, 3)."
            )
        check_finite(numbers, name)
        shape = numbers.shape[:d]
        cell = 2 / max(shape)
        lines = [centres(n, cell) for n in shape]
        _declare(self, numbers, lines, [n * cell / 2 for n in shape], name)

    @staticmethod
    def read(source: str | PathLike[str], longest: int | None = None, grey: bool = False) -> SampleGrid:
        """A picture, or an ``.npy`` array of one or three axes.

        A picture is a file or one of scikit-image's, see ``read_picture``: x runs to the right, y upwards, colours
        are three components unless ``grey`` is asked for, and ``longest`` scales it down to so many pixels along its
        longer side. Raises OSError or ValueError where there is none.

        >>> from sirenpde import SampleGrid
        >>> SampleGrid.read("astronaut", longest=32).values.shape
        torch.Size([32, 32, 3])
        """
        if str(source).endswith(".npz"):
            raise ValueError(
                f"'{source}' holds several arrays by name; one array, or a picture, is needed. Save the one that is "
                f"meant by numpy.save, as .npy."
            )
        if str(source).endswith(".npy"):
            array = load_array(source)
            if np.iscomplexobj(array):
                raise ValueError(
                    f"'{source}' has samples of {array.dtype}; real numbers are needed. Save their real part, or "
                    f"their size by numpy.abs."
                )
            if array.ndim == 1 or (array.ndim == 3 and array.shape[2] > 3):
                return SampleGrid(array)
        picture = read_picture(source, grey)
        picture = picture if longest is None else reduce(picture, longest)
        return SampleGrid(np.swapaxes(picture[::-1], 0, 1).copy(), axes=2)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many samples there are along each axis."""
        assert self.lattice is not None
        return self.lattice.shape

    @property
    def values(self) -> Tensor:
        """The samples, (n1, ..., nd) or (n1, ..., nd, c)."""
        f = self.data["f"]
        return f.reshape(*self.shape, *f.shape[1:])

    def even(self) -> SampleGrid:
        """Without the last sample along axes of an odd number: every second one then has the box as its period.

        Raises ValueError where an axis has a single sample.

        >>> SampleGrid([1.0, 2.0, 3.0, 4.0, 5.0]).even().shape
        (4,)
        """
        if min(self.shape) < 2:
            raise ValueError(
                f"{self.name} of shape {self.shape}; two along every axis were expected, one known and one between. "
                f"Give more samples."
            )
        kept = tuple(slice(0, n - n % 2) for n in self.shape)
        return SampleGrid(self.values[kept], len(self.shape), self.name)

    def every_second(self, first: int) -> SampleGrid:
        """Every second sample along each axis, from the one of index ``first``, in the same box."""
        assert self.lattice is not None
        lines = [line[first::2] for line in self.lattice.coordinates]
        if min(map(len, lines)) == 0:
            raise ValueError(
                f"{self.name} of shape {self.shape}; more than {first} along every axis were expected. Give more."
            )
        part = SampleGrid.__new__(SampleGrid)
        values = self.values[tuple(slice(first, None, 2) for _ in self.shape)]
        name = f"every second of {self.name}, from {first}"
        _declare(part, values, lines, [axis.high for axis in self.axes], name)
        return part

    def order(self, asked: int | None) -> int:
        """The order of a Fourier series for every second sample: theirs by Nyquist, or the one asked for.

        Raises ValueError for one beyond what all samples tell apart, n/2 along the longest axis.

        >>> grid = SampleGrid.read("camera", longest=64)
        >>> grid.order(None), grid.order(20)
        (16, 20)
        """
        most = max(self.shape) // 2
        if asked is not None and asked > most:
            raise ValueError(
                f"order={asked} for {self.name} of shape {self.shape}; at most {most} was expected, half the samples "
                f"along the longest axis, since faster waves than these have no samples of their own. Give more "
                f"samples, or a smaller order."
            )
        return max(1, most // 2) if asked is None else asked


def _declare(
    grid: SampleGrid, values: Tensor, lines: Sequence[Tensor], halves: Sequence[float], name: str
) -> None:
    lattice = TensorGrid.full(lines)
    axes = tuple(Axis(letter, -half, half) for letter, half in zip(NAMES, halves, strict=False))
    f = values.reshape(-1, *values.shape[len(lines) :])
    Cloud.__init__(grid, lattice.points, axes, {"f": f}, name, lattice=lattice)
