"""Fields that are images, as PNG."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from ..files.whole import whole
from .grid import Grid
from .sampled import Array

_ROWS = 256  # that are rounded together


def as_8_bit(values: Array) -> Array:
    """Values (rows, columns) or (rows, columns, 3) in [0, 1] -> 8-bit, clipped and rounded.

    Where values are not finite the picture is transparent: such pixels bring a channel of their own, the last.

    >>> import numpy as np
    >>> as_8_bit(np.array([[-0.1, 0.5], [1.0, 7.0]])).tolist()
    [[0, 128], [255, 255]]
    >>> as_8_bit(np.array([[0.2, float("nan")]])).tolist()
    [[[51, 255], [0, 0]]]
    """
    if (
        np.iscomplexobj(values)
        or values.ndim not in (2, 3)
        or (values.ndim == 3 and values.shape[2] not in (1, 3, 4))
    ):
        raise ValueError(
            f"Values of shape {values.shape} and dtype {values.dtype} were given as a picture; expected real "
            f"(rows, columns) or (rows, columns, 3). Choose an output of one or three components."
        )
    flat = values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    unknown: Array = ~np.isfinite(flat)
    rounded = np.empty(flat.shape, np.uint8)
    for first in range(0, len(flat), _ROWS):  # large pictures would take memory several times over
        rows = slice(first, first + _ROWS)
        rounded[rows] = np.round(255 * np.clip(np.where(unknown[rows], 0, flat[rows]), 0, 1))
    if not unknown.any():
        return rounded
    hidden = unknown if flat.ndim == 2 else unknown.any(-1)
    colours = rounded.reshape(*hidden.shape, -1)[..., :3]
    shown: Array = np.dstack([colours, np.full(hidden.shape, 255, np.uint8)])
    shown[hidden] = 0
    return shown


def write_picture(path: str | PathLike[str], values: Array) -> Path:
    """Write values (rows, columns[, components]) in [0, 1] as PNG, row 0 at the top."""
    from PIL import Image

    with whole(path) as beside:
        Image.fromarray(as_8_bit(values)).save(beside, format="PNG")
    return Path(path)


def drawn(grid: Grid, name: str) -> Array:
    """A field on the pixels of a grid as a picture's rows, in its place in the whole picture if it is a part."""
    rows = as_rows(grid.values[name])
    return rows if grid.around is None else grid.around.completed(rows)


def as_rows(values: Array) -> Array:
    """Values on a grid (x, y) with y upwards as a picture's rows, from the top."""
    rows: Array = np.flip(values.swapaxes(0, 1), 0)
    return rows
