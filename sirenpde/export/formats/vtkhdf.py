"""Grids and meshes, at one time or a series of times, as VTK's HDF5 file (``.vtkhdf``)."""

from __future__ import annotations

import itertools
import math
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..about import Fact
    from ..grid import Grid
    from ..mesh import Mesh
    from ..series import Series
    from ..steps import Steps
    from ..vtk.arrays import VtkArray


def write_vtkhdf(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write a grid or mesh of one to three axes in space, its values at one or more times, in a single file.

    The mesh is there once, whatever the number of times. An evenly spaced grid of two or three axes becomes image
    data, anything else an unstructured grid. Values are as in VTU, but VTKHDF has no names for components. ParaView
    reads a file with times from version 5.12 on.

    Raises ValueError for more than three axes in space.
    """
    from ..steps import held_by
    from ..vtk.arrays import with_arrays
    from ..vtk.image import better_as_image

    steps = held_by("vtkhdf", carrier)
    fill = _image if better_as_image(steps.places) else _unstructured

    def write(arrays: list[VtkArray]) -> None:
        import h5py

        with h5py.File(beside, "w") as file:
            root = file.create_group("VTKHDF", track_order=True)
            root.attrs["Version"] = (2, 3)
            fill(root, steps, arrays, beside.parent)
            _add_facts(root, steps, about.facts)

    with whole(path) as beside:
        with_arrays(steps.at(0), steps.axes, about, write)
    return Path(path)


def _image(root: Any, steps: Steps, arrays: list[VtkArray], folder: Path) -> None:
    import numpy as np

    from ..vtk.arrays import together
    from ..vtk.image import image_of, turned

    image = image_of(steps.places, "VTKHDF", "VTU")
    root.attrs["Type"] = np.bytes_("ImageData")
    root.attrs["WholeExtent"] = [n for size in image.shape for n in (0, size - 1)]
    root.attrs["Origin"], root.attrs["Spacing"] = image.origin, image.spacing
    root.attrs["Direction"] = np.eye(3).ravel()
    wide = tuple(n for n in image.shape[::-1] if n > 1)  # in the file the first axis is the last one
    data = _point_data(root, arrays, (steps.count, *wide) if steps.plays else wide)
    for i, still in enumerate(steps):
        here = (i,) if steps.plays else ()
        for some, rows in together(still, arrays):
            done = 0
            for pieces in turned(image, rows, folder):
                slabs = len(pieces[0]) // math.prod(wide[1:])
                for array, piece in zip(some, pieces, strict=True):
                    slab = piece.reshape(slabs, *wide[1:], *piece.shape[1:])
                    data[array.name][(*here, slice(done, done + slabs))] = slab
                done += slabs
    if steps.plays:
        _add_steps(root, steps, arrays, 1)


def _unstructured(root: Any, steps: Steps, arrays: list[VtkArray], folder: Path) -> None:
    import numpy as np

    from ..hdf import dataset, fill, fill_together
    from ..vtk.arrays import together
    from ..vtk.cells import constant, offsets, unstructured

    cells = unstructured(steps.places)
    n, m, width = cells.point_count, cells.cell_count, cells.corners_per_cell
    root.attrs["Type"] = np.bytes_("UnstructuredGrid")
    for name, count in (("Points", n), ("Cells", m), ("ConnectivityIds", m * width)):
        root.create_dataset(f"NumberOf{name}", data=[count])
    fill(dataset(root, "Points", (n, 3), "f8"), cells.points())
    fill(dataset(root, "Connectivity", (m * width,), "i8"), (some.reshape(-1) for some in cells.cells()))
    fill(dataset(root, "Offsets", (m + 1,), "i8"), itertools.chain([np.zeros(1)], offsets(m, width)))
    fill(dataset(root, "Types", (m,), "u1"), constant(m, cells.kind))
    data = _point_data(root, arrays, (steps.count * n,))
    for i, still in enumerate(steps):
        for some, rows in together(still, arrays):
            fill_together([data[array.name] for array in some], rows, i * n)
    if steps.plays:
        times = steps.count
        added = _add_steps(root, steps, arrays, n)
        added.create_dataset("NumberOfParts", data=np.ones(times, dtype="i8"))
        for name, shape in (
            ("PartOffsets", (times,)),
            ("PointOffsets", (times,)),
            ("CellOffsets", (times, 1)),
            ("ConnectivityIdOffsets", (times, 1)),
        ):
            added.create_dataset(name, data=np.zeros(shape, dtype="i8"))  # all times have the one mesh


def _add_steps(root: Any, steps: Steps, arrays: list[VtkArray], stride: int) -> Any:
    """The times, and where the values of each begin."""
    import numpy as np

    added = root.create_group("Steps", track_order=True)
    added.attrs["NSteps"] = len(steps.times)
    added.create_dataset("Values", data=np.array(steps.times))
    starts = added.create_group("PointDataOffsets", track_order=True)
    for array in arrays:
        starts.create_dataset(_link(array.name), data=np.arange(len(steps.times), dtype="i8") * stride)
    return added


def _add_facts(root: Any, steps: Steps, facts: Mapping[str, Fact]) -> None:
    """Numbers and texts, each an array of one value, the same at all times. VTK knows no series of one: its time
    is a fact."""
    import h5py
    import numpy as np

    facts = facts if steps.plays else steps.facts_at(0, facts)
    if not facts:
        return
    group = root.create_group("FieldData", track_order=True)
    for name, fact in facts.items():
        if isinstance(
            fact, str
        ):  # VTK reads no strings that are marked as UTF-8, and shows them if they are not
            group.create_dataset(name, data=[fact.encode()], dtype=h5py.string_dtype("ascii"))
        else:
            group.create_dataset(name, data=[fact])
    if steps.plays:
        times = steps.count
        starts, sizes = (root["Steps"].create_group(f"FieldData{part}") for part in ("Offsets", "Sizes"))
        for name in facts:
            starts.create_dataset(name, data=np.zeros(times, dtype="i8"))
            sizes.create_dataset(name, data=np.ones((times, 2), dtype="i8"))


def _point_data(root: Any, arrays: list[VtkArray], shape: tuple[int, ...]) -> dict[str, Any]:
    """Empty arrays of this shape and their components; an attribute marks those that a viewer shows first."""
    import numpy as np

    from ..hdf import dataset
    from ..vtk.arrays import active

    group = root.create_group("PointData", track_order=True)
    made = {
        array.name: dataset(group, _link(array.name), (*shape, *array.inner), array.dtype) for array in arrays
    }
    for role, name in active(arrays).items():  # an array has one mark, and Scalars come last
        made[name].attrs["Attribute"] = np.bytes_(role)
    return made


def _link(name: str) -> str:
    """A name as HDF5 can have it, where a slash opens a group."""
    return name.replace("/", "_")


register(
    Format(
        "vtkhdf",
        "one file with all times, for ParaView 5.12 and later",
        "series",
        write_vtkhdf,
        series=True,
        most_axes=3,
    )
)
