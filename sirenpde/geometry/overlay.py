"""Arcs of one shape, cut where they meet those of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from .arc import Arc
from .crossings import crossings

SAME = 1e-10  # of the size: so near, points are the same

Keeps = Callable[[Tensor, Tensor, Tensor], Tensor]  # points, normals, lengths nearby -> booleans (n,)


def cut(arcs: Sequence[Arc], others: Sequence[Arc], keeps: Keeps, size: float) -> list[list[Arc]]:
    """Of each arc the parts that ``keeps`` holds for, whole where the arc is cut without effect.

    Arcs are cut where they meet the others; in between, one point decides for a part.
    """
    boxes = np.array([arc.bounds for arc in others])  # (m, 2, 2)
    slack = SAME * size
    parts: list[tuple[int, float, float]] = []
    for k, arc in enumerate(arcs):
        box = np.array(arc.bounds)
        near = (boxes[:, :, 0] <= box[:, 1] + slack) & (boxes[:, :, 1] >= box[:, 0] - slack)
        at = {0.0, 1.0}
        for other in np.flatnonzero(near.all(axis=1)).tolist():
            at.update(crossings(arc.curve, others[other].curve, slack))
        parts += [(k, low, high) for low, high in pairwise(_apart(sorted(at), slack / arc.measure))]
    kept: list[list[list[float]]] = [[] for _ in arcs]
    for (k, low, high), keep in zip(parts, _decided(arcs, parts, keeps), strict=True):
        if keep and kept[k] and kept[k][-1][1] == low:
            kept[k][-1][1] = high
        elif keep:
            kept[k].append([low, high])
    return [[arc.part(low, high) for low, high in of] for arc, of in zip(arcs, kept, strict=True)]


def _apart(values: list[float], least: float) -> list[float]:
    """The values without those that repeat another; the first and the last stay."""
    apart = [values[0]]
    for value in values[1:-1]:
        if value - apart[-1] > least and values[-1] - value > least:
            apart.append(value)
    return [*apart, values[-1]]


def _decided(arcs: Sequence[Arc], parts: Sequence[tuple[int, float, float]], keeps: Keeps) -> list[bool]:
    points, normals, lengths = [], [], []
    for k, low, high in parts:
        s = torch.tensor([low + 0.4871 * (high - low)], dtype=torch.float64)
        point, data = arcs[k].from_parameter(s)
        points.append(point)
        normals.append(data["normal"])
        lengths.append((high - low) * arcs[k].measure)
    decided: list[bool] = keeps(
        torch.cat(points), torch.cat(normals), torch.tensor(lengths, dtype=torch.float64)
    ).tolist()
    return decided


def joined(arcs: Sequence[Arc], size: float) -> list[Arc] | None:
    """The arcs with ends that are shared to the last bit; None where they do not close."""
    from scipy.spatial import cKDTree

    ends = np.array([end for arc in arcs for end in (arc.start, arc.end)])
    balance = np.array([sign for arc in arcs for sign in (1, -1)])  # out of a corner, into it
    place = np.arange(len(ends))
    for i, j in sorted(cKDTree(ends).query_pairs(10 * SAME * size)):
        place[place == place[j]] = place[i]
    if any(balance[place == k].sum() for k in np.unique(place)):
        return None
    shared = [tuple(end) for end in ends[place].tolist()]
    return [replace(arc, start=shared[2 * k], end=shared[2 * k + 1]) for k, arc in enumerate(arcs)]
