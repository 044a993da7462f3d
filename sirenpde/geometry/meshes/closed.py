"""Whether triangles enclose a solid, and if not, what is wrong and where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .orientation import enclosed_volume

Vertices = NDArray[np.float64]
Faces = NDArray[np.int64]

_NEAR = 1e-9  # of the diagonal: so near to an edge or a plane a crossing is a touch


def check_solid(vertices: Vertices, faces: Faces, name: str) -> None:
    """Raises ValueError, saying what is wrong, where, and what to do, unless the triangles enclose a solid.

    They do where every edge joins two faces turned alike, no two faces cross, the volume is above zero, and the
    surface winds once around every point beneath it.
    """
    diagonal = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    _check_edges(vertices, faces, name)
    volume = enclosed_volume(vertices[faces])
    if abs(volume) <= 1e-12 * diagonal**3:
        raise ValueError(
            f"'{name}' encloses no volume: its faces lie back to back or in one plane; an interior needs a solid. "
            "Give the sheet a thickness and export it again, or sample its faces by PointCloud.sample_mesh(..., "
            "closed=False)."
        )
    if volume < 0:
        raise ValueError(
            f"The normals of '{name}' point inwards (its volume is {volume:.3g}); outward ones are needed. Write "
            "mesh.flipped(); TriangleMesh.open turns them by itself."
        )
    place = crossing(vertices, faces)
    if place is not None:
        raise ValueError(
            f"'{name}' crosses itself, for instance at {_at(place)}; an interior needs a surface whose faces meet in "
            "edges alone. Unite the parts that overlap, in a mesh editor or by "
            "trimesh.boolean.union(mesh.split()), and export it again."
        )
    _check_winding(vertices, faces, diagonal, name)


def crossing(vertices: Vertices, faces: Faces) -> Vertices | None:
    """A point (3,) at which an edge pierces a face that it does not touch; None where there is none.

    Pairs of faces with overlapping boxes are found by an R-tree (some 10 µs a face), then tested all at once.
    """
    corners = vertices[faces]
    near = _NEAR * float(np.linalg.norm(np.ptp(vertices, axis=0)))
    first, second = _overlapping(corners)
    for i in range(3):
        edge = faces[first][:, [i, (i + 1) % 3]]
        free = (edge[:, :, None] != faces[second][:, None, :]).all((1, 2))
        found = _pierced(vertices[edge[free]], corners[second[free]], near)
        if len(found):
            place: Vertices = found[0]
            return place
    return None


def _check_edges(vertices: Vertices, faces: Faces, name: str) -> None:
    there = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ends, inverse, times = np.unique(np.sort(there, 1), axis=0, return_inverse=True, return_counts=True)
    alone = ends[times == 1]
    if len(alone):
        raise ValueError(
            f"'{name}' is not closed: {len(alone)} of its edges belong to one face alone, around {_loops(alone)} "
            f"hole{'s' if _loops(alone) > 1 else ''}, for instance at {_at(vertices[alone[0]].mean(0))}; an interior "
            "needs a closed surface. Fill the holes in a mesh editor, or by trimesh.repair.fill_holes(mesh), and "
            "export it again. A scan is sampled as it is by PointCloud.sample_mesh(..., closed=False)."
        )
    forward = np.bincount(inverse.reshape(-1), there[:, 0] < there[:, 1], len(ends))
    wrong = ends[(times != 2) | (forward != 1)]
    if len(wrong):
        raise ValueError(
            f"'{name}' has {len(wrong)} edges at which not two faces meet that are turned alike, for instance at "
            f"{_at(vertices[wrong[0]].mean(0))}; an interior needs a surface with an inside and an outside. Remove "
            "doubled faces and walls within the solid in a mesh editor, and export it again."
        )


def _loops(edges: Faces) -> int:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes, ends = np.unique(edges, return_inverse=True)
    ends = ends.reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(nodes), len(nodes)))
    return int(connected_components(graph, directed=False)[0])


def _check_winding(vertices: Vertices, faces: Faces, diagonal: float, name: str) -> None:
    """The surface winds once around a point beneath each of its faces, and not around one above."""
    import igl

    corners = vertices[faces]
    vectors = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(vectors, axis=1)
    wide = doubled > (1e-4 * diagonal) ** 2  # beside a splinter there is no telling
    offset = 1e-6 * diagonal * vectors[wide] / doubled[wide, None]
    for side, expected in ((-1, 1), (1, 0)):
        points = corners[wide].mean(1) + side * offset
        found = igl.fast_winding_number(vertices, faces, points)
        suspects = points[np.abs(found - expected) > 0.5]
        exact = igl.winding_number(vertices, faces, suspects[:64]) if len(suspects) else np.empty(0)
        wrong = np.flatnonzero(np.abs(exact - expected) > 0.5)
        if len(wrong):
            raise ValueError(
                f"Parts of '{name}' overlap: its surface winds {exact[wrong[0]]:.0f} times around the point "
                f"{_at(suspects[wrong[0]])}; an interior needs a surface that winds once around its inside. Unite "
                "the parts in a mesh editor or by trimesh.boolean.union(mesh.split()), and export it again."
            )


def _overlapping(corners: Vertices) -> tuple[Faces, Faces]:
    """Pairs of different faces whose boxes overlap, each in both orders."""
    from rtree import index

    low, high = corners.min(1), corners.max(1)
    kind = index.Property()
    kind.dimension = 3
    rows = np.arange(len(corners))
    tree = index.Index((rows, low, high), interleaved=True, properties=kind)
    query: Any = tree.intersection_v
    found, times = query(low, high)
    first, second = np.repeat(rows, times.astype(np.int64)), found.astype(np.int64)
    return first[first != second], second[first != second]


def _pierced(edges: Vertices, corners: Vertices, near: float) -> Vertices:
    """Where edges (n, 2, 3) pass through the inside of faces (n, 3, 3), farther than ``near`` from its rim."""
    a, b, c = corners.transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    start, end = (((edges[:, k] - a) * normal).sum(1) for k in (0, 1))
    across = (start * end < 0) & (np.minimum(np.abs(start), np.abs(end)) > near)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (start / (start - end))[:, None]
        places = edges[:, 0] + share * (edges[:, 1] - edges[:, 0])
        for p, q in ((a, b), (b, c), (c, a)):
            inward = np.cross(normal, q - p)
            depth = ((places - p) * inward).sum(1) / np.linalg.norm(inward, axis=1)
            across &= depth > near
    found: Vertices = places[across]
    return found


def _at(point: Vertices) -> str:
    return ", ".join(f"{axis} = {value:.6g}" for axis, value in zip("xyz", point, strict=True))
