"""Constraints that no field meets: what is left of them is smooth, and no change of the fields takes it away."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..linear.dense_rows import tangent_fields
from ..linear.null_space import row_units, span
from ..residuals import Batch, System
from ..residuals.known import without_priors
from .determination import can_tell, in_doubles, samples, slow_system

# Of the residual: where slow changes of the fields take away more of it, it is not the constraints that are at fault.
LEFT = 0.5
# Of that, made up of slow functions: faster features would take away the rest of it, and not these.
SMOOTH = 0.95
# Half waves along each axis, of which such functions are made.
WAVES = 4


def unmet(system: System, theta: Tensor) -> list[str]:
    """A paragraph where a solution that is rough cannot be better, since no field meets all constraints.

    With J the slopes of the residuals r by slow changes of the fields, min |r + J d| / |r| tells how much stays to
    first order. Where that is much, and smooth, so that faster changes do not help either, the constraints ask for
    more than fields can give: a source that does not fit the fluxes through the walls, a resonance, a condition too
    many. Measurements with noise are met by no field either, and nothing is said of problems with data. Priors
    are left out, since they are met by none.
    """
    system = without_priors(system)
    problem = system.problem
    if any(set(requests.data) - {"normal"} for requests in problem.requests) or not can_tell(system):
        return []
    near, at = in_doubles(system, theta)
    small = slow_system(near)
    batches = tuple(samples(small))
    units = row_units(small, batches)
    residual = units * near.vector(at, batches)
    matrix = units[:, None] * tangent_fields(small, small.initial(), near, at, batches).matrix
    if not bool(matrix.isfinite().all()) or not bool(residual.isfinite().all()):
        return []
    basis = span(matrix)
    left = residual - basis @ (basis.T @ residual)
    slow, first, sizes = [], 0, {}
    for group, batch in zip(small.groups, batches, strict=True):
        for i in group.members:
            stop = first + problem.requests[i].size * len(batch)
            rows = left[first:stop].reshape(len(batch), -1)
            sizes[problem.constraints[i].name], first = float(rows.norm()), stop
            slow.append(_slow_norm(rows, batch))
    whole, stays = float(residual.norm()), float(left.norm())
    smooth = math.sqrt(sum(norm**2 for norm in slow))
    if stays <= LEFT * whole or smooth <= SMOOTH * stays:
        return []
    worst = max(sizes, key=lambda name: sizes[name])
    return [
        f"No field meets all constraints: {stays / whole:.0%} of what is left of them stays whatever small change "
        f"the fields make, most of it in '{worst}', and it is smooth, so that finer networks do not help. Look for a "
        f"condition too many, for a source that does not fit what flows through the walls, or for a resonance."
    ]


def _slow_norm(rows: Tensor, batch: Batch) -> float:
    """The norm of the part of values at points (n, m), with the weights of these, that slow functions make up."""
    low, high = batch.points.min(0).values, batch.points.max(0).values
    unit = (batch.points - low) / (high - low).clamp(min=1e-300)
    columns = [torch.ones(len(unit), dtype=unit.dtype)]
    for axis in (high > low).nonzero()[:, 0].tolist():
        columns += [torch.cos(math.pi * n * unit[:, axis]) for n in range(1, WAVES + 1)]
    if len(columns) >= len(unit):
        return float(rows.norm())
    weights = 1.0 if batch.weights is None else batch.weights[:, :1].sqrt()
    basis = torch.linalg.qr(torch.stack(columns, dim=1) * weights)[0]
    return float((basis.T @ rows).norm())
