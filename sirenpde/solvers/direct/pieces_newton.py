"""Newton's method for fields in pieces: every step is one solve of all cells, joined."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ...linear.dense_rows import about_nothing
from ...residuals import Batch, Rows, System
from .pieces_solve import Fineness, PiecesLayout, PiecesSolution, layout_of_pieces

# Of a step that does not lower the residual.
HALVINGS = 6
# Of the residuals: where a whole step changes them by less, what is left is what the features cannot represent. That
# their norm stays is not enough: while a flow forms, what its corners leave may well outweigh all else.
STILL = 0.1
# So many whole steps in a row that change them, but do not lower their norm by as much, only shuffle rounding.
IN_VAIN = 3
EASING = 2  # of a step, where there is an easier problem: shorter ones cost more than it does
THICKER, THINNER = 8.0, 4.0  # factors of a level of continuation that failed, and of one that was met
THICKEST = 8.0**4
NEAR = 1.2  # levels nearer than that are not divided any more: steps are halved
MET = 0.3  # what a step has to make of the residual of an easier problem, for its fields to serve as a start


class PiecesNewton(NamedTuple):
    """Where Newton's method ended: the parameters, and the norms of the rows' residuals, the start's first.

    ``end`` says why it ended: nothing is left to gain, no step lowers the residual, no more steps, or no more time.
    ``unknowns`` are those of every step, ``factorised`` the distinct cells of the last, and ``work`` the operations
    of all factorisations. ``thickest`` is the factor of the easiest problem on the way, 1 where there was none, and
    ``level`` that of the last one.
    """

    theta: Tensor
    sizes: tuple[float, ...]
    end: Literal["arrived", "stuck", "steps", "late"]
    unknowns: int
    factorised: int
    work: float
    thickest: float = 1.0
    level: float = 1.0


def newton_pieces(
    system: System,
    fineness: Fineness,
    start: tuple[System, Tensor] | None = None,
    iterations: int = 40,
    workers: int = 2,
    deadline: float = math.inf,
    enough: float = 0.0,
) -> PiecesNewton:
    """The last layers of fields in pieces where the constraints are not affine, by Newton's method.

    With the residuals r linearised about the fields at hand, G their slopes by the jets, a step is a least-squares
    solve for whole new fields, r + G (jets of the new - jets of the old) = 0, joined as those of affine constraints
    are. Where a whole step does not lower the residual, the start was too far away: the problem is left for an
    easier one, whose highest derivatives count more (``problem.thickened``), and comes back to in levels. Where there
    is none, the coefficients go towards the new ones as far as the residual falls: half of the step, a quarter, ...
    Blends of joined fields are joined.

    Args:
        system: its networks are ``PiecesNetwork`` of one partition, each cell's with a linear last layer.
        fineness: of points and joints.
        start: other networks of the problem with their parameters, such as coarser ones, or these of a neighbouring
            problem; the first step is linearised about them. The system's own as they are if left out.
        iterations: at most so many steps, and one at least.
        workers: threads, each of which factorises one cell.
        deadline: of ``time.monotonic()``, beyond which it ends where it is; ``TooLong`` where it buys no step.
        enough: the norm of the rows' residuals at which no further step is taken.

    Source: Deuflhard, Newton Methods for Nonlinear Problems, 2004, section 4.3 (Gauss-Newton methods, damped), and
    section 5.1 (continuation).
    """
    layout, levels = layout_of_pieces(system, fineness), _Levels(system, start or (system, system.initial()))
    here, in_vain, work = levels.first(), 0, 0.0
    sizes = [_norm(_residuals(layout, here, here))]
    end: Literal["arrived", "stuck", "steps", "late"]
    while True:
        last = layout.solve(here.rows, workers, math.inf if work else deadline)
        work += last.work
        before = _residuals(layout, here, here)
        step = _towards(
            layout, levels.system, here, last.theta, before, EASING if levels.can_ease else HALVINGS
        )
        if step is None and not levels.can_ease:
            end = "stuck"
            break
        if step is None:
            here, in_vain = levels.eased(), 0
            sizes.append(_norm(_residuals(layout, here, here)))
        else:
            here, sizes = step.reached, [*sizes, _norm(step.residuals)]
            in_vain = in_vain + 1 if step.share == 1 and sizes[-1] > (1 - STILL) * _norm(before) else 0
            is_over = step.is_still or in_vain == IN_VAIN or sizes[-1] <= enough
            if is_over and levels.level == 1:
                end = "arrived"
                break
            if levels.is_met(_norm(before), sizes[-1]) or is_over:
                here, in_vain = levels.firmer(here.theta), 0
        if len(sizes) > iterations or time.monotonic() >= deadline:
            end = "steps" if len(sizes) > iterations else "late"
            break
    theta = here.theta if _have_same_networks(here.of, system) else last.theta
    return PiecesNewton(
        theta, tuple(sizes), end, last.unknowns, last.factorised, work, levels.thickest, levels.level
    )


def tangent_pieces(
    system: System,
    fineness: Fineness,
    near: tuple[System, Tensor],
    workers: int = 2,
    deadline: float = math.inf,
) -> PiecesSolution:
    """The fields that meet the constraints linearised about those of other networks: one step, not checked.

    Arguments as for ``newton_pieces``.
    """
    return layout_of_pieces(system, fineness).solve(_About(*near).rows, workers, deadline)


class _Levels:
    """Continuation: the problem at hand, how much easier it is than that to be solved, and what is solved so far."""

    def __init__(self, system: System, start: tuple[System, Tensor]) -> None:
        self._whole, self._start = system, start
        self.system = system  # at this level
        self.level = self.thickest = 1.0
        self._met: tuple[float, Tensor] | None = None
        self._steps, self._is_near = 0, False

    def first(self) -> _About:
        return _About(*self._start)

    @property
    def can_ease(self) -> bool:
        """Whether this problem is still far from solved, with an easier one between it and what is."""
        most = THICKEST if self._met is None else self._met[0] / NEAR
        return not self._is_near and self.level < most and self._has_easier

    @cached_property
    def _has_easier(self) -> bool:
        return self._whole.thickened(THICKER) is not None

    def eased(self) -> _About:
        """An easier problem, at the fields of the easiest that is solved, or at the start."""
        self._change(self.level * THICKER if self._met is None else math.sqrt(self.level * self._met[0]))
        if self._met is not None:
            return _About(self.system, self._met[1])
        near, theta = self._start
        return _About(self.system if near is self._whole else _thickened(near, self.level), theta)

    def is_met(self, before: float, after: float) -> bool:
        """Whether the fields of this easier problem serve as a start; the first step meets what is affine alone."""
        self._is_near = self._is_near or (self._steps > 0 and after < MET * before)
        self._steps += 1
        return self.level > 1 and self._is_near

    def firmer(self, theta: Tensor) -> _About:
        """The next problem, towards that to be solved."""
        self._met = self.level, theta
        self._change(self.level / THINNER if self.level > 1.5 * THINNER else 1.0)
        return _About(self.system, theta)

    def _change(self, level: float) -> None:
        self.level, self.thickest = level, max(level, self.thickest)
        self._steps, self._is_near = 0, False
        self.system = _thickened(self._whole, level)


def _thickened(system: System, factor: float) -> System:
    return (None if factor == 1 else system.thickened(factor)) or system


def _have_same_networks(a: System, b: System) -> bool:
    return all(a.parameters.networks[u] is b.parameters.networks[u] for u in b.problem.fields)


class _About:
    """Fields about which the constraints are linearised."""

    def __init__(self, of: System, theta: Tensor) -> None:
        self.of, self.theta = of, theta
        self._found: list[Rows] = []

    def steps(self, system: System, batches: Sequence[Batch]) -> list[Rows]:
        """Residuals, with their slopes for changes of the jets; the points are always the same."""
        if not self._found:
            groups = zip(self.of.groups, system.groups, strict=True)
            evaluators = {id(old.evaluator): new.evaluator for old, new in groups}
            self._found = [
                replace(block, evaluator=evaluators[id(block.evaluator)])
                for block in self.of.linear_rows(batches, at=self.theta)
            ]
        return self._found

    def rows(self, system: System, batches: Sequence[Batch]) -> Iterable[Rows]:
        """The same for whole fields."""
        old = [group.evaluator for group in self.of.groups]
        new = [group.evaluator for group in system.groups]
        for block in self.steps(system, batches):
            known = next(a for a, b in zip(old, new, strict=True) if b is block.evaluator)
            about = about_nothing(self.of, self.theta, replace(block, evaluator=known))
            yield replace(about, evaluator=block.evaluator)


def _residuals(layout: PiecesLayout, slopes: _About, at: _About) -> Tensor:
    """The residuals at some fields, in units of the rows about others."""

    def mixed(system: System, batches: Sequence[Batch]) -> list[Rows]:
        pairs = zip(slopes.steps(system, batches), at.steps(system, batches), strict=True)
        return [replace(block, offset=other.offset) for block, other in pairs]

    return torch.cat([block.offset.flatten() for cell in layout.rows(mixed) for block in cell.blocks])


def _norm(residuals: Tensor) -> float:
    size = float(torch.linalg.vector_norm(residuals))
    return size if math.isfinite(size) else math.inf


class _Step(NamedTuple):
    share: float
    reached: _About
    residuals: Tensor
    is_still: bool = False


def _towards(
    layout: PiecesLayout,
    system: System,
    here: _About,
    theta: Tensor,
    before: Tensor,
    halvings: int = HALVINGS,
) -> _Step | None:
    """The first of a whole step, a half, ... that lowers the norm of the residuals; None where none does."""
    if not _have_same_networks(here.of, system):  # features that differ have no blend
        reached = _About(system, theta)
        return _Step(0.5, reached, _residuals(layout, reached, reached))
    for halving in range(halvings + 1):
        share = 0.5**halving
        reached = _About(system, here.theta + share * (theta - here.theta))
        residuals = _residuals(layout, here, reached)
        is_still = share == 1 and _norm(residuals - before) < STILL * _norm(before)
        if _norm(residuals) < _norm(before):
            return _Step(share, reached, residuals, is_still)
        if is_still:
            return _Step(share, here, before, is_still)
    return None
