"""Least squares of noisy or incomplete data, with a regularisation that the data choose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..linear.dense_rows import affine_rows, store
from ..linear.regularised import Rule, Spectrum, krylov_spectrum, spectrum
from ..linear.whole_rows import OnGrid, WholeRows, whole_rows
from ..networks.dense import DenseNetwork
from ..networks.linear_head import has_linear_head, head_width
from ..networks.series import SeparableSeries
from ..problem.affine import affine_in_fields
from ..residuals import Batch, System
from ..residuals.unfit import Unfit
from ..sampling.drawing import generator
from ..sampling.ends import draw
from .stage import Report, State, check_squares

CHOSEN_BY: dict[Rule, str] = {
    "robust-gcv": "robust generalised cross-validation",
    "gcv": "generalised cross-validation",
    "l-curve": "the corner of the L-curve",
}


@dataclass(frozen=True)
class Regularised:
    """One least-squares solve for networks that are linear in what they train, where data are noisy or too few.

    It minimises the objective plus λ times the squares of the coefficients, and chooses λ by generalised
    cross-validation, as if each datum were predicted from all others, in the robust form of Lukas (2006), by the
    plain one, or at the corner of the L-curve. What it chose stands in the report. The coefficient of a wave of
    frequency k, in half waves over the box, counts as (1 + |k|)^prior, so that what the data leave open is smooth.
    Fixed features, such as those of ``SineFeatures`` or of ``FourierFeatures`` with a perceptron, are solved for by
    a singular value decomposition, a ``FourierSeries`` on a ``Whole`` grid without a matrix.

    Args:
        by: "robust-gcv", "gcv" or "l-curve". Plain "gcv" takes far too little for one draw of the noise in ten.
        prior: how fast the spectrum is taken to fall: amplitudes as |k|^-prior; 0 for one as large everywhere.
        iterations: of the Krylov space, without a matrix.

    Raises:
        Unfit: for constraints that are not affine in the fields, losses other than ``l2``, and networks that are not
            linear in what they train.

    Noise of 0.1 on a hundred values of a sine leaves an error of about a tenth of it, with twice as many features:

    >>> import torch
    >>> from sirenpde import Box, Field, PointCloud, Problem, Regularised, SineFeatures, on, solve
    >>> line = Box(x=(0, 1))
    >>> (x,), u = line.axes, Field("u", line, SineFeatures(200, bandwidth=30.0))
    >>> at = torch.linspace(0, 1, 100, dtype=torch.float64)[:, None]
    >>> noise = 0.1 * torch.randn(100, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    >>> seen = PointCloud(at, line, {"u": torch.sin(5 * at[:, 0]) + noise})
    >>> match = on(seen, name="match")(lambda p: u(p) - seen["u"](p))
    >>> solution = solve(Problem(match), [Regularised()])
    >>> float((solution[u](at) - torch.sin(5 * at[:, 0])).square().mean().sqrt()) < 0.04
    True
    """

    by: Rule = "robust-gcv"
    prior: float = 1.5
    iterations: int = 100

    def __post_init__(self) -> None:
        if self.by not in CHOSEN_BY:
            raise ValueError(
                f"Regularised was given by={self.by!r}; expected one of {', '.join(map(repr, CHOSEN_BY))}."
            )

    @property
    def name(self) -> str:
        return "regularised least squares"

    @property
    def steps(self) -> int:
        return 1

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """The whole solve."""
        check_squares(state.system, "Regularised()")
        check_linear(state, "Regularised()")
        state.step += 1
        batches = draw(state.system, generator(state.seed, -1), state.scale)
        on_grid = whole_rows(state.system, batches)
        reason = self._dense(state, batches) if on_grid is None else self._on_grid(state, *on_grid)
        terms = state.system.losses(state.theta, batches)
        return Report(tuple(terms.tolist()), True, reason, residuals=state.system.row_count(batches))

    def _dense(self, state: State, batches: Sequence[Batch]) -> str:
        rows = affine_rows(state.system, state.theta, batches)
        amplitude = _of_features(state.system, self.prior, rows.target)
        found = spectrum(rows.matrix * amplitude, rows.target)
        weight = found.chosen(self.by)
        state.theta = store(state.system, state.theta, amplitude * found.solution(weight))
        return f"{rows.matrix.shape[1]} coefficients, {self._told(found, weight)}"

    def _on_grid(self, state: State, rows: WholeRows, on_grid: OnGrid) -> str:
        system = state.system
        weights = [system.row_weight(i) ** 0.5 for i in range(len(system.problem.constraints))]
        scale = rows.per_row(weights)
        amplitude = _amplitudes(on_grid, self.prior, rows.like)
        linear = _Scaled(rows, on_grid, scale, amplitude)
        found = krylov_spectrum(linear, scale * rows.target, self.iterations, generator(state.seed, -2))
        weight = found.chosen(self.by)
        state.theta = amplitude * found.solution(weight)
        return f"{linear.columns} coefficients on a grid, {self._told(found, weight)}"

    def _told(self, found: Spectrum, weight: float) -> str:
        share = weight / float(found.values.max()) ** 2
        return (
            f"regularised by {share:.1e} of the largest squared singular value, chosen by {CHOSEN_BY[self.by]}: "
            f"{found.rows - found.freedom(weight):.0f} of {found.rows} data are fitted"
        )


@dataclass(frozen=True)
class _Scaled:
    """The rows of a grid by coefficients in units of their amplitudes."""

    inner: WholeRows
    on_grid: OnGrid
    scale: Tensor
    amplitude: Tensor
    matrix: None = None

    @property
    def rows(self) -> int:
        return self.inner.rows

    @property
    def columns(self) -> int:
        return len(self.amplitude)

    @property
    def like(self) -> Tensor:
        return self.amplitude

    def apply(self, x: Tensor) -> Tensor:
        return self.scale * self.inner.apply(self.on_grid.apply(self.amplitude * x))

    def transpose(self, y: Tensor) -> Tensor:
        return self.amplitude * self.on_grid.transpose(self.inner.transpose(self.scale * y))


def _of_features(system: System, prior: float, like: Tensor) -> Tensor:
    """(1 + |k|)^-prior for waves of the coordinates alone, 1 for all other features, and for unknown numbers."""
    amplitudes = []
    for u, module in system.parameters.networks.items():
        each = like.new_ones(head_width(module), dtype=system.dtype)
        if isinstance(module, DenseNetwork) and not len(module.hidden) and not module.embedding.passed:
            waves = module.embedding.frequencies.norm(dim=1) * (2 / math.pi)  # in half waves over the box
            each[: len(waves)] = (1 + waves.to(each)) ** -prior
        amplitudes += [each] * (u.components if like.is_complex() else u.outputs)
    return torch.cat([*amplitudes, like.new_ones(len(system.parameters.unknowns), dtype=system.dtype)])


def _amplitudes(on_grid: OnGrid, prior: float, like: Tensor) -> Tensor:
    """(1 + |k|)^-prior for every coefficient."""
    *modes, outputs = on_grid.transform.shape
    square = like.new_zeros(modes)
    for axis, count in enumerate(modes):
        line = torch.arange(count, dtype=like.dtype, device=like.device)
        square = square + line.square().reshape([-1 if a == axis else 1 for a in range(len(modes))])
    amplitude = (1 + square.sqrt()) ** -prior
    return amplitude[..., None].expand(*modes, outputs).reshape(-1)


def check_linear(state: State, stage: str) -> None:
    """Raises ``Unfit`` where networks or constraints are not linear."""
    problem = state.system.problem
    if problem.unknowns or not all(affine_in_fields(problem, i) for i in range(len(problem.constraints))):
        raise Unfit(
            f"{stage} was given constraints that are not affine in the fields; expected linear equations with given "
            f"right-hand sides. Use Adam(), or LeastSquares(), which solves others by Newton's method."
        )
    poor = [
        u.name
        for u, module in state.system.parameters.networks.items()
        if not (has_linear_head(module) or isinstance(module, SeparableSeries))
    ]
    if poor:
        raise Unfit(
            f"{stage} cannot solve for {', '.join(poor)}: the network has no linear last layer that the toolkit "
            f"knows. Use FourierFeatures(Gaussian(1000), MLP(depth=0)), SineFeatures or a FourierSeries."
        )
