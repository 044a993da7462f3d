"""Steps of a given length from one factorisation, and the longest one that keeps what it promises."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .map import LinearMap, columns_of

BLOCK = 32  # columns that LAPACK reflects together


@dataclass(frozen=True)
class StepPolicy:
    """The numbers that steer the two searches, each with what set it: for a damping, and for a step's length.

    A damping costs one factorisation of two triangles; a length one evaluation of the residuals besides.
    """

    # Of the logarithm of a length: lengths are tried in steps of ``growth``, so that half of such a step is near
    # enough.
    tolerance: float = 0.25
    # Of the search for a damping, which takes three or four.
    rounds: int = 16
    # d log(length) / d log(damping) above which less damping makes a step hardly longer: none at all is tried.
    flat: float = 0.02
    # Of the logarithm of the damping in one round, at most: five decades, beyond which a slope foretells nothing.
    stride: float = 12.0

    # Lengths that are tried: inwards they reach 1.6⁻¹² = 1/280 of the radius.
    trials: int = 12
    # Of the length from one trial to the next.
    growth: float = 1.6
    # A ratio of decrease to foreseen decrease at which a longer step is tried too: the model may hold farther out.
    promising: float = 0.5
    # A step is longer than the one before, and not the same again, from this factor on.
    longer: float = 1.05
    # Times the radius: the length beyond which none is tried, so that one lucky model does not leap away.
    farthest: float = 4.0
    # Of the length asked for: a step shorter than that is the longest that the model has.
    short: float = 0.7
    # Of a step's length, which a correction must not exceed: the bound of Transtrum and Sethna (2012), under which
    # the series of corrections is taken to converge.
    largest: float = 0.75
    # Of the foreseen decrease: so near to it no correction pays for its evaluation of the residuals.
    enough: float = 0.9
    # Of the objective before a correction: one that leaves more is the last.
    worthwhile: float = 0.9


POLICY = StepPolicy()


@dataclass(frozen=True)
class Reflections:
    """The orthogonal factor Q of a QR factorisation, as LAPACK keeps it."""

    packed: Tensor
    scales: Tensor

    def left(self, x: Tensor) -> Tensor:
        """The first entries of Qᵀ x, one for each column of the factored matrix; x is (rows,)."""
        turned: Tensor = torch.ormqr(self.packed, self.scales, x[:, None], left=True, transpose=True)
        return turned[: self.packed.shape[1], 0]

    def right(self, z: Tensor) -> Tensor:
        """Q z (rows,), for one entry of z to each column of the factored matrix."""
        padded = torch.cat([z, z.new_zeros(len(self.packed) - len(z))])
        turned: Tensor = torch.ormqr(self.packed, self.scales, padded[:, None])
        return turned[:, 0]


@dataclass(frozen=True)
class Damped:
    """[R; sqrt(damping) I] = Q T, with what is needed to apply Qᵀ to [c; 0]."""

    triangle: Tensor  # T, upper
    reflections: Reflections | tuple[Any, Any]  # plain, or those of LAPACK's tpqrt

    def solve(self, c: Tensor) -> Tensor:
        """argmin |R z + c|² + damping |z|², (k,)."""
        if isinstance(self.reflections, Reflections):
            turned = self.reflections.left(torch.cat([c, torch.zeros_like(c)]))
        else:
            turned = torch.from_numpy(_apply(self.reflections, c.numpy()))
        solved: Tensor = torch.linalg.solve_triangular(self.triangle, turned[:, None], upper=True)
        return -solved[:, 0]


@dataclass(frozen=True)
class Step:
    """The minimiser of a linear model |r + J d|² + damping |d|².

    ``decrease`` is that of |r + J d|² = |r|² - decrease, computed without cancellation; ``slope`` is
    d log(length) / d log(damping), between -1 and 0.
    """

    damping: float
    coordinates: Tensor  # (k,), of d in an orthonormal basis
    length: float
    decrease: float
    slope: float
    factor: Damped


@dataclass(frozen=True)
class LinearModel:
    """r + J d with J (rows, columns) reduced to a triangle R by orthogonal maps on both sides.

    J = Q R where the rows are no fewer than the columns; J = (Q₂ R) Q₁ᵀ by a second factorisation where they
    are. Normal equations, which would square the condition number, are never formed: a damping costs one QR
    factorisation of [R; sqrt(damping) I], about a tenth of the singular values of R, and as accurate.

    Source: Eldén, Algorithms for the regularization of ill-conditioned least squares problems, 1977; Moré, The
    Levenberg-Marquardt algorithm: implementation and theory, 1978, section 3.

    >>> import torch
    >>> from sirenpde.linear.map import DenseMap
    >>> from sirenpde.linear.trust_region import linear_model
    >>> model = linear_model(torch.tensor([1.0, 2.0]).double(), DenseMap(torch.eye(2).double()))
    >>> [round(d, 9) for d in model.change(model.solve(1.0)).tolist()]
    [-0.5, -1.0]
    """

    triangle: Tensor  # R (k, k), upper
    target: Tensor  # Qᵀ r (k,)
    rows: Reflections
    columns: Reflections | None

    @property
    def least_damping(self) -> float:
        """Less is lost in the rounding of R."""
        return float(torch.finfo(self.triangle.dtype).eps * self.triangle.abs().max()) ** 2 + 1e-290

    def solve(self, damping: float) -> Step:
        """The step of one damping."""
        damping = max(damping, self.least_damping)
        factor = damp(self.triangle, damping)
        z = factor.solve(self.target)
        length = float(z.norm())
        back = torch.linalg.solve_triangular(factor.triangle.T, z[:, None], upper=False)
        slope = -damping * float(back.square().sum()) / max(length**2, 1e-300)
        decrease = float((self.triangle @ z).square().sum()) + 2 * damping * length**2
        return Step(damping, z, length, decrease, slope, factor)

    def of_length(self, length: float, damping: float) -> Step:
        """A step of about this length, or the longest there is; ``damping`` is a first guess.

        Newton's iteration for log(length) as a function of log(damping), which is nearly straight where the
        singular values spread over many decades, kept within the interval that is known to hold the answer.
        """
        low, high, x = math.log(self.least_damping), math.inf, math.log(max(damping, self.least_damping))
        for _ in range(POLICY.rounds):
            step = self.solve(math.exp(x))
            excess = math.log(max(step.length, 1e-300) / max(length, 1e-300))
            if abs(excess) < POLICY.tolerance or (excess < 0 and x <= low):
                break
            if excess < 0 and step.slope > -POLICY.flat:
                whole = self.solve(self.least_damping)
                return whole if whole.length < length * math.exp(POLICY.tolerance) else step
            low, high = (x, high) if excess > 0 else (low, x)
            stride = excess / max(-step.slope, POLICY.flat)
            guess = x + max(-POLICY.stride, min(POLICY.stride, stride))
            x = guess if low < guess < high else max(low, (low + high) / 2 if high < math.inf else low)
        return step

    def change(self, step: Step) -> Tensor:
        """d (columns,)."""
        return self._expand(step.coordinates)

    def correction(self, step: Step, moved: Tensor) -> Tensor:
        """What brings the residual ``moved`` (rows,) found after a step nearer to r + J d, (columns,).

        One more solve with the same factor: argmin |J e + (moved - r - J d)|² + damping |e|².
        """
        foreseen = self.target + self.triangle @ step.coordinates
        return self._expand(step.factor.solve(self.rows.left(moved) - foreseen))

    def _expand(self, z: Tensor) -> Tensor:
        return z if self.columns is None else self.columns.right(z)


def linear_model(residual: Tensor, tangent: LinearMap) -> LinearModel:
    """Factors the matrix of J (rows, columns) for the residual r (rows,)."""
    jacobian, rows, count = columns_of(tangent), tangent.rows, tangent.columns
    columns = None
    if rows < count:
        columns = Reflections(*torch.geqrf(jacobian.T))
        jacobian = columns.packed[:rows].triu().T
    reflections = Reflections(*torch.geqrf(jacobian))
    triangle = reflections.packed[: min(rows, count)].triu()
    return LinearModel(triangle, reflections.left(residual), reflections, columns)


def damp(triangle: Tensor, damping: float, structured: bool | None = None) -> Damped:
    """The QR factorisation of [R; sqrt(damping) I].

    LAPACK's tpqrt knows that both parts are triangles, which saves more than half of the work;
    ``structured=False``, and devices without it, treat them as one full matrix.
    """
    if structured is None:
        structured = triangle.device.type == "cpu"
    if structured:
        upper, *reflections = _stack(triangle.numpy(), math.sqrt(damping))
        return Damped(torch.from_numpy(upper), (reflections[0], reflections[1]))
    identity = torch.eye(len(triangle), dtype=triangle.dtype, device=triangle.device)
    reflections_ = Reflections(*torch.geqrf(torch.cat([triangle, math.sqrt(damping) * identity])))
    return Damped(reflections_.packed[: len(triangle)].triu(), reflections_)


def _stack(triangle: Any, root: float) -> tuple[Any, Any, Any]:
    import numpy as np
    from scipy.linalg import get_lapack_funcs

    k = len(triangle)
    lower = np.zeros((k, k), dtype=triangle.dtype, order="F")
    np.fill_diagonal(lower, root)
    factored = get_lapack_funcs("tpqrt", (triangle,))(k, min(BLOCK, k), triangle, lower, overwrite_b=True)
    upper, reflectors, scales, _ = factored
    return upper, reflectors, scales


def _apply(reflections: tuple[Any, Any], c: Any) -> Any:
    import numpy as np
    from scipy.linalg import get_lapack_funcs

    reflectors, scales = reflections
    k = len(c)
    zero = np.zeros((k, 1), dtype=c.dtype, order="F")
    apply = get_lapack_funcs("tpmqrt", (reflectors,))
    turned, _, _ = apply(k, reflectors, scales, c[:, None], zero, side="L", trans="T")
    return turned[:, 0]


@dataclass(frozen=True)
class StepTrial:
    """Where a step leads: the parameters there (P,), the objective, and the model's rows of the residual."""

    step: Step
    theta: Tensor
    objective: float
    moved: Tensor
    ratio: float  # of the decrease to the foreseen one

    @property
    def sketched(self) -> float:
        """The objective as the model's rows see it."""
        return float(self.moved.square().sum())


