"""Self-scaled Broyden: a dense quasi-Newton method for small networks and any smooth loss."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ..residuals import Batch, Evaluation, System
from ..residuals.unfit import MEMORY_LIMIT, TooLarge, Unfit
from ..sampling.points import FIXED, Points
from .stage import Report, State

LIMIT = MEMORY_LIMIT // 2  # bytes of the inverse Hessian: a checkpoint keeps a copy beside it
CURVED = 1e-14  # the cosine of step and change of gradient below which there is no curvature to learn from
# The first trial against the last step, at most 1: scaled updates settle at shorter steps than 1.
LONGER = 1.3
STEEP = 1e6  # times the objective, in place of one that is not finite
TRIALS = 25  # evaluations in one line search
SHORTER = 1e-2  # times the first trial, where a search from it finds nothing
SEARCHES = 7  # along the steepest descent, the last from 1e-12 of the first trial; two along other directions
WINDOW, FALL = 100, 1e-4  # over so many steps the objective must fall by this share


@dataclass
class Memory:
    """The gradient and the direction at ``theta``, and the inverse Hessian where there is one."""

    gradient: Tensor
    terms: tuple[float, ...]
    direction: Tensor
    inverse: Tensor | None = None
    length: float = 1.0  # of the last step, in directions
    mark: float = math.inf  # the objective at the start of a window of steps

    def forget(self) -> None:
        """Steepest descent, from which H is built again."""
        self.inverse, self.direction = None, -self.gradient


@dataclass(frozen=True)
class SelfScaledBroyden:
    """Broyden's family of quasi-Newton updates, scaled and mixed anew at every step, on a dense inverse Hessian H.

    With g the gradient, p = -H g, a strong-Wolfe step s = α p, y the change of g, and

        b = sᵀH⁻¹s / yᵀs,   h = yᵀHy / yᵀs,   v = √(yᵀHy) (s / yᵀs - Hy / yᵀHy),

        H ← (H - Hy yᵀH / yᵀHy + φ v vᵀ) / τ + s sᵀ / yᵀs,

    where φ (1 is BFGS, 0 is DFP) and the scale τ are functions of b and h; see ``scales``. H starts as the
    identity times yᵀs / yᵀy, and is kept where points are drawn anew. A step costs little more than one gradient
    and three passes over H, P² numbers for P parameters. Best in float64 and after some Adam. Where a search fails, a
    shorter step is tried, and then steepest descent, from which H is built again; it stops where neither lowers the
    objective.

    Args:
        steps: at most so many.
        points: how the samples are drawn and weighed; one fixed set if left out. ``Points(Adaptive(every=500))``
            draws them anew where residuals are large.

    Raises:
        ValueError: for numbers out of range.
        Unfit: when run on a constraint with the loss ``l1``, or with more parameters than there is memory for,
            about 23 000.

    Source: Al-Baali, Spedicato, Maggioni, Broyden's quasi-Newton methods for a nonlinear system of equations and
    unconstrained optimization, 2014, section 5; Urbán, Stefanou, Pons, Unveiling the optimization process of
    physics informed neural networks, 2025, section 3.

    >>> from sirenpde import SelfScaledBroyden
    >>> SelfScaledBroyden(steps=500).name
    'self-scaled Broyden'
    """

    steps: int = 10_000
    points: Points = FIXED

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"SelfScaledBroyden was given steps={self.steps}; expected a positive number.")

    @property
    def name(self) -> str:
        return "self-scaled Broyden"

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def bytes_needed(self, state: State) -> int:
        """Bytes of the inverse Hessian."""
        return len(state.theta) ** 2 * torch.finfo(state.theta.dtype).bits // 8

    def advance(self, state: State) -> Report:
        _check(state.system, len(state.theta))
        samples = state.batches(self.points)
        memory = state.remember(Memory, lambda: _begun(state, samples))
        if state.step > 0 and self.points.renewed(state.step) == state.step:
            _renew(memory, state.system.gradient(state.theta, samples))
        trial = _search(state, memory, samples)
        if trial is None:
            stalled = memory.inverse is None
            memory.forget()
        else:
            _step(state, memory, *trial)
            stalled = _stalled(memory, state.step)
        state.step += 1
        reason = "the objective no longer falls" if stalled else "all steps taken"
        return Report(memory.terms, stalled or state.step >= self.steps, reason)


def scales(b: float, h: float, count: int) -> tuple[float, float]:
    """φ and τ of the self-scaled Broyden update, from b = sᵀH⁻¹s / yᵀs and h = yᵀHy / yᵀs, for P parameters.

    H⁻¹ is updated with θ, as near to (1 - b) / b as keeps it positive definite and well conditioned:

        a = b h - 1,   c = √(a / (1 + a)),   ρ⁻ = min(1, h (1 - c)),   ρ⁺ = min(1, 1/b),
        θ = clip((1 - b) / b, (ρ⁻ - 1) / a, 1 / ρ⁻),   σ = 1 + a θ,   φ = (1 - θ) / σ,
        τ = ρ⁺ min(σ^(-1/(P-1)), 1/θ)  if θ > 0,  else min(ρ⁺ σ^(-1/(P-1)), σ).

    >>> scales(1.0, 1.0, 10)  # a quadratic whose Hessian is known: BFGS, not scaled
    (1.0, 1.0)
    """
    a = max(b * h - 1, 1e-300)  # not negative but for rounding, by Cauchy and Schwarz
    c = math.sqrt(a / (1 + a))
    low, high = min(1.0, h * (1 - c)), min(1.0, 1 / b)
    theta = max((low - 1) / a, min((1 - b) / b, 1 / low))
    sigma = 1 + a * theta
    power = sigma ** (-1 / max(1, count - 1))
    tau = high * min(power, 1 / theta) if theta > 0 else min(high * power, sigma)
    return (1 - theta) / sigma, tau


def update(
    inverse: Tensor, s: Tensor, image: Tensor, ys: float, yhy: float, phi: float, tau: float
) -> Tensor:
    """H, changed in place, after the step s; ``image`` is H y. Returns what was added to H / τ, as (2, P).

    The update is one of rank two in the span of s and Hy: H ← H / τ + [s Hy] R, R (2, P) the rows returned.
    """
    cross = -phi / (tau * ys)
    core = s.new_tensor([[phi * yhy / (tau * ys * ys) + 1 / ys, cross], [cross, (phi - 1) / (tau * yhy)]])
    span = torch.stack([s, image])
    rows = core @ span
    inverse.addmm_(span.T, rows, beta=1 / tau)
    return rows


def _begun(state: State, samples: tuple[Batch, ...]) -> Memory:
    """Steepest descent from the start."""
    evaluation = state.system.gradient(state.theta, samples)
    return Memory(evaluation.gradient, tuple(evaluation.terms.tolist()), -evaluation.gradient)


def _renew(memory: Memory, evaluation: Evaluation) -> None:
    """The gradient on new points, and the direction that the old curvature gives for it."""
    _take(memory, evaluation)
    memory.mark, memory.direction = math.inf, -memory.gradient
    if memory.inverse is not None:
        memory.direction = -torch.mv(memory.inverse, memory.gradient)


def _take(memory: Memory, evaluation: Evaluation) -> None:
    memory.gradient, memory.terms = evaluation.gradient, tuple(evaluation.terms.tolist())


def _search(state: State, memory: Memory, samples: tuple[Batch, ...]) -> tuple[float, Evaluation] | None:
    """A step along the direction that satisfies the strong Wolfe conditions; None where nothing falls."""
    g, d = memory.gradient, memory.direction
    slope = float(g.dot(d))
    if not slope < 0:
        return None
    scaled = memory.inverse is not None
    first = min(1.0, LONGER * memory.length if scaled else 1 / float(g.abs().sum()))
    least = torch.finfo(d.dtype).eps * float(state.theta.norm())
    for _ in range(2 if scaled else SEARCHES):
        trial = _search_from(first, state, memory, samples, slope)
        if trial is not None or first * float(d.norm()) < least:
            return trial
        first *= SHORTER
    return None


def _search_from(
    first: float, state: State, memory: Memory, samples: tuple[Batch, ...], slope: float
) -> tuple[float, Evaluation] | None:
    """A search whose first trial is the step of this length."""
    d, before = memory.direction, sum(memory.terms)
    tried: dict[float, Evaluation] = {}

    def at(t: float) -> Evaluation:
        if t not in tried:
            tried[t] = state.system.gradient(state.theta.add(d, alpha=t * first), samples)
        return tried[t]

    t = _wolfe(
        lambda t: float(at(t).loss), lambda t: first * float(at(t).gradient.dot(d)), before, first * slope
    )
    return None if t is None or not float(at(t).loss) < before else (t * first, at(t))


def _wolfe(
    value: Callable[[float], float], slope: Callable[[float], float], before: float, falling: float
) -> float | None:
    """A step near 1 that satisfies the strong Wolfe conditions, by SciPy; None where it finds none."""
    from scipy.optimize import line_search

    def finite(t: Any) -> float:
        loss = value(float(t[0]))
        return loss if math.isfinite(loss) else STEEP * before  # it halves what is so large

    with warnings.catch_warnings(action="ignore"):  # that it found none
        chosen = line_search(
            finite,
            lambda t: np.array([slope(float(t[0]))]),
            np.zeros(1),
            np.ones(1),
            np.array([falling]),
            before,
            maxiter=TRIALS,
        )[0]
    return None if chosen is None else float(chosen)


def _step(state: State, memory: Memory, t: float, there: Evaluation) -> None:
    """Take the step, and update H and the direction."""
    g = there.gradient
    s, y = t * memory.direction, g - memory.gradient
    slope, ys, yy = float(s.dot(memory.gradient)), float(y.dot(s)), float(y.dot(y))
    state.theta = state.theta + s
    _take(memory, there)
    if not ys > CURVED * math.sqrt(yy * float(s.dot(s))):
        return memory.forget()
    if memory.inverse is None:
        memory.inverse = (ys / yy) * torch.eye(len(s), dtype=s.dtype, device=s.device)
        memory.direction *= ys / yy
        t *= yy / ys
        memory.length = 1.0
    else:
        memory.length = t
    turned = torch.mv(memory.inverse, g)
    image = turned + memory.direction  # H y, since the direction is -H g of before
    yhy = float(y.dot(image))
    if not yhy > 0:
        return memory.forget()
    phi, tau = scales(-t * slope / ys, yhy / ys, len(s))
    rows = update(memory.inverse, s, image, ys, yhy, phi, tau)
    memory.direction = -(turned / tau + torch.stack([s, image], 1) @ (rows @ g))


def _stalled(memory: Memory, step: int) -> bool:
    """Whether the objective has hardly fallen over a window of steps."""
    if (step + 1) % WINDOW:
        return False
    before, memory.mark = memory.mark, sum(memory.terms)
    return memory.mark > before * (1 - FALL)


def _check(system: System, count: int) -> None:
    for constraint in system.problem.constraints:
        if not constraint.loss.is_smooth:
            raise Unfit(
                f"SelfScaledBroyden() was given constraint '{constraint.name}' with the loss {constraint.loss.name}; "
                f"it needs smooth losses, since its line search follows the slope. Use l2, or Adam()."
            )
    number = torch.finfo(system.dtype).bits // 8
    if number * count * count > LIMIT:
        raise TooLarge(
            f"SelfScaledBroyden() would keep a matrix of {count} x {count} numbers for the {count} parameters, "
            f"{number * count * count / 1e9:.1f} GB; at most {LIMIT / 1e9:.1f} GB were expected, for "
            f"{math.isqrt(LIMIT // number)} parameters. Use LBFGS(), which keeps a few vectors, or a smaller network."
        )
