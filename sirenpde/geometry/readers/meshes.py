"""Files that triangle meshes are read from."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .elements import read_elements
from .ply import Lists, read_ply
from .quiet import quiet
from .surface import Surface, unreadable

_OBJ_LINES = re.compile(  # what else a line of an OBJ may begin with
    "vt|vn|vp|p|l|g|o|s|mg|usemtl|mtllib|maplib|usemap|shadow_obj|trace_obj|lod|bevel|c_interp|d_interp|"
    "cstype|deg|bmat|step|curv2?|surf|parm|trim|hole|scrv|sp|end|con|ctech|stech|call|csh"
)


def read_mesh(file: Path) -> Surface:
    """The triangles of OBJ, PLY, STL, OFF, VTK, VTU and gmsh, and of whatever else trimesh reads, such as GLB.

    Polygons become fans of triangles. Groups are the solids of a text STL, the groups (``g``) of an OBJ and the
    physical surfaces of gmsh, by their names. Raises ValueError for a file that is cut off, holds something else,
    or refers to vertices that it does not have.
    """
    surface = _READERS.get(file.suffix.lower(), _by_trimesh)(file)
    vertices, faces = surface.vertices, surface.faces
    if not len(faces):
        raise ValueError(
            f"'{file}' has no faces; a triangle mesh is needed, such as OBJ, PLY or STL. Export its "
            "triangles, or read a file of points by PointCloud.open."
        )
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(
            f"The faces of '{file}' refer to vertices {faces.min()} to {faces.max()}, counted from 0; it has "
            f"{len(vertices)}. Export the mesh again."
        )
    return surface


def _read_ply(file: Path) -> Surface:
    elements = read_ply(file)
    vertex, face = elements.get("vertex", {}), elements.get("face", {})
    coordinates = [c for c in map(vertex.get, "xyz") if isinstance(c, np.ndarray)]
    corners = face.get("vertex_indices", face.get("vertex_index"))
    if not isinstance(corners, Lists):
        return Surface(np.empty((0, 3)), np.empty((0, 3), np.int64))
    if len(coordinates) < 3:
        raise unreadable(file, f"its vertices have the properties {', '.join(vertex) or 'none'}, not x, y, z")
    with np.errstate(invalid="ignore"):
        indices = corners.values.astype(np.int64)
    if (indices != corners.values).any():
        raise unreadable(file, "its faces refer to vertices by numbers that are not whole")
    with np.errstate(invalid="ignore"):
        vertices = np.stack(coordinates, axis=1).astype(np.float64)
    return Surface(vertices, _fans(file, corners.counts, indices))


def _read_stl(file: Path) -> Surface:
    content, names = file.read_bytes(), list[str]()
    count = int.from_bytes(content[80:84], "little") if len(content) >= 84 else -1
    if len(content) == 84 + 50 * count:
        record = np.dtype([("normal", "<f4", (3,)), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
        with np.errstate(invalid="ignore"):
            corners = np.frombuffer(content, record, count, 84)["corners"].astype(np.float64)
    elif content[:1024].lstrip().lower().startswith(b"solid") and b"\0" not in content:
        corners, names = _stl_text(file, content.decode("latin-1"))
    elif count < 0:
        raise unreadable(file, "it is shorter than the header of an STL file")
    else:
        raise unreadable(
            file, f"it has {len(content)} bytes, and the {count} triangles it declares take {84 + 50 * count}"
        )
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    return Surface(corners.reshape(-1, 3), faces, _groups(names))


def _stl_text(file: Path, text: str) -> tuple[NDArray[np.float64], list[str]]:
    """The corners (f, 3, 3), and the name of every facet's solid."""
    words = ["facet", "outer", "vertex", "endloop", "endfacet", "solid", "endsolid"]
    counts = dict.fromkeys(words, 0)
    vertices: list[list[float]] = []
    names, solid = list[str](), ""
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields:
            continue
        word = fields[0].lower()
        if word == "solid":
            solid = " ".join(fields[1:])
        if word == "facet":
            names.append(solid)
        if word not in counts:
            raise unreadable(file, f"line {number} is '{line.strip()[:60]}'")
        counts[word] += 1
        if word == "vertex":
            vertices.append(_numbers(file, number, fields[1:], 3))
        if word == "endfacet" and len(vertices) != 3 * counts["endfacet"]:
            raise unreadable(file, f"the facet that ends in line {number} has no three vertices")
    if (
        len({counts[w] for w in ("facet", "outer", "endloop", "endfacet")}) > 1
        or counts["solid"] != counts["endsolid"]
    ):
        raise unreadable(file, "it ends in the middle of a solid")
    return np.array(vertices).reshape(-1, 3, 3), names


