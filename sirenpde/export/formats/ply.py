"""Surfaces as PLY, in double precision with vertex normals."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..format import Format, register

if TYPE_CHECKING:
    from ..surface import Surface


def write_ply(path: str | PathLike[str], surface: Surface) -> Path:
    """Write a surface as ``.ply``."""
    content = _ply(surface)
    with whole(path) as beside:
        beside.write_bytes(content)
    return Path(path)


def _ply(surface: Surface) -> bytes:
    import numpy as np

    from ..surface import vertex_normals

    vertices = np.empty(len(surface.vertices), [("place", "<f8", (3,)), ("normal", "<f4", (3,))])
    vertices["place"], vertices["normal"] = surface.vertices, vertex_normals(surface)
    faces = np.empty(len(surface.faces), [("count", "u1"), ("corners", "<i4", (3,))])
    faces["count"], faces["corners"] = 3, surface.faces
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(vertices)}",
        *(f"property double {name}" for name in ("x", "y", "z")),
        *(f"property float {name}" for name in ("nx", "ny", "nz")),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header\n",
    ]
    return "\n".join(header).encode() + vertices.tobytes() + faces.tobytes()


register(
    Format("ply", "the zero level of one output, in double precision", "surface", write_ply, single=True)
)
