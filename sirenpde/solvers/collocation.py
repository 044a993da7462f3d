"""Newton's method for tensor-product series on tensor nodes: spectral accuracy, and never the whole matrix."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..files.typed import transient
from ..linear.mode_blocks import ModeBlocks
from ..linear.newton import UNDAMPED, newton
from ..linear.steps import ModeSteps
from ..linear.tensor_rows import TensorRows
from ..networks.sine_lattice import SineLattice
from ..residuals import System
from .direct import box_growth
from .direct.lattice_growth import affordable, continued, larger, open_lattices, opened, resized, tails
from .stage import Report, State


@dataclass
class Memory:
    """The fields whose orders are left open, the rows of the system at hand, and the last factor that served.

    ``box`` are the polynomials of a box that separates, as long as these serve.
    """

    open: list[str] = field(default_factory=list)
    box: box_growth.Box | None = None
    rows: TensorRows | None = transient()
    blocks: ModeBlocks | None = transient()

    def rows_of(self, system: System) -> TensorRows:
        """The rows of a system, made once."""
        if self.rows is None or self.rows.system is not system:
            self.rows = TensorRows(system)
        return self.rows


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

    remembers: ClassVar[type] = Memory

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
        start, memory = open_lattices(state.recipes), state.remember(Memory)
        if start:
            memory.open = [u.name for u in start]
            _rebuild(state, opened(start, None))
            state.theta = state.system.initial()
            memory.box = box_growth.started(state.system) if set(start) == set(state.recipes) else None
        if memory.box is not None:
            report = self._on_box(state, memory, memory.box)
            if report is not None:
                return report
        rows = memory.rows_of(state.system)
        blocks = memory.blocks if memory.blocks is not None and memory.blocks.fits(rows) else None
        solved = collocate(rows, rows.from_theta(state.theta), self.iterations, blocks, state.deadline)
        memory.blocks = solved.blocks
        state.theta = rows.to_theta(solved.amplitudes)
        terms = tuple(rows.terms(solved.residual).tolist())
        if solved.cut:
            return Report(terms, cut=True)
        state.step += 1
        wanted = self._wanted(state, memory, solved)
        grown = larger(wanted, state.recipes)
        if not grown or not affordable(wanted) or state.step >= self.steps:
            left = f"; the highest waves are above {self.tolerance:g} still" if grown else ""
            return Report(terms, True, solved.note + left, residuals=len(solved.residual))
        before = state.system.parameters, state.theta
        _rebuild(state, wanted)
        state.theta = continued(*before, state.system.parameters)
        return Report(terms)

    def _on_box(self, state: State, memory: Memory, box: box_growth.Box) -> Report | None:
        """One lattice of polynomials; None where they do not serve."""
        solved = box_growth.solved(state.system, box, self.iterations, state.deadline)
        if solved.late:
            return Report(tuple(solved.rows.terms(solved.residual).tolist()), cut=True)
        if box.failures >= box_growth.BOX.patience:
            memory.box = None
            return None
        assert box.amplitudes is not None
        recipes = {u: r for u, r in state.recipes.items() if isinstance(r, SineLattice)}
        lattices = box_growth.lattices(solved.rows, box.amplitudes, recipes)
        networks = _networks(state, lattices)
        # Found before anything is changed: what breaks off here leaves the fields of the last lattice.
        theta, lost = box_growth.coefficients(solved.rows, box.amplitudes, networks)
        _use(state, lattices, networks)
        state.theta = theta.to(state.system.dtype)
        state.step += 1
        memory.box = box_growth.grown(solved.rows, box, self.tolerance)
        terms = tuple(solved.rows.terms(solved.residual).tolist())
        done = memory.box is None or state.step >= self.steps
        # No less than what polynomials lose as sines, however exactly two lattices agree.
        apart = max(box.change, lost, box_growth.BOX.lost) if math.isfinite(box.change) else None
        agree = "" if apart is None else f"; the last two lattices differ by {apart:.0e}"
        note = solved.note + agree if done else ""
        return Report(terms, done, note, residuals=len(solved.residual), difference=apart)

    def _wanted(self, state: State, memory: Memory, solved: Collocated) -> dict[Field, SineLattice]:
        """The open lattices, as large as the fields ask for."""
        recipes = state.recipes.items()
        lattices = {u: r for u, r in recipes if isinstance(r, SineLattice) and u.name in memory.open}
        waves = tails(memory.rows_of(state.system), solved.amplitudes, lattices, None)
        return resized(lattices, waves, self.tolerance)


def _networks(state: State, recipes: Mapping[Field, SineLattice]) -> dict[Field, nn.Module]:
    """The networks of the fields, those of these recipes new."""
    old = state.system.parameters.networks
    return {u: state.build(u, recipes[u]) if u in recipes else module for u, module in old.items()}


def _use(state: State, recipes: Mapping[Field, SineLattice], networks: Mapping[Field, nn.Module]) -> None:
    state.recipes.update(recipes)
    state.system = state.system.with_networks(networks)


def _rebuild(state: State, recipes: Mapping[Field, SineLattice]) -> None:
    """Networks of other orders, for these fields."""
    _use(state, recipes, _networks(state, recipes))


@dataclass(frozen=True)
class Collocated:
    """Where Newton's method ended: the amplitudes, and the residuals there."""

    amplitudes: Tensor
    residual: Tensor
    note: str
    blocks: ModeBlocks | None  # the last factor that served
    cut: bool  # whether time ran out before it arrived


def collocate(
    rows: TensorRows,
    amplitudes: Tensor,
    iterations: int = 30,
    blocks: ModeBlocks | None = None,
    deadline: float = math.inf,
) -> Collocated:
    """Newton's method on tensor rows, from these amplitudes on, as one says it in a report.

    A factor ``blocks`` of rows that are near is used for as long as it serves. Beyond the deadline, of
    ``time.monotonic()``, it ends where it is.
    """
    steps = ModeSteps(blocks, deadline)
    result = newton(rows, amplitudes, steps, UNDAMPED, iterations, deadline=deadline)
    arrived = result.end == "arrived"
    note = (
        f"{len(result.x)} coefficients, {len(result.residual)} residuals, {result.steps} Newton steps, "
        f"{steps.iterations} inner iterations{'' if arrived else ', not converged'}"
    )
    late = not arrived and time.monotonic() >= deadline
    return Collocated(result.x, result.residual, note, steps.blocks, late)
