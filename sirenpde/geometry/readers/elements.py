"""Files of finite elements, VTK and gmsh: the surface that their triangles make, or the skin of their volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .quiet import quiet, reason
from .surface import Surface, unreadable

Indices = NDArray[np.int64]

# Corners of the faces of an element, seen from outside counterclockwise, in the order of VTK.
_FACES = {
    "tetra": ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)),
    "pyramid": ((0, 3, 2, 1), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)),
    "wedge": ((0, 1, 2), (3, 5, 4), (0, 3, 4, 1), (1, 4, 5, 2), (2, 5, 3, 0)),
    "hexahedron": ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7)),
}
_CORNERS = {"triangle": 3, "quad": 4}


def read_elements(file: Path) -> Surface:
    """The surface of a file that meshio reads, such as VTK, VTU and gmsh's ``.msh``, versions 2.2 and 4.1.

    Of volume elements the skin is taken, the faces that belong to one element alone, and of elements of higher
    order the corners. Groups are gmsh's physical surfaces, as far as they lie on the surface.
    """
    import meshio

    try:
        with quiet():
            mesh = meshio.read(file)
    except (Exception, SystemExit) as error:
        why = reason(error)
        if "gmsh:physical" in why:
            why = (
                "some of its elements belong to a physical group and others to none (it was saved with all of "
                "them). Save it without 'Mesh.SaveAll', or as version 2.2"
            )
        raise unreadable(file, why) from error
    points = np.asarray(mesh.points, np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise unreadable(file, f"its points have {points.shape[-1]} coordinates, not three")
    blocks = [(_kind(block.type), np.asarray(block.data, np.int64)) for block in mesh.cells]
    given, block, row = _flat_elements(blocks)
    skin = _skin(blocks)
    if not len(skin):
        _, first = np.unique(_keys(given), axis=0, return_index=True)
        skin = given[np.sort(first)]
    groups = {}
    for name, chosen in _named(mesh).items():
        lies = np.array([bool(chosen[b][r]) for b, r in zip(block, row, strict=True)], bool)
        groups[name] = _among(skin, given[lies])
    return Surface(points, skin, {name: inside for name, inside in groups.items() if inside.any()})


def _kind(name: str) -> str:
    """The element of first order that has the same corners."""
    return name.rstrip("0123456789")


def _flat_elements(blocks: list[tuple[str, Indices]]) -> tuple[Indices, Indices, Indices]:
    """The triangles of all triangles and quadrangles, the block that each comes from, and its row there."""
    faces, block, row = [np.empty((0, 3), np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for number, (kind, corners) in enumerate(blocks):
        for second in range(1, _CORNERS.get(kind, 0) - 1):
            faces.append(corners[:, [0, second, second + 1]])
            block.append(np.full(len(corners), number))
            row.append(np.arange(len(corners)))
    return np.concatenate(faces), np.concatenate(block), np.concatenate(row)


def _skin(blocks: list[tuple[str, Indices]]) -> Indices:
    """The faces of volume elements that no second element shares, as triangles."""
    sides = [
        np.pad(corners[:, list(face)], ((0, 0), (0, 4 - len(face))), constant_values=-1)
        for kind, corners in blocks
        for face in _FACES.get(kind, ())
    ]
    if not sides:
        return np.empty((0, 3), np.int64)
    faces = np.concatenate(sides)
    _, first, times = np.unique(_keys(faces), axis=0, return_index=True, return_counts=True)
    outer = faces[np.sort(first[times == 1])]
    return np.concatenate([outer[:, :3], outer[outer[:, 3] >= 0][:, [0, 2, 3]]])


def _named(mesh: Any) -> dict[str, list[NDArray[np.bool_]]]:
    """For every physical surface, which elements of each block belong to it."""
    found = {}
    for name, (tag, dimension) in mesh.field_data.items():
        if dimension != 2:
            continue
        if name in mesh.cell_sets:
            rows = mesh.cell_sets[name]
        else:
            rows = [np.flatnonzero(tags == tag) for tags in mesh.cell_data["gmsh:physical"]]
        found[name] = [
            np.isin(np.arange(len(block.data)), [] if r is None else r)
            for block, r in zip(mesh.cells, rows, strict=True)
        ]
    return found


def _among(faces: Indices, some: Indices) -> NDArray[np.bool_]:
    """Which of the faces are one of these, whichever way they are turned."""
    keys = _keys(np.concatenate([faces, some]))
    _, number = np.unique(keys, axis=0, return_inverse=True)
    number = number.reshape(-1)
    return np.isin(number[: len(faces)], number[len(faces) :])


def _keys(faces: Indices) -> Indices:
    return np.sort(faces, axis=1)
