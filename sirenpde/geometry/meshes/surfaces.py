"""Watertight triangle surfaces of solids: vertices (v, 3) and faces (f, 3), seen from outside counterclockwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .newton import onto

Triangles = tuple[Tensor, Tensor]


def level_surface(
    level: Callable[[Tensor], Tensor], bounds: Sequence[tuple[float, float]], resolution: int
) -> Triangles:
    """Where a level changes its sign, by marching cubes ``resolution`` points across, moved onto its zero.

    Smooth parts are met to rounding by the vertices; edges are cut by up to a cell. Raises ValueError where no point
    of the grid lies inside.
    """
    from skimage.measure import marching_cubes

    low, high = torch.tensor(bounds, dtype=torch.float64).T
    step = float((high - low).max()) / max(2, resolution - 1)
    counts = ((high - low) / step - 1e-9).ceil().long() + 1
    lines = [
        a + (b - a) / (n - 1) * (torch.arange(-1, n + 1) + 1e-4)  # beside planes of the bounding box
        for a, b, n in zip(low.tolist(), high.tolist(), counts.tolist(), strict=True)
    ]
    grid = torch.cartesian_prod(*(line.double() for line in lines))
    values = torch.cat([level(part) for part in grid.split(2**17)]).reshape([len(line) for line in lines])
    for axis in range(3):  # what surrounds the bounding box is outside
        for end in (0, -1):
            values.select(axis, end).clamp_(min=1e-3 * step)
    if not (bool((values < 0).any())):
        raise ValueError(
            f"No point of a grid of {resolution} points across lies inside the solid whose surface was asked for. "
            "Raise the resolution, or check the shape."
        )
    places, faces, *_ = marching_cubes(
        values.numpy(), 0.0, gradient_direction="ascent", allow_degenerate=False
    )
    columns = [np.interp(places[:, k], np.arange(len(line)), line.numpy()) for k, line in enumerate(lines)]
    vertices = torch.from_numpy(np.stack(columns, axis=1))
    return onto(level, vertices, reach=step), _outward(vertices, torch.from_numpy(faces.astype(np.int64)))


def combined(operator: Literal["|", "&", "-"], first: Triangles, second: Triangles) -> Triangles:
    """The union, intersection or difference of two solids (manifold3d)."""
    a, b = _manifold(first), _manifold(second)
    return _triangles(a + b if operator == "|" else a ^ b if operator == "&" else a - b)


def prism(loops: Sequence[Tensor], low: float, high: float) -> Triangles:
    """A plane shape bounded by polygons (n, 2), holes clockwise, between two heights."""
    from manifold3d import triangulate

    flat = torch.cat(list(loops))
    caps = torch.from_numpy(np.asarray(triangulate([loop.numpy() for loop in loops]), np.int64))
    bottom, top = (torch.nn.functional.pad(flat, (0, 1), value=z) for z in (low, high))
    sides, count, start = [caps.flip(1), caps + len(flat)], len(flat), 0
    for loop in loops:
        here = start + torch.arange(len(loop))
        after = start + (torch.arange(len(loop)) + 1) % len(loop)
        sides += [
            torch.stack([here, after, after + count], 1),
            torch.stack([here, after + count, here + count], 1),
        ]
        start += len(loop)
    return torch.cat([bottom, top]), torch.cat(sides)


def turned_about(loops: Sequence[Tensor], segments: int) -> Triangles:
    """Polygons (n, 2) of the half-plane of distances and heights, turned about the axis; holes clockwise."""
    vertices, faces, start = [], [], 0
    angles = 2 * math.pi * torch.arange(segments, dtype=torch.float64) / segments
    for loop in loops:
        n = len(loop)
        ring = torch.stack(
            [
                loop[:, None, 0] * angles.cos(),
                loop[:, None, 0] * angles.sin(),
                loop[:, None, 1].expand(-1, segments),
            ],
            dim=2,
        )
        vertices.append(ring.reshape(-1, 3))
        i, j = (
            index.reshape(-1)
            for index in torch.meshgrid(torch.arange(n), torch.arange(segments), indexing="ij")
        )
        a, b = i * segments + j, i * segments + (j + 1) % segments
        c, d = (((i + 1) % n) * segments + k for k in (j, (j + 1) % segments))
        faces += [start + torch.stack([a, d, c], 1), start + torch.stack([a, b, d], 1)]
        start += n * segments
    return _merged(torch.cat(vertices), torch.cat(faces))


def loops_of(chains: Sequence[Tensor]) -> list[Tensor]:
    """Polylines whose ends are shared to the last bit, joined to closed polygons without their last point."""
    left = {tuple(chain[0].tolist()): chain for chain in chains}
    loops = []
    while left:
        start, chain = left.popitem()
        parts, end = [chain[:-1]], tuple(chain[-1].tolist())
        while end != start:
            chain = left.pop(end)
            parts.append(chain[:-1])
            end = tuple(chain[-1].tolist())
        loops.append(torch.cat(parts))
    return loops


def sphere(resolution: int) -> Triangles:
    """The unit sphere, about ``resolution`` points across, its vertices on it to rounding."""
    from manifold3d import Manifold

    vertices, faces = _triangles(Manifold.sphere(1.0, max(8, 4 * round(math.pi * resolution / 4))))
    return vertices / vertices.norm(dim=1, keepdim=True), faces


def _manifold(triangles: Triangles) -> Any:
    from manifold3d import Manifold, Mesh64

    vertices, faces = triangles
    solid = Manifold(Mesh64(vertices.numpy(), faces.numpy().astype(np.uint64)))
    if solid.is_empty():
        raise ValueError(
            "The surface of an operand is not closed at this resolution; booleans need closed ones. Raise the "
            f"resolution (the library says {solid.status().name})."
        )
    return solid


def _triangles(solid: Any) -> Triangles:
    mesh = solid.to_mesh64()
    vertices: NDArray[np.float64] = np.asarray(mesh.vert_properties, np.float64)[:, :3]
    return torch.from_numpy(vertices.copy()), torch.from_numpy(np.asarray(mesh.tri_verts).astype(np.int64))


def _merged(vertices: Tensor, faces: Tensor) -> Triangles:
    """Vertices at one place made one, and faces without three of them left out: poles, where rings shrink."""
    size = float((vertices.amax(0) - vertices.amin(0)).max())
    _, index = torch.unique((vertices / size * 1e12).round(), dim=0, return_inverse=True)
    first = torch.full((int(index.max()) + 1,), len(vertices)).scatter_reduce(
        0, index, torch.arange(len(vertices)), "amin"
    )
    faces = index[faces]
    there = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return vertices[first], faces[there]


def enclosed_volume(vertices: Tensor, faces: Tensor) -> float:
    """The volume within a closed surface, negative where its normals point inwards."""
    return float(torch.linalg.det(vertices[faces] - vertices[0]).sum() / 6)


def _outward(vertices: Tensor, faces: Tensor) -> Tensor:
    return faces if enclosed_volume(vertices, faces) > 0 else faces.flip(1)
