"""Solids for figures: their surface, and plane sections through them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))  # of a tetrahedron, each opposite to its corner


def surface_of(points: Array, tetrahedra: Array) -> Array:
    """The triangles (m, 3) that belong to one tetrahedron only, counterclockwise seen from outside.

    >>> import numpy as np
    >>> surface_of(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([[0, 1, 2, 3]])).shape
    (4, 3)
    """
    a, b, c, d = (points[tetrahedra[:, i]] for i in range(4))
    turned = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) < 0
    right = np.where(turned[:, None], tetrahedra[:, [1, 0, 2, 3]], tetrahedra)
    return once(np.concatenate([right[:, face] for face in _FACES]))


def once(faces: Array) -> Array:
    """Those of the faces (m, k), sets of corners, that occur once: the boundary.

    >>> import numpy as np
    >>> once(np.array([[0, 1], [1, 2], [2, 1]])).tolist()
    [[0, 1]]
    """
    _, first, count = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True)
    lonely: Array = faces[np.sort(first[count == 1])]
    return lonely


def edges_of(triangles: Array) -> Array:
    """The edges (e, 2) of triangles (m, 3) that belong to one of them only."""
    return once(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]))


def tetrahedra_of(triangles: Array, layers: int) -> Array:
    """Tetrahedra of the prisms of triangles times a line; vertex i of layer k is i ``layers`` + k.

    Three of each prism, cut by the order of its vertices, so that neighbours agree.
    """
    ordered = np.sort(triangles, axis=1)
    low = (ordered[:, None] * layers + np.arange(layers - 1)[:, None]).reshape(-1, 3)
    a, b, c = low.T
    return np.concatenate(
        [
            np.stack(corners, axis=1)
            for corners in ((a, b, c, c + 1), (a, b, b + 1, c + 1), (a, a + 1, b + 1, c + 1))
        ]
    )


def section(points: Array, tetrahedra: Array, axis: int, level: float) -> tuple[Array, Array, Array]:
    """The plane section at one value of an axis, as triangles whose corners lie on edges of tetrahedra.

    Returns the edges' ends (n, 2), how far along each the corner is (n,), and the triangles (m, 3) of corners.
    """
    above = points[tetrahedra, axis] > level
    count = above.sum(1)
    cut = tetrahedra[(count > 0) & (count < 4)]
    above = points[cut, axis] > level
    sorted_corners = np.take_along_axis(cut, np.argsort(~above, axis=1, kind="stable"), axis=1)
    count = above.sum(1)
    p, q, r, s = sorted_corners.T  # those above come first
    one, two, three = (count == n for n in (1, 2, 3))

    def triangle(which: Array, *edges: tuple[Array, Array]) -> Array:
        return np.stack([np.stack([a[which], b[which]], axis=1) for a, b in edges], axis=1)

    corners = np.concatenate(
        [
            triangle(one, (p, q), (p, r), (p, s)),
            triangle(three, (s, p), (s, q), (s, r)),
            triangle(two, (p, r), (p, s), (q, s)),
            triangle(two, (p, r), (q, s), (q, r)),
        ]
    )
    edges, index = np.unique(np.sort(corners.reshape(-1, 2), axis=1), axis=0, return_inverse=True)
    start, end = points[edges[:, 0], axis], points[edges[:, 1], axis]
    share: Array = (level - start) / np.where(end == start, 1.0, end - start)
    return edges, share, index.reshape(-1, 3)
