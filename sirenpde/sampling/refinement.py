"""Samples denser towards singular points, in equal numbers for equal ratios of distances."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from ..geometry.corners import lies_on
from ..geometry.domain import Domain
from ..networks.polar import AroundPoints, Plane

CLOSEST = 1e-6  # of the distance within which samples are moved
ON_EDGES = (
    1e-3  # and of samples on the boundary, so that rounding does not bring them to the other side of a slit
)
SHARE = 0.5  # of the samples in there are moved
WITHIN = 0.5  # of the box's shorter side, and of the way to the next singular point


def singular_planes(networks: Sequence[nn.Module]) -> tuple[Plane, ...]:
    """Polar coordinates about the singular points of networks, each once."""
    return tuple(dict.fromkeys(plane for network in networks for plane in _planes(network)))


def _planes(network: nn.Module) -> Iterator[Plane]:
    if isinstance(network, AroundPoints):
        yield from (waves.plane for waves in network.singular)


def refined(
    domain: Domain, points: Tensor, planes: Sequence[Plane], on_boundary: bool, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Points (n, d), some of them moved towards singular points, and what each counts (n,).

    Of the points within R of one every other is moved along its ray to ρ times its distance r, log ρ uniform down to
    -L, unless it leaves the domain. Where density was even, it is then 1/2 + q / 2 as large, with
    q = ((R / r)^m - 1) / (mL) and m = 2, or 1 on the boundary, and a point counts for the inverse. A boundary that is
    bent at the point stays as it is.
    """
    moved, weights = points.clone(), points.new_ones(len(points))
    closest, power = (ON_EDGES, 1) if on_boundary else (CLOSEST, 2)
    depth = -math.log(closest)
    for plane in planes:
        columns = list(plane.axes)
        reach = _reach(domain, plane, planes)
        centre = points.new_tensor(plane.centre)
        ratio = torch.exp(-depth * torch.rand(len(points), generator=generator, dtype=points.dtype))
        chosen = torch.rand(len(points), generator=generator, dtype=points.dtype) < SHARE
        near = (points[:, columns] - centre).norm(dim=1) < reach
        closer = moved.clone()
        closer[:, columns] = centre + ratio[:, None] * (points[:, columns] - centre)
        kept = lies_on(domain, closer) & near
        if not bool(kept.any()):
            continue
        moved = torch.where((kept & chosen)[:, None], closer, moved)
        distance = ((moved[:, columns] - centre).norm(dim=1) / reach).clamp(closest, 1)
        gain = SHARE * (distance**-power - 1) / (power * depth) + 1 - SHARE
        weights = torch.where(kept, weights / gain, weights)
    return moved, weights


def _reach(domain: Domain, plane: Plane, planes: Sequence[Plane]) -> float:
    """How far from a point samples are moved."""
    sides = [domain.axes[column].high - domain.axes[column].low for column in plane.axes]
    others = [math.dist(plane.centre, other.centre) for other in planes if other.axes == plane.axes]
    return WITHIN * min(*sides, *(distance for distance in others if distance > 0))
