"""Where the fields are known, which is everywhere but for a march that was cut off, and how well they do there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..geometry.point import Axis
from ..networks.slabs import SLACK, SlabNetwork
from ..problem.problem import Problem
from . import measure
from .batch import Batch
from .system import System


def holds_until(system: System) -> tuple[Axis, float] | None:
    """The axis of a march and how far along it the fields are known; None where they are known everywhere."""
    for u, network in system.parameters.networks.items():
        if isinstance(network, SlabNetwork):
            axis = u.axes[network.axis]
            if network.until < axis.high - SLACK * (axis.high - axis.low):
                return axis, network.until
    return None


def where_known(system: System, batches: Sequence[Batch]) -> tuple[System, tuple[Batch, ...]]:
    """The constraints, and their samples, of the part in which the fields are known.

    All of them where no constraint, or not every field, has a sample there.
    """
    end = holds_until(system)
    if end is None:
        return system, tuple(batches)
    samples: list[Batch] = []
    members: list[int] = []
    for group, batch in zip(system.groups, batches, strict=True):
        known = _known(group.evaluator.axes, batch, *end)
        if bool(known.any()):
            weights = None if batch.weights is None else batch.weights[known]
            samples.append(Batch(batch.points[known], {k: x[known] for k, x in batch.data.items()}, weights))
            members += group.members
    problem = Problem.derived(*(system.problem.constraints[i] for i in sorted(members))) if members else None
    if problem is None or problem.fields != system.problem.fields:
        return system, tuple(batches)
    return System(problem, system.parameters.networks, system.device, system.dtype, system.scales), tuple(
        samples
    )


def _known(axes: Sequence[str], batch: Batch, axis: Axis, end: float) -> Tensor:
    """Which points of a batch (n,) lie where the fields are known."""
    if axis.name not in axes:
        return torch.ones(len(batch), dtype=torch.bool, device=batch.points.device)
    return batch.points[:, axes.index(axis.name)] <= end


def terms(system: System, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
    """The objective's terms (constraints,) where the fields are known; zero for those of which none is."""
    there, samples = where_known(system, batches)
    known = dict(zip(_names(there), there.losses(theta, samples), strict=True))
    return torch.stack([known.get(name, theta.new_zeros(())) for name in _names(system)])


def relative_residuals_by_name(system: System, theta: Tensor, batches: Sequence[Batch]) -> dict[str, float]:
    """By constraint, the root mean square residual where the fields are known, as a fraction of its largest term.

    Without those of priors, which need not vanish.
    """
    there, samples = where_known(system, batches)
    relative = measure.relative_residuals(there, theta, samples).tolist()
    pairs = zip(there.problem.constraints, relative, strict=True)
    priors = there.problem.has_priors
    return {constraint.name: value for constraint, value in pairs if not (priors and constraint.is_prior)}


def without_priors(system: System) -> System:
    """The constraints that have to vanish; all of them where no other reads one of the fields or numbers."""
    problem = system.problem.equations
    if problem.fields != system.problem.fields or problem.unknowns != system.problem.unknowns:
        return system
    if problem is system.problem:
        return system
    return System(problem, system.parameters.networks, system.device, system.dtype, system.scales)


def relative_residual(system: System, theta: Tensor, batches: Sequence[Batch]) -> float:
    """The worst of the relative residuals; not a number where one of them is none."""
    return worst_of(relative_residuals_by_name(system, theta, batches))


def worst_of(residuals: Mapping[str, float]) -> float:
    """The largest; not a number where one of them is none."""
    return max(residuals.values()) if all(x == x for x in residuals.values()) else math.nan


def _names(system: System) -> list[str]:
    return [constraint.name for constraint in system.problem.constraints]
