"""Sums of absolute values beside squares, by least squares with weights that follow the residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..linear.cgls import cgls
from ..linear.whole_rows import WholeRows, whole_rows
from ..residuals.unfit import Unfit
from ..sampling.drawing import generator
from ..sampling.ends import draw
from .regularised import check_linear
from .stage import Report, State

SETTLED = 1e-5  # of the values: a round that moves them by less is the last


@dataclass
class Memory:
    """The values on the grid, below which residuals count as their squares, and what was added to the data."""

    values: Tensor
    floor: float
    added: Tensor  # (rows,)
    left: float = math.inf  # of the data, when something was added last


@dataclass(frozen=True)
class Reweighted:
    """Iteratively reweighted least squares, for linear problems on whole grids with the loss ``l1``.

    A constraint with the loss ``l1``, such as differences of neighbouring pixels (total variation), makes most of its
    residuals vanish and leaves the others as large as they are: edges. In each round |r| is replaced by
    r² / 2 max(|r_before|, ε), and ε falls by ``fall`` of itself from round to round down to ``floor`` of the largest
    residual at the start. The field is a ``FourierSeries`` on the grid of a ``Whole``; each round is solved for its
    values on the grid by conjugate gradients, without a matrix.

    At its least value the sum stands off the data by as much as its weight pulls. Where the data are ``exact``, what
    is left of them is added to them in further rounds, until that is balanced: the least variation of all that meet
    them, at any weight (Bregman iteration, Osher et al. 2005).

    Args:
        rounds: at most.
        iterations: of conjugate gradients in each.
        fall: of ε, from round to round.
        floor: of ε, relative.
        exact: whether the data have no errors, and are to be met.

    Raises:
        Unfit: for constraints that are not affine, and fields that are no series on one whole grid.

    Steps are found from a quarter of the Fourier coefficients of a signal:

    >>> import torch
    >>> from sirenpde import Box, Field, FourierSeries, Problem, Reweighted, Whole, everywhere, l1, on, solve
    >>> line = Box(x=(0, 1)).nodes(64)
    >>> u = Field("u", line, FourierSeries(64, half_period=True))
    >>> signal = ((line.points[:, 0] > 0.3) & (line.points[:, 0] < 0.55)).double()
    >>> whole = Whole(line, {"spectrum": torch.fft.rfft(signal)[:9]})
    >>> @on(whole)
    ... def spectrum(p):
    ...     return torch.fft.rfft(everywhere(u)(p))[:9] - whole["spectrum"](p)
    >>> @on(whole, loss=l1, weight=1e-3)
    ... def variation(p):
    ...     return everywhere(u)(p).diff()
    >>> found = solve(Problem(spectrum, variation), [Reweighted()])[u](line.points)
    >>> float((found - signal).abs().max()) < 0.02
    True
    """

    rounds: int = 60
    iterations: int = 50
    fall: float = 0.8
    floor: float = 1e-4
    exact: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.iterations < 1 or not 0 < self.fall < 1 or not self.floor > 0:
            raise ValueError(
                f"Reweighted was given rounds={self.rounds}, iterations={self.iterations}, fall={self.fall}, "
                f"floor={self.floor}; expected whole numbers above 0, a fall between 0 and 1, a floor above 0."
            )

    remembers = Memory

    @property
    def name(self) -> str:
        return "reweighted least squares"

    @property
    def steps(self) -> int:
        return self.rounds

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """One round."""
        if state.memory is None:
            check_linear(state, "Reweighted()")
        system = state.system
        batches = draw(system, generator(state.seed, -1), state.scale)
        found = whole_rows(system, batches)
        if found is None:
            raise Unfit(
                "Reweighted() solves for one FourierSeries whose values are read on all of one grid; expected all "
                "constraints on Whole(grid), with everywhere(u). Use Adam() for others."
            )
        rows, on_grid = found
        memory = state.remember(Memory, lambda: self._start(state, rows))
        scale = self._scale(state, rows, memory)
        linear, target = _Weighted(rows, scale), scale * (rows.target + memory.added)
        solved = cgls(linear, target, _plain, 1e-10, self.iterations, memory.values)
        moved = float((solved.x - memory.values).norm() / solved.x.norm().clamp(min=1e-300))
        least = memory.floor <= self.floor * self._largest(rows)
        memory.values = solved.x
        settled = least and moved < SETTLED and not (self.exact and self._pulled(state, rows, memory))
        memory.floor = max(self.fall * memory.floor, self.floor * self._largest(rows))
        state.theta = on_grid.fitted(solved.x)
        state.step += 1
        finished = state.step >= self.rounds or settled
        terms = system.losses(state.theta, batches)
        reason = f"{rows.columns} values on a grid, {state.step} rounds" if finished else ""
        return Report(tuple(terms.tolist()), finished, reason, residuals=rows.rows)

    def _start(self, state: State, rows: WholeRows) -> Memory:
        """Where all losses are squares, and the largest residual of those that are not."""
        system = state.system
        scale = rows.per_row([system.row_weight(i) ** 0.5 for i in range(len(system.problem.constraints))])
        solved = cgls(
            _Weighted(rows, scale),
            scale * rows.target,
            _plain,
            1e-6,
            self.iterations,
        )
        left = (rows.apply(solved.x) - rows.target).abs()
        largest = float(left[self._absolute(state, rows)].max())
        return Memory(solved.x, largest, torch.zeros_like(rows.target))

    def _pulled(self, state: State, rows: WholeRows, memory: Memory) -> bool:
        """Adds what is left of the data to them; whether that halved since the last time."""
        left = torch.where(self._absolute(state, rows), 0.0, rows.target - rows.apply(memory.values))
        size, before = float(left.norm()), memory.left
        memory.added, memory.left = memory.added + left, size
        return size < before / 2

    def _largest(self, rows: WholeRows) -> float:
        return float(rows.target.abs().max()) or 1.0

    def _absolute(self, state: State, rows: WholeRows) -> Tensor:
        losses = [float(not c.loss.is_square) for c in state.system.problem.constraints]
        return rows.per_row(losses) > 0

    def _scale(self, state: State, rows: WholeRows, memory: Memory) -> Tensor:
        """The roots of what the squares of all rows count."""
        system = state.system
        square = rows.per_row([system.row_weight(i) for i in range(len(system.problem.constraints))])
        linear = rows.per_row([c.weight / system.scales.row_unit(c.name) for c in system.problem.constraints])
        left = (rows.apply(memory.values) - rows.target).abs().clamp(min=memory.floor)
        return torch.where(self._absolute(state, rows), linear / (2 * left), square).sqrt()


@dataclass(frozen=True)
class _Weighted:
    inner: WholeRows
    scale: Tensor
    matrix: None = None

    @property
    def rows(self) -> int:
        return self.inner.rows

    @property
    def columns(self) -> int:
        return self.inner.columns

    @property
    def like(self) -> Tensor:
        return self.scale

    def apply(self, x: Tensor) -> Tensor:
        return self.scale * self.inner.apply(x)

    def transpose(self, y: Tensor) -> Tensor:
        return self.inner.transpose(self.scale * y)


def _plain(gradient: Tensor) -> tuple[Tensor, float]:
    return gradient, float(gradient @ gradient)
