"""What neighbouring samples of a surface say about it: its normal, how rough they are, where it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

FEW, MANY = 12, 768  # neighbours that fits are tried with
FLAT = 0.3  # thickness by width of a neighbourhood, up to which the least one is that of a surface
ROUGH = 0.35  # the same of a larger one, whose points are averaged
_AT_ONCE = 2_000_000  # neighbours of all points together


@dataclass(frozen=True)
class Fits:
    """Of each place (n, 3): its foot on the surface fitted around it, and the unit normal there, its sign open."""

    feet: Tensor
    normals: Tensor


def tree_of(points: Tensor) -> Any:
    """A tree for the nearest of these points; split in the middle, which on a surface is soonest searched."""
    from scipy.spatial import cKDTree

    return cKDTree(points.numpy(), leafsize=32, balanced_tree=False, compact_nodes=False)


def fitted(places: Tensor, samples: Tensor, tree: Any, neighbours: int) -> Fits:
    """A parabola fitted to the nearest ``neighbours`` samples (m, 3) of every place (n, 3).

    In the frame of a place and the samples' principal directions, h = a + b·s + s·C s with s the position along the
    two larger ones, least squares with Gaussian weights. The foot is at h = a, the normal across the slope b (Cazals
    and Pouget 2005, of degree two).
    """
    parts = places.split(max(1, _AT_ONCE // neighbours))
    found = [_parabolas(some, samples, tree, neighbours) for some in parts]
    return Fits(torch.cat([f.feet for f in found]), torch.cat([f.normals for f in found]))


def _parabolas(places: Tensor, samples: Tensor, tree: Any, neighbours: int) -> Fits:
    near = (
        samples[torch.from_numpy(tree.query(places.numpy(), k=neighbours, workers=-1)[1])] - places[:, None]
    )
    frame = _directions(near)[1]  # columns from the least direction on
    local = near @ frame
    width = local.norm(dim=2).amax(1).clamp(min=1e-300)
    local = local / width[:, None, None]
    h, s, t = local.unbind(2)
    terms = torch.stack([torch.ones_like(s), s, t, s * s, s * t, t * t], dim=2)
    weighted = terms * torch.exp(-2 * (local**2).sum(2))[:, :, None]
    normal = weighted.mT @ terms + 1e-9 * neighbours * torch.eye(6, dtype=terms.dtype)
    a, b, c = torch.linalg.solve(normal, weighted.mT @ h[:, :, None])[:, :3, 0].unbind(1)
    feet = places + (a * width)[:, None] * frame[:, :, 0]
    across = frame @ torch.stack([torch.ones_like(b), -b, -c], dim=1)[:, :, None]
    return Fits(feet, torch.nn.functional.normalize(across[:, :, 0], dim=1))


def _directions(near: Tensor) -> tuple[Tensor, Tensor]:
    """The principal variances (n, 3), ascending, and directions (n, 3, 3) of points (n, k, 3)."""
    off = near - near.mean(1, keepdim=True)
    variances, directions = torch.linalg.eigh(off.mT @ off / near.shape[1])
    return variances.clamp(min=0), directions


def suited_neighbours(samples: Tensor, tree: Any, generator: torch.Generator) -> int:
    """How many neighbours to fit to: ``FEW`` where these already lie flat, or as many as average the noise.

    Around a sample of a smooth surface even the few nearest are thin beside their width; with noise they fill a ball,
    up to the width at which the surface shows. Where more of them are no thinner, the few reach over edges and thin
    parts, and it is no noise. The median over some samples decides.
    """
    some = samples[torch.randperm(len(samples), generator=generator)[:500]]
    few = neighbours = min(FEW, len(samples))
    if _thickness(some, samples, tree, few) <= FLAT:
        return few
    while 2 * neighbours <= min(MANY, len(samples) // 8):
        neighbours *= 2
        if _thickness(some, samples, tree, neighbours) <= ROUGH:
            return neighbours
    return few


def _thickness(places: Tensor, samples: Tensor, tree: Any, neighbours: int) -> float:
    """The median of the least deviation of neighbours beside the middle one."""
    near = samples[torch.from_numpy(tree.query(places.numpy(), k=neighbours)[1])]
    variances = _directions(near)[0]
    return float((variances[:, 0] / variances[:, 1].clamp(min=1e-300)).sqrt().median())
