"""A slab that is being solved: its own small state, and its place at the end of the slabs before it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ...calculus.field import Field
from ...engines.flat import flatten
from ...files.typed import typed
from ...geometry.point import Axis
from ...geometry.slab import Slab
from ...linear.mode_blocks import ModeBlocks
from ...linear.tensor_rows import TensorRows
from ...networks.recipe import Recipe, smallest
from ...networks.series import SeparableSeries
from ...networks.slabs import SlabNetwork, Slabs
from ...problem.problem import Problem
from ...residuals import Batch, Parameters, System, is_affine
from ...sampling.drawing import HELD_OUT, generator
from ...sampling.points import Sampling
from ..collocation import collocate, rows_of
from ..direct.lattice_growth import continued
from ..stage import State
from ..untyped import values
from .slab_problem import Before, SlabProblem, at_rest, slab_problem

Recipes = Mapping[Field, Any]
SAME = 1e-9  # of a length: two slabs are as long as each other
HELD = 512  # held-out points of a domain


@dataclass
class Trial:
    """The last slab so far: what must hold in it, and the state that its stages work on.

    ``joined`` is the system whose networks the whole holds; a stage may have put another into ``work``.
    """

    whole: Problem
    slab: Slab
    plan: SlabProblem
    before: Before | None
    work: State
    joined: System


def open_trial(state: State, axis: Axis, recipes: Recipes, end: float, earlier: Trial | None) -> None:
    """Put networks for the next slab behind the closed ones, with a first guess, ``earlier``'s if given."""
    edges = (*values(state)["edges"], end)
    closed = len(edges) - 2
    slab = Slab(axis, edges[-2], end)
    networks, pieces = {}, []
    for u in state.system.problem.fields:
        known, theta = _slabs(state, u)
        own = _network(state, u, recipes[u], slab)
        networks[u] = SlabNetwork(u.position(axis), edges, [*known[:closed], own], slab.low)
        pieces += [*theta[:closed], flatten(own).to(state.theta)]
        before = _recipes(state, u)[:closed] if closed else ()
        state.recipes[u] = Slabs((*before, recipes[u]), u.position(axis), edges, slab.low)
    state.system = state.system.with_networks(networks)
    state.theta = torch.cat(pieces)
    values(state).update(end=end, stage=0, inner=None, inner_sampling=None, inner_step=0)
    state.cache.pop("trial", None)
    trial = current(state, axis)
    trial.work.theta = _guess(trial, earlier)
    join(state, trial)


def close(state: State, trial: Trial) -> None:
    """The whole holds to the end of the trial."""
    for u in state.system.problem.fields:
        network, slabs = state.system.parameters.networks[u], state.recipes[u]
        assert isinstance(network, SlabNetwork) and isinstance(slabs, Slabs)
        network.until, state.recipes[u] = trial.slab.high, replace(slabs, until=trial.slab.high)


def current(state: State, axis: Axis) -> Trial:
    """The trial at the end of the whole, made again from it after a checkpoint."""
    if "trial" not in state.cache:
        state.cache["trial"] = _rebuilt(state, axis)
    trial: Trial = state.cache["trial"]
    trial.work.deadline = state.deadline
    return trial


def _rebuilt(state: State, axis: Axis) -> Trial:
    memory, system = values(state), state.system
    closed = len(memory["edges"]) - 1
    slab = Slab(axis, memory["edges"][-1], memory["end"])
    every = {u: _slabs(state, u) for u in system.problem.fields}
    before = None
    if closed:
        last = Parameters(
            {u: networks[closed - 1] for u, (networks, _) in every.items()}, (), system.scales.units
        )
        before = Before(last, torch.cat([pieces[closed - 1] for _, pieces in every.values()]), system)
    plan = slab_problem(system.problem, slab, before)
    fields = plan.problem.fields
    scales = system.scales.extended(plan.problem)
    own = System(plan.problem, {u: every[u][0][closed] for u in fields}, system.device, system.dtype, scales)
    inner = memory["inner_sampling"] or Sampling()
    if isinstance(inner, dict):  # as a checkpoint holds it
        inner = typed(Sampling, inner, system.device)
    work = State(
        own,
        torch.cat([every[u][1][closed] for u in fields]),
        {u: _recipes(state, u)[closed] for u in fields},
        lambda u, recipe: _network(state, u, recipe, slab),
        state.seed,
        state.scale,
        step=memory["inner_step"],
        memory=memory["inner"],
        sampling=inner,
    )
    trial = Trial(system.problem, slab, plan, before, work, own)
    _lend(state, trial)
    return trial


# ------------------------------------------------------------------------- a factor for several slabs


def keep_factor(state: State, trial: Trial) -> None:
    """Remember the factor that the trial was solved with, and of which slab it is, for slabs like it."""
    factor: ModeBlocks | None = trial.work.cache.get("factor")
    if factor is None or factor is state.cache.get("factor") or not marches_affine(state):
        return
    state.cache["factor"] = factor
    slab = trial.slab
    values(state)["factor"] = {
        "low": slab.low,
        "high": slab.high,
        "shapes": [list(shape) for shape in factor.rows.shapes],
        "exact": not factor.is_rough,
    }


def marches_affine(state: State) -> bool:
    """Whether the constraints are affine in the fields, so that slabs differ in their data alone."""
    if "affine" not in state.cache:
        state.cache["affine"] = is_affine(state.system.problem)
    found: bool = state.cache["affine"]
    return found


