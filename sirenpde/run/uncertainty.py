"""How well fields are known that were inferred from noisy or incomplete data: a deviation at every place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..calculus.operators import PointFunction
from ..geometry.domain import HasAxes
from ..linear.dense_rows import tangent
from ..linear.inference import Inferred, infer
from ..linear.inference_rows import inference_rows, unknown_fields
from ..networks.linear_head import head_width
from ..networks.recipe import Recipe, is_linear
from ..problem.constraint import Constraint
from ..problem.problem import Problem
from ..residuals import Batch, System
from ..solvers.inference import misfit_of_kind, samples

CHUNK = 2000  # points whose rows are made together


@dataclass(frozen=True)
class Uncertainty:
    """The posterior of the unknown fields: the ``spread`` C of all coefficients, whose covariance is C Cᵀ."""

    unknown: tuple[Field, ...]
    posterior: Inferred

    @cached_property
    def spread(self) -> Tensor:
        return self.posterior.spread

    @property
    def report(self) -> dict[str, Any]:
        """In numbers: how many combinations the data determine, and the noise, where it was not given."""
        found = self.posterior
        return {
            "unknown": [u.name for u in self.unknown],
            "determined": found.determined,
            "combinations": found.combinations,
            "fitted": found.fitted,
            "measurements": round(found.measured),
            "noise": None if found.known else found.noise,
        }


def uncertainty_of(
    system: System, theta: Tensor, seed: int, scale: float, recipes: Mapping[Field, Recipe | nn.Module] | None
) -> Uncertainty | None:
    """The posterior about fields that were found; None where the problem or the networks are not for ``Inference``.

    It is computed anew from the constraints, with the samples of the solve.
    """
    linear = recipes is not None and all(map(is_linear, recipes.values()))
    if not linear or misfit_of_kind(system) is not None or not bool(theta.isfinite().all()):
        return None
    found = infer(inference_rows(system, theta, samples(system, seed, scale)))
    return Uncertainty(unknown_fields(system.problem), found)


def deviations(
    system: System, theta: Tensor, spread: Tensor, function: PointFunction, domain: HasAxes, batch: Batch
) -> Tensor:
    """sqrt(diag(J C Cᵀ Jᵀ)) (n, *shape) with J the slopes of a function at points by all coefficients."""
    alike = Constraint("deviation", function, domain, 1)  # type: ignore[arg-type]
    problem = Problem.derived(alike)
    networks = {u: system.parameters.networks[u] for u in problem.fields}
    scales = system.scales.extended(problem)
    alone = System(problem, networks, system.device, system.dtype, scales)
    at = torch.cat([*(system.parameters.of(u, theta) for u in networks), *_numbers(system, alone, theta)])
    rows = spread[_columns(system, alone)]
    found = []
    for first in range(0, len(batch), CHUNK):
        part = batch.part(slice(first, first + CHUNK))
        matrix = tangent(alone, at, [part]).matrix / alone.row_scale(0, part, 0)
        found.append((matrix @ rows).norm(dim=1).reshape(len(part), -1))
    together = torch.cat(found) if found else theta.new_zeros(0, problem.requests[0].size)
    return together.reshape(len(batch), *_shape(problem, function))


def _shape(problem: Problem, function: PointFunction) -> tuple[int, ...]:
    return problem.output(function).shape


def _numbers(system: System, alone: System, theta: Tensor) -> list[Tensor]:
    return [system.parameters.of(c, theta) for c in alone.parameters.unknowns]


def _columns(system: System, alone: System) -> Tensor:
    """Where the coefficients of the fields of one system stand among those of another."""
    places, first = {}, 0
    for u, module in system.parameters.networks.items():
        places[u] = torch.arange(first, first + head_width(module) * u.outputs)
        first += len(places[u])
    numbers = [torch.tensor([first + system.parameters.unknowns.index(c)]) for c in alone.parameters.unknowns]
    return torch.cat([*(places[u] for u in alone.parameters.networks), *numbers])
