"""Newton's method on the coefficients of the last layers, for constraints that are not affine in the fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..residuals import Batch, System
from .dense_rows import Kept, LinearSystem, coefficients, store, tangent
from .dense_solve import DAMPING, Factor, solve_again, solve_dense

FIRST_DAMPING = 1e-6  # of the first step; later ones are damped less as the residual falls
LOWER = 1e-3  # damping where it may be what keeps the residual up
STRONGER = 100.0  # damping after a step that failed
STRONGEST = 10.0
HALVINGS = 3  # of a step that failed, before damping changes its direction
REUSE = (
    12  # iterations with an old factor, about a tenth of the work of a new one where columns are thousands
)
STEADY = 1e-13  # damping of a factor that conjugate gradients can work with
ENOUGH = 1e-2  # what these have to make of the gradient
FAST = 0.1  # what the last step has to have made of the residual for an old factor to be tried
SLOW = 0.5  # a step that to first order leaves more of the residual than this asks for less damping
STILL = 0.95  # and one that leaves more than this is the last, where damping is not the reason
ROUNDING = 1e-8  # of the unit: residuals below are so near to rounding that a slow step is the last


@dataclass(frozen=True)
class NewtonResult:
    """Where Newton's method ended.

    ``sizes`` are the norms of the scaled residuals, the start's first; their squares are objectives.
    ``converged`` says that no step lowers the residual any more, or that the tolerance is met. ``factor``
    serves the next call on a system with as many columns whose tangents are near.
    """

    theta: Tensor
    sizes: tuple[float, ...]
    converged: bool
    note: str
    factor: Factor | None


def newton(
    system: System,
    theta: Tensor,
    batches: Sequence[Batch],
    tolerance: float = 0.0,
    iterations: int = 40,
    factor: Factor | None = None,
    unit: float | None = None,
    held: Tensor | None = None,
) -> NewtonResult:
    """Minimise the sum of squared residuals over the last layers, and over unknown numbers, from ``theta``.

    Gauss-Newton: with the residuals r linearised about the coefficients, J the slopes and D the columns'
    norms, a step minimises |r + J d|² + λ²|D d|². Solving for the step gains digits as iterative refinement
    does. λ falls with the residual down to rounding (Levenberg, Marquardt; Yamashita and Fukushima 2001), so
    that convergence is quadratic where residuals can vanish, while the first steps, whose residuals no
    combination of features meets, leave no huge coefficients behind. One excursion is allowed: a whole step
    may raise the residual if those after it lower it again, as for u' = u (1 - u). Any other step that does
    not lower it is halved, and then damped more strongly.

    A factor is used for as long as conjugate gradients, preconditioned with it, solve for the step in a few
    iterations; it may come from an earlier call.

    Args:
        system, batches: the residuals, every loss ``l2``, and networks whose last layer is linear.
        theta: where to start; of it only the last layers and the unknown numbers change.
        tolerance: the norm of the residuals at which to stop, in units of ``unit``.
        iterations: at most so many steps.
        factor: an earlier result's.
        unit: a norm of residuals far from the solution, to measure others by; the start's if left out.
        held: (k, columns), combinations of the coefficients that are kept at zero.

    Raises:
        TooLarge: for a matrix beyond the memory that it may take.
    """
    kept, here = Kept(system, batches), _at(system, theta, batches)
    best, sizes, unit = here, [here.size], unit or here.size or 1.0
    softer, stronger, excursion, factorisations = 1.0, 1.0, "open", 0
    converged = here.size <= tolerance * unit
    while len(sizes) <= iterations and not converged:
        damping = FIRST_DAMPING * softer * stronger * here.size / unit
        damping = min(max(damping, DAMPING), STRONGEST)
        near = len(sizes) == 1 or here.size < FAST * sizes[-2]
        linear = tangent(system, here.theta, batches, kept, held)
        step, factor, left, fresh = _step(linear, factor, damping, near)
        factorisations += fresh
        trial = _moved(system, here, batches, step)
        slow = fresh and stronger == 1 and left > SLOW * here.size
        softer *= LOWER if slow else 1.0
        if slow and (left > STILL * here.size or here.size < ROUNDING * unit):
            converged = damping <= 10 * DAMPING
            here = trial if trial.size < here.size else here
        elif trial.size < here.size:
            here, stronger = trial, max(stronger / STRONGER, 1.0)
        elif excursion == "open" and math.isfinite(trial.size):
            here, excursion = trial, "away"
        elif excursion == "away":
            here, excursion = best, "over"
        else:
            shorter = _halved(system, here, batches, step)
            here, stronger = shorter or here, stronger if shorter else stronger * STRONGER
            converged = shorter is None and damping >= STRONGEST
        if here.size < best.size:
            best, excursion = here, "over" if excursion == "away" else excursion
        sizes.append(here.size)
        converged = converged or best.size <= tolerance * unit
    note = f"{len(sizes) - 1} Newton steps, {factorisations} factorisations"
    return NewtonResult(best.theta, tuple(sizes), converged, note, factor)


@dataclass(frozen=True)
class _Place:
    """Parameters, and the norm of the residuals there."""

    theta: Tensor
    size: float


def _at(system: System, theta: Tensor, batches: Sequence[Batch]) -> _Place:
    size = float(torch.linalg.vector_norm(system.vector(theta, batches)))
    return _Place(theta, size if math.isfinite(size) else math.inf)


def _moved(system: System, here: _Place, batches: Sequence[Batch], step: Tensor) -> _Place:
    return _at(system, store(system, here.theta, coefficients(system, here.theta) + step), batches)


def _halved(system: System, here: _Place, batches: Sequence[Batch], step: Tensor) -> _Place | None:
    """The first of a half, a quarter, ... of the step that lowers the residual."""
    for halving in range(1, HALVINGS + 1):
        trial = _moved(system, here, batches, 0.5**halving * step)
        if trial.size < here.size:
            return trial
    return None


def _step(
    linear: LinearSystem, factor: Factor | None, damping: float, near: bool
) -> tuple[Tensor, Factor, float, bool]:
    """The step, the factor for the next, the residual left to first order, and whether there was a new factor."""
    if near and factor is not None and factor.columns == linear.matrix.shape[1] and factor.damping >= STEADY:
        step, fallen = solve_again(linear.matrix, linear.target, factor, REUSE, ENOUGH**2)
        left = _left(linear, step)
        if fallen <= ENOUGH and left <= SLOW * _left(linear, torch.zeros_like(step)):
            return step, factor, left, False
    solved = solve_dense(linear.matrix, linear.target, damping)
    # Steps of a factor that is hardly damped are so large that products with them are rounding.
    best = solved.factor if factor is None or solved.factor.damping >= STEADY else factor
    return solved.x, best, _left(linear, solved.x), True


def _left(linear: LinearSystem, step: Tensor) -> float:
    return float(torch.linalg.vector_norm(linear.target - linear.matrix @ step))
