"""Meshes and grids as VTK unstructured grids (``.vtu``), for ParaView and other mesh viewers."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh
    from ..series import Series


def write_vtu(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write a grid or mesh of one to three axes in space, its values as point data, compressed.

    Axes with a single coordinate do not count. Complex values become three arrays, ``_real``, ``_imag`` and
    ``_abs``; a vector with one component for each axis has three, a matrix nine, or six where it is symmetric, all
    named. The first scalar, vector and tensor are active, and facts are field data.

    Raises ValueError for more than three axes and for more than one time.
    """
    from ..steps import held_by
    from ..vtk.arrays import with_arrays
    from ..vtk.files import write_cells

    steps = held_by("vtu", carrier)
    still, facts = steps.at(0), steps.facts_at(0, about.facts)
    with whole(path) as beside:
        with_arrays(still, steps.axes, about, lambda arrays: write_cells(beside, still, arrays, facts))
    return Path(path)


register(
    Format(
        "vtu",
        "meshes for ParaView and other viewers, of one to three axes in space and at one time",
        "series",
        write_vtu,
        most_axes=3,
    )
)
