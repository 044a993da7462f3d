"""Newton's method for fields in pieces: every step is one solve of all cells, joined."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ...linear.dense_rows import about_nothing
from ...residuals import Batch, Rows, System
from .pieces_solve import Fineness, rows_of_pieces, solve_pieces

# Of a step that does not lower the residual.
HALVINGS = 6
# Of the residuals: where a whole step changes them by less, what is left is what the features cannot represent. That
# their norm stays is not enough: while a flow forms, what its corners leave may well outweigh all else.
STILL = 0.1
# So many whole steps in a row that change them, but do not lower their norm by as much, only shuffle rounding.
IN_VAIN = 3


class PiecesNewton(NamedTuple):
    """Where Newton's method ended: the parameters, and the norms of the rows' residuals, the start's first.

    ``end`` says why it ended: nothing is left to gain, no step lowers the residual, no more steps, or no more time.
    ``unknowns`` are those of every step, ``factorised`` the distinct cells of the last, and ``work`` the operations
    of all factorisations.
    """

    theta: Tensor
    sizes: tuple[float, ...]
    end: Literal["arrived", "stuck", "steps", "late"]
    unknowns: int
    factorised: int
    work: float


def newton_pieces(
    system: System,
    fineness: Fineness,
    start: tuple[System, Tensor] | None = None,
    iterations: int = 30,
    workers: int = 2,
    deadline: float = math.inf,
) -> PiecesNewton:
    """The last layers of fields in pieces where the constraints are not affine, by Newton's method.

    With the residuals r linearised about the fields at hand, G their slopes by the jets, a step is a least-squares
    solve for whole new fields, r + G (jets of the new - jets of the old) = 0, joined as those of affine constraints
    are. Towards them the coefficients go as far as the residual falls: all the way, half of it, a quarter, ...
    Blends of joined fields are joined.

    Args:
        system: its networks are ``PiecesNetwork`` of one partition, each cell's with a linear last layer.
        fineness: of points and joints.
        start: other networks of the problem with their parameters, such as coarser ones, or these of a neighbouring
            problem; the first step is linearised about them. The system's own as they are if left out.
        iterations: at most so many steps, and one at least.
        workers: threads, each of which factorises one cell.
        deadline: of ``time.monotonic()``, beyond which it ends where it is.

    Source: Deuflhard, Newton Methods for Nonlinear Problems, 2004, section 4.3 (Gauss-Newton methods, damped).
    """
    near, theta = start or (system, system.initial())
    here, in_vain, work = _About(near, theta), 0, 0.0
    sizes = [_norm(_residuals(system, fineness, here, here))]
    end: Literal["arrived", "stuck", "steps", "late"]
    while True:
        last = solve_pieces(system, fineness, here.rows, workers)
        work += last.work
        before = _residuals(system, fineness, here, here)
        step = _towards(system, fineness, here, last.theta, before)
        if step is None:
            end = "stuck"
            break
        here, sizes = step.reached, [*sizes, _norm(step.residuals)]
        in_vain = in_vain + 1 if step.share == 1 and sizes[-1] > (1 - STILL) * _norm(before) else 0
        if step.is_still or in_vain == IN_VAIN:
            end = "arrived"
            break
        if len(sizes) > iterations or time.monotonic() >= deadline:
            end = "steps" if len(sizes) > iterations else "late"
            break
    theta = here.theta if here.of is system else last.theta
    return PiecesNewton(theta, tuple(sizes), end, last.unknowns, last.factorised, work)


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


def _residuals(system: System, fineness: Fineness, slopes: _About, at: _About) -> Tensor:
    """The residuals at some fields, in units of the rows about others."""

    def mixed(system: System, batches: Sequence[Batch]) -> list[Rows]:
        pairs = zip(slopes.steps(system, batches), at.steps(system, batches), strict=True)
        return [replace(block, offset=other.offset) for block, other in pairs]

    cells, _ = rows_of_pieces(system, fineness, mixed)
    return torch.cat([block.offset.flatten() for cell in cells for block in cell.blocks])


def _norm(residuals: Tensor) -> float:
    size = float(torch.linalg.vector_norm(residuals))
    return size if math.isfinite(size) else math.inf


class _Step(NamedTuple):
    share: float
    reached: _About
    residuals: Tensor
    is_still: bool = False


def _towards(system: System, fineness: Fineness, here: _About, theta: Tensor, before: Tensor) -> _Step | None:
    """The first of a whole step, a half, ... that lowers the norm of the residuals; None where none does."""
    if here.of is not system:  # features that differ have no blend
        reached = _About(system, theta)
        return _Step(0.5, reached, _residuals(system, fineness, reached, reached))
    for halving in range(HALVINGS + 1):
        share = 0.5**halving
        reached = _About(system, here.theta + share * (theta - here.theta))
        residuals = _residuals(system, fineness, here, reached)
        is_still = share == 1 and _norm(residuals - before) < STILL * _norm(before)
        if _norm(residuals) < _norm(before):
            return _Step(share, reached, residuals, is_still)
        if is_still:
            return _Step(share, here, before, is_still)
    return None
