"""Triangle meshes: reading them and sampling points on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .arrays import check_finite
from .domain import quasi_random
from .frame import Frame
from .orientation import oriented
from .readers.existing import existing
from .readers.meshes import Mesh, read_mesh


@dataclass(frozen=True, eq=False)
class TriangleMesh:
    """A surface of triangles: ``vertices`` (v, 3) float64 and ``faces`` (f, 3) of indices into them.

    Seen from outside, the vertices of a face run counterclockwise. Raises ValueError for wrong shapes, no
    faces, indices out of range and vertices that are not finite.

    >>> import torch
    >>> from sirenpde import TriangleMesh, bundled
    >>> spot = TriangleMesh.open(bundled("spot.obj"))
    >>> spot.watertight, len(spot.vertices), round(spot.area, 3)
    (True, 2930, 5.71)
    >>> points, normals = spot.sample(1000, torch.Generator().manual_seed(0))
    >>> points.shape, normals.shape
    (torch.Size([1000, 3]), torch.Size([1000, 3]))
    """

    vertices: Tensor
    faces: Tensor
    name: str = "mesh"

    def __post_init__(self) -> None:
        for what, array in (("vertices", self.vertices), ("faces", self.faces)):
            if array.ndim != 2 or array.shape[1] != 3:
                raise ValueError(
                    f"The {what} of '{self.name}' have shape {tuple(array.shape)}; expected (n, 3). Pass "
                    f"vertices as rows of x, y, z and faces as rows of three indices."
                )
        if not len(self.faces):
            raise ValueError(
                f"'{self.name}' has no faces; triangles are needed to sample a surface. Export it as a "
                "triangle mesh, or read its points by PointCloud.open."
            )
        check_finite(self.vertices, f"The vertices of '{self.name}'", "xyz")
        if self.faces.min() < 0 or self.faces.max() >= len(self.vertices):
            raise ValueError(
                f"The faces of '{self.name}' refer to vertices {int(self.faces.min())} to "
                f"{int(self.faces.max())}; it has vertices 0 to {len(self.vertices) - 1}. Export the mesh "
                "again."
            )

    @staticmethod
    def open(path: str | PathLike[str]) -> TriangleMesh:
        """Reads OBJ, PLY, STL, OFF, GLB and whatever else trimesh reads, in the units of the file.

        Vertices at the same place become one (texture seams, STL corners), triangles without area are left
        out, and every closed part is turned to have its normals out of the solid: those of a part that lies
        within another point into the cavity that it bounds, see ``oriented``.
        """
        file = existing(path)
        vertices, faces = read_mesh(file)
        check_finite(torch.from_numpy(vertices), f"The vertices of '{file}'", "xyz")
        if np.abs(vertices).max() > 1e100:
            raise ValueError(
                f"The vertices of '{file}' reach {np.abs(vertices).max():.3g}; numbers whose products are finite "
                "are needed. Check the export."
            )
        merged, corners = _merged(vertices, faces)
        if not len(corners):
            raise ValueError(
                f"All {len(faces)} triangles of '{file}' have no area; a surface is needed. Check the export."
            )
        turned = oriented(merged, corners)
        return TriangleMesh(torch.from_numpy(merged), torch.from_numpy(turned), name=file.stem)

    @cached_property
    def corners(self) -> Tensor:  # (f, 3, 3), vertex then coordinate
        return self.vertices[self.faces]

    @cached_property
    def _area_vectors(self) -> Tensor:  # (f, 3), twice the area times the normal
        a, b, c = self.corners.unbind(1)
        vectors: Tensor = torch.linalg.cross(b - a, c - a)
        return vectors

    @property
    def areas(self) -> Tensor:  # (f,)
        doubled: Tensor = self._area_vectors.norm(dim=1)
        return doubled / 2

    @property
    def normals(self) -> Tensor:
        """The faces' unit normals (f, 3)."""
        vectors: Tensor = self._area_vectors
        return vectors / (2 * self.areas[:, None])

    @property
    def area(self) -> float:
        return float(self.areas.sum())

    @property
    def volume(self) -> float:
        """The enclosed volume of a watertight mesh, negative where its normals point inwards."""
        from_a_corner = self.corners - self.corners[0, 0]  # the origin may be far away
        return float(torch.linalg.det(from_a_corner).sum() / 6)

    @property
    def diagonal(self) -> float:
        """The length of the bounding box's diagonal."""
        return float((self.vertices.amax(0) - self.vertices.amin(0)).norm())

    @cached_property
    def open_edges(self) -> int:
        """How many directed edges lack a single opposite one: 0 for a closed, consistently turned surface."""
        there = torch.cat([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        count = len(self.vertices)
        edges, times = torch.unique(there[:, 0] * count + there[:, 1], return_counts=True)
        opposite = (edges % count) * count + edges // count
        return int((~torch.isin(opposite, edges) | (times > 1)).sum())

    @property
    def watertight(self) -> bool:
        return self.open_edges == 0

    def flipped(self) -> TriangleMesh:
        """The same surface with its normals turned round."""
        return TriangleMesh(self.vertices, self.faces.flip(1), self.name)

    def moved(self, frame: Frame) -> TriangleMesh:
        """The surface scaled and shifted by a frame."""
        return TriangleMesh(frame.apply(self.vertices), self.faces, self.name)

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Quasi-random points (count, 3), uniform by area, and their faces' unit normals (count, 3)."""
        if count < 1:
            raise ValueError(
                f"Asked for {count} points of '{self.name}'; at least one is needed. Ask for more."
            )
        if not self.area > 0:
            raise ValueError(
                f"All triangles of '{self.name}' have no area; a surface is needed to sample. Check its vertices."
            )
        u = quasi_random(count, 3, generator)
        ends = self.areas.cumsum(0)
        face = torch.searchsorted(ends, u[:, 0] * ends[-1], right=True).clamp(max=len(ends) - 1)
        root = u[:, 1].sqrt()  # square root: equal areas between equal steps from the first corner
        weights = torch.stack([1 - root, root * (1 - u[:, 2]), root * u[:, 2]], dim=1)
        return (weights[:, :, None] * self.corners[face]).sum(1), self.normals[face]


def _merged(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> Mesh:
    """Vertices at the same place (to 1e-8 of the extent) made one, faces without area left out."""
    low, extent = vertices.min(0), float(np.ptp(vertices, axis=0).max()) or 1.0
    rounded = np.round((vertices - low) / extent * 1e8).astype(np.int64)
    _, first, inverse = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    faces = rank[inverse.reshape(-1)][faces]
    a, b, c = vertices[first[order]][faces].transpose(1, 0, 2)
    faces = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 0]
    return vertices[first[order]], faces
