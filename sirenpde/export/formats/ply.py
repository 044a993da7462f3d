"""Surfaces as PLY, in double precision, with normals and values at their vertices."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from ..sampled import Array
    from ..surface import Surface

_UNKNOWN = (128, 128, 128)  # the colour where a value is not a number


def write_ply(path: str | PathLike[str], surface: Surface, about: About = NOTHING) -> Path:
    """Write a surface as ``.ply``: vertices, their normals, and a property for each component of the values.

    The first value is shown as colours also, for viewers that know no others. Facts are comments.
    """
    content = _ply(surface, about)
    with whole(path) as beside:
        beside.write_bytes(content)
    return Path(path)


def _ply(surface: Surface, about: About) -> bytes:
    import numpy as np

    from ..surface import vertex_normals

    values = _columns(surface, about)
    colours = [(name, "u1") for name in ("red", "green", "blue")] if values else []
    layout = [("place", "<f8", (3,)), ("normal", "<f4", (3,)), *colours, *((name, "<f8") for name in values)]
    vertices = np.empty(len(surface.vertices), np.dtype(layout))
    vertices["place"], vertices["normal"] = surface.vertices, vertex_normals(surface)
    for name, column in values.items():
        vertices[name] = column
    if values:
        shown = _colours(_magnitude(surface))
        for (name, _), channel in zip(colours, shown.T, strict=True):
            vertices[name] = channel
    faces = np.empty(len(surface.faces), [("count", "u1"), ("corners", "<i4", (3,))])
    faces["count"], faces["corners"] = 3, surface.faces
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *(f"comment {name} {' '.join(str(fact).split())}" for name, fact in about.facts.items()),
        f"element vertex {len(vertices)}",
        *(f"property double {name}" for name in ("x", "y", "z")),
        *(f"property float {name}" for name in ("nx", "ny", "nz")),
        *(f"property uchar {name}" for name, _ in colours),
        *(f"property double {name}" for name in values),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header\n",
    ]
    return "\n".join(header).encode() + vertices.tobytes() + faces.tobytes()


def _columns(surface: Surface, about: About) -> dict[str, Array]:
    """The values as real columns (v,), by names without spaces that no vertex has anyway."""
    from ...geometry.point import Axis
    from ..components import component_names, flat_names, parts_of

    taken = {"x", "y", "z", "nx", "ny", "nz", "red", "green", "blue"}
    space = [Axis(name, 0.0, 1.0) for name in "xyz"]
    columns: dict[str, Array] = {}
    for name, values in surface.values.items():
        names = component_names(values.shape[1:], space, about.components.get(name))
        for part in parts_of(name, values.dtype):
            rows = part.of(values).reshape(len(values), -1)
            for label, column in zip(flat_names(part.name, names), rows.T, strict=True):
                word = "_".join(label.split())
                columns[f"{word}_" if word in taken else word] = column
    return columns


def _magnitude(surface: Surface) -> Array:
    import numpy as np

    values = next(iter(surface.values.values()))
    if values.ndim == 1 and not np.iscomplexobj(values):
        return values
    size: Array = np.linalg.norm(values.reshape(len(values), -1), axis=1)
    return size


def _colours(values: Array) -> Array:
    """8-bit red, green and blue (n, 3) of the values from their least to their largest."""
    import numpy as np
    from matplotlib import colormaps

    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
    scaled = (np.where(known, values, low) - low) / ((high - low) or 1.0)
    colours: Array = np.round(255 * colormaps["viridis"](scaled)[:, :3]).astype(np.uint8)
    colours[~known] = _UNKNOWN
    return colours


register(
    Format("ply", "a surface with normals and values, in double precision", "surface", write_ply, single=True)
)
