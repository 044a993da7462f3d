"""Newton's method for least squares: steps from linearised residuals, damped, halved, or once let go uphill."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import torch
from torch import Tensor

Tangent = TypeVar("Tangent")
Given_co = TypeVar("Given_co", covariant=True)
Taken_contra = TypeVar("Taken_contra", contravariant=True)


class Equations(Protocol[Given_co]):
    """Residuals (rows,) of unknowns x (columns,), to be made small, and their tangent at x."""

    def vector(self, x: Tensor) -> Tensor: ...

    def tangent(self, x: Tensor) -> Given_co: ...


@dataclass(frozen=True)
class NewtonStep:
    """A minimiser of |r + J d|: the change d, and the norm that it leaves to first order.

    ``is_fresh`` says that its factor was made for this tangent; ``is_certain`` that the gradient is so near to
    rounding that the residual cannot tell whether the step is good; ``arrived`` that there is nothing to gain.
    """

    change: Tensor
    left: float
    is_fresh: bool = True
    is_certain: bool = False
    arrived: bool = False


class StepSolver(Protocol[Taken_contra]):
    """How one step is solved for; it keeps factors that later steps can use."""

    def step(self, tangent: Taken_contra, residual: Tensor, damping: float, pace: float) -> NewtonStep:
        """A step that minimises |r + J d|² + damping² |D d|²; ``pace`` is what the last one made of |r|."""
        ...


@dataclass(frozen=True)
class Damping:
    """How strongly steps are damped, and what follows a step that does not lower the residual.

    λ falls with the residual down to rounding, so that convergence is quadratic where residuals can vanish
    (Levenberg, Marquardt; Yamashita and Fukushima 2001).
    """

    # Of the first step: without it, the residuals that no combination of features meets leave coefficients so huge
    # that all later digits are lost. Later steps are damped less as the residual falls.
    first: float = 1e-6
    # Below what rounding leaves of a singular value anyway.
    least: float = 1e-15
    # At unit columns more than that is a step of nearly no length: the last one tried.
    strongest: float = 10.0
    # A fresh step that to first order leaves more of the residual than this may be slow for its damping ...
    slow: float = 0.5
    # ... which then falls by this factor.
    softer: float = 1e-3
    # One that leaves more than this is the last, where damping is not the reason.
    still: float = 0.95
    # Of the unit: residuals below are so near to rounding that a slow step is the last.
    rounding: float = 1e-8
    # Damping times this after a step that failed, and over ``easing`` after each that did not.
    stronger: float = 100.0
    easing: float = 10.0
    # Of a step that failed, before damping changes its direction.
    halvings: int = 3
    # One whole step may raise the residual if those after it lower it again, as for u' = u (1 - u).
    excursion: bool = True

    def of(self, share: float, factor: float) -> float:
        """λ for a residual that is this share of the unit."""
        return min(max(self.first * factor * share, self.least), self.strongest)


DAMPED = Damping()
# For noisy measurements, of which most of the residual stays: softer steps would follow the noise along features that
# hardly differ, and a step that gains little may still move a number by its standard error.
NOISY = Damping(least=1e-11, still=1 - 1e-6)
# For orthonormal unknowns and gradients that are measured: a step that six halvings do not mend is the last.
UNDAMPED = Damping(first=0.0, least=0.0, strongest=0.0, slow=math.inf, halvings=5, excursion=False)


@dataclass(frozen=True)
class NewtonResult:
    """Where Newton's method ended.

    ``sizes`` are the norms of the residuals, the start's first; their squares are objectives. ``end`` says why:
    the tolerance or rounding is reached, no step lowers the residual any more, no more steps, or no more time.
    """

    x: Tensor
    residual: Tensor
    sizes: tuple[float, ...]
    end: Literal["arrived", "stuck", "steps", "late"]

    @property
    def steps(self) -> int:
        return len(self.sizes) - 1


@dataclass(frozen=True)
class _Iterate:
    x: Tensor
    residual: Tensor
    size: float


def newton(
    equations: Equations[Tangent],
    x: Tensor,
    solver: StepSolver[Tangent],
    damping: Damping = DAMPED,
    iterations: int = 40,
    tolerance: float = 0.0,
    unit: float | None = None,
    deadline: float = math.inf,
) -> NewtonResult:
    """Minimise the sum of squared residuals from ``x`` on.

    Gauss-Newton: with the residuals r linearised about x, J the slopes and D the columns' norms, a step minimises
    |r + J d|² + λ² |D d|². Solving for the step gains digits as iterative refinement does. Any step that does not
    lower the residual is halved, and then damped more strongly; one excursion uphill may be allowed.

    Args:
        equations: the residuals and their tangents.
        x: where to start.
        solver: how a step is solved for.
        damping: the policy.
        iterations: at most so many steps.
        tolerance: the norm of the residuals at which to stop, in units of ``unit``.
        unit: a norm of residuals far from the solution, to measure others by; the start's if left out.
        deadline: of ``time.monotonic()``, beyond which it ends where it is.

    Sources: Levenberg 1944, Marquardt 1963; Yamashita and Fukushima, On the rate of convergence of the
    Levenberg-Marquardt method, 2001.

    The square root of two:

    >>> import torch
    >>> from sirenpde.linear.map import DenseMap
    >>> from sirenpde.linear.newton import newton
    >>> from sirenpde.linear.steps import FactoredSteps
    >>> class Root:
    ...     def vector(self, x):
    ...         return x**2 - 2
    ...     def tangent(self, x):
    ...         return DenseMap(2 * x[:, None])
    >>> newton(Root(), torch.ones(1).double(), FactoredSteps()).x
    tensor([1.4142], dtype=torch.float64)
    """
    here = best = _at(equations, x)
    sizes, unit = [here.size], unit or here.size or 1.0
    softer, stronger, excursion = 1.0, 1.0, "open" if damping.excursion else "over"
    end: Literal["arrived", "stuck", "steps", "late"] = "steps"
    if here.size <= tolerance * unit:
        return NewtonResult(here.x, here.residual, (here.size,), "arrived")
    while len(sizes) <= iterations and math.isfinite(best.size):
        if time.monotonic() >= deadline:
            end = "late"
            break
        strength = damping.of(here.size / unit, softer * stronger)
        pace = 0.0 if len(sizes) == 1 else here.size / sizes[-2]
        step = solver.step(equations.tangent(here.x), here.residual, strength, pace)
        if step.arrived:
            end = "arrived"
            break
        trial = _at(equations, here.x + step.change)
        slow = step.is_fresh and stronger == 1 and step.left > damping.slow * here.size
        softer *= damping.softer if slow else 1.0
        if slow and (step.left > damping.still * here.size or here.size < damping.rounding * unit):
            end = "stuck" if strength <= 10 * damping.least else end
            here = trial if trial.size < here.size else here
        elif trial.size < here.size:
            here, stronger = trial, max(stronger / damping.easing, 1.0)
        elif step.is_certain and math.isfinite(trial.size):
            here = best = trial
        elif excursion == "open" and math.isfinite(trial.size):
            here, excursion = trial, "away"
        elif excursion == "away":
            here, excursion = best, "over"
        else:
            shorter = _halved(equations, here, step.change, damping.halvings)
            here, stronger = shorter or here, stronger if shorter else stronger * damping.stronger
            end = "stuck" if shorter is None and strength >= damping.strongest else end
        if here.size < best.size:
            best, excursion = here, "over" if excursion == "away" else excursion
        sizes.append(here.size)
        if end == "stuck" or best.size <= tolerance * unit:
            end = end if end == "stuck" else "arrived"
            break
    return NewtonResult(best.x, best.residual, tuple(sizes), end)


def _at(equations: Equations[Tangent], x: Tensor) -> _Iterate:
    residual = equations.vector(x)
    size = float(torch.linalg.vector_norm(residual))
    return _Iterate(x, residual, size if math.isfinite(size) else math.inf)


def _halved(equations: Equations[Tangent], here: _Iterate, change: Tensor, halvings: int) -> _Iterate | None:
    """The first of a half, a quarter, ... of the step that lowers the residual."""
    for halving in range(1, halvings + 1):
        trial = _at(equations, here.x + 0.5**halving * change)
        if trial.size < here.size:
            return trial
    return None
