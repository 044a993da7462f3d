"""Which way the triangles of a surface are turned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Vertices = NDArray[np.float64]
Faces = NDArray[np.int64]

BLOCK = 256  # boxes that are compared with all others at once


def oriented(vertices: Vertices, faces: Faces) -> Faces:
    """The faces turned alike within every connected part, and every closed part turned out of the solid.

    Parts are connected by edges that two faces share. Where the faces of a part disagree, the fewer are
    turned. A closed part that lies in no other, or in an even number of others, bounds a body, and its normals
    point outwards; one inside an odd number bounds a cavity, and its normals point into the cavity. Parts that
    are open, or cannot be turned alike (a Klein bottle), are left as their faces mostly are.
    """
    component, turn, closed = _components(faces, len(vertices))
    turned = faces.copy()
    turned[turn] = turned[turn, ::-1]
    order = np.argsort(component, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    bodies = [group for group in groups if closed[group].all()]
    corners = [vertices[turned[group]] for group in bodies]
    low = np.array([c.min((0, 1)) for c in corners]).reshape(-1, 3)
    high = np.array([c.max((0, 1)) for c in corners]).reshape(-1, 3)
    depth = np.zeros(len(bodies), np.int64)
    for outer, within in _boxes_within(low, high):
        depth[within] += _enclosed(corners[outer], [corners[i] for i in within])
    for group, own, deep in zip(bodies, corners, depth, strict=True):
        if (enclosed_volume(own) < 0) != (deep % 2 == 1):
            turned[group] = turned[group, ::-1]
    return turned


def _components(faces: Faces, count: int) -> tuple[Faces, NDArray[np.bool_], NDArray[np.bool_]]:
    """For every face: its part, whether it is to be turned to agree with most of the part, and whether all of
    its edges have two faces.

    Every face is there twice in a graph, as it is and turned; faces that agree along their edge are joined
    as they are, and those that do not, crosswise. So what is joined can be turned alike.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(faces)
    ends = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    owner = np.repeat(np.arange(n), 3)
    key = ends.min(1) * count + ends.max(1)
    order = np.argsort(key, kind="stable")
    _, first, times = np.unique(key[order], return_index=True, return_counts=True)
    shared = first[times == 2]
    one, other = order[shared], order[shared + 1]
    alike = (ends[one, 0] != ends[other, 0]).astype(np.int64)
    a, b = owner[one], owner[other]
    cross = n * (1 - alike)
    rows, columns = np.concatenate([a, a + n]), np.concatenate([b + cross, b + n - cross])
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(2 * n, 2 * n))
    _, label = connected_components(graph, directed=False)
    as_is, turned = label[:n].astype(np.int64), label[n:].astype(np.int64)
    component = np.minimum(as_is, turned)
    # How many more agree with the label than not.
    weight = np.bincount(component, np.where(as_is <= turned, 1, -1))
    turn = np.where(weight[component] >= 0, as_is > turned, as_is < turned)
    closed = as_is != turned
    closed[owner[order[np.repeat(times, times) != 2]]] = False
    return component, turn, closed


def enclosed_volume(corners: Vertices) -> float:
    """The enclosed volume, negative where the normals point inwards; about a corner, since origins may be far."""
    a, b, c = (corners - corners[0, 0]).transpose(1, 0, 2)
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def _boxes_within(low: Vertices, high: Vertices) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Every box that has others in it, with those; many boxes at a time, since noise has tens of thousands."""
    for start in range(0, len(low), BLOCK):
        outer = slice(start, start + BLOCK)
        inside = np.ones((len(low[outer]), len(low)), np.bool_)
        for i in range(3):
            inside &= (low[outer, None, i] <= low[:, i]) & (high[outer, None, i] >= high[:, i])
        inside[np.arange(len(inside)), np.arange(start, start + len(inside))] = False
        for row in np.flatnonzero(inside.any(axis=1)):
            yield start + int(row), np.flatnonzero(inside[row])


def _enclosed(outer: Vertices, inner: Sequence[Vertices]) -> NDArray[np.bool_]:
    """Whether all (of up to 64) corners of each inner part lie inside the outer one, or on it.

    The outer one's tree of winding numbers is built once for all of them.
    """
    import igl

    if not inner:
        return np.zeros(0, np.bool_)
    some = [points[:: max(1, len(points) // 64)] for points in (part.reshape(-1, 3) for part in inner)]
    origin = outer[0, 0]  # it may be far away
    triangles = np.arange(3 * len(outer)).reshape(-1, 3)
    winding = np.abs(
        igl.fast_winding_number((outer - origin).reshape(-1, 3), triangles, np.concatenate(some) - origin)
    )
    parts = np.split(winding, np.cumsum([len(points) for points in some])[:-1])
    return np.array([part.min() > 0.25 and part.max() > 0.75 for part in parts])
