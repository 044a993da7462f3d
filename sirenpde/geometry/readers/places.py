"""Mesh files as places to evaluate fields at: their own points, in their order, and cells between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import read_points
from .existing import existing

Array = NDArray[Any]

# Simplices that fill an element of first order, by its corners in VTK's order.
_SIMPLICES: dict[str, tuple[tuple[int, ...], ...]] = {
    "vertex": ((0,),),
    "line": ((0, 1),),
    "triangle": ((0, 1, 2),),
    "quad": ((0, 1, 2), (0, 2, 3)),
    "tetra": ((0, 1, 2, 3),),
    "pyramid": ((0, 1, 2, 4), (0, 2, 3, 4)),
    "wedge": ((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5)),
    "hexahedron": ((0, 1, 3, 4), (1, 2, 3, 6), (1, 3, 4, 6), (3, 4, 6, 7), (1, 4, 5, 6)),
}


def read_places(path: Path, dimension: int, names: str) -> tuple[Array, Array]:
    """The points (n, dimension) of a mesh file, all and in their order, and simplices (m, s + 1) between them.

    Reads what meshio reads: VTU, VTK, XDMF, gmsh, STL, PLY, OBJ, OFF and others. Of several kinds of cells those of
    the highest dimension count; quadrilaterals, hexahedra, wedges and pyramids are split, and of cells of higher
    order the corners are taken.

    Raises:
        ValueError: for a file that cannot be read, one without cells, and points that are not of the ``dimension`` of
            the axes ``names``.
    """
    file = existing(path)
    mesh, _ = read_points(file)
    points = np.asarray(mesh.points, dtype=np.float64)
    if points.ndim != 2 or not len(points):
        raise ValueError(f"'{file}' has no points; a mesh to evaluate on is needed. Export it again.")
    spread = np.ptp(points, axis=0)
    beyond = spread[dimension:].max(initial=0.0)
    if points.shape[1] < dimension or beyond > 1e-9 * max(float(spread.max()), 1e-300):
        kind = "one of the plane" if dimension == 2 else f"one of {dimension} dimensions"
        raise ValueError(
            f"'{file}' has points of {points.shape[1]} coordinates that spread over {int((spread > 0).sum())}; for a "
            f"field of {names} {kind} is needed, with any further coordinates constant. Choose another mesh."
        )
    if not np.isfinite(points).all():
        raise ValueError(f"'{file}' has points that are not finite; a sound mesh is needed. Export it again.")
    return points[:, :dimension], _simplices(mesh, file)


def _simplices(mesh: Any, file: Path) -> Array:
    found: dict[int, list[Array]] = {}
    for block in mesh.cells:
        kind = block.type.rstrip("0123456789")
        corners = np.asarray(block.data, dtype=np.int64)
        for simplex in _SIMPLICES.get(kind, ()):
            found.setdefault(len(simplex), []).append(corners[:, list(simplex)])
    if not found:
        kinds = ", ".join(sorted({block.type for block in mesh.cells})) or "none"
        raise ValueError(
            f"'{file}' has cells of the kinds {kinds}; lines, triangles, quadrilaterals or volumes are needed. Write "
            f"it with these, or give its points as a table."
        )
    return np.concatenate(found[max(found)])
