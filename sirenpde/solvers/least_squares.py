"""A direct solve of the last layer: one least-squares problem, or a few where the constraints are not affine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from ..calculus.field import Field
from ..linear.affine_solve import is_affine_at, solve_affine
from ..linear.cgls import cgls
from ..linear.dense_rows import DenseEquations, column_count, matrix_bytes
from ..linear.differences import by_differences
from ..linear.grid_rows import by_diagonal, grid_rows, on_grids
from ..linear.map import Stacked
from ..linear.newton import DAMPED, NOISY, newton
from ..linear.null_space import NullSpace, null_space
from ..linear.steps import FactoredSteps
from ..networks.linear_head import has_linear_head
from ..networks.pieces import PiecesNetwork
from ..networks.series import EvolvingSeries, SeparableSeries
from ..problem.problem import Problem
from ..residuals import Batch, Group, System
from ..residuals.unfit import TooLarge, TooLong, Unfit
from ..sampling.drawing import generator
from ..sampling.ends import draw
from .direct.pieces_growth import AS_GOOD, Growth, PiecesMemory, compared, is_pieces, memory_of, told
from .direct.search_memory import SearchMemory, search_of
from .direct.search_policy import SEARCH
from .direct.trials import FeatureTrial, OutOfTime, Trials, is_open_sines
from .stage import Report, State
from .undetermined import describe_free

GRID_TOLERANCE = 1e-9  # of the preconditioned gradient, where the solve on grids stops


class NotAffine(Unfit):
    """Constraints or networks that a least-squares stage cannot solve for."""


@dataclass
class Memory:
    """What the stage remembers: a search for features, or the resolutions of fields in pieces."""

    search: SearchMemory | None = None
    pieces: PiecesMemory | None = None


@dataclass(frozen=True)
class LeastSquares:
    """Solves for the last layer of the networks: by one solve where the constraints are affine in it, else by Newton.

    With frozen sine features that is the whole network (a SIREN whose first layer is frozen). What the recipes
    leave open is chosen by the residual on points that nothing is fitted to: how fast the sines are along each
    axis, on how many axes each depends, how many there are. After any training it is the best last layer for
    the features found. A Fourier or cosine series is solved for on grids, by transforms and without a matrix.
    Fields in ``Pieces`` are solved for cell by cell, at two resolutions at least, whose difference is reported.

    What is minimised is the problem's objective. On boxes its samples are denser towards the ends of the axes,
    with weights that keep their mean. The solve is a QR factorisation, which bears dependent columns; normal
    equations are never formed. Constraints that are not affine, and unknown numbers, are solved for by Newton's
    method from the networks as they are.

    A problem that leaves directions of the fields undetermined, such as a constant added to a pressure, is
    solved all the same, with the least of them, and the report says so: a constant may well be free, and where
    a condition is missing, or no field meets the constraints, the field that comes nearest shows best what is
    wrong.

    Args:
        tolerance: the residual on other points, relative to that of vanishing fields, at which the search for
            features ends; where a trial takes seconds ten times as much is enough.
        iterations: at most so many on grids.

    Raises:
        NotAffine: for a loss other than ``l2``, a network without a linear last layer, or a series off its grid or
            in constraints that are not affine.
        TooLarge: for a matrix beyond the memory that it may take.

    >>> from sirenpde import LeastSquares
    >>> LeastSquares().name
    'least squares'
    """

    tolerance: float = 1e-12
    iterations: int = 300

    @property
    def name(self) -> str:
        return "least squares"

    @property
    def steps(self) -> int:
        return 100  # trials of a search at most

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    remembers: ClassVar[type] = Memory

    def bytes_needed(self, state: State) -> int:
        """Bytes of the matrix and of the copy in which it is factorised; of a search, those of the largest trial.

        Of pieces none: each resolution looks at its own.
        """
        if not all(map(has_linear_head, state.system.parameters.networks.values())):
            return 0
        columns = (
            SEARCH.columns[-1]
            if any(map(is_open_sines, state.recipes.values()))
            else column_count(state.system)
        )
        rows = max(sum(state.drawing.counts()), math.ceil(SEARCH.oversampling * columns))
        return matrix_bytes(rows, columns, state.theta.dtype)

    def advance(self, state: State) -> Report:
        """One trial of a search for features; the whole solve where there is nothing to search for."""
        _check(state.system)
        state.step += 1
        if any(map(is_pieces, state.recipes.values())):
            return self._pieces(state)
        if state.memory is not None or any(map(is_open_sines, state.recipes.values())):
            return self._search(state)
        batches = _samples(state, state.system)
        reason = self._solve(state, batches)
        return _finished(state, batches, reason)

    def _pieces(self, state: State) -> Report:
        """One resolution of fields in pieces; the last where the next one is not needed, or takes too long."""
        memory = state.remember(Memory, lambda: Memory(pieces=memory_of(state))).pieces
        assert memory is not None
        growth = Growth(state, memory, self.tolerance)
        wanted = growth.next()
        assert wanted is not None
        try:
            trial = growth.trial(wanted)
        except (TooLarge, TooLong) as refused:
            if not memory.trials:
                raise
            late = isinstance(refused, TooLong)
            why = "have taken too long" if late else "not fit the memory"
            terms = state.system.losses(state.theta, state.held_out)
            reason = f"{memory.line}{compared(memory)}; a finer resolution would {why}"
            return Report(tuple(terms.tolist()), True, reason, late)
        memory.trials.append(trial.record)
        if trial.record.misfit <= AS_GOOD * min(t.misfit for t in memory.trials):
            memory.line = told(trial.record, trial.recipes)
            state.system, state.theta = trial.system, trial.theta
            state.recipes.update(trial.recipes)
        further = growth.next()
        cut = further is not None and not growth.has_time(further)
        reason = f"{memory.line}{compared(memory)}"
        reason += "; a finer resolution would have taken too long" if cut else ""
        terms = state.system.losses(state.theta, state.held_out)
        return Report(
            tuple(terms.tolist()), further is None or cut, reason, cut, difference=trial.record.difference
        )

    def _search(self, state: State) -> Report:
        memory = state.remember(Memory, lambda: Memory(search=search_of(state))).search
        assert memory is not None
        search = memory.search(state, self.tolerance)
        try:
            trial = search.next()
        except StopIteration as ended:
            best, free = ended.value
            return self._refitted(state, search.trials, best, free)
        except OutOfTime:
            assert search.best is not None
            return self._cut(state, search.trials, search.best)
        memory.reported += 1
        if search.best is None or trial.held_out < search.best.held_out:
            search.best = trial
            _adopt(state, trial)
        terms = state.system.losses(state.theta, search.trials.samples(state.system).fitted)
        return Report(tuple(terms.tolist()))

    def _cut(self, state: State, trials: Trials, best: FeatureTrial) -> Report:
        """The end of a search for want of time, with the best so far."""
        _adopt(state, best)
        batches = trials.samples(best.system).fitted
        reason = f"{_account(best)}; more features would have taken too long"
        return _finished(state, batches, f"{_size(best.system, batches)}; {reason}", cut=True)

    def _refitted(self, state: State, trials: Trials, best: FeatureTrial, free: NullSpace | None) -> Report:
        """The end of a search: a last solve on all samples, where there are more and it predicts more."""
        _adopt(state, best)
        batches, samples = _samples(state, best.system), trials.samples(best.system)
        needed = best.held_out > self.tolerance and best.system.row_count(batches) > best.rows
        if needed and trials.has_time(column_count(best.system)):
            note = _solve_dense(state, batches, free, samples.unit)
            if trials.judged(best.system, state.theta) <= best.held_out:
                return _finished(
                    state, batches, f"{note}; {_account(best)}{_told(best.system.problem, free)}"
                )
            state.theta = best.theta
        note = _size(best.system, samples.fitted)
        return _finished(state, samples.fitted, f"{note}; {_account(best)}{_told(best.system.problem, free)}")

    def _solve(self, state: State, batches: Sequence[Batch]) -> str:
        system = state.system
        u = on_grids(system, batches)
        if u is not None:
            return self._solve_on_grids(state, u, batches)
        if not all(map(has_linear_head, system.parameters.networks.values())):
            raise NotAffine(
                "LeastSquares() solves a Fourier series on tensor grids only, and alone. Declare its constraints on "
                "the pixels or edges of a PixelGrid or on box.nodes(n), with all their points; or use SineFeatures."
            )
        note = _solve_dense(state, batches)
        free = null_space(system, state.theta, batches)
        if free is not None and free.exact:
            note = _solve_dense(state, batches, free)
        return note + _told(system.problem, free)

    def _solve_on_grids(self, state: State, u: Field, batches: Sequence[Batch]) -> str:
        module = state.system.parameters.networks[u]
        assert isinstance(module, SeparableSeries | EvolvingSeries)
        rows = grid_rows(state.system, module, u, batches)
        whole = isinstance(module, EvolvingSeries) or all(map(_whole, state.system.groups))
        precondition = by_diagonal(rows) if whole else by_differences(module, rows)
        target = torch.cat([block.target for block in rows])
        solved = cgls(Stacked(rows), target, precondition, GRID_TOLERANCE, self.iterations, state.theta)
        state.theta = solved.x
        return f"{len(solved.x)} coefficients on grids, {solved.iterations} iterations"


def _account(best: FeatureTrial) -> str:
    return f"{next(iter(best.recipes.values())).describe()}; held-out residual {best.held_out:.1e}"


def _adopt(state: State, trial: FeatureTrial) -> None:
    state.system, state.theta = trial.system, trial.theta
    state.recipes.update(trial.recipes)


def _finished(state: State, batches: Sequence[Batch], reason: str, cut: bool = False) -> Report:
    terms = state.system.losses(state.theta, batches)
    return Report(tuple(terms.tolist()), True, reason, cut, state.system.row_count(batches))


def _solve_dense(
    state: State, batches: Sequence[Batch], free: NullSpace | None = None, unit: float | None = None
) -> str:
    """One solve where the constraints are affine, Newton's method where they are not; what was done."""
    system = state.system
    held = None if free is None else free.rows(system, state.theta)
    if system.problem.traits.affine:
        affine = solve_affine(system, state.theta, batches, held)
        if is_affine_at(system, affine.theta, batches):
            state.theta = affine.theta
            return f"{_size(system, batches)}, rank {affine.rank}"
    taken = factorisations = 0
    for each in (*system.eased(), system):
        equations, steps = DenseEquations(each, state.theta, batches, held), FactoredSteps()
        damping = NOISY if each.scales.measured else DAMPED
        result = newton(equations, equations.start, steps, damping, unit=unit)
        state.theta = equations.theta(result.x)
        taken, factorisations = taken + result.steps, factorisations + steps.factorisations
    done = f"{taken} Newton steps, {factorisations} factorisations"
    return f"{_size(system, batches)}, {done}"


