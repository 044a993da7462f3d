"""How far one surface is from another: Chamfer distance, normals, components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..geometry.meshes.mesh import TriangleMesh

_TINY = 1e-300
PAIRS = 1 << 20  # point-triangle pairs compared at once


class SurfaceErrors(TypedDict):
    """What ``surface_errors`` measures; lengths are fractions of the reference's bounding-box diagonal."""

    chamfer: float
    hausdorff: float
    normal_consistency: float
    components: int
    watertight: bool


def surface_errors(
    found: TriangleMesh, reference: TriangleMesh, samples: int = 30_000, seed: int = 0
) -> SurfaceErrors:
    """Compare a surface with the one it should be, by distances from points to triangles.

    ``samples`` points lie on each surface, uniform by area; their distances to the other surface are exact
    (points to points would not fall below the points' own spacing). ``chamfer`` is the mean of the two
    one-sided means, ``hausdorff`` the largest distance met, and ``normal_consistency`` the mean cosine
    between a point's normal and that of the triangle nearest to it, both ways: 1 at best, negative for a
    surface turned inside out.

    >>> import torch
    >>> from sirenpde import TriangleMesh, bundled
    >>> spot = TriangleMesh.open(bundled("spot.obj"))
    >>> larger = TriangleMesh(1.01 * spot.vertices, spot.faces)
    >>> errors = surface_errors(larger, spot, samples=1000)
    >>> errors["components"], errors["watertight"], 0 < errors["chamfer"] < 0.005
    (1, True, True)
    """
    generator = torch.Generator().manual_seed(seed)
    there = _one_sided(found, reference, samples, generator)
    back = _one_sided(reference, found, samples, generator)
    distances = torch.cat([there.distances, back.distances]) / reference.diagonal
    return SurfaceErrors(
        chamfer=float(distances.mean()),
        hausdorff=float(distances.max()),
        normal_consistency=float(torch.cat([there.cosines, back.cosines]).mean()),
        components=component_count(found),
        watertight=found.watertight,
    )


@dataclass(frozen=True)
class _OneSided:
    distances: Tensor  # (samples,)
    cosines: Tensor  # (samples,)


def _one_sided(start: TriangleMesh, end: TriangleMesh, samples: int, generator: torch.Generator) -> _OneSided:
    points, normals = start.sample(samples, generator)
    distances, faces = nearest_triangles(points, end)
    return _OneSided(distances, (normals * end.normals[faces]).sum(1))


def component_count(mesh: TriangleMesh) -> int:
    """The number of connected parts."""
    return int(_parts(mesh).max()) + 1


def largest_part(mesh: TriangleMesh) -> TriangleMesh:
    """The connected part of the largest area, alone."""
    part = torch.from_numpy(_parts(mesh))
    largest = torch.zeros(int(part.max()) + 1, dtype=torch.float64).index_add(0, part, mesh.areas.double())
    return TriangleMesh(mesh.vertices, mesh.faces[part == largest.argmax()])


def _parts(mesh: TriangleMesh) -> NDArray[np.int64]:
    """The number of its connected part, for every face."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    used, corners = mesh.faces.unique(return_inverse=True)
    a, b, c = corners.numpy().T
    links = np.ones(2 * len(a)), (np.concatenate([a, b]), np.concatenate([b, c]))
    graph = coo_array(links, shape=(len(used), len(used)))
    part: NDArray[np.int64] = connected_components(graph, directed=False)[1][a].astype(np.int64)
    return part


def nearest_triangles(points: Tensor, mesh: TriangleMesh) -> tuple[Tensor, Tensor]:
    """The exact distances (n,) of points (n, 3) to a mesh, and the faces (n,) that are nearest.

    A triangle that is nearest has its centre no farther than the distance to any triangle, plus the radius
    of a ball round it; so few remain to be compared. Large triangles are split first, to keep balls small.
    """
    from scipy.spatial import cKDTree

    corners, faces = _split(mesh.corners, 4 * float(mesh.areas.mean()) ** 0.5)
    centres = corners.mean(1)
    radius = float((corners - centres[:, None]).norm(dim=2).max())
    tree = cKDTree(centres.numpy())
    nearest_centre = torch.from_numpy(tree.query(points.numpy())[1])
    reach = (_to_triangles(points, corners[nearest_centre]) + radius) * (1 + 1e-12)
    counts = torch.from_numpy(tree.query_ball_point(points.numpy(), reach.numpy(), return_length=True))
    distances, nearest = points.new_empty(len(points)), counts.new_empty(len(points))
    for chunk in _chunks(counts):
        near = tree.query_ball_point(points[chunk].numpy(), reach[chunk].numpy())
        candidates = torch.from_numpy(np.concatenate(near)).to(torch.int64)
        owner = torch.repeat_interleave(counts[chunk])
        to_all = _to_triangles(points[chunk][owner], corners[candidates])
        least = torch.full_like(distances[chunk], torch.inf).scatter_reduce(0, owner, to_all, "amin")
        hit = to_all == least[owner]
        distances[chunk] = least
        nearest[chunk] = counts.new_empty(len(least)).scatter(0, owner[hit], faces[candidates[hit]])
    return distances, nearest


def _chunks(counts: Tensor) -> Iterator[slice]:
    """Consecutive points that have some ``PAIRS`` candidates together."""
    batch = counts.cumsum(0) // PAIRS
    ends = [0, *(batch.diff().nonzero()[:, 0] + 1).tolist(), len(counts)]
    return map(slice, ends, ends[1:])


def _split(corners: Tensor, longest: float) -> tuple[Tensor, Tensor]:
    """Triangles (f, 3, 3) cut into four at the middles of their edges until no edge is longer.

    Gives the parts, and the index of the triangle that each belongs to.
    """
    faces = torch.arange(len(corners))
    while True:
        large = (corners - corners.roll(1, dims=1)).norm(dim=2).amax(1) > longest
        if not large.any():
            return corners, faces
        a, b, c = corners[large].unbind(1)
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        quarters = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        corners = torch.cat([corners[~large], *(torch.stack(quarter, dim=1) for quarter in quarters)])
        faces = torch.cat([faces[~large], *[faces[large]] * 4])


def _to_triangles(points: Tensor, corners: Tensor) -> Tensor:
    """The distance of each point (n, 3) to its triangle (n, 3, 3)."""
    edges = corners.roll(-1, dims=1) - corners
    offsets = points[:, None] - corners
    along = ((offsets * edges).sum(2) / (edges * edges).sum(2).clamp(min=_TINY)).clamp(0, 1)
    to_edges = (offsets - along[:, :, None] * edges).norm(dim=2).amin(1)
    normal = torch.linalg.cross(edges[:, 0], edges[:, 1])
    normal = normal / normal.norm(dim=1, keepdim=True).clamp(min=_TINY)
    inside = (torch.linalg.cross(edges, offsets) * normal[:, None]).sum(2).amin(1) >= 0
    to_plane = (offsets[:, 0] * normal).sum(1).abs()
    return torch.where(inside & normal.any(1), to_plane, to_edges)  # a triangle without area is its edges
