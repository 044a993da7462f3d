"""One slab of a march in cells: one layer of them along the march, and across it as many as the fields ask for.

The cells of a slab are those that resolve the slab before at its end, or the start of the axis; then they are halved
where the solution itself is not resolved. So they lie where fronts are, and follow them from slab to slab.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...calculus.field import Field
from ...networks.partition import Partition
from ...networks.pieces import Pieces, PiecesNetwork
from ...networks.sine_features import SineFeatures
from ...networks.slabs import SlabNetwork
from ...residuals import System
from ...residuals.unfit import TooLong
from ..direct.pieces_growth import fineness, is_pieces, rate_of
from ..direct.pieces_newton import newton_pieces
from ..direct.pieces_solve import solve_pieces
from ..stage import Report, State
from .handover import Before
from .slab_cells import ALONG, first_cells, halved, resolving, tails
from .slab_problem import at_rest
from .trial import SlabTrial

# Features in a cell, by the number of axes: a few, from whose solution Newton's method goes on with the others, and
# these. In two axes 250 tell what short polynomials of ``slab_cells`` do, to three digits more than these have to.
FEATURES = {2: (90, 250), 3: (200, 600)}
FEW = 0.36  # of the features, where their number is given: those that Newton's method begins with
FINEST = 1e-7  # tolerance of what is beyond short polynomials: with such a tail 250 sines are at 1e-9
AHEAD = 0.1  # of the tolerance: what may be left of the slab before, since it goes on to change
# Times the tolerance: what is left along the march of a slab that is too long, whatever its cells.
TOO_LONG = 10.0
ROUNDS = 4  # of cells in one slab
ITERATIONS = 8  # of Newton's method: a slab in which it takes more is too long
# Of the tolerance: residuals of Newton's method at which it ends, in units of the rows. With few features, the norm.
ENOUGH, NEAR = 0.1, 1e-3
RATE = ALONG[1] - 1  # the power of a slab's length with which that falls


@dataclass
class Memory:
    """What of the solution is beyond short polynomials, along the march and across it, in units of the fields."""

    left: float = math.inf
    waves: float = math.inf


@dataclass(frozen=True)
class SlabPieces:
    """The stage that solves a slab so: in one set of cells after the other.

    Args:
        trial: the slab.
        given: the recipes, whose cells are open.
        tolerance: of what short polynomials leave of the fields in each cell.
    """

    trial: SlabTrial
    given: Mapping[Field, Pieces]
    tolerance: float

    remembers: ClassVar[type] = Memory

    @property
    def name(self) -> str:
        return "least squares"

    @property
    def steps(self) -> int:
        return ROUNDS

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """One set of cells, and the solution in them."""
        memory, constraints = state.remember(Memory), state.system.problem.constraints
        steps = 0
        try:
            if state.step == 0:
                cells, near = self._begun(state)
            else:
                cells, near = self._finer(state), (state.system, state.theta)
            is_short = state.step > 0 or state.system.problem.traits.affine
            for number in (1,) if is_short else (0, 1):
                recipes = self._recipes(cells, number)
                system = _with_recipes(state, recipes)
                enough = ENOUGH * self.tolerance if number else NEAR
                solved = self._solved(system, recipes, near, state.deadline, enough)
                if solved is None:
                    return Report((math.inf,) * len(constraints), True, "not converged")
                near, steps = (system, solved[0]), steps + solved[1]
        except TooLong:
            return Report((0.0,) * len(constraints), cut=True)
        if state.is_late:
            return Report((0.0,) * len(constraints), cut=True)
        state.step += 1
        state.system, state.theta = near
        state.recipes.update(recipes)
        found = tails(cells, Before.of(*near), self._axis)
        memory.left = float(found[:, self._axis].max())
        memory.waves = float(found.index_fill(1, torch.tensor(self._axis), 0.0).max())
        is_told = memory.waves <= self.tolerance or memory.left > TOO_LONG * self.tolerance
        terms = state.system.losses(state.theta, state.held_out)
        reason = f"{next(iter(recipes.values())).describe()}, {steps} solves"
        return Report(tuple(terms.tolist()), is_told or state.step == ROUNDS, reason)

    @property
    def _axis(self) -> int:
        return self.trial.whole.fields[0].position(self.trial.slab.axis)

    def _begun(self, state: State) -> tuple[Partition, tuple[System, Tensor]]:
        """The first cells, and fields that stay as they are at the start of the slab."""
        slab, fields = self.trial.slab, state.system.problem.fields
        cells, before = first_cells(self.trial.whole, fields, slab), self.trial.before
        if before is None:
            return self._at_rest(state, cells)
        read = partial(tails, known=before, axis=self._axis, at=slab.low)
        held = {u: _held(module, self._axis, slab.low) for u, module in before.parameters.networks.items()}
        theta = torch.cat([before.parameters.of(u, before.theta) for u in fields])
        cells = resolving(cells, read, self._axis, AHEAD * self.tolerance)
        return cells, (state.system.with_networks(held), theta)

    def _at_rest(self, state: State, cells: Partition) -> tuple[Partition, tuple[System, Tensor]]:
        """Cells that resolve the start of the axis."""
        problem = at_rest(self.trial.whole, self.trial.slab)
        scales = state.system.scales.extended(problem)
        while True:
            recipes = self._recipes(cells, 1)
            system = _with_recipes(state, recipes)
            networks = system.parameters.networks
            still = System(problem, networks, system.device, system.dtype, scales)
            solved = self._solved(
                still, recipes, (still, still.initial()), state.deadline, ENOUGH * self.tolerance
            )
            theta = system.initial() if solved is None else solved[0]
            known = Before.of(still, theta)
            read = partial(tails, known=known, axis=self._axis, at=self.trial.slab.low)
            finer = halved(cells, read, self._axis, AHEAD * self.tolerance)
            if solved is None or len(finer) == len(cells):
                parts = [still.parameters.of(u, theta) for u in state.system.problem.fields]
                return cells, (system, torch.cat(parts))
            cells = finer

    def _finer(self, state: State) -> Partition:
        """The cells of a solution that they do not resolve, halved."""
        network = next(iter(state.system.parameters.networks.values()))
        assert isinstance(network, PiecesNetwork)
        read = partial(tails, known=Before.of(state.system, state.theta), axis=self._axis)
        return halved(network.partition, read, self._axis, self.tolerance)

    def _recipes(self, cells: Partition, number: int) -> dict[Field, Pieces]:
        """The closed recipes, with few features, 0, or all of them, 1."""
        found, axes = {}, cells.dimension
        for u, recipe in self.given.items():
            sines = recipe.recipe
            assert isinstance(sines, SineFeatures)
            counts = FEATURES[axes]
            if sines.count is not None:
                counts = (math.ceil(FEW * sines.count), sines.count)
            bandwidth = sines.bandwidth or rate_of(counts[number], axes)
            closed = replace(sines, count=counts[number], bandwidth=bandwidth)
            found[u] = replace(recipe, recipe=closed, cells=cells)
        return found

    def _solved(
        self,
        system: System,
        recipes: Mapping[Field, Pieces],
        near: tuple[System, Tensor],
        deadline: float,
        enough: float,
    ) -> tuple[Tensor, int] | None:
        """The fields in these cells, and how many solves they took; None where Newton's method does not arrive."""
        shape, workers = fineness(recipes, len(next(iter(recipes)).axes)), torch.get_num_threads()
        if system.problem.traits.affine:
            return solve_pieces(system, shape, workers=workers, deadline=deadline).theta, 1
        found = newton_pieces(system, shape, near, ITERATIONS, workers, deadline, enough)
        if found.end == "late":
            raise TooLong("A slab was cut off.")
        has_arrived = found.end == "arrived" and found.level == 1
        return (found.theta, len(found.sizes) - 1) if has_arrived else None


def suits(fields: Sequence[Field], recipes: Mapping[Field, object]) -> bool:
    """Whether the slabs of these fields are solved for so: their cells are left open, and they have one box."""
    u = fields[0]
    boxes = {tuple((axis.name, axis.low, axis.high) for axis in v.axes) for v in fields}
    alike = len(boxes) == 1 and len({v.periodic for v in fields}) == 1 and len(u.axes) in FEATURES
    return alike and all(is_pieces(recipe) and recipe.cells is None for recipe in recipes.values())  # type: ignore[attr-defined]


def _with_recipes(state: State, recipes: Mapping[Field, Pieces]) -> System:
    return state.system.with_networks({u: state.build(u, recipe) for u, recipe in recipes.items()})


def _held(network: nn.Module, axis: int, end: float) -> SlabNetwork:
    """The network of a slab, which stays beyond its end as it is there."""
    assert isinstance(network, PiecesNetwork)
    low, _ = network.partition.bounds[axis]
    return SlabNetwork(axis, (low, end), [network])
