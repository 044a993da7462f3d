"""Newton's method for tensor-product series on tensor nodes: spectral accuracy, and never the whole matrix."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.field import Field
from ..linear.mode_blocks import ModeBlocks
from ..linear.tensor_rows import Slopes, TensorRows
from ..networks.sine_lattice import SineLattice
from .direct.lattice_growth import continued, fit, larger, open_lattices, opened, resized, tails
from .stage import Report, State

TOLERANCE = 1e-13  # of the gradient relative to the solution, where Newton's method has arrived
FORCING = 1e-3  # by how much the iterative solve for a step reduces the gradient
INNER = 400  # iterations of it at most
LARGEST_EXACT = (
    4000  # columns of a factor that is made anew, dearly, where one by products of columns does not serve
)
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
    Fourier transforms. Normal equations are never formed, and Newton's method goes on until rounding ends it.

    Args:
        tolerance: orders that a ``SineLattice`` leaves open grow until its highest waves are this small,
            relative to the field.
        iterations: Newton steps at most, for one choice of orders.

    Raises:
        Unsuited, NoNodes: when run on networks, losses or domains that are no tensor products.
        TooLarge: where the factors would not fit the memory.

    Source: preconditioned CGLS, Björck 1996, section 7.4.1; inexact Newton, Dembo, Eisenstat and Steihaug 1982.

    >>> from sirenpde import Collocation
    >>> Collocation().name
    'collocation'
    """

    tolerance: float = 1e-9
    iterations: int = 30

    def __post_init__(self) -> None:
        if not self.tolerance > 0 or self.iterations < 1:
            raise ValueError(
                f"Collocation was given tolerance={self.tolerance!r}, iterations={self.iterations!r}; expected a "
                f"positive tolerance and at least one step."
            )

    @property
    def name(self) -> str:
        return "collocation"

    @property
    def steps(self) -> int:
        return 20  # sizes of the lattices at most

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """One choice of orders."""
        start = open_lattices(state.recipes)
        if start:
            state.memory["open"] = [u.name for u in start]
            _rebuild(state, opened(start, None))
            state.theta = state.system.initial()
        rows = rows_of(state)
        known: ModeBlocks | None = state.cache.get("factor")
        blocks = known if known is not None and known.fits(rows) else None
        solved = newton(rows, rows.from_theta(state.theta), self.iterations, blocks, state.deadline)
        state.cache["factor"] = solved.blocks
        state.theta = rows.to_theta(solved.amplitudes)
        terms = tuple(rows.terms(solved.residual).tolist())
        if solved.cut:
            return Report(terms, cut=True)
        state.step += 1
        wanted = self._wanted(state, rows, solved)
        grown = larger(wanted, state.recipes)
        if not grown or not fit(wanted) or state.step >= self.steps:
            left = f"; the highest waves are above {self.tolerance:g} still" if grown else ""
            return Report(terms, True, solved.note + left, residuals=len(solved.residual))
        before = state.system.parameters, state.theta
        _rebuild(state, wanted)
        state.theta = continued(*before, state.system.parameters)
        return Report(terms)

    def _wanted(self, state: State, rows: TensorRows, solved: Solved) -> dict[Field, SineLattice]:
        own = {u: r for u, r in state.recipes.items() if u.name in state.memory.get("open", ())}
        lattices = {u: r for u, r in own.items() if isinstance(r, SineLattice)}
        return resized(lattices, tails(rows, solved.amplitudes, lattices, None), self.tolerance)


def _rebuild(state: State, recipes: Mapping[Field, SineLattice]) -> None:
    """Networks of other orders, for these fields."""
    old = state.system
    state.recipes.update(recipes)
    networks = {
        u: state.build(u, recipes[u]) if u in recipes else module
        for u, module in old.parameters.networks.items()
    }
    state.system = old.with_networks(networks)


def rows_of(state: State) -> TensorRows:
    """The rows of a state's system, made once."""
    rows: TensorRows | None = state.cache.get("tensor rows")
    if rows is None or rows.system is not state.system:
        state.cache["tensor rows"] = rows = TensorRows(state.system)
    return rows


@dataclass(frozen=True)
class Solved:
    """Where Newton's method ended: the amplitudes, and the residuals there."""

    amplitudes: Tensor
    residual: Tensor
    note: str
    blocks: ModeBlocks | None  # the last factor that served
    cut: bool  # whether time ran out before it arrived


def newton(
    rows: TensorRows,
    amplitudes: Tensor,
    iterations: int = 30,
    blocks: ModeBlocks | None = None,
    deadline: float = math.inf,
) -> Solved:
    """Minimise the sum of squared residuals from these amplitudes on.

    The gradient is measured after preconditioning, where its norm is that of the step's change of the rows. A factor
    ``blocks`` of rows that are near is used for as long as it serves. Beyond the deadline, of ``time.monotonic()``,
    it ends where it is.
    """
    vector = rows.vector(amplitudes)
    before, inner, steps, converged, exact = math.inf, 0, 0, False, False
    while steps < iterations and bool(vector.isfinite().all()) and time.monotonic() < deadline:
        slopes = rows.slopes(amplitudes)
        fresh = blocks is None
        blocks = blocks or ModeBlocks(rows, slopes, exact)
        gradient = blocks.transpose(rows.transpose(slopes, vector))
        scale = float(rows.apply(slopes, amplitudes).norm() + vector.norm()) + 1e-300
        size = float(gradient.norm()) / scale
        if size <= TOLERANCE or (size < ROUNDING and size > 0.3 * before):
            converged = True
            break
        step, count = _cgls(rows, blocks, slopes, vector, gradient, deadline)
        inner, steps, before = inner + count, steps + 1, size
        found = _descend(rows, amplitudes, step, vector, size)
        if found is None:
            break
        amplitudes, vector = found
        if count > KEEP:
            exact = exact or (fresh and blocks.is_rough and len(amplitudes) <= LARGEST_EXACT)
            blocks = None
    note = f"{len(amplitudes)} coefficients, {len(vector)} residuals, {steps} Newton steps, {inner} inner iterations"
    cut = not converged and time.monotonic() >= deadline
    return Solved(amplitudes, vector, note if converged else f"{note}, not converged", blocks, cut)


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
    rows: TensorRows,
    blocks: ModeBlocks,
    slopes: Sequence[Slopes],
    vector: Tensor,
    gradient: Tensor,
    deadline: float,
) -> tuple[Tensor, int]:
    """Conjugate gradients for min |A x - vector|, in the unknowns R x of the preconditioner's factor R."""
    x = torch.zeros_like(gradient)
    residual, direction = vector.clone(), gradient.clone()
    first = gamma = float(gradient.square().sum())
    count = 0
    while count < INNER and gamma > FORCING**2 * first and time.monotonic() < deadline:
        image = rows.apply(slopes, blocks.solve(direction))
        alpha = gamma / float(image.square().sum())
        x += alpha * direction
        residual -= alpha * image
        gradient = blocks.transpose(rows.transpose(slopes, residual))
        before, gamma = gamma, float(gradient.square().sum())
        direction = gradient + (gamma / before) * direction
        count += 1
    return blocks.solve(x), count
