"""Gauss-Newton with a trust region, on sketched rows, for small networks and the last digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor

from ..linear.map import DenseMap
from ..linear.sketch import count_sketch
from ..linear.trust_region import LinearModel, TrustRegion, linear_model
from ..residuals import Batch
from ..residuals.unfit import MEMORY_LIMIT, TooLarge
from ..sampling.drawing import generator
from ..sampling.points import FIXED, Points
from .stage import Report, State, check_squares

FIRST_RADIUS = 0.1  # of the length of the parameters
FIRST_DAMPING = 1e-6  # of the objective; only a guess to start a search from
WHOLE = 0.8  # of the rows, where a sketch no longer pays
FIRST_SKETCH = 0.25  # of the parameters: the rows of the first sketch
FEWEST = 50  # rows of a sketch
OVERFIT = 4.0  # times the sketched objective: then the sketch has too few rows
LARGER = 1.5  # times as many rows then
SKETCHES = 1 << 40  # draw numbers from here on are those of sketches
SHORTEST_LEG = 6  # steps from one leap to the next
WINDOW = 4  # steps over which the pace is measured
SLOW = 0.4  # of the pace since the last leap
GAIN = 0.5  # of the best objective: what a series of leaps has to reach


@dataclass
class Memory:
    """The path of the iterate: where it is, the trust region there, and how it has done since the last leap."""

    iterate: Tensor
    radius: float
    damping: float
    sketched: int  # rows of a sketch
    best: float = math.inf  # the objective at ``state.theta``
    terms: tuple[float, ...] = ()  # and its terms
    mark: float = math.inf  # the best objective when leaps last helped
    idle: int = 0  # leaps since
    leg: list[float] = field(default_factory=list)  # objectives since the last leap

    def restart(self, theta: Tensor) -> None:
        """New points: the objective is another."""
        self.iterate, self.best, self.terms = theta.clone(), math.inf, ()
        self.mark, self.idle, self.leg = math.inf, 0, []


@dataclass(frozen=True)
class GaussNewton:
    """Gauss-Newton steps of a length chosen by the decrease they bring: to the last digit, for small networks.

    With the scaled residuals r (N,), whose squares sum to the objective, and their derivative J (N, P), a step is

        d(Δ) = argmin |S (r + J d)|²  with  |d| <= Δ,

    where S is a random sketch of the N rows, new at every step and larger whenever the step fits it much better
    than the rows themselves. The singular directions of a network's J fall off over many decades, so that far
    fewer rows than parameters tell all; nothing is squared, so that small ones count. The longest d is taken whose
    decrease is at least ``target`` of the foreseen one. It is first corrected for the curvature of r, with the same
    factorisation: d += argmin |S (J e + r(θ + d) - r - J d)|² + damping |e|², as long as that helps.

    Where the pace falls off, shorter and shorter steps follow a narrow valley. There the step of length
    ``leap`` |θ| is taken although the objective rises by many decades; the way down from the other side leads
    lower, in most cases. The best parameters are what the stage returns.

    Args:
        steps: how many, at most.
        target: the ratio of true to foreseen decrease that the longest step must reach.
        corrections: of a trial step, at most.
        leap: the length of a leap relative to that of the parameters; 0 forbids leaps.
        patience: leaps that have not halved the objective after which it stops.
        sketch: how many rows: "auto" starts with a quarter of the parameters; a fixed number; None takes all.
        oversampling: residuals for each parameter at least, where the domains have points enough.
        points: how the samples are drawn and weighed; the same ones throughout if left out.

    Raises:
        ValueError: for numbers out of range.
        Unfit: when run on a constraint with another loss than ``l2``.
        TooLarge: when run with more residuals times parameters than there is memory for.

    Sources: Webb, Jerad, Cartis, on doubly sketched Gauss-Newton with adaptive ratios, 2026 (a low target for the
    ratio, sketched rows); Fan, The modified Levenberg-Marquardt method for nonlinear equations with cubic
    convergence, 2012, and Transtrum, Sethna, Improvements to the Levenberg-Marquardt algorithm, 2012 (corrections
    with the same factor); Chamberlain, Powell, Lemarechal, Pedersen, The watchdog technique, 1982 (steps uphill).

    >>> from sirenpde import GaussNewton
    >>> GaussNewton(steps=100).name
    'Gauss-Newton'
    """

    steps: int = 500
    target: float = 0.25
    corrections: int = 3
    leap: float = 0.03
    patience: int = 8
    sketch: int | Literal["auto"] | None = "auto"
    oversampling: float = 3.0
    points: Points = FIXED

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        if self.steps < 1 or not 0 < self.target < 1 or self.corrections < 0 or self.patience < 1:
            raise ValueError(
                f"GaussNewton was given steps={self.steps}, target={self.target}, corrections={self.corrections}, "
                f"patience={self.patience}; expected steps >= 1, 0 < target < 1, corrections >= 0, patience >= 1."
            )
        if not 0 <= self.leap < 1 or not self.oversampling >= 0:
            raise ValueError(
                f"GaussNewton was given leap={self.leap}, oversampling={self.oversampling}; expected 0 <= leap < 1 "
                f"and oversampling >= 0."
            )
        whole = isinstance(self.sketch, int) and not isinstance(self.sketch, bool) and self.sketch > 0
        if not whole and self.sketch not in ("auto", None):
            raise ValueError(
                f"GaussNewton was given sketch={self.sketch!r}; expected a positive whole number of rows, 'auto', "
                f"or None for all rows."
            )

    @property
    def name(self) -> str:
        return "Gauss-Newton"

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def bytes_needed(self, state: State) -> int:
        """Bytes of the derivatives of all residuals, and of their factors."""
        rows, columns = self._rows(state), len(state.theta)
        return (2 * rows * columns + 4 * min(rows, columns) ** 2) * torch.finfo(state.theta.dtype).bits // 8

    def advance(self, state: State) -> Report:
        check_squares(state.system, "GaussNewton()")
        self._check_memory(state)
        samples = state.batches(self.points, self._more(state))
        path = state.remember(Memory, lambda: _begun(state.theta))
        if self.points.renewed(state.step) == state.step:
            path.restart(state.theta)
        residual, jacobian = state.system.jacobian(path.iterate, samples)
        _keep_best(state, path, samples, path.iterate, float(residual.square().sum()))
        if bool(residual.isfinite().all()):
            reason = self._move(state, path, samples, residual, jacobian)
        else:  # a leap out of the residuals' domain; from the start, there is no way back
            reason = "" if math.isfinite(path.best) else "the residuals are not finite"
            path.iterate, path.leg = state.theta.clone(), []
        state.step += 1
        last = "all steps taken" if state.step >= self.steps else ""
        return Report(
            path.terms,
            bool(reason or last),
            reason or last,
            residuals=state.system.row_count(samples),
        )

    def _move(
        self, state: State, path: Memory, samples: Sequence[Batch], residual: Tensor, jacobian: Tensor
    ) -> str:
        """A step or a leap of the iterate; why to stop, or nothing."""
        theta, objective = path.iterate, float(residual.square().sum())
        compress = self._compress(state, path, residual)
        short = compress(jacobian)
        if objective <= _rounding(short, theta):
            return "the objective is at the level of rounding"
        model = linear_model(compress(residual), DenseMap(short))
        path.leg = [*path.leg, objective]
        if self._is_stuck(path):
            return self._leap(path, model)
        path.damping = path.damping if math.isfinite(path.damping) else FIRST_DAMPING * objective
        region = TrustRegion(model, compress, lambda q: state.system.vector(q, samples), theta, objective)
        trial, good = region.longest(path.radius, path.damping, self.target, self.corrections)
        path.radius, path.damping = trial.step.length or path.radius, trial.step.damping
        if self.sketch == "auto" and trial.objective > OVERFIT * trial.sketched:
            path.sketched = math.ceil(LARGER * path.sketched)
        if good:
            path.iterate = trial.theta
            _keep_best(state, path, samples, trial.theta, trial.objective)
        closed = trial.step.length < torch.finfo(theta.dtype).eps * _size(theta)
        return "" if self.leap or not closed else "no step of any length lowers the objective"

    def _is_stuck(self, path: Memory) -> bool:
        """Whether steps have become short and slow, compared to those since the last leap."""
        leg = path.leg
        if not self.leap or len(leg) <= SHORTEST_LEG:
            return False
        pace = math.log(max(leg) / leg[-1]) / (len(leg) - 1)
        short = path.radius < self.leap / 3 * _size(path.iterate)
        return short and math.log(leg[-1 - WINDOW] / leg[-1]) / WINDOW < SLOW * pace

    def _leap(self, path: Memory, model: LinearModel) -> str:
        """A long step, whatever it does to the objective; why to stop, where leaps no longer help."""
        gained = path.best < GAIN * path.mark
        path.idle = 0 if gained else path.idle + 1
        path.mark = path.best if gained else path.mark
        if path.idle >= self.patience:
            return f"{self.patience} leaps halved the objective no further"
        step = model.of_length(self.leap * _size(path.iterate), path.damping)
        path.iterate = path.iterate + model.change(step)
        path.radius, path.damping, path.leg = step.length, step.damping, []
        return ""

    def _compress(self, state: State, path: Memory, residual: Tensor) -> Callable[[Tensor], Tensor]:
        """The sketch of this step, or nothing where it would save too little."""
        rows = path.sketched if self.sketch == "auto" else self.sketch
        if rows is None or rows > WHOLE * len(residual):
            return lambda x: x
        return count_sketch(rows, residual, generator(state.seed, SKETCHES + state.step)).apply

    def _rows(self, state: State) -> int:
        whole, drawn = state.drawing.counts()
        wanted = math.ceil(self.oversampling * len(state.theta))
        return max(whole + drawn, wanted if drawn else 0)

    def _check_memory(self, state: State) -> None:
        needed = self.bytes_needed(state)
        if needed > MEMORY_LIMIT:
            raise TooLarge(
                f"GaussNewton() would keep the derivatives of {self._rows(state)} residuals by {len(state.theta)} "
                f"parameters and their factors, {needed / 2**30:.1f} GiB; {MEMORY_LIMIT >> 30} GiB are allowed. Use "
                f"fewer samples or a smaller network, SelfScaledBroyden(), whose memory is the same for any samples, "
                f"or NaturalGradient(), which works on a few at a time."
            )

    def _more(self, state: State) -> float:
        """How many times the declared samples are enough of them for the parameters."""
        whole, drawn = state.drawing.counts()
        wanted = self.oversampling * len(state.theta) - whole
        return max(1.0, wanted / drawn) if drawn else 1.0


def _begun(theta: Tensor) -> Memory:
    """A path that starts here; its damping is set at the first step, relative to the objective."""
    sketched = max(math.ceil(FIRST_SKETCH * len(theta)), FEWEST)
    return Memory(theta.clone(), FIRST_RADIUS * _size(theta), math.inf, sketched)


def _size(theta: Tensor) -> float:
    """The length that steps are measured by; networks may start at zero."""
    return max(float(theta.norm()), 1.0)


def _keep_best(state: State, path: Memory, samples: Sequence[Batch], theta: Tensor, objective: float) -> None:
    """``state.theta`` is the best of all iterates, leaps uphill notwithstanding."""
    if objective < path.best or not path.terms:
        state.theta = theta.clone()
        path.best = objective
        path.terms = tuple(state.system.losses(theta, samples).tolist())


def _rounding(jacobian: Tensor, theta: Tensor) -> float:
    """The objective that rounding the parameters alone would leave."""
    changes = torch.linalg.vector_norm(jacobian, dim=0) * theta * torch.finfo(theta.dtype).eps
    return float(changes.square().sum())
