"""Flat triangles with their outward normals: the boundary of a mesh, and parts of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..domain import Data, check_count, is_finite, quasi_random, read_data
from ..nodes import WeightedNodes, gauss
from ..point import Axis
from ..region import Predicate, Region
from ..slab import SLACK


@dataclass(frozen=True, eq=False)
class Facets:
    """Triangles ``faces`` (f, 3) of ``vertices`` (v, 3) as a domain, with the unit ``normal`` as data.

    Seen from the side to which the normal points, the vertices of a face run counterclockwise. Points are drawn
    quasi-random and uniform by area; none lies on an edge. Made by ``mesh.boundary()``.

    >>> import torch
    >>> from sirenpde import TriangleMesh, bundled
    >>> skin = TriangleMesh.open(bundled("spot.obj")).boundary()
    >>> points, data = skin.draw(100, torch.Generator().manual_seed(0))
    >>> points.shape, data["normal"].shape, round(skin.measure, 3)
    (torch.Size([100, 3]), torch.Size([100, 3]), 5.71)
    """

    vertices: Tensor
    faces: Tensor
    axes: tuple[Axis, ...]
    name: str = "facets"

    @cached_property
    def corners(self) -> Tensor:  # (f, 3, 3), vertex then coordinate
        return self.vertices[self.faces]

    @cached_property
    def _area_vectors(self) -> Tensor:  # (f, 3), twice the area times the normal
        a, b, c = self.corners.unbind(1)
        vectors: Tensor = torch.linalg.cross(b - a, c - a)
        return vectors

    @cached_property
    def areas(self) -> Tensor:  # (f,)
        doubled: Tensor = self._area_vectors.norm(dim=1)
        return doubled / 2

    @property
    def normals(self) -> Tensor:
        """The faces' unit normals (f, 3)."""
        vectors: Tensor = self._area_vectors
        return vectors / (2 * self.areas[:, None])

    @property
    def measure(self) -> float:
        """The area."""
        return float(self.areas.sum())

    @property
    def size(self) -> None:
        return None

    @property
    def dimension(self) -> int:
        return 2

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        low, high = self.corners.amin((0, 1)), self.corners.amax((0, 1))
        return tuple(zip(low.tolist(), high.tolist(), strict=True))

    @property
    def normal(self) -> Data:
        """The unit normal (3,) as a function of a point."""
        return Data("normal")

    def __getitem__(self, key: str) -> Data:
        """``facets["normal"]`` is ``facets.normal``; ValueError for data of another name."""
        return read_data(("normal",), key, f"'{self.name}'")

    def contains(self, points: Tensor) -> Tensor:
        """Which of the points (n, 3) lie on a triangle, to rounding."""
        import igl

        tree = igl.AABB()
        vertices, faces = self.vertices.numpy(), self.faces.numpy()
        tree.init(vertices, faces)
        squared, _, _ = tree.squared_distance(vertices, faces, points.double().numpy())
        extent = float(np.ptp(vertices, axis=0).max())
        return torch.from_numpy(np.atleast_1d(squared)) <= (SLACK * extent) ** 2

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points and their normals."""
        count = check_count(n, self.name)
        if not self.measure > 0:
            raise ValueError(
                f"All triangles of '{self.name}' have no area; a surface is needed to sample. Check its vertices."
            )
        return self.from_unit(quasi_random(count, 2, generator))

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points (n, 2) of the unit square -> points of the triangles, equal areas for equal areas, and normals."""
        ends = self.areas.cumsum(0)
        along = unit[:, 0] * ends[-1]
        face = torch.searchsorted(ends, along, right=True).clamp(max=len(ends) - 1)
        # What is left of the first coordinate within its face runs from 0 to 1 once more.
        within = (1 - (ends[face] - along) / self.areas[face]).clamp(2.0**-40, 1)
        root = within.sqrt()  # square root: equal areas between equal steps from the first corner
        a, b, c = self.corners[face].unbind(1)
        # Where the corners share a coordinate, so do the points, to the last bit.
        points = a + (root * (1 - unit[:, 1]))[:, None] * (b - a) + (root * unit[:, 1])[:, None] * (c - a)
        return points, {"normal": self.normals[face]}

    def cubature(self, count: int) -> WeightedNodes:
        """``count`` (``count`` + 1) nodes on every triangle, exact up to degree 2 ``count`` - 1."""
        radial, across = gauss(0, 1, count + 1), gauss(0, 1, count)
        r, s = torch.cartesian_prod(radial.nodes, across.nodes).T
        weights = 2 * r * torch.outer(radial.weights, across.weights).reshape(-1)
        corners = torch.stack([1 - r, r * (1 - s), r * s], dim=1)  # (q, 3)
        points = torch.einsum("qk,fkd->fqd", corners, self.corners).reshape(-1, 3)
        normals = self.normals.repeat_interleave(len(weights), 0)
        return WeightedNodes(points, torch.outer(self.areas, weights).reshape(-1), {"normal": normals})

    def unroll(self) -> None:
        """None: triangle by triangle, the unit square is torn."""
        return None

    def part(self, chosen: Tensor, name: str) -> Facets:
        """The chosen triangles: booleans (f,), or indices."""
        return replace(self, faces=self.faces[chosen], name=name)

    def facing(self, direction: Sequence[float], angle: float = math.radians(1)) -> Facets:
        """The triangles whose normal is within ``angle`` (radians) of a direction.

        ValueError where there is none.

        >>> from sirenpde import TriangleMesh, bundled
        >>> skin = TriangleMesh.open(bundled("bracket.stl")).boundary()
        >>> round(skin.facing((0, 0, -1)).bounds[2][1], 6)
        0.0
        """
        wanted = torch.tensor([float(d) for d in direction if is_finite(d)], dtype=torch.float64)
        if wanted.shape != (3,) or not wanted.norm() > 0:
            raise ValueError(
                f"A direction {direction!r} was given; expected three numbers, not all 0. Write facing((0, 0, 1))."
            )
        cosines = self.normals @ (wanted / wanted.norm())
        chosen = cosines >= math.cos(angle)
        if not chosen.any():
            nearest = math.degrees(math.acos(min(1.0, float(cosines.max()))))
            raise ValueError(
                f"No triangle of '{self.name}' faces ({', '.join(f'{float(d):g}' for d in direction)}) within "
                f"{math.degrees(angle):g} degrees; the nearest is {nearest:.1f} degrees off. Widen the angle (in "
                "radians), or choose a part by where=."
            )
        shown = ", ".join(f"{float(d):g}" for d in direction)
        return self.part(chosen, f"{self.name} facing ({shown})")

    def pieces(self, angle: float = math.radians(30)) -> tuple[Facets, ...]:
        """The parts between sharp edges, largest area first: triangles that meet at less than ``angle`` (radians).

        >>> from sirenpde import TriangleMesh, bundled
        >>> base, *others = TriangleMesh.open(bundled("bracket.stl")).boundary().pieces()
        >>> base.name
        'bracket, piece 0'
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        faces, normals = self.faces.numpy(), self.normals
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        owner = np.tile(np.arange(len(faces)), 3)
        order = np.lexsort((edges[:, 1], edges[:, 0]))
        same = np.flatnonzero((edges[order][1:] == edges[order][:-1]).all(1))
        one, other = owner[order[same]], owner[order[same + 1]]
        smooth = ((normals[one] * normals[other]).sum(1) >= math.cos(angle)).numpy()
        links = (np.ones(int(smooth.sum()), np.int8), (one[smooth], other[smooth]))
        graph = coo_array(links, shape=(len(faces), len(faces)))
        _, label = connected_components(graph, directed=False)
        number = torch.from_numpy(label.astype(np.int64))
        by_area = torch.bincount(number, self.areas).argsort(descending=True).tolist()
        return tuple(self.part(number == k, f"{self.name}, piece {i}") for i, k in enumerate(by_area))

    def where(self, predicate: Predicate, name: str = "part of the facets") -> Region:
        """The part in which ``predicate``, a function of points (n, 3) giving booleans (n,), holds."""
        return Region(self, predicate, name)
