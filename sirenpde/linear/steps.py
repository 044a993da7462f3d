"""How a Newton step is solved for: by a QR factor of the matrix, or by conjugate gradients and the factors of waves.

Both keep a factor for as long as it serves as a preconditioner; it may come from an earlier call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .cgls import by_factor, cgls
from .gmres import gmres
from .map import LinearMap, columns_of
from .mode_blocks import ModeBlocks
from .newton import NewtonStep
from .qr import Factor, solve_dense
from .tau_rows import TauTangent
from .tau_solve import TauSolve
from .tensor_rows import TensorTangent


@dataclass(frozen=True)
class Reuse:
    """When a QR factor of an earlier matrix serves for the next one."""

    # Iterations with an old factor: about a tenth of the work of a new one where columns are thousands.
    iterations: int = 12
    # What they have to make of the gradient.
    enough: float = 1e-2
    # Damping of a factor that conjugate gradients can work with; steps of one that is hardly damped are so large
    # that products with them are rounding.
    steady: float = 1e-13
    # What the last step has to have made of the residual for an old factor to be tried.
    pace: float = 0.1
    # Of the residual: more must not be left by a step with an old factor.
    left: float = 0.5


@dataclass
class FactoredSteps:
    """Steps by a QR factorisation of the whole matrix; ``factorisations`` counts them."""

    factor: Factor | None = None
    reuse: Reuse = Reuse()
    factorisations: int = 0

    def step(self, tangent: LinearMap, residual: Tensor, damping: float, pace: float) -> NewtonStep:
        known, reuse = self.factor, self.reuse
        served = known is not None and known.columns == tangent.columns and known.damping >= reuse.steady
        if known is not None and served and pace < reuse.pace:
            again = cgls(tangent, -residual, by_factor(known), reuse.enough**2, reuse.iterations)
            left = float(torch.linalg.vector_norm(again.residual))
            if again.fallen <= reuse.enough and left <= reuse.left * float(
                torch.linalg.vector_norm(residual)
            ):
                return NewtonStep(again.x, left, is_fresh=False)
        solved = solve_dense(columns_of(tangent), -residual, damping)
        self.factorisations += 1
        if known is None or solved.factor.damping >= reuse.steady:
            self.factor = solved.factor
        return NewtonStep(solved.x, float(torch.linalg.vector_norm(residual + tangent.apply(solved.x))))


@dataclass(frozen=True)
class Forcing:
    """How far an iterative solve for a step goes, and when its preconditioner is made anew."""

    # Of the gradient relative to the solution, where Newton's method has arrived.
    arrived: float = 1e-13
    # By how much a solve for a step reduces the gradient (Dembo, Eisenstat and Steihaug 1982).
    reduction: float = 1e-3
    # Iterations at most.
    iterations: int = 400
    # A factor that serves in so few is kept for the next step.
    keep: int = 30
    # Below this relative size of the gradient a stall is rounding, not failure ...
    rounding: float = 1e-7
    # ... a stall being less than this fall in one step.
    stall: float = 0.3
    # Columns of a factor that is made anew, dearly, where one by products of columns does not serve.
    largest_exact: int = 4000


@dataclass
class ModeSteps:
    """Steps by conjugate gradients, with one factor per wave as preconditioner; the gradient is measured by it too.

    Undamped: the damping is left aside, since the unknowns are amplitudes of orthonormal functions. ``iterations``
    counts those of all solves.
    """

    blocks: ModeBlocks | None = None
    deadline: float = math.inf
    forcing: Forcing = Forcing()
    iterations: int = 0
    _exact: bool = False
    _gradient: float = math.inf  # of the step before

    def step(self, tangent: TensorTangent, residual: Tensor, damping: float, pace: float) -> NewtonStep:
        forcing, is_fresh = self.forcing, self.blocks is None
        blocks = self.blocks or ModeBlocks(tangent, self._exact)
        precondition = by_factor(blocks)
        first = precondition(tangent.transpose(-residual))
        scale = float(tangent.apply(tangent.at).norm() + residual.norm()) + 1e-300
        gradient = math.sqrt(first[1]) / scale
        stalled = gradient < forcing.rounding and gradient > forcing.stall * self._gradient
        self.blocks = blocks
        if gradient <= forcing.arrived or stalled:
            return NewtonStep(torch.zeros_like(tangent.at), float(residual.norm()), is_fresh, arrived=True)
        solved = cgls(
            tangent,
            -residual,
            precondition,
            forcing.reduction,
            forcing.iterations,
            first=first,
            deadline=self.deadline,
        )
        self.iterations += solved.iterations
        self._gradient = gradient
        if solved.iterations > forcing.keep:
            small = tangent.columns <= forcing.largest_exact
            self._exact = self._exact or (is_fresh and blocks.is_rough and small)
            self.blocks = None
        left = float(solved.residual.norm())
        return NewtonStep(solved.x, left, is_fresh, is_certain=gradient < forcing.rounding)


@dataclass
class SeparableSteps:
    """Steps by generalised minimal residuals, with the operator separated along the axes as preconditioner.

    The correction that this makes of a residual is its measure. ``iterations`` counts those of all solves.
    """

    solve: TauSolve | None = None
    deadline: float = math.inf
    forcing: Forcing = Forcing(iterations=60, reduction=1e-6)
    iterations: int = 0
    correction: float = math.inf  # of the last step, relative to the solution

    def step(self, tangent: TauTangent, residual: Tensor, damping: float, pace: float) -> NewtonStep:
        forcing, is_fresh = self.forcing, self.solve is None
        solve = self.solve or TauSolve(tangent)
        target = solve.solve(-residual)
        size = float(tangent.at.norm() + target.norm()) + 1e-300
        correction = float(target.norm()) / size
        stalled = correction < forcing.rounding and correction > forcing.stall * self.correction
        self.solve, self.correction = solve, correction
        if correction <= forcing.arrived or stalled:
            return NewtonStep(torch.zeros_like(tangent.at), float(residual.norm()), is_fresh, arrived=True)
        solved = gmres(
            lambda x: solve.solve(tangent.apply(x)),
            target,
            forcing.reduction,
            forcing.iterations,
            self.deadline,
        )
        self.iterations += solved.iterations
        if solved.iterations > forcing.keep:
            self.solve = None
        left = float((residual + tangent.apply(solved.x)).norm())
        return NewtonStep(solved.x, left, is_fresh, is_certain=correction < forcing.rounding)
