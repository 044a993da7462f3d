"""Grids and meshes as arrays (``.npz``), for numpy."""

from __future__ import annotations

import json
import math
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zipfile import ZipFile

    import numpy as np

    from ..grid import Grid
    from ..mesh import Mesh
    from ..sampled import Array
    from ..series import Series
    from ..steps import Steps


def write_npz(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write a grid as NPZ: an array for each field and each axis, and ``axes`` with their names in the values' order.

    Time comes first. Of a mesh there are its ``points`` in place of their axes, the corners of its ``cells``, and an
    array for each further axis. ``about`` has the facts as JSON.

    >>> import tempfile
    >>> import numpy as np
    >>> from sirenpde import Box
    >>> from sirenpde.export.grid import sample
    >>> grid = sample({"u": lambda p: p[:, 0] + p[:, 1]}, Box(x=(0, 1), y=(0, 1)).axes, [np.arange(2.0)] * 2)
    >>> with np.load(write_npz(Path(tempfile.mkdtemp()) / "u.npz", grid)) as arrays:
    ...     arrays["axes"].tolist(), arrays["x"].tolist(), arrays["u"].tolist()
    (['x', 'y'], [0.0, 1.0], [[0.0, 1.0], [1.0, 2.0]])
    """
    from zipfile import ZIP_DEFLATED, ZipFile

    import numpy as np

    from ..sampled import kinds_of, pieces_of
    from ..steps import held_by

    steps = held_by("npz", carrier)
    held = _coordinates(steps)
    clash = set(carrier.functions if hasattr(carrier, "functions") else carrier.values) & {
        *held,
        "axes",
        "about",
    }
    if clash:
        raise ValueError(
            f"A field is called {clash.pop()}, like an axis or part of a mesh; NPZ needs different names. Rename it."
        )
    if about.facts:
        held["about"] = np.array(json.dumps(dict(about.facts)))
    shape = ((len(steps.times),) if steps.times else ()) + steps.places.shape
    with whole(path) as beside, ZipFile(beside, "w", ZIP_DEFLATED) as file:
        for name, array in held.items():
            _add(file, name, array.shape, array.dtype, [array])
        for name, (inner, dtype) in kinds_of(steps.at(0)).items():
            values = (piece for still in steps for piece in pieces_of(still, name))
            _add(file, name, shape + inner, dtype, values)
    return Path(path)


def _coordinates(steps: Steps) -> dict[str, Array]:
    import numpy as np

    from ..mesh import Mesh

    places, names = steps.places, steps.places.names
    time = [axis.name for axis in steps.axes if axis.name not in names][:1]
    held: dict[str, Array] = {"axes": np.array([*time, *names])}
    held |= {name: np.array(steps.times) for name in time}
    if not isinstance(places, Mesh):
        return held | dict(zip(names, places.coordinates, strict=True))
    lines = names[len(names) - len(places.cells.lines) :]
    held |= {"points": places.cells.points.numpy(), "cells": places.cells.corners.numpy()}
    return held | {name: line.numpy() for name, line in zip(lines, places.cells.lines, strict=True)}


def _add(
    file: ZipFile, name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic], pieces: Iterable[Array]
) -> None:
    """One array, piece by piece; the archive has no date, so that equal arrays make equal files."""
    from zipfile import ZIP_DEFLATED, ZipInfo

    import numpy as np

    entry = ZipInfo(f"{name}.npy")
    entry.compress_type = ZIP_DEFLATED
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with file.open(entry, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_2_0(member, header)
        written = 0
        for piece in pieces:
            written += member.write(np.ascontiguousarray(piece, dtype=dtype).tobytes())
    assert written == math.prod(shape) * dtype.itemsize


register(
    Format("npz", "arrays for numpy, of any number of axes and all times", "series", write_npz, series=True)
)
