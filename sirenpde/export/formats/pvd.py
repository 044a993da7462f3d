"""Time series as a collection of VTK files (``.pvd``), which every ParaView plays."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole, whole_folder
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh
    from ..series import Series


def write_pvd(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write a file for each time into a folder beside, ``NAME_pvd/``, and the list of them with their times.

    They are image data where the grid is evenly spaced, of two or three axes, and else unstructured grids. An
    earlier series of this name is replaced; a folder with anything else in it is not.

    Raises ValueError for more than three axes in space.
    """
    from ..steps import held_by
    from ..vtk.arrays import VtkArray, with_arrays
    from ..vtk.files import write_cells, write_image
    from ..vtk.image import better_as_image
    from ..vtk.xml import attributes

    target = Path(path)
    steps = held_by("pvd", carrier)
    kind, write = ("vti", write_image) if better_as_image(steps.places) else ("vtu", write_cells)
    width = len(str(steps.count - 1))
    names = [f"{target.stem}_{i:0{width}}.{kind}" for i in range(steps.count)]
    folder = target.with_name(f"{target.stem}_pvd")
    _check_ours(folder)

    def write_steps(arrays: list[VtkArray]) -> None:
        for i, (name, still) in enumerate(zip(names, steps, strict=True)):
            write(pieces / name, still, arrays, steps.facts_at(i, about.facts))

    with whole_folder(folder) as pieces:
        with_arrays(steps.at(0), steps.axes, about, write_steps)
    times = steps.times or (0.0,)
    sets = (
        attributes({"timestep": repr(time), "part": 0, "file": f"{folder.name}/{name}"})
        for name, time in zip(names, times, strict=True)
    )
    lines = [
        '<?xml version="1.0"?>',
        '<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">',
        "<Collection>",
        *(f"<DataSet{said}/>" for said in sets),
        "</Collection>",
        "</VTKFile>\n",
    ]
    with whole(target) as beside:
        beside.write_text("\n".join(lines), encoding="utf-8")
    return target


def _check_ours(folder: Path) -> None:
    """Raises ValueError where a folder holds what no series of its name would."""
    stem = folder.name.removesuffix("_pvd")
    others = [
        file.name
        for file in (folder.iterdir() if folder.exists() else ())
        if not (file.name.startswith(f"{stem}_") and file.suffix in (".vti", ".vtu"))
    ]
    if others:
        raise ValueError(
            f"A time series was to be written into the folder '{folder}', which holds '{others[0]}', no file of a "
            f"series. Move it away, or choose another name."
        )


register(
    Format(
        "pvd",
        "a list of files, one for each time, for every ParaView",
        "series",
        write_pvd,
        series=True,
        most_axes=3,
    )
)
