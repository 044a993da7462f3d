"""What a file of triangles holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Surface:
    """Vertices (v, 3), triangles (f, 3) of indices into them, and which triangles belong to each named group."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)  # each (f,)


def unreadable(file: Path, why: str) -> ValueError:
    """The error of a file that is no whole mesh."""
    return ValueError(
        f"'{file}' could not be read as a mesh: {why}. A whole triangle mesh is needed, such as OBJ, PLY or STL. "
        "Export it in one of these formats."
    )
