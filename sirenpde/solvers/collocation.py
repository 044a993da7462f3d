"""Newton's method for tensor-product series on tensor nodes: spectral accuracy, and never the whole matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .mode_blocks import ModeBlocks
from .stage import Report, State
from .tensor_rows import Tangent, TensorRows

TOLERANCE, ITERATIONS = 1e-13, 30
FORCING = 1e-3  # by how much the iterative solve for a step reduces the gradient
INNER = 400  # iterations of it at most
KEEP = 30  # a factor that serves in so few iterations is kept for the next step
HALVINGS = 6
ROUNDING = 1e-7  # below this relative size of the gradient a stall is rounding, not failure


@dataclass(frozen=True)
class Collocation:
    """Finds the coefficients of tensor-product series from residuals on tensor nodes, linear or not.

    For fields with ``SineLattice`` or ``FourierSeries`` networks and constraints on boxes, their slices and
    faces. In place of the declared samples it takes the nodes of Gauss and Legendre along axes without a
    period and equidistant ones around periodic axes, as many as the networks can tell apart. Gauss-Newton
    steps are found by conjugate gradients for least squares, preconditioned with the same operator whose
    coefficients are averaged around the periodic axes (`mode_blocks`); along these everything goes by fast
    Fourier transforms. Normal equations are never formed.

    Args:
        tolerance: of the preconditioned gradient relative to the solution, where it stops; it stops earlier
            where rounding ends the descent.
        iterations: Newton steps at most.

    Raises:
        Unsuited, NoNodes: when run on networks, losses or domains that are no tensor products.
        TooLarge: where the factors would not fit the memory.

    Source: preconditioned CGLS, Björck 1996, section 7.4.1; inexact Newton, Dembo, Eisenstat and Steihaug 1982.

    >>> from sirenpde.solvers.collocation import Collocation
    >>> Collocation().name
    'collocation'
    """

    tolerance: float = TOLERANCE
    iterations: int = ITERATIONS

    @property
    def name(self) -> str:
        return "collocation"

    @property
    def steps(self) -> int:
        return 1

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        rows = rows_of(state)
        solved = newton(rows, rows.from_theta(state.theta), self.tolerance, self.iterations)
        state.theta = rows.to_theta(solved.amplitudes)
        state.memory["converged"] = solved.converged
        state.step += 1
        terms = rows.terms(rows.vector(solved.amplitudes))
        return Report(tuple(terms.tolist()), True, solved.note)


def rows_of(state: State) -> TensorRows:
    """The rows of a state's system, made once."""
    rows: TensorRows | None = state.cache.get("tensor rows")
    if rows is None or rows.system is not state.system:
        state.cache["tensor rows"] = rows = TensorRows(state.system)
    return rows


@dataclass(frozen=True)
class Solved:
    """Where Newton's method ended, and whether no step lowers the objective any more."""

    amplitudes: Tensor
    converged: bool
    note: str


def newton(
    rows: TensorRows, amplitudes: Tensor, tolerance: float = TOLERANCE, iterations: int = ITERATIONS
) -> Solved:
    """Minimise the sum of squared residuals from these amplitudes on.

    The gradient is measured after preconditioning, where its norm is that of the step's change of the rows.
    """
    vector = rows.vector(amplitudes)
    blocks: ModeBlocks | None = None
    before, inner, steps, converged = math.inf, 0, 0, False
    while steps < iterations and bool(vector.isfinite().all()):
        tangents = rows.tangents(amplitudes)
        if blocks is None:
            blocks = ModeBlocks(rows, [tangent.slopes for tangent in tangents])
        gradient = blocks.transpose(rows.transpose(tangents, vector))
        scale = float(rows.apply(tangents, amplitudes).norm() + vector.norm()) + 1e-300
        size = float(gradient.norm()) / scale
        if size <= tolerance or (size < ROUNDING and size > 0.3 * before):
            converged = True
            break
        step, count = _cgls(rows, blocks, tangents, vector, gradient)
        inner, steps, before = inner + count, steps + 1, size
        found = _descend(rows, amplitudes, step, vector, size)
        if found is None:
            break
        amplitudes, vector = found
        blocks = blocks if count <= KEEP else None
    note = f"{len(amplitudes)} coefficients, {len(vector)} residuals, {steps} Newton steps, {inner} inner iterations"
    return Solved(amplitudes, converged, note if converged else f"{note}, not converged")


def _descend(
    rows: TensorRows, amplitudes: Tensor, step: Tensor, vector: Tensor, size: float
) -> tuple[Tensor, Tensor] | None:
    """The first of the whole step, a half, ... that lowers the objective; near rounding the whole one."""
    for halving in range(HALVINGS):
        trial = amplitudes - 0.5**halving * step
        there = rows.vector(trial)
        if float(there.norm()) < float(vector.norm()) or (size < ROUNDING and bool(there.isfinite().all())):
            return trial, there
    return None


def _cgls(
    rows: TensorRows, blocks: ModeBlocks, tangents: list[Tangent], vector: Tensor, gradient: Tensor
) -> tuple[Tensor, int]:
    """Conjugate gradients for min |A x - vector|, in the unknowns R x of the preconditioner's factor R."""
    x = torch.zeros_like(gradient)
    residual, direction = vector.clone(), gradient.clone()
    first = gamma = float(gradient.square().sum())
    count = 0
    while count < INNER and gamma > FORCING**2 * first:
        image = rows.apply(tangents, blocks.solve(direction))
        alpha = gamma / float(image.square().sum())
        x += alpha * direction
        residual -= alpha * image
        gradient = blocks.transpose(rows.transpose(tangents, residual))
        before, gamma = gamma, float(gradient.square().sum())
        direction = gradient + (gamma / before) * direction
        count += 1
    return blocks.solve(x), count
