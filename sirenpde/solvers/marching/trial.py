"""A slab that is being solved: what must hold in it, and the state that its stages work on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ...calculus.field import Field
from ...geometry.slab import Slab
from ...linear.tensor_rows import TensorRows
from ...networks.recipe import smallest
from ...networks.slabs import SlabNetwork, Slabs
from ...problem.problem import Problem
from ...residuals import Batch, System
from ...sampling.drawing import HELD_OUT, generator
from ..stage import State
from .handover import Before
from .slab_problem import SlabProblem, slab_problem

Recipes = Mapping[Field, Any]
HELD = 512  # held-out points of a domain


@dataclass
class SlabTrial:
    """A slab of a problem, with networks of its own; ``before`` are the fields of the slab before it."""

    whole: Problem
    slab: Slab
    plan: SlabProblem
    before: Before | None
    work: State
    tensor_rows: TensorRows | None = None  # of the work's system, once asked for

    def rows(self) -> TensorRows:
        """The residuals of the slab's series, made once."""
        if self.tensor_rows is None or self.tensor_rows.system is not self.work.system:
            self.tensor_rows = TensorRows(self.work.system)
        return self.tensor_rows


def trial_of(state: State, slab: Slab, recipes: Recipes, before: Before | None) -> SlabTrial:
    """A slab of the state's problem, before its first step."""
    plan = slab_problem(state.system.problem, slab, before)
    fields = plan.problem.fields
    system = slab_system(state, plan.problem, {u: slab_network(state, u, recipes[u], slab) for u in fields})
    work = State(
        system,
        system.initial(),
        {u: recipes[u] for u in fields},
        lambda u, recipe: slab_network(state, u, recipe, slab),
        state.seed,
        state.scale,
    )
    return SlabTrial(state.system.problem, slab, plan, before, work)


def slab_system(state: State, problem: Problem, networks: Mapping[Field, nn.Module]) -> System:
    """The residuals of a slab's problem, in the units of the whole."""
    whole = state.system
    return System(problem, networks, whole.device, whole.dtype, whole.scales.extended(problem))


def slab_network(state: State, u: Field, recipe: Any, slab: Slab) -> nn.Module:
    """A network in the slab's coordinates."""
    whole = state.build(u, Slabs((smallest(recipe),), u.position(slab.axis), (slab.low, slab.high)))
    assert isinstance(whole, SlabNetwork)
    return whole.networks[0]


def quality(trial: SlabTrial) -> float:
    """The residual at points that nothing was fitted to, relative to that of fields that vanish."""
    system, work = trial.work.system, trial.work
    source = generator(work.seed, HELD_OUT)
    batches: list[Batch] = []
    for group in system.groups:
        points, data = group.domain.draw(group.samples and HELD, source)
        batches.append(system.batch(points, {key: data[key] for key in group.data}))
    objective = system.unmet(work.theta, batches)
    size = system.without_priors(system.losses_of_nothing(batches))
    return math.sqrt(objective / size if 0 < size < math.inf else objective)
