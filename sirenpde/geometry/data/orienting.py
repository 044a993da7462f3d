"""Which way the normals of samples point: alike with their neighbours', and out of what they enclose."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

NEIGHBOURS = 12
TANGENT = 0.15  # cosine of a normal and the way to a neighbour along the surface, at most
_PARTS = 200  # whose nesting is looked at
_VOTES = 30  # rounds, at most


def agreement(samples: Tensor, normals: Tensor, tree: Any) -> tuple[Tensor, Tensor]:
    """The neighbours (m, k) of each sample, and how far their normals agree (m, k), from -1 to 1.

    From one sample to another along the unit vector e, on an arc of a circle, the normal n turns to n - 2 (e·n) e:
    the same on a plane, a right angle on the two sides of an edge, the opposite one across a thin sheet (König and
    Gumhold 2009, simplified). The agreement is the cosine between that and the other's normal.
    """
    k = min(NEIGHBOURS + 1, len(samples))
    beside = torch.from_numpy(tree.query(samples.numpy(), k=k, workers=-1)[1])[:, 1:]
    along = torch.nn.functional.normalize(samples[beside] - samples[:, None], dim=2)
    turned = normals[:, None] - 2 * (along * normals[:, None]).sum(2, keepdim=True) * along
    return beside, (turned * normals[beside]).sum(2)


def oriented(samples: Tensor, normals: Tensor, tree: Any) -> Tensor:
    """Normals (m, 3) of open sign, turned alike along the minimum spanning tree of doubt, and outwards.

    The doubt about a pair of neighbours is 1 - |agreement| (Hoppe et al. 1992). A part that is connected by
    neighbours is turned so that it encloses a positive volume, or a negative one where it lies within others.
    """
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

    m = len(samples)
    beside, agree = agreement(samples, normals, tree)
    rows = torch.arange(m)[:, None].expand_as(beside).reshape(-1)
    doubt = (1 - agree.abs()).clamp(min=0).reshape(-1) + 1e-6
    low, high = torch.minimum(rows, beside.reshape(-1)), torch.maximum(rows, beside.reshape(-1))
    pairs, first = _distinct(low * m + high)
    graph = coo_array((doubt[first].numpy(), ((pairs // m).numpy(), (pairs % m).numpy())), shape=(m, m))
    forest = minimum_spanning_tree(graph.tocsr()).tocoo()
    count, part = connected_components(forest, directed=False)
    part = torch.from_numpy(part).long()
    starts = _firsts(part, count).numpy()  # of the parts, all joined in one place more
    ends = np.concatenate([forest.row, starts]), np.concatenate([forest.col, np.full(count, m)])
    joined = coo_array((np.ones(len(ends[0])), ends), shape=(m + 1, m + 1)).tocsr()
    parent = torch.from_numpy(breadth_first_order(joined, m, directed=False)[1][:m]).long()
    parent = torch.where(parent == m, torch.arange(m), parent)
    sign = _towards(samples, normals, parent)
    while not bool((parent == parent[parent]).all()):
        sign, parent = sign * sign[parent], parent[parent]
    turned = normals * sign[:, None]
    return turned * _outward(samples, turned, part, count, tree)[part][:, None]


def _distinct(keys: Tensor) -> tuple[Tensor, Tensor]:
    """The different keys, and where each stands first."""
    order = torch.argsort(keys, stable=True)
    ordered = keys[order]
    new = torch.ones(len(keys), dtype=torch.bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new], order[new]


def _firsts(part: Tensor, count: int) -> Tensor:
    """The number of the first sample of each part."""
    return torch.full((count,), len(part)).scatter_reduce(0, part, torch.arange(len(part)), "amin")


def _towards(samples: Tensor, normals: Tensor, parent: Tensor) -> Tensor:
    """1 or -1 (m,): whether each normal agrees with its parent's; a root does with itself."""
    along = torch.nn.functional.normalize(samples[parent] - samples, dim=1)
    turned = normals - 2 * (along * normals).sum(1, keepdim=True) * along
    return torch.where((turned * normals[parent]).sum(1) < 0, -1.0, 1.0).to(samples.dtype)


def _outward(samples: Tensor, normals: Tensor, part: Tensor, count: int, tree: Any) -> Tensor:
    """1 or -1 (count,): how each part is to be turned, by the volume that it encloses and the parts around it."""
    areas = areas_of(samples, tree)
    middle = torch.zeros(count, 3, dtype=samples.dtype).index_add(0, part, samples)
    middle = middle / torch.bincount(part, minlength=count)[:, None]
    through = areas * ((samples - middle[part]) * normals).sum(1)
    sign = torch.where(torch.zeros(count, dtype=samples.dtype).index_add(0, part, through) < 0, -1.0, 1.0)
    sign = sign.to(samples.dtype)
    size = torch.zeros(count, dtype=samples.dtype).index_add(0, part, areas)
    largest = size.argsort(descending=True)[:_PARTS].tolist()
    if count < 2:
        return sign
    outward, first = normals * sign[part][:, None], _firsts(part, count)
    depth = torch.zeros(count)
    for one in largest:
        own = part == one
        if int(own.sum()) < 4 * NEIGHBOURS:
            continue
        depth += winding(samples[first], samples[own], outward[own], areas[own]).round().clamp(0, 1)
        depth[one] -= float(
            winding(samples[first[one]][None], samples[own], outward[own], areas[own]).round().clamp(0, 1)
        )
    return torch.where(depth.round() % 2 == 1, -sign, sign)


def areas_of(samples: Tensor, tree: Any) -> Tensor:
    """The area (m,) of each sample, π r² / 8 with r the distance of the eighth nearest (Barill et al. 2018)."""
    k = min(9, len(samples))
    reach = torch.from_numpy(tree.query(samples.numpy(), k=[k], workers=-1)[0])[:, 0]
    return math.pi * reach**2 / (k - 1)


def along_the_surface(samples: Tensor, normals: Tensor, beside: Tensor) -> Tensor:
    """Which neighbours (m, k) lie along the surface of both normals, and not across an edge or a thin sheet."""
    way = torch.nn.functional.normalize(samples[beside] - samples[:, None], dim=2)
    here, there = (way * normals[:, None]).sum(2).abs(), (way * normals[beside]).sum(2).abs()
    return torch.maximum(here, there) < TANGENT


def voted(samples: Tensor, normals: Tensor, tree: Any) -> Tensor:
    """Normals (m, 3), those turned that most of their neighbours disagree with, until none is left to turn.

    It mends a minority that is spread over the surface, and keeps what the others say. Only neighbours along the
    surface vote: on the two sides of a thin sheet sound normals are opposite.
    """
    beside, agree = agreement(samples, normals, tree)
    agree = agree * along_the_surface(samples, normals, beside)
    sign = torch.ones(len(samples), dtype=samples.dtype)
    for _ in range(_VOTES):
        votes = (agree * sign[beside]).sum(1)
        wrong = votes * sign < 0
        if not wrong.any():
            break
        sign = torch.where(wrong, -sign, sign)
    return normals * sign[:, None]


def winding(points: Tensor, samples: Tensor, normals: Tensor, areas: Tensor) -> Tensor:
    """How often the surface of the samples (m, 3) winds around points (n, 3): 1 inside and 0 outside.

    Source: Barill et al., Fast winding numbers for soups and clouds, 2018.
    """
    import igl
    import numpy as np

    around = igl.fast_winding_number(samples.numpy(), normals.numpy(), areas.numpy(), points.numpy())
    return torch.from_numpy(np.atleast_1d(around))
