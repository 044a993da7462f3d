"""Triangle meshes: reading them, the solid that a closed one encloses, and points on its faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import overload

import numpy as np
import torch
from torch import Tensor

from ..arrays import as_mask, check_finite
from ..domain import Domain, check_count, quasi_random
from ..frame import Frame
from ..labelled import Labelled
from ..point import Axis
from ..readers.existing import existing
from ..readers.meshes import read_mesh
from ..readers.surface import Surface
from ..region import Predicate, Region
from ..shape import Shape
from ..slab import SLACK
from .cells import Cells
from .closed import check_solid
from .facets import Facets
from .meshing import tetrahedra_within
from .orientation import Faces, oriented
from .surfaces import Triangles


@dataclass(frozen=True, eq=False)
class TriangleMesh(Shape):
    """A surface of triangles, and the solid that it encloses if it is closed.

    ``vertices`` (v, 3) float64 and ``faces`` (f, 3) of indices into them; seen from outside, the vertices of a face
    run counterclockwise. ``groups`` names parts of the surface, each by booleans (f,). Axes are x, y, z over the
    bounding box, in the units of the file.

    As a domain it is the solid: points are drawn in its inside, ``measure`` is its volume, ``boundary()`` its faces
    with their outward unit ``normal``. An open mesh is a surface alone: it can be sampled and written. Raises
    ValueError for wrong shapes, no faces, indices out of range and vertices that are not finite; and where the
    solid is asked for, if the mesh is open, crosses itself, encloses no volume or has its normals inwards.

    >>> import torch
    >>> from sirenpde import TriangleMesh, bundled
    >>> part = TriangleMesh.open(bundled("bracket.stl"))
    >>> part.watertight, len(part.faces), round(part.measure, 3), round(part.area, 3)
    (True, 276, 32.369, 67.519)
    >>> foot = part.boundary().facing((0, 0, -1))
    >>> points, data = foot.draw(5, torch.Generator().manual_seed(0))
    >>> points[:, 2].tolist(), data["normal"][0].tolist()
    ([0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0])
    """

    vertices: Tensor
    faces: Tensor
    name: str = "mesh"
    groups: Mapping[str, Tensor] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # of reading it: that triangles were turned

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
        for name, chosen in self.groups.items():
            as_mask(chosen, (len(self.faces),), f"the group '{name}' of '{self.name}'")

    @staticmethod
    def open(path: str | PathLike[str]) -> TriangleMesh:
        """Reads OBJ, PLY, STL, OFF, VTK, VTU, gmsh's ``.msh``, GLB and what else trimesh reads, in the file's units.

        Of volume elements the skin is taken. The solids of a text STL, the groups of an OBJ and the physical
        surfaces of gmsh are ``groups``. Vertices at the same place become one (texture seams, STL corners),
        triangles without area are left out, and every closed part is turned to have its normals out of the solid:
        those of a part that lies within another point into the cavity that it bounds, see ``oriented``.

        Raises OSError where there is no such file, and ValueError for one that cannot be read, is not finite, or has
        no triangle with an area.
        """
        file = existing(path)
        surface = read_mesh(file)
        vertices = surface.vertices
        check_finite(torch.from_numpy(vertices), f"The vertices of '{file}'", "xyz")
        if np.abs(vertices).max() > 1e100:
            raise ValueError(
                f"The vertices of '{file}' reach {np.abs(vertices).max():.3g}; numbers whose products are finite "
                "are needed. Check the export."
            )
        merged = _merged(surface)
        if not len(merged.faces):
            raise ValueError(
                f"All {len(surface.faces)} triangles of '{file}' have no area; a surface is needed. Check the export."
            )
        turned = oriented(merged.vertices, merged.faces)
        groups = {name: torch.from_numpy(chosen) for name, chosen in merged.groups.items()}
        return TriangleMesh(
            torch.from_numpy(merged.vertices),
            torch.from_numpy(turned),
            file.stem,
            groups,
            _turned(file.name, merged.faces, turned),
        )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """x, y, z over the bounding box."""
        return tuple(Axis(name, *ends) for name, ends in zip("xyz", self.bounds, strict=True))

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        return self._skin.bounds

    @property
    def measure(self) -> float:
        """The volume of the solid, exact: one sixth of the sum of det(a, b, c) over faces (divergence theorem)."""
        self._check_solid()
        return self.volume

    def level(self, points: Tensor) -> Tensor:
        """The signed distance (n,) of points (n, 3) to the faces, negative inside, to rounding.

        The sign is that of the angle-weighted normal at the nearest point (Bærentzen and Aanæs 2005); libigl's tree
        takes some 4 µs a point on 6000 faces. Where rounding moves a nearest point from an edge into a face, libigl
        takes the face's normal, which says nothing beyond a sharp edge: there the sign is by the winding number.
        """
        import igl

        self._check_solid()
        vertices, faces = self.vertices.numpy(), self.faces.numpy()
        places = points.detach().double().contiguous().numpy()
        signed, nearest, feet, normals = map(
            np.asarray,
            igl.signed_distance(places, vertices, faces, igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL),
        )
        signed = np.atleast_1d(signed)
        of_faces = self.normals.numpy()[np.atleast_1d(nearest)]
        along = ((places - feet.reshape(-1, 3)) * of_faces).sum(1)
        by_face = (np.abs(normals.reshape(-1, 3) - of_faces) < 1e-9).all(1)
        astray = by_face & (np.abs(along) < (1 - 1e-6) * np.abs(signed) - SLACK * self.diagonal)
        if astray.any():
            around = np.atleast_1d(igl.winding_number(vertices, faces, places[astray]))
            signed[astray] = np.copysign(signed[astray], 0.5 - around)
        return torch.from_numpy(signed)

    def contains(self, points: Tensor) -> Tensor:
        """Which of the points (n, 3) lie in the solid, or on its faces."""
        return self.level(points) <= SLACK * self.diagonal

    def labels(self, domain: Domain, spread: float = 0.0) -> Labelled:
        self._check_solid()
        return super().labels(domain, spread)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """``n`` quasi-random points inside: those of the bounding box, in chunks, that lie in the solid."""
        count = check_count(n, self.name)
        low, high = torch.tensor(self.bounds, dtype=torch.float64).T
        share = self.measure / float((high - low).prod())
        found, total = list[Tensor](), 0
        while total < count:
            tried = min(2**17, int(1.2 * (count - total) / share) + 64)
            box = low + (high - low) * quasi_random(tried, 3, generator)
            found.append(box[self.level(box) < 0])
            total += len(found[-1])
        return torch.cat(found)[:count], {}

    @overload  # type: ignore[override]
    def boundary(self, *names: str, name: str | None = None) -> Facets: ...

    @overload
    def boundary(self, *names: str, where: Predicate, name: str | None = None) -> Region: ...

    def boundary(
        self, *names: str, where: Predicate | None = None, name: str | None = None
    ) -> Facets | Region:
        """The faces with their outward unit normal: all of them, those of the named groups, or a part by a predicate.

        ``where`` is a function of points (n, 3) giving booleans (n,). ``boundary().facing(...)`` and
        ``boundary().pieces()`` are parts by direction and between sharp edges. ValueError for a group that is none.
        """
        for group in names:
            if group not in self.groups:
                there = ", ".join(map(repr, self.groups)) or "none"
                raise ValueError(
                    f"'{self.name}' has no part {group!r}; its parts are {there}. Name one of these, or choose a "
                    "part by boundary(where=...) or boundary().facing((0, 0, 1))."
                )
        chosen = [self.groups[group] for group in names]
        faces = self._skin.part(torch.stack(chosen).any(0), ", ".join(names)) if names else self._skin
        if where is not None:
            return Region(faces, where, name or f"part of {faces.name}")
        return replace(faces, name=name) if name else faces

    @property
    def sides(self) -> tuple[Facets, ...]:
        """The faces, all of them."""
        return (self._skin,)

    def cells(self, resolution: int) -> Cells:
        """Tetrahedra of the interior, about ``resolution`` points across; see ``tetrahedra_within``."""
        self._check_solid()
        return tetrahedra_within(self.vertices, self.faces, resolution)

    def surface(self, resolution: int = 32) -> Triangles:
        """The mesh itself, whatever the resolution."""
        self._check_solid()
        return self.vertices, self.faces

    @staticmethod
    def of(shape: Shape, resolution: int = 32) -> TriangleMesh:
        """The surface of a solid as a mesh, about ``resolution`` points across.

        >>> from sirenpde import Ball, Box, TriangleMesh
        >>> mesh = TriangleMesh.of(Box(x=(-1, 1), y=(-1, 1), z=(-1, 1)) - Ball(radius=0.5))
        >>> mesh.watertight, abs(mesh.measure - 7.476401) < 1e-2  # 8 - π / 6
        (True, True)
        """
        return TriangleMesh(*shape.surface(resolution), name=shape.name)

    @cached_property
    def _skin(self) -> Facets:
        low, high = (
            self.vertices[self.faces].amin((0, 1)).tolist(),
            self.vertices[self.faces].amax((0, 1)).tolist(),
        )
        axes = tuple(Axis(name, *ends) for name, *ends in zip("xyz", low, high, strict=True))
        return Facets(self.vertices, self.faces, axes, self.name)

    def _check_solid(self) -> None:
        """Raises ValueError unless the faces enclose a solid; looked at once."""
        if "_is_solid" not in self.__dict__:
            check_solid(self.vertices.numpy(), self.faces.numpy(), self.name)
            self.__dict__["_is_solid"] = True

    @property
    def corners(self) -> Tensor:  # (f, 3, 3), vertex then coordinate
        return self._skin.corners

    @property
    def areas(self) -> Tensor:  # (f,)
        return self._skin.areas

    @property
    def normals(self) -> Tensor:
        """The faces' unit normals (f, 3)."""
        return self._skin.normals

    @property
    def area(self) -> float:
        return self._skin.measure

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
        return TriangleMesh(self.vertices, self.faces.flip(1), self.name, self.groups)

    def placed(self, frame: Frame) -> TriangleMesh:
        """The surface scaled and shifted by a frame."""
        return TriangleMesh(frame.apply(self.vertices), self.faces, self.name, self.groups)

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Quasi-random points (count, 3), uniform by area, and their faces' unit normals (count, 3)."""
        points, data = self._skin.draw(count, generator)
        return points, data["normal"]


def _merged(surface: Surface) -> Surface:
    """Vertices at the same place (to 1e-8 of the extent) made one, faces without area left out."""
    vertices, faces = surface.vertices, surface.faces
    low, extent = vertices.min(0), float(np.ptp(vertices, axis=0).max()) or 1.0
    rounded = np.round((vertices - low) / extent * 1e8).astype(np.int64)
    _, first, inverse = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    faces = rank[inverse.reshape(-1)][faces]
    a, b, c = vertices[first[order]][faces].transpose(1, 0, 2)
    kept = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 0
    groups = {name: chosen[kept] for name, chosen in surface.groups.items()}
    return Surface(vertices[first[order]], faces[kept], groups)


def _turned(name: str, before: Faces, after: Faces) -> tuple[str, ...]:
    """A word on triangles that were turned."""
    count = int((before != after).any(1).sum())
    said = (
        f"{count} of the {len(after)} triangles of '{name}' pointed into the solid, or against their neighbours, and "
        f"were turned: all normals point out of it. Turn them in the file as well, if other programs read it."
    )
    return (said,) if count else ()
