"""Samples for fits with many features: denser towards the boundary, with weights that make up for it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ..geometry import can
from ..geometry.domain import Domain
from ..residuals import Batch, Group, System
from .refinement import refined, singular_planes

MOST_AXES = 2  # in more dimensions the weights differ too much for what the edges gain
NEAREST = 0.5  # of the distance from where a point came from: with less it is nearer to another part of the boundary


@runtime_checkable
class Enclosed(Domain, can.Level, can.Bounded, can.Measure, Protocol):
    """A shape that knows its inside and its boundary."""


def draw(system: System, generator: torch.Generator, scale: float) -> tuple[Batch, ...]:
    """Samples for every group of constraints; ``scale`` multiplies how many."""
    return tuple(draw_group(system, group, generator, scale) for group in system.groups)


def draw_group(system: System, group: Group, generator: torch.Generator, scale: float) -> Batch:
    """Samples of one group, with the density of Chebyshev points along the axes of a box, and towards the boundary of
    another shape.

    On boxes and their faces a coordinate ξ in [-1, 1] that is not periodic becomes sin(πξ/2), and the point counts
    π/2 cos(πξ/2) times, so that the objective is the same in the mean. Between points that are even, a fit can leave
    large residuals at the ends of the axes, and needs several times as many points to prevent it (Hampton and
    Doostan, 2015; Cohen and Migliorati, Optimal weighted least-squares methods, 2017).

    In a shape with a curved boundary half of the points stay as they are drawn, and the others are as far from
    points of the boundary, along the normal, as Chebyshev points are from the ends of an interval. What they count
    for leaves the objective as it is in the mean where the boundary is straight, and nearly so where it bends.

    Towards points at which the networks are singular they are denser still.

    >>> from sirenpde.sampling.ends import MOST_AXES
    >>> MOST_AXES
    2
    """
    count = None if group.samples is None else max(1, round(group.samples * scale))
    points, data = group.domain.draw(count, generator)
    shape = _enclosed(group.domain)
    moved, weights = _towards_ends(group, points) if shape is None else _inward(shape, points, generator)
    planes = singular_planes(list(system.parameters.networks.values()))
    if planes and set(group.data) <= {"normal"}:
        on_boundary = "normal" in data
        moved, fewer = refined(group.domain, moved, planes, on_boundary, generator)
        weights = fewer if weights is None else weights * fewer
    batch = system.batch(moved, {key: data[key] for key in group.data})
    if weights is None:
        return batch
    factors = weights.to(batch.points)[:, None].expand(-1, len(group.members))
    return replace(batch, weights=factors.contiguous())


def _enclosed(domain: Domain) -> Enclosed | None:
    """The domain, if it is a shape with a boundary of its own kind, and no box."""
    if len(domain.axes) > MOST_AXES or can.patches_of(domain) is not None:
        return None
    return domain if isinstance(domain, Enclosed) else None


def _inward(domain: Enclosed, points: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
    """Half of the points (n, d) moved towards the boundary, and what each counts (n,).

    With D the largest distance from the boundary among the points, new ones are D (1 - cos(πv / 2)) away from it, v
    uniform in [0, 1]; where another part of the boundary is nearer, the point stays. Per unit of the boundary their
    density at a distance s D is 2 / (π D sqrt(s (2 - s))).
    """
    depth, half = float(-domain.level(points).min()), len(points) // 2
    edge = domain.boundary()
    places, data = edge.draw(max(half, 1), generator)
    v = torch.rand(len(places), generator=generator, dtype=points.dtype)
    distance = depth * (1 - torch.cos(0.5 * math.pi * v))  # from the boundary
    near = places - distance[:, None] * data["normal"]
    nearest = domain.level(near) < -NEAREST * distance
    moved = points.clone()
    moved[: len(near)] = torch.where(nearest[:, None], near, points[: len(near)])
    s = (-domain.level(moved) / depth).clamp(1e-12, 1)
    length = edge.measure if isinstance(edge, can.Measure) else domain.measure / depth
    share = domain.measure / (length * depth) * 2 / (math.pi * torch.sqrt(s * (2 - s)))
    weights = 1 / (0.5 + 0.5 * share)
    return moved, weights / weights.mean()


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
