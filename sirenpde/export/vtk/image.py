"""Evenly spaced grids as VTK's image data."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..grid import Grid
from ..mesh import Mesh
from ..sampled import Array
from .cells import shown_axes
from .spool import first_axis_fastest

_EVEN = 1e-9  # by how much of a step a coordinate may miss its place


@dataclass(frozen=True, eq=False)
class Image:
    """The origin, the steps and the number of points along three axes, of which the first runs fastest in a file."""

    grid: Grid
    origin: tuple[float, ...]
    spacing: tuple[float, ...]
    shape: tuple[int, ...]


def why_no_image(carrier: Grid | Mesh) -> str | None:
    """Why a carrier is not a grid of evenly spaced points; None where it is one.

    >>> from sirenpde import Box
    >>> line = Box(x=(0, 3)).axes
    >>> why_no_image(Grid(line, (np.array([0.0, 1.0, 2.0]),), {}))
    >>> why_no_image(Grid(line, (np.array([0.0, 1.0, 3.0]),), {}))
    'on points that are not evenly spaced along x'
    """
    if not isinstance(carrier, Grid):
        return "on a mesh"
    for i in shown_axes(carrier):
        line = carrier.coordinates[i]
        even = np.linspace(line[0], line[-1], len(line))
        if not np.abs(line - even).max() <= _EVEN * abs(even[1] - even[0]):
            return f"on points that are not evenly spaced along {carrier.names[i]}"
    return None


def better_as_image(carrier: Grid | Mesh) -> bool:
    """Whether a viewer shows it best as an image: evenly spaced, of two or three axes. A line is drawn as cells."""
    return len(shown_axes(carrier)) > 1 and why_no_image(carrier) is None


def image_of(carrier: Grid | Mesh, kind: str, other: str) -> Image:
    """A grid as an image. Raises ValueError, which names another format, unless it is one, evenly spaced."""
    reason = why_no_image(carrier)
    if reason or not isinstance(carrier, Grid):
        raise ValueError(
            f"A field {reason} was to be written as {kind}, which holds evenly spaced grids alone. Write {other}, "
            f"or export on a grid."
        )
    lines = [carrier.coordinates[i] for i in shown_axes(carrier)]
    spare = 3 - len(lines)
    return Image(
        carrier,
        (*(float(line[0]) for line in lines), *(0.0,) * spare),
        (*(float(line[-1] - line[0]) / (len(line) - 1) for line in lines), *(1.0,) * spare),
        (*map(len, lines), *(1,) * spare),
    )


def turned(image: Image, rows: Iterable[list[Array]], folder: Path) -> Iterator[list[Array]]:
    """Rows of several arrays of one function, in the order in which a file of an image has them."""
    shape = tuple(n for n in image.shape if n > 1)
    pieces = iter(rows)
    first = next(pieces)
    ends = np.cumsum([1 if array.ndim == 1 else array.shape[1] for array in first])
    scalars = [array.ndim == 1 for array in first]
    stacked = (np.column_stack(piece) for piece in itertools.chain([first], pieces))
    for piece in first_axis_fastest(stacked, shape, folder):
        parts = np.split(piece, ends[:-1], axis=1)
        yield [part[:, 0] if scalar else part for part, scalar in zip(parts, scalars, strict=True)]
