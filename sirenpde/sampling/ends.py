"""Samples for fits with many features: denser towards the ends of the axes, with weights that make up for it."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from ..geometry import can
from ..residuals import Batch, Group, System

MOST_AXES = 2  # in more dimensions the weights differ too much for what the edges gain


def draw(system: System, generator: torch.Generator, scale: float) -> tuple[Batch, ...]:
    """Samples for every group of constraints; ``scale`` multiplies how many."""
    return tuple(draw_group(system, group, generator, scale) for group in system.groups)


def draw_group(system: System, group: Group, generator: torch.Generator, scale: float) -> Batch:
    """Samples of one group, on boxes and their faces with the density of Chebyshev points along each axis.

    A coordinate ξ in [-1, 1] that is not periodic becomes sin(πξ/2), and the point counts π/2 cos(πξ/2) times,
    so that the objective is the same in the mean. Between points that are even, a fit can leave large residuals
    at the ends of the axes, and needs several times as many points to prevent it (Hampton and Doostan, 2015;
    Cohen and Migliorati, Optimal weighted least-squares methods, 2017).

    >>> from sirenpde.sampling.ends import MOST_AXES
    >>> MOST_AXES
    2
    """
    count = None if group.samples is None else max(1, round(group.samples * scale))
    points, data = group.domain.draw(count, generator)
    moved, weights = _towards_ends(group, points)
    batch = system.batch(moved, {key: data[key] for key in group.data})
    if weights is None:
        return batch
    factors = weights.to(batch.points)[:, None].expand(-1, len(group.members))
    return replace(batch, weights=factors.contiguous())


def _towards_ends(group: Group, points: Tensor) -> tuple[Tensor, Tensor | None]:
    patches = can.patches_of(group.domain)
    if patches is None or max(len(patch.free) for patch in patches) > MOST_AXES:
        return points, None
    periodic = {axis.name for u in group.evaluator.fields for axis in u.periodic}
    moved, weights = points.clone(), points.new_ones(len(points))
    for column, axis in enumerate(group.domain.axes):
        if axis.name in periodic or not any(axis in patch.free for patch in patches):
            continue
        xi = (2 * points[:, column] - axis.low - axis.high) / (axis.high - axis.low)
        inside = xi.abs() < 1  # a face holds its own axis at an end
        ends = 0.5 * (axis.low + axis.high) + 0.5 * (axis.high - axis.low) * torch.sin(0.5 * math.pi * xi)
        moved[:, column] = torch.where(inside, ends, points[:, column])
        weights *= torch.where(inside, 0.5 * math.pi * torch.cos(0.5 * math.pi * xi), 1.0)
    return moved, weights
