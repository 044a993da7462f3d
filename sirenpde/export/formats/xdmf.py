"""Grids and meshes, at one time or a series of times, as XDMF (``.xdmf``) with its values in HDF5 beside."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..grid import Grid
    from ..mesh import Mesh
    from ..sampled import Array
    from ..series import Series
    from ..steps import Steps
    from ..vtk.arrays import VtkArray
    from ..vtk.cells import Unstructured

_MARK = "xdmf"  # an attribute of the HDF5 file, by which it is known to be part of a file of ours


def write_xdmf(path: str | PathLike[str], carrier: Grid | Mesh | Series, about: About = NOTHING) -> Path:
    """Write a grid or mesh of one to three axes in space, its values at one or more times, as cells.

    The numbers lie in ``NAME.h5`` beside, the mesh once. Arrays are as in VTU, but a symmetric matrix has nine
    components, XDMF has no names for any, and what is no scalar, vector or matrix of three is there component by
    component. Facts are of the type Information.

    Raises ValueError for more than three axes in space, and where ``NAME.h5`` is a file of someone else's.
    """
    from ..steps import held_by
    from ..vtk.arrays import with_arrays
    from ..vtk.cells import unstructured

    target = Path(path)
    data = target.with_suffix(".h5")
    steps = held_by("xdmf", carrier)
    cells = unstructured(steps.places)
    _check_ours(data)

    def write(told: list[VtkArray]) -> str:
        import h5py

        arrays = [one for array in told for one in _known(array)]
        with h5py.File(beside, "w") as file:
            file.attrs[_MARK] = target.name
            _fill(file, steps, cells, arrays)
        return "\n".join(_lines(data.name, steps, cells, arrays, about))

    with whole(target) as light:
        with whole(data) as beside:
            text = with_arrays(steps.at(0), steps.axes, about, write, symmetric=False)
        light.write_text(text, encoding="utf-8")
    return target


def _check_ours(path: Path) -> None:
    """Raises ValueError where a file is there that no XDMF file of ours goes with."""
    import h5py

    if not path.exists():
        return
    ours = False
    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            ours = _MARK in file.attrs
    if not ours:
        raise ValueError(
            f"The numbers of an XDMF file were to be written into '{path}', which is there and belongs to no such "
            f"file. Move it away, or choose another name."
        )


def _fill(file: Any, steps: Steps, cells: Unstructured, arrays: list[VtkArray]) -> None:
    from ..hdf import dataset, fill, fill_together
    from ..vtk.arrays import together

    n, m, width = cells.point_count, cells.cell_count, cells.corners_per_cell
    fill(dataset(file, "points", (n, 3), "f8"), cells.points())
    fill(dataset(file, "cells", (m, width), "i8"), cells.cells())
    for i, still in enumerate(steps):
        group = file.create_group(str(i))
        for some, rows in together(still, arrays):
            made = [dataset(group, _key(arrays, one), (n, *one.inner), one.dtype) for one in some]
            fill_together(made, rows)


def _known(array: VtkArray) -> list[VtkArray]:
    """The array, if XDMF has a type for it, or else each of its components as a scalar."""
    if len(array.components) in (0, 3, 9):
        return [array]
    return [
        replace(array, name=f"{array.name}_{component}", components=(), rows=_column(array, i))
        for i, component in enumerate(array.components)
    ]


def _column(array: VtkArray, i: int) -> Callable[[Array], Array]:
    return lambda values: array.rows(values)[:, i]


def _key(arrays: list[VtkArray], array: VtkArray) -> str:
    """The name of an array's values in the HDF5 file: its place in the list, since any name can be a field's."""
    return str(next(i for i, other in enumerate(arrays) if other is array))


def _lines(
    data: str, steps: Steps, cells: Unstructured, arrays: list[VtkArray], about: About
) -> Iterator[str]:
    from ..vtk.cells import HEXAHEDRON, LINE, QUAD, TETRA, TRIANGLE, VERTEX, WEDGE
    from ..vtk.xml import attributes

    names = {
        VERTEX: "Polyvertex",
        LINE: "Polyline",
        TRIANGLE: "Triangle",
        QUAD: "Quadrilateral",
        TETRA: "Tetrahedron",
        HEXAHEDRON: "Hexahedron",
        WEDGE: "Wedge",
    }
    n, m, width = cells.point_count, cells.cell_count, cells.corners_per_cell

    def item(place: str, shape: tuple[int, ...], kind: str = "Float", bytes_: int = 8) -> str:
        said = {
            "Format": "HDF",
            "DataType": kind,
            "Precision": bytes_,
            "Dimensions": " ".join(map(str, shape)),
        }
        return f"<DataItem{attributes(said)}>{data}:/{place}</DataItem>"

    topology: dict[str, object] = {"TopologyType": names[cells.kind], "NumberOfElements": m}
    if cells.kind in (VERTEX, LINE):
        topology["NodesPerElement"] = width
    yield '<?xml version="1.0"?>'
    yield '<Xdmf Version="3.0">'
    yield "<Domain>"
    for name, fact in about.facts.items():
        yield f"<Information{attributes({'Name': name, 'Value': fact})}/>"
    yield '<Grid Name="times" GridType="Collection" CollectionType="Temporal">'
    for i in range(steps.count):
        yield f'<Grid Name="{i}" GridType="Uniform">'
        if steps.times:
            yield f'<Time Value="{steps.times[i]!r}"/>'
        yield f"<Topology{attributes(topology)}>{item('cells', (m, width), 'Int')}</Topology>"
        yield f'<Geometry GeometryType="XYZ">{item("points", (n, 3))}</Geometry>'
        for array in arrays:
            kind = {0: "Scalar", 3: "Vector", 9: "Tensor"}[len(array.components)]
            said = {"Name": array.name, "AttributeType": kind, "Center": "Node"}
            values = item(f"{i}/{_key(arrays, array)}", (n, *array.inner), bytes_=array.dtype.itemsize)
            yield f"<Attribute{attributes(said)}>{values}</Attribute>"
        yield "</Grid>"
    yield "</Grid>"
    yield "</Domain>"
    yield "</Xdmf>\n"


register(
    Format(
        "xdmf",
        "all times for ParaView, VisIt and meshio, with its numbers in an HDF5 file beside",
        "series",
        write_xdmf,
        series=True,
        most_axes=3,
    )
)