def _read_obj(file: Path) -> Surface:
    vertices: list[list[float]] = []
    corners: list[int] = []
    counts: list[int] = []
    names, group = list[str](), ""
    text = _as_text(file).replace("\\\r\n", " ").replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split("#", 1)[0].split()
        if not fields:
            continue
        word, *rest = fields
        if word == "v":
            if not 3 <= len(rest) <= 7:
                raise unreadable(file, f"line {number} has {len(rest)} numbers for a vertex, 3 are needed")
            vertices.append(_numbers(file, number, rest, len(rest))[:3])
        elif word in ("f", "fo"):
            for corner in rest:
                index = corner.split("/")[0]
                if not re.fullmatch(r"-?[0-9]{1,18}", index) or int(index) == 0:
                    raise unreadable(file, f"line {number} has the vertex '{corner}' in a face")
                corners.append(int(index) - 1 if int(index) > 0 else len(vertices) + int(index))
            counts.append(len(rest))
            names.append(group)
        elif word == "g":
            group = " ".join(rest)
        elif not _OBJ_LINES.fullmatch(word):
            raise unreadable(file, f"line {number} is '{line.strip()[:60]}'")
    sizes = np.array(counts, np.int64)
    faces = _fans(file, sizes, np.array(corners, np.int64))
    of_triangles = np.repeat(np.array(names, object), sizes - 2).tolist()
    return Surface(np.array(vertices, np.float64).reshape(-1, 3), faces, _groups(of_triangles))


def _read_off(file: Path) -> Surface:
    lines = [(i, s.split("#", 1)[0].split()) for i, s in enumerate(_as_text(file).splitlines(), 1)]
    lines = [(i, fields) for i, fields in lines if fields]
    if not lines or not re.fullmatch("(ST)?C?N?OFF", lines[0][1][0]):
        raise unreadable(file, "it does not begin with OFF")
    first, *lines = lines
    sizes, lines = (first[1][1:], lines) if len(first[1]) > 1 else (lines[0][1] if lines else [], lines[1:])
    if not 2 <= len(sizes) <= 3 or not all(re.fullmatch("[0-9]{1,18}", s) for s in sizes):
        raise unreadable(file, "no numbers of its vertices and faces follow OFF")
    v, f = int(sizes[0]), int(sizes[1])
    if len(lines) != v + f:
        raise unreadable(file, f"it declares {v} vertices and {f} faces, and {len(lines)} lines follow")
    vertices = [_numbers(file, i, fields[:3], 3) for i, fields in lines[:v]]
    corners: list[int] = []
    counts: list[int] = []
    for i, fields in lines[v:]:
        count = int(fields[0]) if re.fullmatch("[0-9]{1,9}", fields[0]) else 0
        indices = fields[1 : 1 + count]
        if not count or len(indices) < count or not all(re.fullmatch("[0-9]{1,18}", k) for k in indices):
            raise unreadable(file, f"line {i} is no face")
        corners += map(int, indices)
        counts.append(count)
    points = np.array(vertices, np.float64).reshape(-1, 3)
    return Surface(points, _fans(file, np.array(counts, np.int64), np.array(corners, np.int64)))


def _by_trimesh(file: Path) -> Surface:
    import trimesh

    try:
        with quiet("trimesh"):
            mesh = trimesh.load_mesh(str(file), process=False)
            faces = np.asarray(getattr(mesh, "faces", []), np.int64).reshape(-1, 3)
            vertices = np.asarray(mesh.vertices, np.float64).reshape(-1, 3)
    except Exception as error:
        raise unreadable(file, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
    return Surface(vertices, faces)


def _groups(names: list[str]) -> dict[str, NDArray[np.bool_]]:
    """Triangles by the name of the part that they belong to, as far as it has one."""
    array = np.array(names, object)
    return {name: array == name for name in dict.fromkeys(names) if name}


def _fans(file: Path, counts: NDArray[np.int64], corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Polygons, one after the other, as triangles that share their first corner."""
    if len(counts) and counts.min() < 3:
        raise unreadable(file, f"a face has {counts.min()} corners, and three are the least")
    start = np.cumsum(counts) - counts
    polygon = np.repeat(np.arange(len(counts)), counts - 2)
    second = np.arange(len(polygon)) - np.repeat(np.cumsum(counts - 2) - (counts - 2), counts - 2) + 1
    at = start[polygon]
    return np.stack([corners[at], corners[at + second], corners[at + second + 1]], axis=1)


def _numbers(file: Path, line: int, words: list[str], count: int) -> list[float]:
    try:
        numbers = [float(word) for word in words if "_" not in word]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise unreadable(file, f"line {line} has '{' '.join(words)[:60]}' where {count} numbers are needed")
    return numbers


def _as_text(file: Path) -> str:
    content = file.read_bytes()
    if b"\0" in content:
        raise unreadable(file, "it is not text")
    return content.decode("utf-8-sig", errors="replace")


_READERS: dict[str, Callable[[Path], Surface]] = {
    ".ply": _read_ply,
    ".stl": _read_stl,
    ".obj": _read_obj,
    ".off": _read_off,
    **dict.fromkeys([".msh", ".vtk", ".vtu"], read_elements),
}
