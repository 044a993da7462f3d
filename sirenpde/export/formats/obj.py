"""Surfaces as Wavefront OBJ, in text with all their digits."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register, warn_left_out

if TYPE_CHECKING:
    from ..surface import Surface


def write_obj(path: str | PathLike[str], surface: Surface, about: About = NOTHING) -> Path:
    """Write a surface as ``.obj``, with vertex normals; facts are comments. A warning names values left out."""
    import numpy as np

    from ..surface import vertex_normals

    warn_left_out("obj", surface.values)
    with whole(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.writelines(f"# {name} {' '.join(str(fact).split())}\n" for name, fact in about.facts.items())
        file.writelines("v {!r} {!r} {!r}\n".format(*place) for place in surface.vertices.tolist())
        np.savetxt(file, vertex_normals(surface), "vn %.6g %.6g %.6g")
        np.savetxt(file, np.repeat(surface.faces + 1, 2, axis=1), "f %d//%d %d//%d %d//%d")
    return Path(path)


register(Format("obj", "a surface alone, as text", "surface", write_obj, single=True, values=False))
