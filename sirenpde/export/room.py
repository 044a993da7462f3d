"""What files and meshes need, known before they are made."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import Any

from .grid import Grid
from .mesh import Mesh
from .sampled import kinds_of
from .series import Series

_MOST_VERTICES = 5_000_000  # of a mesh that is made here: some gigabytes
_MOST_AT_ONCE = 50_000_000  # points of a picture
_SPARE = 0.9  # of a disk or the memory


def check_room(path: Path, carrier: Any) -> None:
    """Raises ValueError where a file of these values, before compression, is more than the disk has left."""
    if not isinstance(carrier, Grid | Mesh | Series):
        return
    points, needed = _size(carrier)
    folder = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.is_dir())
    free = shutil.disk_usage(folder).free
    if needed > _SPARE * free:
        raise ValueError(
            f"'{path}' was to hold {points:,} points, some {needed / 2**30:.3g} GiB, and its "
            f"disk has {free / 2**30:.3g} GiB left. Lower the resolution, or choose fewer times or another folder."
        )


def check_memory(name: str, carrier: Grid | Mesh | Series) -> None:
    """Raises ValueError where the values on a carrier, all at once, are more than the memory that is free."""
    points, size = _size(carrier)
    free, needed = _free_memory(), 3 * size  # beside what they are computed from
    if points > _MOST_AT_ONCE or (free is not None and needed > _SPARE * free):
        left = "" if free is None else f", and {free / 2**30:.3g} GiB are free"
        raise ValueError(
            f"{name} on {points:,} points, all at once, needs some {needed / 2**30:.3g} GiB of memory{left}; at most "
            f"{_MOST_AT_ONCE:,} points are held. Lower the resolution, or write a format that is streamed, such as "
            f"VTI, VTKHDF or NPZ."
        )


def check_mesh(name: str, resolution: int, dimension: int) -> None:
    """Raises ValueError for a mesh of a shape with more vertices than are made in reasonable time and memory."""
    vertices = resolution**dimension
    if vertices > _MOST_VERTICES:
        most = math.floor(_MOST_VERTICES ** (1 / dimension) + 1e-9)
        raise ValueError(
            f"A mesh of '{name}' {resolution} points across was asked for, with up to {vertices:,} vertices; up to "
            f"{most} points across are made. Lower the resolution, or ask for a grid."
        )


def _size(carrier: Grid | Mesh | Series) -> tuple[int, int]:
    """How many points there are in all, and the bytes of their values and coordinates."""
    first = carrier.at(float(carrier.times[0])) if isinstance(carrier, Series) else carrier
    points = math.prod(first.shape) * (len(carrier) if isinstance(carrier, Series) else 1)
    each = sum(max(1, math.prod(shape)) * dtype.itemsize for shape, dtype in kinds_of(first).values())
    coordinates = 8 * len(first.axes) if isinstance(first, Mesh) else 0
    return points, points * (each + coordinates)


def _free_memory() -> int | None:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # not every system tells
        return None