@dataclass(frozen=True)
class TrustRegion:
    """A linear model around ``theta``, and the function it is a model of.

    ``vector`` gives the residuals (N,) of parameters (P,), whose squares sum to the objective; ``compress`` maps
    them to the model's rows.

    >>> import torch
    >>> from sirenpde.linear.map import DenseMap
    >>> from sirenpde.linear.trust_region import TrustRegion, linear_model
    >>> start = torch.tensor([3.0, 4.0]).double()
    >>> model = linear_model(start, DenseMap(torch.eye(2).double()))  # the residuals are the parameters themselves
    >>> region = TrustRegion(model, lambda r: r, lambda theta: theta, start, 25.0)
    >>> trial, good = region.longest(radius=10.0, damping=1.0, target=0.25, corrections=0)
    >>> good, trial.objective < 1e-10
    (True, True)
    """

    model: LinearModel
    compress: Callable[[Tensor], Tensor]
    vector: Callable[[Tensor], Tensor]
    theta: Tensor
    objective: float

    def longest(
        self, radius: float, damping: float, target: float, corrections: int
    ) -> tuple[StepTrial, bool]:
        """The longest step whose ratio reaches ``target``, searched for outwards or inwards from ``radius``.

        The last trial and False, where none does.
        """
        best: StepTrial | None = None
        length, inwards = radius, False
        for _ in range(POLICY.trials):
            trial = self.follow(self.model.of_length(length, damping), corrections)
            damping = trial.step.damping
            if trial.ratio < target:
                if best is not None:
                    return best, True
                inwards = True
                length = trial.step.length / (POLICY.growth if trial.ratio > -1 else 2 * POLICY.growth)
                continue
            if best is not None and trial.step.length < POLICY.longer * best.step.length:
                return best, True
            best = trial
            ended = trial.step.length < POLICY.short * length or length > POLICY.farthest * radius
            if inwards or ended or trial.ratio < POLICY.promising:
                return best, True
            length = POLICY.growth * trial.step.length
        return trial, best is not None

    def follow(self, step: Step, corrections: int) -> StepTrial:
        """Where a step leads after corrections for the curvature of the residuals, as long as they help."""
        trial = self._trial(step, self.theta + self.model.change(step))
        for _ in range(corrections):
            if trial.ratio > POLICY.enough or not math.isfinite(trial.objective):
                break
            extra = self.model.correction(step, trial.moved)
            if not float(extra.norm()) <= POLICY.largest * step.length:
                break
            corrected, before = self._trial(step, trial.theta + extra), trial.objective
            if not corrected.objective < before:
                break
            trial = corrected
            if trial.objective > POLICY.worthwhile * before:
                break
        return trial

    def _trial(self, step: Step, theta: Tensor) -> StepTrial:
        residual = self.vector(theta)
        objective = float(residual.square().sum())
        objective = objective if math.isfinite(objective) else math.inf
        ratio = (self.objective - objective) / max(step.decrease, 1e-300)
        return StepTrial(step, theta, objective, self.compress(residual), ratio)
