"""A field of pictures in time as a film (``.mp4``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..about import NOTHING, About
from ..format import Format, register
from ..sampled import Array

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh
    from ..series import Series


def write_mp4(path: str | PathLike[str], carrier: Series | Grid | Mesh, about: About = NOTHING) -> Path:
    """Write the first field, grey or in colour from 0 to 1, a frame for each of its times, evaluated one by one.

    The film has the pixels of the one that was fitted and its rate, so that the two can be played side by side;
    where its height or width is odd, the last row or column stands twice. Raises ValueError for a field that is no
    film, and where the package imageio-ffmpeg is missing.
    """
    from ...plots import film_ending, write_frames
    from ..steps import steps_of

    steps = steps_of(carrier)
    if not steps.plays or not getattr(steps.places, "is_picture", False):
        raise ValueError(
            f"'{path}' was to be a film of a field of {', '.join(a.name for a in steps.axes)}; one is written of "
            "colours on the pixels of a film. Write VTKHDF for a viewer, or draw it: sirenpde plot DIR --animate."
        )
    if film_ending() != Path(path).suffix:
        raise ValueError(
            f"'{path}' is written by the package imageio-ffmpeg, which is not installed or finds no ffmpeg. Install "
            "it by pip install 'sirenpde[video]', or write NPZ or VTKHDF."
        )
    times = steps.times
    return write_frames(path, _frames(steps), (len(times) - 1) / (times[-1] - times[0]))


def _frames(steps: Iterable[Grid | Mesh]) -> Iterator[Array]:
    from ..picture import as_8_bit, as_rows

    for step in steps:
        rows = as_8_bit(as_rows(next(iter(step.values.values()))))
        yield np.repeat(rows[:, :, None], 3, axis=2) if rows.ndim == 2 else rows[:, :, :3]


register(
    Format(
        "mp4",
        "a film of one output, on the pixels of a film",
        "series",
        write_mp4,
        single=True,
        series=True,
        most_axes=3,
    )
)
