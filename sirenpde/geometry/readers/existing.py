"""Files that clouds, meshes and images are read from."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from .las import read_las
from .ply import read_ply
from .quiet import quiet, reason
from .tables import Columns, read_table

_SHIPPED = Path(__file__).parents[2] / "data"


def bundled(name: str) -> Path:
    """The path of a file shipped with the package. FileNotFoundError lists what there is.

    >>> from sirenpde import bundled
    >>> bundled("spot.obj").name
    'spot.obj'
    """
    path = _SHIPPED / name
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in _SHIPPED.iterdir() if p.suffix != ".md"))
        raise FileNotFoundError(
            f"No file '{name}' is shipped with sirenpde; there is {there}. Name one of these."
        )
    return path


def existing(path: str | PathLike[str]) -> Path:
    """The path, once it is certain that there is a file with something in it; OSError or ValueError if not."""
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(
            f"There is no file '{file}'; a file to read is needed. Check its name and folder."
        )
    if file.is_dir():
        raise IsADirectoryError(f"'{file}' is a folder; a file to read is needed. Name a file in it.")
    if file.stat().st_size == 0:
        raise ValueError(f"'{file}' is empty; a file with content is needed. Save or download it again.")
    return file


def read_columns(path: str | PathLike[str], names: Sequence[str] | None, axes: Sequence[str]) -> Columns:
    """The named columns of a file of points: ``.ply``, ``.npz``, ``.las``, or a table (``.csv``, ``.xyz``, ...).

    A table without a header has the columns ``names``, or those of the axes, or of the axes and the normal.
    Vertices of a mesh (``.obj``, ``.stl``, ``.off``) are not points of a cloud: sample the mesh.

    Raises ValueError for these and other kinds of files, and for what cannot be read as its kind.
    """
    file = existing(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise ValueError(
            f"'{file}' is of type '{file.suffix}'; points are read from {', '.join(_READERS)}. Convert it"
            + (", or sample the mesh by PointCloud.sample_mesh." if file.suffix.lower() in _MESHES else ".")
        )
    return reader(file, names, axes)


def _read_ply(file: Path, names: Sequence[str] | None, axes: Sequence[str]) -> Columns:
    vertex = read_ply(file).get("vertex", {})
    return {name: column for name, column in vertex.items() if isinstance(column, np.ndarray)}


def _read_las(file: Path, names: Sequence[str] | None, axes: Sequence[str]) -> Columns:
    return read_las(file)


def _read_npz(file: Path, names: Sequence[str] | None, axes: Sequence[str]) -> Columns:
    try:
        # From memory: numpy leaves a damaged file open.
        with quiet(), np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as archive:
            columns: Columns = {key: archive[key] for key in archive.files}
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as NPZ ({reason(error)}); an archive written by "
            "numpy.savez is needed. Save plain arrays again."
        ) from error
    lengths = {key: len(array) if array.ndim else None for key, array in columns.items()}
    if len(set(lengths.values())) > 1 or None in lengths.values():
        given = ", ".join(f"{key} {'a single number' if n is None else n}" for key, n in lengths.items())
        raise ValueError(
            f"'{file}' has arrays of different lengths ({given}); every array needs one row for each point. Save "
            "those of the points alone."
        )
    for key, array in columns.items():
        if array.dtype.kind not in "biufcUS":
            raise ValueError(
                f"'{file}': '{key}' is an array of {array.dtype}; numbers are needed. Save plain arrays."
            )
    return columns


_MESHES = {".obj", ".stl", ".off", ".glb", ".msh", ".vtk", ".vtu"}
_READERS: dict[str, Callable[[Path, Sequence[str] | None, Sequence[str]], Columns]] = {
    ".ply": _read_ply,
    ".npz": _read_npz,
    ".las": _read_las,
    ".laz": _read_las,
    **dict.fromkeys([".csv", ".tsv", ".tab", ".txt", ".dat", ".xyz", ".pts", ".asc"], read_table),
}
