"""Grids as VTK image data (``.vti``): an origin and steps in place of points and cells."""

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


def write_vti(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write an evenly spaced grid of one to three axes in space, its values as point data as in VTU.

    Raises ValueError for a mesh, for coordinates that are not evenly spaced, for more than three axes, and for more
    than one time.
    """
    from ..steps import held_by
    from ..vtk.arrays import with_arrays
    from ..vtk.files import write_image

    steps = held_by("vti", carrier)
    still, facts = steps.at(0), steps.facts_at(0, about.facts)
    with whole(path) as beside:
        with_arrays(still, steps.axes, about, lambda arrays: write_image(beside, still, arrays, facts))
    return Path(path)


register(
    Format(
        "vti",
        "evenly spaced grids for ParaView, the smallest of its files, of one to three axes in space and at one time",
        "series",
        write_vti,
        most_axes=3,
    )
)
