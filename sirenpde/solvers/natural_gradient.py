"""Natural gradient in the space of the samples, with momentum, on fresh points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ..residuals import Batch, System
from ..residuals.unfit import MEMORY_LIMIT, TooLarge
from ..sampling.drawing import Drawing
from ..sampling.points import FRESH, Points
from .stage import Report, State, check_squares

HALVINGS = 30  # of the step, at most
FIRST_DAMPING, SMALLEST_DAMPING = 1e-3, 1e-14  # where it is not given


@dataclass
class Memory:
    """The step before, and where the damping and the correction of the first steps have come to."""

    damping: float
    step: Tensor | None = None
    momentum: float = 1.0  # μ²ᵏ


@dataclass(frozen=True)
class NaturalGradient:
    """Energy natural gradient descent by the kernel of the samples, with SPRING's momentum.

    With r the N scaled residuals and J (N, P) their derivative, on new points at every step,

        δ_k = μ d_{k-1} + Jᵀ (J Jᵀ + s I)⁻¹ (r - μ J d_{k-1}),      s = λ |J|² / N.

    Without ``lr`` the step taken is d_k = η δ_k, with the best η of 1, 1/2, 1/4, ... on the same points. With it
    the step is SPRING's, ``lr`` δ_k / √(1 - μ²ᵏ), and d_k = δ_k. The system is solved by Cholesky in the smaller of
    the two dimensions, samples or parameters.

    Args:
        steps: how many.
        momentum: μ; 0 is ENGD-W.
        damping: λ. Small ones lead along better paths where samples are fewer than parameters or problems are of
            low dimension; None starts at 1e-3, halves it after every whole step and doubles it after a short one.
        lr: a learning rate, or None for a line search.
        rows: residuals at a step, at most: fewer samples are drawn where more are declared.
        points: how the samples are drawn and weighed; new ones at every step if left out.

    Raises:
        ValueError: for numbers out of range.
        Unfit: when run on a constraint with another loss than ``l2``, or with more residuals times parameters than
            there is memory for.

    Source: Müller, Zeinhofer, Achieving high accuracy with PINNs via energy natural gradient descent, 2023;
    Guzmán-Cordero, Dangel, Goldshlager, Zeinhofer, Improving energy natural gradient descent through Woodbury,
    momentum, and randomization, 2025, sections 3.1 and 3.2.

    >>> from sirenpde import NaturalGradient
    >>> NaturalGradient(steps=200, momentum=0.8).name
    'natural gradient'
    """

    steps: int = 1000
    momentum: float = 0.9
    damping: float | None = 1e-10
    lr: float | None = None
    rows: int = 3500
    points: Points = FRESH

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        damped = self.damping is None or self.damping > 0
        if self.steps < 1 or not 0 <= self.momentum < 1 or not damped or self.rows < 1:
            raise ValueError(
                f"NaturalGradient was given steps={self.steps}, momentum={self.momentum}, damping={self.damping}, "
                f"rows={self.rows}; expected steps >= 1, 0 <= momentum < 1, damping > 0 or None, and rows >= 1."
            )
        if self.lr is not None and not self.lr > 0:
            raise ValueError(
                f"NaturalGradient was given lr={self.lr}; expected a positive number, or None for a line search."
            )

    @property
    def name(self) -> str:
        return "natural gradient"

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def bytes_needed(self, state: State) -> int:
        """Bytes of the derivatives of the residuals of one step, and of the matrix that is factorised."""
        rows, columns = self._rows(state), len(state.theta)
        return (rows * columns + 2 * min(rows, columns) ** 2) * torch.finfo(state.theta.dtype).bits // 8

    def _check_memory(self, state: State) -> None:
        needed, columns = self.bytes_needed(state), len(state.theta)
        if needed > MEMORY_LIMIT:
            rows = self._rows(state)
            affordable = MEMORY_LIMIT * 8 // torch.finfo(state.theta.dtype).bits // columns
            raise TooLarge(
                f"NaturalGradient() would keep the derivatives of {rows} residuals by {columns} parameters, "
                f"{needed / 2**30:.1f} GiB; {MEMORY_LIMIT >> 30} GiB are allowed. Use rows={affordable} or fewer, or "
                f"a stage without a matrix, Soap() or Adam()."
            )

    def advance(self, state: State) -> Report:
        check_squares(state.system, "NaturalGradient()")
        self._check_memory(state)
        system, memory = state.system, state.remember(Memory, lambda: Memory(self.damping or FIRST_DAMPING))
        samples = state.batches(self.points, fewer(state.drawing, self.rows))
        residual, jacobian = system.jacobian(state.theta, samples)
        step = direction(jacobian, residual, memory.damping, self.momentum, memory.step)
        if self.lr is None:
            rate = search(system, state.theta, step, samples, residual)
            memory.step = rate * step
        else:
            memory.step, memory.momentum = step, memory.momentum * self.momentum**2
            rate = self.lr / math.sqrt(1 - memory.momentum)
        if self.damping is None:
            change = 0.5 if rate == 1 else 1.0 if rate == 0.5 else 2.0
            memory.damping = min(1.0, max(SMALLEST_DAMPING, change * memory.damping))
        state.theta = state.theta - rate * step
        state.step += 1
        terms = system.losses(state.theta, samples)
        return Report(tuple(terms.tolist()), state.step >= self.steps, "all steps taken")

    def _rows(self, state: State) -> int:
        """The residuals of one step."""
        drawing = state.drawing
        return sum(replace(drawing, scale=drawing.scale * fewer(drawing, self.rows)).counts())


def direction(
    jacobian: Tensor, residual: Tensor, damping: float, momentum: float, before: Tensor | None
) -> Tensor:
    """δ (P,), the least of |J δ - r|² + s |δ - μ d|²; d (P,) is the step before, None at first."""
    if before is None:
        return solve_damped(jacobian, residual, damping)
    along = momentum * before
    return along + solve_damped(jacobian, residual - jacobian @ along, damping)


def solve_damped(jacobian: Tensor, residual: Tensor, damping: float) -> Tensor:
    """Jᵀ (J Jᵀ + s I)⁻¹ r = (JᵀJ + s I)⁻¹ Jᵀ r, (P,), with s = damping |J|²/N, in the smaller of the two spaces.

    s grows tenfold until the matrix can be factored.
    """
    rows, columns = jacobian.shape
    wide = rows <= columns
    gram = jacobian @ jacobian.T if wide else jacobian.T @ jacobian
    shift = damping * float(gram.trace()) / rows
    if not math.isfinite(shift):
        return torch.full_like(jacobian[0], math.nan)
    added = max(shift, 1e-300)
    gram.diagonal().add_(added)
    factor, failed = torch.linalg.cholesky_ex(gram)
    while failed:
        gram.diagonal().add_(9 * added)
        added *= 10
        factor, failed = torch.linalg.cholesky_ex(gram)
    if wide:
        return jacobian.T @ torch.cholesky_solve(residual[:, None], factor)[:, 0]
    return torch.cholesky_solve((jacobian.T @ residual)[:, None], factor)[:, 0]


def search(system: System, theta: Tensor, step: Tensor, samples: Sequence[Batch], residual: Tensor) -> float:
    """The first of 1, 1/2, 1/4, ... at which the objective falls and at the next is no less; 0 where none falls."""
    best, rate = residual.square().sum(), 0.0
    for halving in range(HALVINGS):
        tried = system.vector(theta - step * 0.5**halving, samples).square().sum()
        if bool(tried < best):
            best, rate = tried, 0.5**halving
        elif rate > 0:
            break
    return rate


def fewer(drawing: Drawing, rows: int) -> float:
    """The share of the declared samples that gives no more than so many residuals."""
    whole, drawn = drawing.counts()
    return 1.0 if whole + drawn <= rows or not drawn else max(rows - whole, 1) / drawn
