"""Surfaces as STL, in single precision."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register, warn_left_out

if TYPE_CHECKING:
    from ..surface import Surface


def write_stl(path: str | PathLike[str], surface: Surface, about: About = NOTHING) -> Path:
    """Write a surface as ``.stl``, which has no place for facts, nor for values: a warning says so.

    Raises ValueError where single precision would move the vertices by more than a hundredth of an edge.
    """
    content = _stl(surface)
    warn_left_out("stl", surface.values)
    with whole(path) as beside:
        beside.write_bytes(content)
    return Path(path)


def _stl(surface: Surface) -> bytes:
    import numpy as np

    from ..surface import area_vectors, unit

    corners = surface.vertices[surface.faces]
    moved = float(np.abs(corners.astype(np.float32) - corners).max())
    edge = float(np.median(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)))
    if moved > 0.01 * edge:
        raise ValueError(
            f"STL has single precision: vertices at {np.abs(corners).max():.6g} would move by {moved:.2g}, "
            f"and the edges are {edge:.2g} long. Write PLY, which has double precision here."
        )
    facets = np.zeros(len(corners), [("normal", "<f4", (3,)), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
    facets["normal"], facets["corners"] = unit(area_vectors(surface)), corners
    return b"surface".ljust(80) + len(facets).to_bytes(4, "little") + facets.tobytes()


register(
    Format(
        "stl",
        "a surface alone, in single precision",
        "surface",
        write_stl,
        single=True,
        values=False,
    )
)