def _size(system: System, batches: Sequence[Batch]) -> str:
    return f"{system.row_count(batches)} rows, {column_count(system)} columns"


def _told(problem: Problem, free: NullSpace | None) -> str:
    return "" if free is None else f"; {describe_free(problem, free)}"


def _whole(group: Group) -> bool:
    """Whether a group's points fill their grid."""
    lattice = group.domain.lattice  # type: ignore[attr-defined]
    return bool(len(lattice.index) == math.prod(lattice.shape))


def solvable(module: nn.Module) -> bool:
    """Whether a least-squares stage can solve this network's last layer."""
    if isinstance(module, PiecesNetwork):
        return all(map(has_linear_head, module.networks))
    return has_linear_head(module) or isinstance(module, SeparableSeries | EvolvingSeries)


def _check(system: System) -> None:
    poor = [c for c in system.problem.constraints if not c.loss.is_square]
    if poor:
        names = ", ".join(f"'{c.name}'" for c in poor)
        raise NotAffine(
            f"LeastSquares() minimises squares, but the loss of {names} is {poor[0].loss.name}. Declare l2 there, "
            f"or use a stage for any loss: Adam() and LBFGS()."
        )
    headless = [u.name for u, module in system.parameters.networks.items() if not solvable(module)]
    if headless:
        raise NotAffine(
            f"LeastSquares() cannot solve for {', '.join(headless)}: the network has no linear last layer that the "
            f"toolkit knows. Use a recipe such as Siren or SineFeatures, or Adam() and LBFGS()."
        )
    series = [
        u.name
        for u, module in system.parameters.networks.items()
        if isinstance(module, SeparableSeries | EvolvingSeries)
    ]
    if series and not system.problem.traits.affine:
        raise NotAffine(
            f"LeastSquares() solves for the series of {', '.join(series)} where the constraints are affine in the "
            f"fields, and these are not (a product of fields, a nonlinear function, an unknown number). Use "
            f"SineFeatures, which it solves by Newton's method, or Adam() and LBFGS()."
        )


def _samples(state: State, system: System) -> tuple[Batch, ...]:
    """The fixed points, with enough of them for the columns of a dense matrix."""
    batches = draw(system, generator(state.seed, -1), state.scale)
    if not all(has_linear_head(module) for module in system.parameters.networks.values()):
        return batches
    shortage = SEARCH.oversampling * column_count(system) / system.row_count(batches)
    return batches if shortage <= 1 else draw(system, generator(state.seed, -1), state.scale * shortage)