def _lend(state: State, trial: Trial) -> None:
    """Give the trial the factor of an earlier slab of its length and orders; made again after a checkpoint."""
    known = values(state).get("factor")
    modules = trial.work.system.parameters.networks.values()
    series = [module for module in modules if isinstance(module, SeparableSeries)]
    if known is None or len(series) < len(modules):
        return
    slab, length = trial.slab, known["high"] - known["low"]
    shapes = [list(module.coefficients.shape) for module in series]
    if known["shapes"] != shapes or abs(slab.length - length) > SAME * slab.length:
        return
    if "factor" not in state.cache:
        first = Slab(slab.axis, known["low"], known["high"])
        problem = slab_problem(trial.whole, first, None if first.is_first else trial.before).problem
        networks = {u: _network(state, u, trial.work.recipes[u], first) for u in problem.fields}
        scales = state.system.scales.extended(problem)
        rows = TensorRows(System(problem, networks, state.system.device, state.system.dtype, scales))
        tangent = rows.tangent(rows.from_theta(rows.system.initial()))
        state.cache["factor"] = ModeBlocks(tangent, known["exact"])
    trial.work.cache["factor"] = state.cache["factor"]


def join(state: State, trial: Trial) -> None:
    """Bring the trial's parameters into the whole, and its networks where a stage chose others."""
    work, pieces, networks = trial.work, [], {}
    for u in state.system.problem.fields:
        known, theta = _slabs(state, u)
        pieces += [*theta[:-1], work.system.parameters.of(u, work.theta).to(state.theta)]
        whole = state.system.parameters.networks[u]
        assert isinstance(whole, SlabNetwork)
        own = work.system.parameters.networks[u]
        networks[u] = SlabNetwork(whole.axis, whole.edges, [*known[:-1], own], whole.until)
    if work.system is not trial.joined:
        trial.joined = work.system
        state.system = state.system.with_networks(networks)
        for u, recipe in work.recipes.items():
            slabs = state.recipes[u]
            assert isinstance(slabs, Slabs) and not isinstance(recipe, nn.Module)
            state.recipes[u] = replace(slabs, recipes=(*slabs.recipes[:-1], recipe))
    state.theta = torch.cat(pieces)


def held_out(trial: Trial) -> float:
    """The residual at points that nothing was fitted to, relative to that of fields that vanish."""
    system, work = trial.work.system, trial.work
    source = generator(work.seed, HELD_OUT)
    batches: list[Batch] = []
    for group in system.groups:
        points, data = group.domain.draw(group.samples and HELD, source)
        batches.append(system.batch(points, {key: data[key] for key in group.data}))
    found = float(system.losses(work.theta, batches).sum())
    size = float(system.losses_of_nothing(batches).sum())
    return math.sqrt(found / size if 0 < size < float("inf") else found)


def _recipes(state: State, u: Field) -> tuple[Recipe, ...]:
    slabs = state.recipes[u]
    assert isinstance(slabs, Slabs)
    return slabs.recipes


def _slabs(state: State, u: Field) -> tuple[list[nn.Module], list[Tensor]]:
    """A field's networks, one per slab, and their parameters; none before the first."""
    module = state.system.parameters.networks[u]
    if not isinstance(module, SlabNetwork):
        return [], []
    sizes = [flatten(network).numel() for network in module.networks]
    return list(module.networks), list(state.system.parameters.of(u, state.theta).split(sizes))


def _network(state: State, u: Field, recipe: Any, slab: Slab) -> nn.Module:
    """A network in the slab's own coordinates."""
    whole = state.build(u, Slabs((smallest(recipe),), u.position(slab.axis), (slab.low, slab.high)))
    assert isinstance(whole, SlabNetwork)
    return whole.networks[0]


# ------------------------------------------------------------------------------------- first guesses


def _guess(trial: Trial, earlier: Trial | None) -> Tensor:
    """Where a slab starts from: an earlier trial of it, the slab before, or the start of the axis."""
    work, before = trial.work, trial.before
    into = work.system.parameters
    if not all(isinstance(module, SeparableSeries) for module in into.networks.values()):
        return work.theta if before is None else _copied(trial, before)
    if earlier is not None:
        return continued(earlier.work.system.parameters, earlier.work.theta, into)
    if before is None:
        told = any(u.initial is not None for u in trial.whole.fields)
        return work.theta if told else _at_rest(trial)
    rows = rows_of(work)
    guesses = [
        continued(before.parameters, before.theta, into),
        continued(before.parameters, before.theta, into, trial.slab.axis),
    ]
    sizes = [float(rows.vector(rows.from_theta(theta)).norm()) for theta in guesses]
    return guesses[0] if sizes[0] < sizes[1] else guesses[1]


def _copied(trial: Trial, before: Before) -> Tensor:
    """The parameters of the slab before, where there are as many."""
    pieces = []
    for u in trial.work.system.problem.fields:
        own = trial.work.system.parameters.of(u, trial.work.theta)
        known = before.parameters.of(u, before.theta)
        pieces.append(known if known.shape == own.shape else own)
    return torch.cat(pieces)


def _at_rest(trial: Trial) -> Tensor:
    """The start of the axis, continued with the highest derivative along it zero."""
    work, problem = trial.work, at_rest(trial.whole, trial.slab)
    scales = work.system.scales.extended(problem)
    system = System(problem, work.system.parameters.networks, work.system.device, work.system.dtype, scales)
    rows = TensorRows(system)
    found = rows.to_theta(
        collocate(rows, rows.from_theta(system.initial()), deadline=work.deadline).amplitudes
    )
    result = work.theta.clone()
    for u in problem.fields:
        result[work.system.parameters.slices[u]] = system.parameters.of(u, found)
    return result
