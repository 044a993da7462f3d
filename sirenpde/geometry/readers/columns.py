"""Columns of measurements from the files that they come in: text, NPZ, MAT, HDF5, and points of VTK files."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .existing import existing
from .quiet import quiet, reason
from .tables import Columns, Labelled, read_labelled

Arrays = dict[str, NDArray[Any]]


def labelled_columns(path: Path, axes: Sequence[str], wanted: Collection[str] | None = None) -> Labelled:
    """The columns of a file of measurements, with their units where it has any; gaps are NaN.

    Text (CSV and the like), ``.npz``, ``.mat``, HDF5 (``.h5``, ``.hdf5``), ``.vtu`` and ``.vtk``. Arrays whose
    length is not that of the others, such as settings, are left out of archives unless they are ``wanted``.
    """
    file = existing(path)
    kind = file.suffix.lower()
    if kind in TEXTS:
        return read_labelled(file, None, axes, gaps=True, wanted=wanted)
    if kind in MESHES:
        return Labelled(_points(file, axes), {})
    arrays, units = read_arrays(file)
    columns = _even(file, arrays, axes, wanted)
    return Labelled(columns, units, None, [name for name in arrays if name not in columns])


def read_arrays(file: Path) -> tuple[Arrays, Mapping[str, str]]:
    """The arrays of an archive by name, and the units that it gives. ValueError for another or a damaged file."""
    reader = ARCHIVES.get(file.suffix.lower())
    if reader is None:
        known = ", ".join((*TEXTS, *ARCHIVES, *MESHES))
        raise ValueError(
            f"'{file}' is of type '{file.suffix}'; data are read from {known}. Convert it to one of these."
        )
    try:
        with quiet("h5py"):
            return reader(file)
    except Exception as error:
        raise unreadable(file, error) from error


def read_points(file: Path) -> tuple[Any, Arrays]:
    """meshio's mesh of a VTK file, and its data at points. ValueError for a damaged file."""
    import meshio

    try:
        with quiet():
            mesh = meshio.read(file)
    except (Exception, SystemExit) as error:  # meshio ends the program where no reader takes the file
        raise unreadable(file, error) from error
    return mesh, {name: np.asarray(values) for name, values in mesh.point_data.items()}


def unreadable(file: Path, error: BaseException) -> ValueError:
    kind = file.suffix.lower().removeprefix(".").upper()
    return ValueError(
        f"'{file}' could not be read as {kind} ({reason(error)}); a whole file of "
        "plain arrays is needed. Write it again."
    )


def _npz(file: Path) -> tuple[Arrays, Mapping[str, str]]:
    # From memory: numpy leaves a damaged file open.
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}, {}


def _mat(file: Path) -> tuple[Arrays, Mapping[str, str]]:
    import scipy.io

    try:
        values = scipy.io.loadmat(io.BytesIO(file.read_bytes()))
    except NotImplementedError:  # MATLAB 7.3 writes HDF5, its arrays transposed
        arrays, units = _hdf5(file)
        return {name: array.T for name, array in arrays.items()}, units
    return {n: v for n, v in values.items() if not n.startswith("__") and v.dtype.kind in "biufc"}, {}


def _hdf5(file: Path) -> tuple[Arrays, Mapping[str, str]]:
    import h5py

    arrays: Arrays = {}
    units: dict[str, str] = {}

    def visit(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or name.startswith("#"):
            return
        columns = {name: item[()]}
        if item.dtype.names:  # a table as one data set
            columns = {column: item[()][column] for column in item.dtype.names}
        for key, values in columns.items():
            if np.asarray(values).dtype.kind in "biufc":
                arrays[key] = np.asarray(values)
                unit = item.attrs.get("units", item.attrs.get("unit"))
                if isinstance(unit, bytes | str):
                    units[key] = unit.decode() if isinstance(unit, bytes) else unit

    with h5py.File(io.BytesIO(file.read_bytes()), "r") as archive:
        archive.visititems(visit)
    short = [name.rpartition("/")[2] for name in arrays]
    names = {long: end if short.count(end) == 1 else long for long, end in zip(arrays, short, strict=True)}
    return (
        {names[long]: array for long, array in arrays.items()},
        {names[long]: unit for long, unit in units.items()},
    )


def _points(file: Path, axes: Sequence[str]) -> Columns:
    """The coordinates of the points under the axes' names, x, y, z in their order, and the data at them."""
    mesh, data = read_points(file)
    columns: Columns = dict(data)
    spatial = [name for name in axes if name not in columns]
    for i, name in enumerate(spatial[: mesh.points.shape[1]]):
        columns[name] = np.asarray(mesh.points[:, "xyz".index(name) if name in ("x", "y", "z") else i])
    return columns


def _even(file: Path, arrays: Arrays, axes: Sequence[str], wanted: Collection[str] | None) -> Columns:
    """Those arrays that have a row for each point: as many as the first coordinate, or as most."""
    rows = {name: _rows(array) for name, array in arrays.items()}
    lengths = [len(values) for name, values in rows.items() if name in (wanted or axes)]
    lengths = lengths or sorted(map(len, rows.values()), key=list(map(len, rows.values())).count)[-1:]
    if wanted is not None and len(set(lengths)) > 1:
        given = ", ".join(f"{name} {len(rows[name])}" for name in rows if name in wanted)
        raise ValueError(
            f"'{file}' has arrays of different lengths ({given}); one row for each point is needed in all of them. "
            "Save those of the points alone."
        )
    return {name: values for name, values in rows.items() if lengths and len(values) == lengths[0]}


def _rows(array: NDArray[Any]) -> NDArray[Any]:
    """An array with its points along the first axis; MATLAB's rows and columns are both vectors."""
    array = np.atleast_1d(array)
    return array.reshape(-1) if array.ndim == 2 and 1 in array.shape else array


TEXTS = (".csv", ".tsv", ".tab", ".txt", ".dat", ".xyz", ".pts", ".asc")
MESHES = (".vtu", ".vtk")
ARCHIVES: dict[str, Callable[[Path], tuple[Arrays, Mapping[str, str]]]] = {
    ".npz": _npz,
    ".mat": _mat,
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), _hdf5),
}
