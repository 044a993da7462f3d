"""Inverse problems: fields eliminated by linear solves, Gauss-Newton steps on what is unknown beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from ..calculus.field import Field
from ..files.typed import transient
from ..linear.elimination import Elimination, Solved
from ..linear.qr import solve_dense
from ..networks.linear_head import has_linear_head, head_width
from ..residuals import System
from ..residuals.unfit import Unfit
from ..sampling.drawing import FIXED, generator
from ..sampling.ends import draw
from .stage import Report, State, check_squares

FIRST_DAMPING = 1e-3  # of the columns' norms squared
TRIALS = 8  # of a step, each damped ten times as strongly as the one before
SETTLED = 1e-6  # of the objective: a step that lowers it by less is the last
PACE = 0.25  # of what a step could take from χ², a regularised one leaves this much
HALVINGS = 24  # of the logarithm of the priors' strength
EASIER = 10.0  # the factor by which damping changes
LEAST_DAMPING = 1e-14
ROUGHLY = 1e-3  # SETTLED where the strength of priors is chosen anew in each step
ENOUGH = 1.05  # times the number of measurements: a χ² that counts as reached
SAME = 1e-6  # relative: more between two solves in a row shows that rows are not affine
RANK = 1e-12  # of the largest singular value
RANGE = 1e-8, 1e8  # of the declared strength


@dataclass
class Memory:
    """How strongly steps are damped and the priors count, and where the iterate is."""

    damping: float = FIRST_DAMPING
    strength: float = 1.0
    running: Running | None = transient()


@dataclass
class Running:
    """The elimination, the iterate, which of the residuals that stay are measured, and the unit of these."""

    elimination: Elimination
    solved: Solved
    measured: Tensor
    unit: float

    @property
    def kept(self) -> Kept:
        """The residuals that stay, linearised about the iterate."""
        slopes = self.elimination.tangent(self.solved)
        return Kept(self.unit * self.solved.residual, self.unit * slopes, self.measured)


@dataclass(frozen=True)
class VariableProjection:
    """Gauss-Newton steps on unknown media and numbers, with the fields solved for at each by linear least squares.

    For problems whose constraints are affine in some fields, and where these follow from the equations once the
    other unknowns m are known: waves in an unknown medium, temperatures for an unknown conductivity. Of the problem

        equations A(m) u + b(m) = 0,    measurements D(m) u + d(m) with a standard deviation, priors on m,

    it minimises |D u + d|² + |priors|² over m alone, with u(m) = argmin |A u + b|². The derivative by m is exact but
    for terms as small as what the equations leave: it needs as many adjoint solves with the factor that gave u as
    there are measurements, however many unknowns m has. Components of fields that no equation joins, such as the
    waves of several sources, share one factorisation.

    Measurements are the constraints with ``sigma``; priors those with ``prior=True``. All others that read an
    eliminated field are its equations; they count beside each other by their weights, and are as exact as the
    network allows, whatever the measurements. m may be unknown numbers, and fields with any network.

    With ``prior="discrepancy"`` the priors count for as much as lets χ² come down to the number of measurements, and
    no further: what the data leave open below their noise is left to the prior (Morozov 1966). Each step chooses
    the strength for its linearised problem, and leaves a quarter of what it could take from χ², so that the first
    ones are not led astray by what is far from linear.

    Args:
        eliminate: the names of the fields to solve for.
        steps: at most.
        prior: "declared" weights, or "discrepancy".

    Raises:
        ValueError: for numbers out of range.
        Unfit: when run on fields that there are not, or that it cannot solve for, or without measurements.

    Sources: Golub and Pereyra 1973; Kaufman, A variable projection method for solving separable nonlinear least
    squares problems, 1975; Haber, Ascher and Oldenburg, On optimization techniques for solving nonlinear inverse
    problems, 2000.

    A rate of decay from one measurement, u(1) = 0.5, of u' = -λ u with u(0) = 1:

    >>> import math
    >>> from sirenpde import Box, D, Field, PointCloud, Problem, SineFeatures, Unknown, VariableProjection, on, solve
    >>> line = Box(t=(0, 1))
    >>> u, rate, (t,) = Field("u", line, SineFeatures(30, bandwidth=4.0)), Unknown("rate", initial=0.1), line.axes
    >>> seen = PointCloud([[1.0]], line, {"u": [0.5]})
    >>> @on(line, samples=100)
    ... def decay(p):
    ...     return D(u, t)(p) + rate(p) * u(p)
    >>> @on(line.at(t=0))
    ... def start(p):
    ...     return u(p) - 1
    >>> @on(seen, sigma=1e-6)
    ... def measured(p):
    ...     return u(p) - seen["u"](p)
    >>> solution = solve(Problem(decay, start, measured), [VariableProjection(("u",))])
    >>> abs(solution.unknowns["rate"] - math.log(2)) < 1e-7
    True
    """

    eliminate: tuple[str, ...]
    steps: int = 40
    prior: Literal["declared", "discrepancy"] = "declared"

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        names = self.eliminate
        if not isinstance(names, tuple) or not names or not all(isinstance(name, str) for name in names):
            raise ValueError(
                f"VariableProjection was given eliminate={self.eliminate!r}; expected the names of the fields that "
                f'are solved for, such as eliminate=("u",).'
            )
        if self.steps < 1 or self.prior not in ("declared", "discrepancy"):
            raise ValueError(
                f"VariableProjection was given steps={self.steps}, prior={self.prior!r}; expected steps >= 1, and "
                f'"declared" or "discrepancy".'
            )

    @property
    def name(self) -> str:
        return "variable projection"

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        memory = state.remember(Memory)
        running = memory.running = memory.running or self._begun(state)
        kept = running.kept
        if self._chooses(kept):
            memory.strength = kept.strength(memory.damping)
        gain = _advanced(running, memory, kept)
        state.theta = running.solved.theta
        state.step += 1
        terms = tuple(state.system.losses(state.theta, running.elimination.batches).tolist())
        reason = self._end(state, memory, kept, gain)
        return Report(terms, bool(reason), reason)

    def _chooses(self, kept: Kept) -> bool:
        """Whether there are priors, and how strong they are is open."""
        return self.prior == "discrepancy" and kept.count < len(kept.residual)

    def _end(self, state: State, memory: Memory, kept: Kept, gain: float) -> str:
        """Why to stop after a step that lowered the objective by so much of itself, or nothing."""
        running = memory.running
        assert running is not None
        after = replace(kept, residual=running.unit * running.solved.residual)
        reached = self._chooses(kept) and after.chi < ENOUGH * after.count
        if state.step < self.steps and gain >= (ROUGHLY if reached else SETTLED):
            return ""
        taken = f"{state.step} Gauss-Newton steps"
        fitted = f"χ² = {after.chi:.4g} of {after.count} measurements"
        number = f"{kept.determined(memory.strength):.1f} of {kept.slopes.shape[1]} unknowns are determined by these"
        priors = f", priors {memory.strength:.1e} times as declared" if self._chooses(kept) else ""
        left = f"the equations leave {running.solved.left:.1e}"
        return f"{taken}; {fitted}; {number}{priors}; {left}"

    def _begun(self, state: State) -> Running:
        elimination = self._elimination(state)
        system, kinds, unit = state.system, [], 1.0
        for group, batch in system.paired(elimination.batches):
            for i in group.members:
                if i in elimination.equations:
                    continue
                constraint = system.problem.constraints[i]
                count = system.problem.requests[i].size * len(batch)
                kinds.append(torch.full((count,), constraint.is_measured, device=system.device))
                unit = system.scales.row_unit(constraint.name) if constraint.is_measured else unit
        solved = elimination.solve(state.theta)
        again = elimination.solve(solved.theta).residual
        if not float((again - solved.residual).norm()) <= SAME * float(again.norm() + solved.residual.norm()):
            raise Unfit(
                f"VariableProjection() cannot eliminate {', '.join(self.eliminate)}: some constraint is not affine "
                f"in these fields. Use GaussNewton() or LeastSquares(), which solve for all unknowns together."
            )
        return Running(elimination, solved, torch.cat(kinds), unit)

    def _elimination(self, state: State) -> Elimination:
        system = state.system
        check_squares(system, "VariableProjection()")
        fields = self._fields(system)
        problem = system.problem
        equations = [
            i
            for i, (constraint, asked) in enumerate(zip(problem.constraints, problem.requests, strict=True))
            if not (constraint.is_measured or constraint.is_prior) and set(asked.fields) & set(fields)
        ]
        if not any(constraint.is_measured for constraint in problem.constraints):
            raise Unfit(
                "VariableProjection() was given no measurements; it needs a constraint with a standard deviation, "
                "beside the equations that the eliminated fields are solved from. Write @on(probes, sigma=0.01)."
            )
        return Elimination(system, fields, equations, draw(system, generator(state.seed, FIXED), state.scale))

    def _fields(self, system: System) -> list[Field]:
        by_name = {u.name: u for u in system.parameters.networks}
        unknown = [name for name in self.eliminate if name not in by_name]
        if unknown:
            raise Unfit(
                f"VariableProjection() was to eliminate {', '.join(unknown)}; the problem's fields are "
                f"{', '.join(by_name)}. Name some of these."
            )
        for name in self.eliminate:
            u = by_name[name]
            module = system.parameters.networks[u]
            own = system.parameters.slices[u]
            if not has_linear_head(module) or own.stop - own.start != head_width(module) * u.outputs:
                raise Unfit(
                    f"VariableProjection() cannot eliminate {name}: its network is trained in more than a linear "
                    f"last layer. Use SineFeatures(400, bandwidth=20), or FourierFeatures with MLP(depth=0)."
                )
        return [by_name[name] for name in self.eliminate]


def _advanced(running: Running, memory: Memory, kept: Kept) -> float:
    """Takes the first step, damped more and more strongly, that lowers the objective; by how much of itself."""
    elimination, before = running.elimination, kept.objective(memory.strength, kept.residual)
    places = elimination.places
    for _ in range(TRIALS):
        theta, step = running.solved.theta.clone(), kept.step(memory.strength, memory.damping)
        foreseen = kept.objective(memory.strength, kept.residual + kept.slopes @ step)
        if not before - foreseen > SETTLED * before:
            return 0.0
        theta[places] += step
        trial = elimination.solve(theta)
        after = kept.objective(memory.strength, running.unit * trial.residual)
        if math.isfinite(after) and after < before:
            running.solved = trial
            memory.damping = max(memory.damping / EASIER, LEAST_DAMPING)
            return 1 - after / before
        memory.damping *= EASIER
    return 0.0


@dataclass(frozen=True)
class Kept:
    """The residuals that stay about an iterate, in units of one standard deviation, and their slopes."""

    residual: Tensor  # (rows,)
    slopes: Tensor  # (rows, unknowns)
    measured: Tensor  # (rows,), whether a row is one of a measurement; the others are priors

    @property
    def count(self) -> int:
        return int(self.measured.sum())

    @property
    def chi(self) -> float:
        """χ² of the measurements."""
        return float(self.residual[self.measured].square().sum())

    def weighted(self, strength: float, values: Tensor) -> Tensor:
        """Rows with the priors' terms ``strength`` times as large."""
        factor = torch.where(self.measured, 1.0, math.sqrt(strength)).to(values)
        return factor[:, None] * values if values.dim() == 2 else factor * values

    def objective(self, strength: float, residual: Tensor) -> float:
        return float(self.weighted(strength, residual).square().sum())

    def step(self, strength: float, damping: float) -> Tensor:
        """argmin |r + J d|² + damping |D d|², D the columns' norms."""
        slopes = self.weighted(strength, self.slopes)
        norms = torch.linalg.vector_norm(slopes, dim=0)
        norms = norms.clamp(min=1e-6 * float(norms.max()))
        stacked = torch.cat([slopes, torch.diag(math.sqrt(damping) * norms)])
        target = torch.cat([-self.weighted(strength, self.residual), norms.new_zeros(len(norms))])
        return solve_dense(stacked, target).x

    def strength(self, damping: float) -> float:
        """The largest strength of the priors whose step brings χ² to first order to the number of measurements, or by
        most of the way to where it can be brought."""
        compressed = self.compressed()

        def left(strength: float) -> float:
            step = compressed.step(strength, damping)
            return float((self.residual + self.slopes @ step)[self.measured].square().sum())

        low, high = RANGE
        wanted = max(float(self.count), PACE * self.chi + (1 - PACE) * left(low))
        for _ in range(HALVINGS):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if left(middle) <= wanted else (low, middle)
        return low

    def compressed(self) -> Kept:
        """The same with no more rows of priors than unknowns, and one."""
        rows = torch.cat([self.slopes, self.residual[:, None]], dim=1)
        upper = torch.linalg.qr(rows[~self.measured], mode="r")[1]
        both = torch.cat([rows[self.measured], upper])
        measured = torch.arange(len(both), device=both.device) < self.count
        return Kept(both[:, -1], both[:, :-1], measured)

    def determined(self, strength: float) -> float:
        """How many combinations of the unknowns the measurements determine: the trace of J_d (JᵀJ)⁻¹ J_dᵀ."""
        turned = torch.linalg.svd(self.weighted(strength, self.slopes), full_matrices=False)
        kept = turned.S / turned.S[0] > RANK
        return float(turned.U[self.measured][:, kept].square().sum())
