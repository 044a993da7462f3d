"""The rows of a problem with measurements and priors, linearised, as ``linear.inference`` takes them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..calculus.field import Field
from ..geometry import can
from ..networks.linear_head import head_width
from ..problem.problem import Problem
from ..residuals import Batch, System
from .dense_rows import FixedFeatures, coefficients, tangent
from .inference import Rows

# Equations beside measurements of a given deviation: as firm as a thousandth of what they are in other objectives.
FIRM = 1e3
# And beside such as may be exact: ten digits are left of these.
FIRMER = 1e6


def unknown_fields(problem: Problem) -> tuple[Field, ...]:
    """The fields that priors read."""
    read = {
        u for c, r in zip(problem.constraints, problem.requests, strict=True) if c.is_prior for u in r.fields
    }
    return tuple(u for u in problem.fields if u in read)


def measurements(problem: Problem) -> tuple[int, ...]:
    """The constraints with a given deviation; where none has one, those on clouds and tables that carry values."""
    members = [
        (i, c, r)
        for i, (c, r) in enumerate(zip(problem.constraints, problem.requests, strict=True))
        if not c.is_prior
    ]
    given = tuple(i for i, c, _ in members if c.is_measured)
    return given or tuple(
        i for i, c, r in members if isinstance(c.domain, can.Listed) and set(r.data) - {"normal"}
    )


def inference_rows(
    system: System,
    theta: Tensor,
    batches: Sequence[Batch],
    features: FixedFeatures | None = None,
    firm: float = 1.0,
) -> Rows:
    """Rows for the coefficients themselves, about the fields of ``theta``; ``firm`` times as firm equations."""
    problem = system.problem
    linear = tangent(system, theta, batches, features)
    at = coefficients(system, theta)
    target = linear.target + linear.matrix @ at
    members = measurements(problem)
    known = any(problem.constraints[i].is_measured for i in members)
    scale, kind = _of_rows(system, batches)
    data = torch.isin(kind, kind.new_tensor(members))
    priors = [i for i, c in enumerate(problem.constraints) if c.is_prior]
    number = torch.full_like(kind, -1)
    for k, i in enumerate(priors):
        number[kind == i] = k
    prior = number >= 0
    unit = float(scale[data].median())
    factor = torch.where(data, 1 / scale, (FIRM if known else FIRMER) * firm / unit)
    factor = torch.where(prior, 1.0, factor)
    unknown = unknown_fields(problem)
    columns = [
        torch.full((head_width(module) * u.outputs,), u in unknown)
        for u, module in system.parameters.networks.items()
    ]
    columns.append(torch.zeros(len(problem.unknowns), dtype=torch.bool))
    binding = torch.isin(kind, kind.new_tensor(_binding(problem, unknown))) & ~(data | prior)
    followed = ~(data | prior | binding)
    return Rows(
        linear.matrix * factor[:, None],
        target * factor,
        followed,
        binding,
        data,
        number,
        torch.cat(columns).to(at.device),
        known,
    )


def _binding(problem: Problem, unknown: Sequence[Field]) -> list[int]:
    """The constraints that read unknown fields alone."""
    return [
        i
        for i, r in enumerate(problem.requests)
        if r.fields and set(r.fields) <= set(unknown) and not r.unknowns
    ]


def _of_rows(system: System, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
    """What every row is scaled by, and the number of its constraint."""
    scales, kinds = [], []
    for group, batch in system.paired(batches):
        for index, i in enumerate(group.members):
            size = system.problem.requests[i].size
            scale = system.row_scale(i, batch, index).expand(len(batch), size).flatten()
            scales.append(scale)
            kinds.append(torch.full((len(scale),), i, device=scale.device))
    return torch.cat(scales), torch.cat(kinds)
