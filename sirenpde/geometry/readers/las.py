"""LAS and LAZ files, as laser scanners write them: places, and normals where there are any."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .quiet import quiet, reason
from .tables import Columns

_NORMALS = {
    "nx": 0,
    "ny": 1,
    "nz": 2,
    "normalx": 0,
    "normaly": 1,
    "normalz": 2,
}  # of further dimensions, as told


def read_las(file: Path) -> Columns:
    """The columns x, y, z in the file's units, and nx, ny, nz where it has dimensions of such names.

    Colours, intensities and classes are left out. Needs laspy, and lazrs for LAZ, which the extra ``scan`` brings.
    Raises ValueError where they are missing, or the file cannot be read.
    """
    try:
        import laspy
    except ImportError:
        raise ValueError(
            f"'{file}' is read by the package laspy, which is not installed. Install it by pip install "
            f"'sirenpde[scan]', or convert the file to PLY."
        ) from None
    try:
        with quiet("laspy"):
            content = laspy.read(file)
            columns: Columns = {axis: np.asarray(getattr(content, axis), np.float64) for axis in "xyz"}
            for name in content.point_format.extra_dimension_names:
                told = name.lower().replace("_", "").replace(" ", "")
                if told in _NORMALS:
                    columns[f"n{'xyz'[_NORMALS[told]]}"] = np.asarray(content[name], np.float64)
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as LAS ({reason(error)}); a whole LAS or LAZ file is needed. Export it "
            f"again."
        ) from error
    return columns
