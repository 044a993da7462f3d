"""Surfaces from oriented points by screened Poisson reconstruction and by the signed heat method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .measured import Array

if TYPE_CHECKING:
    from torch import Tensor

    from ...geometry.meshes.mesh import TriangleMesh

_MARGIN = 0.1  # of the longest side, around the points
_DEPTH = 8  # of the octree: 256 cells along the box


def poisson(points: Tensor, normals: Tensor, resolution: int) -> TriangleMesh:
    """Kazhdan and Hoppe 2013, by the package pypoisson2 with its own settings, serially, in 2^8 cells or more."""
    import torch
    from poisson import poisson_reconstruction
    from poisson.core import ParallelType

    from ...geometry.meshes.mesh import TriangleMesh

    depth = max(_DEPTH, int(np.ceil(np.log2(resolution))))
    vertices, faces = poisson_reconstruction(
        points.numpy(), normals.numpy(), depth=depth, parallel_type=ParallelType.NONE
    )[:2]
    return TriangleMesh(torch.from_numpy(vertices), torch.from_numpy(faces.astype(np.int64)))


def signed_heat(points: Tensor, normals: Tensor, resolution: int) -> TriangleMesh:
    """Feng and Crane 2024, on cubic cells with walls that nothing passes, all steps by cosine transforms.

    The normals, spread to the cells with the area of their samples, diffuse for the square of a cell's side; the
    field whose gradients come nearest to the unit vectors along them is the distance, shifted to the mean 0 on the
    samples.
    """
    import scipy.fft as fft
    import torch
    from scipy.interpolate import RegularGridInterpolator
    from scipy.ndimage import map_coordinates

    from ...export.surface import zero_level
    from ...geometry.data.local_fits import tree_of
    from ...geometry.data.orienting import areas_of
    from ...geometry.meshes.mesh import TriangleMesh
    from ...geometry.point import Axis

    places, areas = points.numpy(), areas_of(points, tree_of(points)).numpy()
    low, high = places.min(0), places.max(0)
    margin = _MARGIN * (high - low).max()
    low, step = low - margin, float((high - low).max() + 2 * margin) / resolution
    shape = tuple(int(n) for n in np.ceil((high + margin - low) / step))
    at = (places - low) / step - 0.5
    waves = [np.pi * np.arange(n) / n for n in shape]
    squares = sum(np.meshgrid(*[w**2 for w in waves], indexing="ij", sparse=True))
    vectors = []
    for normal in normals.numpy().T:
        spread = fft.dctn(_spread(at, areas * normal, shape)) * np.exp(-squares)
        vectors.append(fft.idctn(spread))
    size = np.sqrt(sum(v**2 for v in vectors))
    directions = [v / np.maximum(size, 1e-300) for v in vectors]
    divergence = sum(_divergence(d, axis) for axis, d in enumerate(directions))
    eigenvalues = np.zeros(shape) + sum(
        np.meshgrid(*[4 * np.sin(w / 2) ** 2 for w in waves], indexing="ij", sparse=True)
    )
    eigenvalues[0, 0, 0] = 1.0
    level = fft.idctn(-fft.dctn(divergence) / eigenvalues) * step
    level -= np.average(map_coordinates(level, at.T, order=1), weights=areas)
    lines = [a + step * (np.arange(n) + 0.5) for a, n in zip(low, shape, strict=True)]
    function = RegularGridInterpolator(lines, level)
    axes = [Axis(name, float(line[0]), float(line[-1])) for name, line in zip("xyz", lines, strict=True)]
    found = zero_level(lambda p: np.asarray(function(p)), axes, 3 * resolution // 2 + 1)
    return TriangleMesh(torch.from_numpy(found.vertices), torch.from_numpy(found.faces))


def _spread(at: Array, values: Array, shape: tuple[int, ...]) -> Array:
    """Values at places, counted in cells, shared among the eight cells around them."""
    total: Array = np.zeros(shape)
    corner = np.floor(at).astype(int)
    for offset in np.ndindex(2, 2, 2):
        cell = corner + offset
        share = np.prod(1 - np.abs(at - cell), axis=1)
        np.add.at(total, tuple(cell.T), share * values)
    return total


def _divergence(values: Array, axis: int) -> Array:
    """Of one component, by its means on the faces between cells; nothing passes the walls."""
    v = np.moveaxis(values, axis, 0)
    faces = np.zeros((v.shape[0] + 1, *v.shape[1:]))
    faces[1:-1] = (v[1:] + v[:-1]) / 2
    divergence: Array = np.moveaxis(np.diff(faces, axis=0), 0, axis)
    return divergence
