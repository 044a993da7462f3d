"""How well the constraints hold in each slab of a march."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.point import Axis
from ..networks.slabs import SlabNetwork
from ..residuals import Batch, System


@dataclass(frozen=True)
class PerSlab:
    """The root mean square residual of each constraint that holds along an axis, one number for each slab."""

    axis: Axis
    edges: tuple[float, ...]  # one more than slabs
    residuals: Mapping[str, tuple[float, ...]]  # not numbers in slabs without a sample


def residuals_per_slab(system: System, theta: Tensor, batches: Sequence[Batch]) -> PerSlab | None:
    """Of fields that have slabs; None of others."""
    slabs = [(u, n) for u, n in system.parameters.networks.items() if isinstance(n, SlabNetwork)]
    if not slabs:
        return None
    (u, network), *_ = slabs
    axis, edges = u.axes[network.axis], network.edges
    squares = [r.square().sum(1) for r in system.residuals(theta, batches)]
    found: dict[str, tuple[float, ...]] = {}
    for group, batch in zip(system.groups, batches, strict=True):
        names = list(group.evaluator.axes)
        if axis.name not in names:
            continue
        place = batch.points[:, names.index(axis.name)].contiguous()
        slab = torch.bucketize(place, place.new_tensor(edges[1:-1]))
        if place.min() == place.max():  # it holds at one time
            continue
        for i in group.members:
            means = [squares[i][slab == k].mean().sqrt() for k in range(len(edges) - 1)]
            found[system.problem.constraints[i].name] = tuple(map(float, means))
    return PerSlab(axis, edges, found)
