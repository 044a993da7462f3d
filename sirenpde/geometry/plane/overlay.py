"""Arcs of one shape, cut where they meet those of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import numpy as np
import torch
from torch import Tensor

from .arc import Arc
from .crossings import crossings

SAME = 1e-10  # of the size: so near, points are the same
APART = 1e-7  # of the size: so far apart are corners, more than roots where curves touch

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
        met = [
            crossings(arc.curve, others[o].curve, slack) for o in np.flatnonzero(near.all(axis=1)).tolist()
        ]
        roots, ends = ([s for pair in met for s in pair[i]] for i in (0, 1))
        parts += [(k, low, high) for low, high in pairwise(_apart(roots, ends, APART * size / arc.measure))]
    kept: list[list[list[float]]] = [[] for _ in arcs]
    for (k, low, high), keep in zip(parts, _decided(arcs, parts, keeps), strict=True):
        if keep and kept[k] and kept[k][-1][1] == low:
            kept[k][-1][1] = high
        elif keep:
            kept[k].append([low, high])
    return [[arc.part(low, high) for low, high in of] for arc, of in zip(arcs, kept, strict=True)]


def _apart(roots: Sequence[float], ends: Sequence[float], least: float) -> list[float]:
    """0, 1 and the values between, one for all that are nearly the same.

    That is an end, which is known to rounding, or the mean of roots: where curves touch, it is as good.
    """
    values = sorted([(s, False) for s in roots] + [(s, True) for s in ends])
    groups = list[list[tuple[float, bool]]]()
    for value in values:
        if groups and value[0] - groups[-1][-1][0] <= least:
            groups[-1].append(value)
        else:
            groups.append([value])
    means = [mean([s for s, is_end in of if is_end] or [s for s, _ in of]) for of in groups]
    return [0.0, *(s for s in means if least < s < 1 - least), 1.0]


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
    for i, j in sorted(cKDTree(ends).query_pairs(2 * APART * size)):
        place[place == place[j]] = place[i]
    if any(balance[place == k].sum() for k in np.unique(place)):
        return None
    shared = [tuple(end) for end in ends[place].tolist()]
    return [replace(arc, start=shared[2 * k], end=shared[2 * k + 1]) for k, arc in enumerate(arcs)]
