"""Files that clouds, meshes and images are read from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[np.generic]]
_SHIPPED = Path(__file__).parents[1] / "data"


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
    """The path, once it is certain that there is a file with something in it."""
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


def read_columns(path: str | PathLike[str], names: Sequence[str] | None, default: Sequence[str]) -> Columns:
    """The named columns of a file of points: ``.ply``, ``.npz``, or a table (``.csv``, ``.xyz``, ...).

    A table without a header has the columns ``names``, or some of ``default`` if their number fits.
    Vertices of a mesh (``.obj``, ``.stl``, ``.off``) are not points of a cloud: sample the mesh.
    """
    file = existing(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise ValueError(
            f"'{file}' is of type '{file.suffix}'; points are read from {', '.join(_READERS)}. Convert it"
            + (", or sample the mesh by PointCloud.sample_mesh." if file.suffix.lower() in _MESHES else ".")
        )
    return reader(file, names, default)


def _read_ply(file: Path, names: Sequence[str] | None, default: Sequence[str]) -> Columns:
    import meshio

    try:
        mesh = meshio.ply.read(file)  # not meshio.read, which exits the program on a bad file
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as PLY ({error}); a PLY file with vertices is needed. Export it "
            "again."
        ) from error
    coordinates = dict(zip("xyz", np.asarray(mesh.points).T, strict=False))
    return coordinates | {key: np.asarray(values) for key, values in mesh.point_data.items()}


def _read_npz(file: Path, names: Sequence[str] | None, default: Sequence[str]) -> Columns:
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as NPZ ({error}); an archive written by numpy.savez is needed. "
            f"Save plain arrays again."
        ) from error


def _read_table(file: Path, names: Sequence[str] | None, default: Sequence[str]) -> Columns:
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"'{file}' is not text; a table of numbers is needed. Export it as CSV.") from error
    lines = [line for line in lines if line.strip("#")]
    delimiter = next((mark for mark in (",", ";", "\t") if lines and mark in lines[0]), None)
    header = [word.strip().strip('"') for word in lines[0].lstrip("# ").split(delimiter)] if lines else []
    has_header = not all(map(_is_number, header))
    rows = [line for line in lines[has_header:] if not line.startswith("#")]
    if not rows:
        raise ValueError(f"'{file}' has no rows of numbers; a table of points is needed. Check the export.")
    try:
        table = np.loadtxt(rows, delimiter=delimiter, ndmin=2)
    except ValueError as error:
        raise ValueError(
            f"'{file}' is not a table of numbers ({error}); every row needs the same number of them. Mend "
            "that row."
        ) from error
    width = table.shape[1]
    found = names or (header if has_header else default[:width])
    if len(found) != width:
        raise ValueError(
            f"'{file}' has {width} columns and these names for them: {', '.join(found)}; each column needs "
            f"one. Pass columns=(...) with {width} names."
        )
    return dict(zip(found, table.T, strict=True))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


_MESHES = {".obj", ".stl", ".off", ".glb"}
_READERS: dict[str, Callable[[Path, Sequence[str] | None, Sequence[str]], Columns]] = {
    ".ply": _read_ply,
    ".npz": _read_npz,
    **dict.fromkeys([".csv", ".tsv", ".txt", ".xyz", ".pts"], _read_table),
}
