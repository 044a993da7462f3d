"""Quadrilaterals that fill a shape of the plane, curved where its boundary is."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from .cells import Cells
from .meshing import Along, Meshable, triangles_within
from .newton import onto

TURN = math.pi / 3  # of the boundary along a side of a triangle, two curved sides of cells


@runtime_checkable
class Fillable(Meshable, Protocol):
    """A shape of the plane with triangles and a level."""

    def cells(self, resolution: int) -> Cells: ...


def quadrilaterals(shape: Fillable, resolution: int, nodes: Tensor) -> Tensor:
    """Nodes (m, k^2, 2) of the maps from [-1, 1]^2 to quadrilaterals, the second coordinate fastest.

    Three in each of the triangles that fill it, about ``resolution`` points across: between its corners, the middles
    of its sides and its own middle. ``nodes`` (k,) are those along [-1, 1], both ends among them. Sides on the
    boundary have all their nodes on it, to rounding, and what is inside follows by transfinite interpolation.

    Source: Gordon and Hall, Construction of curvilinear co-ordinate systems, 1973.

    >>> import torch
    >>> from sirenpde import Disk
    >>> line = torch.linspace(-1, 1, 5, dtype=torch.float64)
    >>> nodes = quadrilaterals(Disk(radius=2), 4, line)
    >>> round(float(nodes.norm(dim=2).max()), 12), bool((nodes.norm(dim=2) < 2 - 1e-9).any())
    (2.0, True)
    """
    arcs = [side for side in shape.sides if isinstance(side, Along)]
    known = arcs and len(arcs) == len(shape.sides)
    triangles = (
        triangles_within(arcs, shape.level, shape.bounds, resolution, TURN)
        if known
        else shape.cells(resolution)
    )
    points, corners = triangles.points.double(), triangles.corners
    edges = torch.stack([corners, corners.roll(-1, 1)], dim=2)  # (m, 3, 2)
    keys = edges.sort(dim=2).values.flatten(0, 1)
    _, which, count = torch.unique(keys, dim=0, return_inverse=True, return_counts=True)
    outer = (count[which] == 1).reshape(-1, 3)
    ends = points[edges]  # (m, 3, 2, 2)
    reach = float((ends[:, :, 0] - ends[:, :, 1]).norm(dim=2).max())

    def bent(places: Tensor) -> Tensor:
        """Points (m, 3, ..., 2) beside the sides of triangles, moved to the boundary where these lie on it."""
        moved = places.clone()
        moved[outer] = onto(shape.level, places[outer].reshape(-1, 2), reach / 2).reshape(places[outer].shape)
        return moved

    s = ((nodes.double() + 1) / 2)[:, None]
    middles = bent(ends.mean(2))
    first = bent(_between(ends[:, :, 0], middles, s))  # from each corner to the middle of its side
    last = bent(_between(ends[:, :, 1], middles, s))
    centre = points[corners].mean(1)[:, None].expand(-1, 3, -1)
    return torch.cat(
        [
            _filled(first[:, i], last[:, i - 1], middles[:, i], middles[:, i - 1], centre[:, i], s)
            for i in range(3)
        ]
    )


def _between(a: Tensor, b: Tensor, s: Tensor) -> Tensor:
    """Points (..., k, 2) from a to b, both (..., 2)."""
    return a[..., None, :] + s * (b - a)[..., None, :]


def _filled(low: Tensor, left: Tensor, right: Tensor, up: Tensor, far: Tensor, s: Tensor) -> Tensor:
    """The nodes (m, k^2, 2) between two sides (m, k, 2) from a corner, and straight ones from their ends on."""
    high, end = _between(up, far, s), _between(right, far, s)
    a, b = s[:, None], s[None]
    sides = (1 - b) * low[:, :, None] + b * high[:, :, None] + (1 - a) * left[:, None] + a * end[:, None]
    corner = low[:, :1, None], right[:, None, None], up[:, None, None], far[:, None, None]
    flat = (
        (1 - a) * (1 - b) * corner[0] + a * (1 - b) * corner[1] + (1 - a) * b * corner[2] + a * b * corner[3]
    )
    inside: Tensor = (sides - flat).flatten(1, 2)
    return inside
