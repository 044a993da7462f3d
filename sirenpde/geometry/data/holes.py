"""Where a scan has holes: samples of the surface that closes them, by winding numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..meshes.mesh import TriangleMesh
from .distances import signed_distance
from .local_fits import tree_of
from .orienting import winding

LATTICE = 48  # points along the longest side of the box
FINER = 3  # the lattice in a hole
_WAY = 3  # steps of the coarse lattice around a jump, which the level is looked for in


def closing(
    samples: Tensor, normals: Tensor, areas: Tensor, low: Tensor, high: Tensor
) -> tuple[Tensor, Tensor]:
    """Samples (n, 3) and unit normals (n, 3) of the surface across holes of a scan; n = 0 where it has none.

    In a hole the sign of the distance changes far from all samples: between neighbours on a lattice that are both
    farther from them than half the way from one to the other. There the level 1/2 of the winding number of the
    samples, which leaves the rim smoothly, closes the surface. Its samples are as dense as the scan's.
    """
    step = float((high - low).max()) / (LATTICE - 1)
    counts = [int((b - a) / step - 1e-9) + 2 for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    coarse = signed_distance(_lattice(low, step, counts), samples, normals).reshape(counts)
    jumps = _jumps(coarse, 0.75 * step + float(areas.mean().sqrt()))
    if not jumps.any():
        return samples[:0], normals[:0]
    near = torch.nn.functional.max_pool3d(jumps[None, None].float(), 2 * _WAY + 1, 1, _WAY)[0, 0] > 0
    step, counts = step / FINER, [FINER * (n - 1) + 1 for n in counts]
    level, near = 0.5 * _finer(torch.sign(coarse)), _finer(near)
    places = _lattice(low, step, counts).reshape(*counts, 3)[near]
    level[near] = 0.5 - winding(places, samples, normals, areas)
    patch = _patch(level, near, low, step)
    if patch is None:
        return samples[:0], normals[:0]
    count = max(1, round(float(patch.area / areas.mean())))
    found, outward = patch.sample(count, torch.Generator().manual_seed(0))
    away = torch.from_numpy(tree_of(samples).query(found.numpy())[0]) > 2 * step
    return found[away], outward[away]


def _lattice(low: Tensor, step: float, counts: list[int]) -> Tensor:
    lines = [
        a + step * torch.arange(n, dtype=torch.float64) for a, n in zip(low.tolist(), counts, strict=True)
    ]
    return torch.cartesian_prod(*lines)


def _finer(values: Tensor) -> Tensor:
    """Each point of the finer lattice has the value of the coarse one's nearest."""
    for axis in range(3):
        nearest = (torch.arange(FINER * (values.shape[axis] - 1) + 1) + FINER // 2) // FINER
        values = values.index_select(axis, nearest)
    return values


def _jumps(distance: Tensor, away: float) -> Tensor:
    """The points of the lattice between which and a neighbour the sign changes far from all samples."""
    jumps = torch.zeros(distance.shape, dtype=torch.bool)
    for axis in range(3):
        n = distance.shape[axis] - 1
        a, b = distance.narrow(axis, 0, n), distance.narrow(axis, 1, n)
        far = (a * b < 0) & (torch.minimum(a.abs(), b.abs()) > away)
        jumps.narrow(axis, 0, n).logical_or_(far)
        jumps.narrow(axis, 1, n).logical_or_(far)
    return jumps


def _patch(level: Tensor, near: Tensor, low: Tensor, step: float) -> TriangleMesh | None:
    from skimage.measure import marching_cubes

    try:
        vertices, faces, *_ = marching_cubes(
            level.numpy(), 0.0, mask=near.numpy(), gradient_direction="descent", allow_degenerate=False
        )
    except (ValueError, RuntimeError):  # the level lies elsewhere
        return None
    if not len(faces):
        return None
    places = low + step * torch.from_numpy(vertices.astype(np.float64))
    return TriangleMesh(places, torch.from_numpy(faces.astype(np.int64)))
