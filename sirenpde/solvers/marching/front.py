"""The front of a march: the slab that is being tried, at the end of those that are closed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from ...calculus.field import Field
from ...files.typed import plain, typed
from ...geometry.point import Axis
from ...geometry.slab import Slab
from ...networks.series import SeparableSeries
from ...networks.slabs import Slabs
from ...networks.values import recipe_from_value, recipe_to_value
from ...sampling.memory import Sampling
from .. import collocation
from ..collocation import Collocation
from ..direct.lattice_growth import open_lattices, opened
from ..direct.pieces_growth import check_pieces
from ..least_squares import LeastSquares
from ..stage import Report, Stage, State, remembered
from . import controller, second_cells, second_march, slab_pieces, slab_polynomials
from .controller import POLICY, Course, Outcome, Pace, Verdict
from .first_guess import first_guess
from .marchable import check_marchable
from .memory import Ended, Memory, Tally, Unfinished
from .orders import NOTHING, Wanted, open_lattices_of, rate_of, wanted_of, waves_of
from .shared_factor import made_again, origin_of, serves
from .slab_pieces import SlabPieces
from .slab_polynomials import SlabPolynomials
from .trial import Recipes, SlabTrial, quality, trial_of
from .whole import append, last_of, open_whole


@dataclass(frozen=True)
class Front:
    """Works on the state of a run and the memory of its march, along an axis cut as the course says."""

    state: State
    memory: Memory
    axis: Axis
    tolerance: float
    slabs: int | None
    named: Sequence[Stage]  # that solve each slab, where they were named

    @property
    def course(self) -> Course:
        shares = self.memory.is_affine and not self.memory.counts and not self.memory.pieces
        return Course(self.axis.low, self.axis.high, self._asked, self.slabs, shares)

    @property
    def _asked(self) -> float:
        """The tolerance, as far as the networks can keep it."""
        return max(self.tolerance, slab_pieces.FINEST) if self.memory.pieces else self.tolerance

    @property
    def pace(self) -> Pace:
        assert self.memory.pace is not None
        return self.memory.pace

    @property
    def unfinished(self) -> Unfinished:
        assert self.memory.unfinished is not None
        return self.memory.unfinished

    # ------------------------------------------------------------------------------------------- trials

    def begin(self) -> bool:
        """Open the first slab, with orders that tell the start in full; whether there was time for it.

        Raises ``NotMarchable``.
        """
        if self.memory.pace is None:
            self._survey()
        while not self.memory.counts and not self.memory.pieces:
            trial = self.open(self._recipes())
            if self.state.is_late:  # its first guess may be cut short: it is made again
                self.memory.trial, self.memory.unfinished = None, Unfinished(self.unfinished.recipes)
                return False
            wanted = self._listen(trial)
            self.memory.pace, finer = controller.start(
                self.pace, Outcome(0.0, None, wanted.waves, wanted.orders)
            )
            if finer is None:
                break
            self.memory.unfinished = Unfinished(_values({**trial.work.recipes, **wanted.lattices}))
        if self.memory.counts or self.memory.pieces:
            self.open(self._recipes())
        self.memory.is_begun = True
        return True

    def _survey(self) -> None:
        """Look at the problem, and make its fields those of a march that knows nothing yet."""
        state, memory, problem = self.state, self.memory, self.state.system.problem
        check_marchable(problem, state.recipes, self.axis.name)
        lattices = open_lattices(state.recipes)
        zeros = (0.0,) * len(problem.constraints)
        memory.is_affine, memory.tally = problem.traits.affine, Tally(zeros, zeros)
        position = problem.fields[0].position(self.axis)
        if (
            not self.named
            and set(lattices) == set(problem.fields)
            and slab_polynomials.suits(state.system, position)
        ):
            memory.counts = slab_polynomials.first_counts(problem.fields[0], position)
        else:
            lattices = opened(lattices, self.axis)
        if not self.named and slab_pieces.suits(problem.fields, state.recipes):
            check_pieces(state.system, state.recipes)
            given = {u.name: recipe_to_value(recipe) for u, recipe in state.recipes.items()}
            memory.pieces = {name: value for name, value in given.items() if value is not None}
        memory.open, memory.pace = tuple(u.name for u in lattices), controller.first_pace(POLICY, self.course)
        memory.unfinished = Unfinished(_values({**state.recipes, **lattices}))
        open_whole(state, self.axis)

    def open(self, recipes: Recipes, earlier: SlabTrial | None = None) -> SlabTrial:
        """A trial of the slab that the controller is at, from a first guess, or from an ``earlier`` one of it."""
        if self.memory.counts:
            recipes = {u: replace(recipe, orders=None) for u, recipe in recipes.items()}
        if self.memory.pieces:
            recipes = self._given()
        trial = self._new_trial(recipes)
        if self.memory.counts:
            self._hand_over(trial)
        elif not self.memory.pieces:
            trial.work.theta = first_guess(trial, earlier)
        self._lend(trial, 0)
        self._remember(trial, 0)
        return trial

    def stages(self, trial: SlabTrial) -> tuple[Stage, ...]:
        """What solves a slab, in order."""
        if self.memory.counts:
            return (SlabPolynomials(self._position, self.tolerance),)
        if self.memory.pieces:
            return (SlabPieces(trial, self._given(), self._asked),)
        series = all(isinstance(m, SeparableSeries) for m in trial.work.system.parameters.networks.values())
        return tuple(self.named) or ((Collocation(),) if series else (LeastSquares(),))

    def trial(self) -> SlabTrial:
        """The trial being worked on, built again from the memory after a checkpoint."""
        trial, unfinished = self.memory.trial, self.unfinished
        if trial is None:
            trial = self._new_trial(self._recipes())
            assert unfinished.theta is not None
            work, device = trial.work, self.state.theta.device
            work.theta, work.step = unfinished.theta.to(device, copy=True), unfinished.step
            stage = self.stages(trial)[unfinished.stage]
            if unfinished.memory is not None:
                work.memory = typed(remembered(stage), plain(unfinished.memory), device)
            work.sampling = typed(Sampling, plain(unfinished.sampling), device)
            self._lend(trial, unfinished.stage)
            self.memory.trial = trial
        trial.work.deadline = self.state.deadline
        return trial

    def _new_trial(self, recipes: Recipes) -> SlabTrial:
        pace, memory = self.pace, self.memory
        slab = Slab(self.axis, pace.low, pace.high)
        trial = trial_of(self.state, slab, recipes, last_of(self.state) if pace.closed else None)
        trial.work.deadline = self.state.deadline
        if memory.factor is not None and serves(memory.factor, trial):
            memory.shared = memory.shared or made_again(self.state, memory.factor, trial)
        return trial

    # -------------------------------------------------------------------------------- after a step of it

    def leave(self) -> None:
        """Forget what a step cut short has made of the trial: it is solved as a whole, and built again for that."""
        self.memory.trial = None

    def note(self, trial: SlabTrial, report: Report) -> None:
        """Remember a step of a stage, and go to the next stage where that one has finished."""
        self._share_factor(trial)
        if isinstance(trial.work.memory, slab_polynomials.Memory):
            self.memory.tried = trial.work.memory.solved
        if isinstance(trial.work.memory, slab_pieces.Memory):
            self.memory.left = trial.work.memory.left
        stage = self.unfinished.stage
        if report.finished:
            trial.work.forget()
            stage += 1
        self._remember(trial, stage)

    def judge(self, trial: SlabTrial) -> tuple[Verdict, Wanted]:
        """What comes after the last stage of a trial, and the orders that its fields ask for."""
        if self.memory.tried is not None:
            solved = self.memory.tried
            rate = solved.counts[self._position] - 1
            wanted, outcome = NOTHING, _outcome(trial, solved.left, rate, solved.waves)
        elif self.memory.pieces:
            wanted, outcome = NOTHING, _outcome(trial, self.memory.left, slab_pieces.RATE)
        else:
            wanted = self._listen(trial)
            outcome = Outcome(quality(trial), rate_of(trial), wanted.waves, wanted.orders)
        self.memory.pace, verdict = controller.propose(POLICY, self.course, self.pace, outcome)
        return verdict, wanted

    def judge_broken(self) -> tuple[Verdict, Wanted]:
        """What comes after a trial that is not finite."""
        self.memory.pace, verdict = controller.broken(POLICY, self.course, self.pace)
        return verdict, NOTHING

    def close(self, trial: SlabTrial, report: Report) -> None:
        """Put the slab behind those that are closed."""
        residuals = report.residuals or trial.work.system.row_count(trial.work.drawing.fixed())
        self.memory.tally = self.memory.tally.plus(trial, report.terms, residuals)
        self._follow(trial)
        append(self.state, trial)
        self.memory.solved, self.memory.tried = self.memory.tried, None

    def _follow(self, trial: SlabTrial) -> None:
        """Take the second march on, as long as it has kept up and there is time."""
        memory, is_first, state = self.memory, trial.slab.is_first, self.state
        if memory.tried is not None and (is_first or memory.second is not None):
            before, system = None if is_first else memory.second, trial.work.system
            memory.second = second_march.followed(
                system, self._position, memory.tried, before, self.tolerance, state.deadline
            )
        if memory.pieces and (is_first or memory.second_cells is not None):
            cells = None if is_first else memory.second_cells
            memory.second_cells = second_cells.followed(state, trial, cells)

    def end(self, trial: SlabTrial, report: Report) -> Ended:
        """The axis is done."""
        recipes = [recipe for recipe in trial.work.recipes.values() if not isinstance(recipe, nn.Module)]
        lattices = ", ".join(recipe.describe() for recipe in recipes)
        last = report.reason if report.reason.startswith(lattices) else f"{lattices}, {report.reason}"
        reason = (
            f"{self.pace.closed} slabs, held-out residual at most {self.pace.worst:.1e}; the last: {last}"
        )
        self.memory.trial, tally = None, self.memory.tally
        second = self.memory.second or self.memory.second_cells
        if self.memory.counts or self.memory.pieces:
            apart = "there was no time for" if second is None else f"{second.apart.bar:.1e} from"
            reason = f"{reason}; {apart} a second march in fewer functions"
        difference = None if second is None else second.apart.bar
        self.memory.ended = Ended(tally.means, reason, tally.residuals, difference)
        return self.memory.ended

    def terms(self, trial: SlabTrial, report: Report) -> tuple[float, ...]:
        """The objective's terms, the trial's included: their means over the slabs in which they hold."""
        return self.memory.tally.plus(trial, report.terms).means

    def _listen(self, trial: SlabTrial) -> Wanted:
        """The orders that the fields ask for."""
        lattices = open_lattices_of(trial, self.memory.open)
        waves = waves_of(trial, lattices)
        self.memory.pace = controller.hear(POLICY, self.pace, waves.worst)
        return wanted_of(lattices, waves, controller.threshold(self.course, self.pace))

    def _remember(self, trial: SlabTrial, stage: int) -> None:
        work = trial.work
        self.memory.trial = trial
        self.memory.unfinished = Unfinished(
            _values(work.recipes), work.theta.clone(), stage, work.step, work.memory, work.sampling
        )

    def _hand_over(self, trial: SlabTrial) -> None:
        """Begin a slab of polynomials from the one before."""
        solved, memory = self.memory.solved, trial.work.remember(slab_polynomials.Memory)
        memory.before, memory.counts = solved, self.memory.counts
        if solved is not None:
            memory.counts = slab_polynomials.next_counts(
                trial.work.system, solved, self._position, self.tolerance
            )
            memory.noise = solved.noise
        tried, self.memory.tried = self.memory.tried, None
        if tried is not None:  # a longer slab from here was refused
            memory.counts = tuple(map(max, memory.counts, tried.counts))
        memory.is_again = math.isfinite(self.pace.attempts.longer)

    @property
    def _position(self) -> int:
        """Of the axis among those of the fields."""
        return self.state.system.problem.fields[0].position(self.axis)

    def _lend(self, trial: SlabTrial, stage: int) -> None:
        """Give a stage that collocates what the march knows already: the rows, and a factor that serves."""
        if not isinstance(self.stages(trial)[stage], Collocation):
            return
        memory = trial.work.remember(collocation.Memory)
        memory.rows, factor = trial.rows(), self.memory.factor
        if factor is not None and serves(factor, trial):
            memory.blocks = self.memory.shared

    def _share_factor(self, trial: SlabTrial) -> None:
        """Keep the factor that an affine trial was solved with, for slabs like it."""
        memory, stage = self.memory, trial.work.memory
        factor = stage.blocks if isinstance(stage, collocation.Memory) else None
        if memory.is_affine and factor is not None and factor is not memory.shared:
            memory.shared, memory.factor = factor, origin_of(factor, trial.slab)

    def _given(self) -> dict[Field, Any]:
        """The recipes whose cells are open."""
        return {u: recipe_from_value(self.memory.pieces[u.name]) for u in self.state.system.problem.fields}

    def _recipes(self) -> dict[Field, Any]:
        """The recipes of the unfinished slab; those of the user's own are the same in all slabs."""
        recipes: dict[Field, Any] = {}
        for u, slabs in self.state.recipes.items():
            value = self.unfinished.recipes[u.name]
            assert isinstance(slabs, Slabs)
            recipes[u] = slabs.recipes[-1] if value is None else recipe_from_value(value)
        return recipes


def _outcome(trial: SlabTrial, left: float, rate: int, waves: float = 0.0) -> Outcome:
    """What a slab of polynomials or cells came to: what is left along the march, unless it is no solution."""
    residual = quality(trial)
    return Outcome(left if residual < POLICY.failed else residual, rate, waves)


def _values(recipes: Mapping[Field, Any]) -> dict[str, dict[str, Any] | None]:
    return {u.name: recipe_to_value(recipe) for u, recipe in recipes.items()}
