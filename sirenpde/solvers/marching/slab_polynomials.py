"""One slab of a march on a box, in polynomials and waves along its axes, solved for at the cost of these.

Along the axis of the march they are few and as many in every slab, whose length follows; along the others they grow
where the highest are not faint. What a slab is solved from is the one before, continued.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ...calculus.field import Field
from ...linear.axis_basis import along_axis
from ...linear.axis_polynomials import AxisPolynomials
from ...linear.fixed_point import fixed_point
from ...linear.newton import UNDAMPED, newton
from ...linear.steps import Forcing, SeparableSteps
from ...linear.tau_rows import TauRows, TauTangent
from ...linear.tau_solve import TauSolve
from ...linear.tensor_rows import TensorRows, Unsuited
from ...networks.sine_lattice import SineLattice
from ...residuals import System
from ..direct import box_growth
from ..direct.box_growth import beyond, functions_on, resized, rows_on
from ..stage import Report, State


@dataclass(frozen=True)
class SlabPolicy:
    """How many functions a slab has along each axis, and how far Newton's method goes in it."""

    # Polynomials along the axis of the march. With fewer slabs are many, with more each is dear.
    along: int = 10
    # And across it, at least.
    across: int = 12
    # Newton steps, iterations of a solve for one, and by how much these reduce it. Else a slab is too long.
    steps: int = 8
    iterations: int = 40
    reduction: float = 1e-3
    # Degrees of polynomials through this last part of a slab, with which the next is begun, if they leave the least.
    continued: tuple[int, ...] = (3, 5)
    part: float = 0.7
    # Functions across, at most, that tell which first guess is the best, and coefficients' averages.
    looked_at: int = 33
    # Of the tolerance, relative to the solution: a correction so small is the last.
    arrived: float = 0.01
    # Polynomials across grow by half, or where waves are near to what is asked for, by less.
    growth: float = 1.5
    gentle: float = 1.2
    near: float = 100.0
    # Growth that leaves more of the highest waves than this has met rounding, if they are smaller than the second.
    deaf: float = 0.7
    loudest: float = 1e-9
    above_noise: float = 2.0
    # Waves that fall more slowly than with this power of their number say that the fields are not smooth, as at a
    # corner: where functions are many already, more are a poor way to them.
    slow: float = 3.0
    many: int = 50_000
    # Where they are so many that a slab takes seconds, waves are asked to be so many times the tolerance at most.
    dear: int = 400_000
    worth: float = 30.0
    # Waves less than this part of the tolerance are left out of the next slab, where they are a quarter or more.
    negligible: float = 0.1
    shrinkage: float = 0.75
    # Of the tolerance: what is left along the march of a slab that is too long, whatever waves it has across. One
    # that is shorter for that reason already has all its waves.
    too_long: float = 10.0
    # Unknowns of all fields together, of which each takes three kilobytes while a slab is solved.
    largest: int = 2_500_000
    # A field smaller than this part of the largest is measured by that.
    least: float = 1e-3


SLAB = SlabPolicy()


@dataclass(frozen=True)
class Solved:
    """A slab of polynomials: how many along each axis, from where to where, and their amplitudes.

    ``left`` is the share of the fields in the highest along the march, ``waves`` in the highest of the others;
    ``noise`` is what of these is rounding.
    """

    counts: tuple[int, ...]
    low: float
    high: float
    amplitudes: Tensor
    left: float
    waves: float
    noise: float


@dataclass
class Memory:
    """The numbers of functions to be tried next, where to start from, and what came out."""

    counts: tuple[int, ...] = ()
    amplitudes: Tensor | None = None  # of the last lattice of this slab
    before: Solved | None = None  # the slab before
    is_again: bool = False  # whether a longer slab was refused
    raised: float = math.inf  # highest waves with which the numbers were raised last
    growth: float = 1.0  # and by how much
    noise: float = 0.0
    solved: Solved | None = None


@dataclass(frozen=True)
class Arrived:
    """A solution, and how it was come by."""

    x: Tensor
    note: str


@dataclass(frozen=True)
class SlabPolynomials:
    """The stage that solves a slab so: one lattice of functions after the other.

    Args:
        axis: the position of the march's axis among those of the fields.
        tolerance: of the highest waves, relative to a field.
    """

    axis: int
    tolerance: float

    remembers: ClassVar[type] = Memory

    @property
    def name(self) -> str:
        return "collocation"

    @property
    def steps(self) -> int:
        return 20

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """One lattice."""
        memory = state.remember(Memory)
        if memory.amplitudes is None and memory.before is None:
            self._begin(state, memory)
        rows = rows_on(state.system, memory.counts)
        start = memory.amplitudes
        if start is None:
            start = self._guess(state.system, rows, memory.before)
        tau = tau_rows(state.system, rows, start, self.axis)
        result = arrived_at(tau, start, self.tolerance, state.deadline)
        nothing = (math.inf,) * len(state.system.problem.constraints)
        if result is None:
            late = time.monotonic() >= state.deadline
            return Report((0.0,) * len(nothing), cut=True) if late else Report(nothing, True, "not converged")
        state.step += 1
        solved = self._solved(rows, result.x, memory)
        grown = self._grown(rows, solved, memory)
        if grown is not None and state.step < self.steps:
            memory.counts, memory.amplitudes = grown
            return Report((0.0,) * len(nothing))
        memory.solved = solved
        self._to_sines(state, rows, result.x)
        note = (
            f"{' x '.join(map(str, solved.counts))} polynomials, {len(result.x)} coefficients, {result.note}"
        )
        residual = rows.vector(result.x)
        return Report(tuple(rows.terms(residual).tolist()), True, note, residuals=len(residual))

    def _begin(self, state: State, memory: Memory) -> None:
        """Functions that tell the start of the axis, and the fields that stay so."""
        while True:
            rows = rows_on(state.system, memory.counts)
            memory.amplitudes = _at_rest(rows, self.axis)
            grown = self._grown(rows, self._solved(rows, memory.amplitudes, memory), memory)
            if grown is None or state.is_late:
                break
            memory.counts = grown[0]
        memory.raised, memory.noise = math.inf, 0.0

    def _guess(self, system: System, rows: TensorRows, before: Solved | None) -> Tensor:
        """That of several continuations of the slab before which leaves least, of its lower waves alone."""
        assert before is not None
        ways = self._ways(rows, before)
        low = rows_on(system, _few(before.counts, self.axis))
        sizes = [float(low.vector(guess).norm()) for guess in self._guesses(low, before, ways)]
        return self._guesses(rows, before, [ways[sizes.index(min(sizes))]])[0]

    def _ways(self, rows: TensorRows, before: Solved) -> list[Tensor]:
        """As the end of the slab before stays, and as it goes on, in several ways: matrices along the axis."""
        there = AxisPolynomials(before.low, before.high, before.counts[self.axis])
        here = rows.bases[rows.fields[0]][self.axis]
        assert isinstance(here, AxisPolynomials)
        along = rows.fields[0].axes[self.axis]
        line = here.line(replace(along, low=here.low, high=here.high), here.count)
        ways = [there.matrix(torch.full_like(line.nodes, before.high), 0), there.matrix(line.nodes, 0)]
        for degree in SLAB.continued:
            # Through its last part alone: far beyond it the highest polynomials are rounding made large.
            low = before.high - SLAB.part * (before.high - before.low)
            part = AxisPolynomials(low, before.high, degree + 1)
            known = part.line(replace(along, low=low, high=before.high), degree + 1)
            ways.append(part.matrix(line.nodes, 0) @ part.project(known, there.matrix(known.nodes, 0)))
        return [here.project(line, way) for way in ways]

    def _guesses(self, rows: TensorRows, before: Solved, ways: Sequence[Tensor]) -> list[Tensor]:
        """The slab before, continued in these ways."""
        new, guesses = rows.bases[rows.fields[0]], []
        old = [new[a] if a == self.axis else functions_on(new[a], n) for a, n in enumerate(before.counts)]
        for change in ways:
            sizes = [math.prod(before.counts) * u.outputs for u in rows.fields]
            pieces = []
            for u, x in zip(rows.fields, before.amplitudes.split(sizes), strict=True):
                continued = along_axis(change, x.view(*before.counts, u.outputs), self.axis)
                pieces.append(resized(continued, old, new).reshape(-1))
            guesses.append(torch.cat(pieces))
        return guesses

    def _solved(self, rows: TensorRows, x: Tensor, memory: Memory) -> Solved:
        functions = rows.bases[rows.fields[0]]
        left, waves = self._left(rows, x), max(self._across(rows, x), default=0.0)
        noise = memory.noise
        if SLAB.loudest > waves > SLAB.deaf * memory.raised:
            noise = max(noise, SLAB.above_noise * waves)
        counts = tuple(f.count for f in functions)
        along = functions[self.axis]
        return Solved(counts, along.low, along.high, x, left, waves, noise)

    def _left(self, rows: TensorRows, x: Tensor) -> float:
        """The share of the fields in the highest polynomial along the march."""
        sizes = [float(y.norm()) for y in rows.split(x).values()]
        highest = [float(y.select(self.axis, -1).norm()) for y in rows.split(x).values()]
        least = SLAB.least * max(sizes)
        return max(h / (max(size, least) or 1.0) for h, size in zip(highest, sizes, strict=True))

    def _across(self, rows: TensorRows, x: Tensor) -> list[float]:
        """The shares of the fields that the functions along the other axes leave out, told by those below."""
        return [wave for a, wave in enumerate(beyond(rows, x, SLAB.least)) if a != self.axis]

    def _grown(
        self, rows: TensorRows, solved: Solved, memory: Memory
    ) -> tuple[tuple[int, ...], Tensor] | None:
        """More functions along the axes whose highest are not faint; None where they are, or more are too many."""
        asked = max(self.tolerance, solved.noise)
        if len(solved.amplitudes) > SLAB.dear:
            asked = max(asked, SLAB.worth * self.tolerance)
        fallen = memory.growth**-SLAB.slow
        slow = solved.waves > fallen * memory.raised and len(solved.amplitudes) > SLAB.many
        memory.noise, memory.raised = solved.noise, solved.waves
        too_long = solved.left > SLAB.too_long * self.tolerance and not memory.is_again
        if solved.waves <= asked or slow or too_long:
            return None
        factor = SLAB.gentle if solved.waves <= SLAB.near * asked else SLAB.growth
        waves = beyond(rows, solved.amplitudes, SLAB.least)
        memory.growth = factor
        counts = [
            math.ceil(factor * n) if a != self.axis and wave > asked else n
            for a, (n, wave) in enumerate(zip(solved.counts, waves, strict=True))
        ]
        old = rows.bases[rows.fields[0]]
        new = [functions_on(f, n) for f, n in zip(old, counts, strict=True)]
        if sum(math.prod(f.count for f in new) * u.outputs for u in rows.fields) > SLAB.largest:
            return None
        pieces = [resized(x, old, new).reshape(-1) for x in rows.split(solved.amplitudes).values()]
        return tuple(f.count for f in new), torch.cat(pieces)

    def _to_sines(self, state: State, rows: TensorRows, x: Tensor) -> None:
        """Make the slab's networks the lattices of sines that represent the polynomials."""
        recipes = {u: r for u, r in state.recipes.items() if isinstance(r, SineLattice)}
        lattices = box_growth.lattices(rows, x, recipes)
        networks = {u: state.build(u, lattice) for u, lattice in lattices.items()}
        theta, _ = box_growth.coefficients(rows, x, networks)
        state.recipes.update(lattices)
        state.system = state.system.with_networks(networks)
        state.theta = theta.to(state.system.dtype)


def tau_rows(system: System, rows: TensorRows, x: Tensor, axis: int) -> TauRows:
    """The rows tested, with coefficients averaged about fields of as few functions across as tell them."""
    every = rows.bases[rows.fields[0]]
    counts = [f.count for f in every]
    if _few(counts, axis) == counts:
        return TauRows(rows, x)
    low = rows_on(system, _few(counts, axis))
    few = low.bases[low.fields[0]]
    pieces = [resized(y, every, few).reshape(-1) for y in rows.split(x).values()]
    return TauRows(rows, x, TauRows(low, torch.cat(pieces)))


def _few(counts: Sequence[int], axis: int) -> list[int]:
    return [n if a == axis else min(n, SLAB.looked_at) for a, n in enumerate(counts)]


def arrived_at(
    tau: TauRows, start: Tensor, tolerance: float, deadline: float, target: Tensor | None = None
) -> Arrived | None:
    """The solution near a first guess, where the rows are to be a target: by one factor alone, or where that is too
    slow by Newton's method. None where there is none, or no time."""
    equations = Aimed(tau, torch.zeros_like(start) if target is None else target)
    arrived = max(Forcing.arrived, SLAB.arrived * tolerance)
    solve = TauSolve(tau.first)
    again = fixed_point(lambda x: solve.solve(-equations.vector(x)), start, arrived, deadline)
    if again.end == "arrived":
        return Arrived(again.x, f"{len(again.sizes)} corrections")
    forcing = Forcing(arrived, SLAB.reduction, SLAB.iterations)
    steps = SeparableSteps(deadline=deadline, forcing=forcing)
    result = newton(equations, again.x, steps, UNDAMPED, SLAB.steps, deadline=deadline)
    if result.end != "arrived" or not bool(result.x.isfinite().all()):
        return None
    return Arrived(result.x, f"{result.steps} Newton steps, {steps.iterations} inner iterations")


@dataclass(frozen=True)
class Aimed:
    """Rows less what they are to be."""

    rows: TauRows
    target: Tensor

    def vector(self, x: Tensor) -> Tensor:
        return self.rows.vector(x) - self.target

    def tangent(self, x: Tensor) -> TauTangent:
        return self.rows.tangent(x)


def first_counts(u: Field, axis: int) -> tuple[int, ...]:
    """How many functions along each axis the first slab begins with."""
    return tuple(SLAB.along if a == axis else SLAB.across for a in range(len(u.axes)))


def next_counts(system: System, solved: Solved, axis: int, tolerance: float) -> tuple[int, ...]:
    """How many functions the slab after one begins with: as many, or fewer where the upper ones vanish."""
    fields, asked = tuple(system.parameters.networks), SLAB.negligible * max(tolerance, solved.noise)
    sizes = [math.prod(solved.counts) * u.outputs for u in fields]
    counts = list(solved.counts)
    for a, end in enumerate(fields[0].axes):
        if a == axis:
            continue
        needed = 0
        for u, x in zip(fields, solved.amplitudes.split(sizes), strict=True):
            y = x.view(*solved.counts, u.outputs).movedim(a, 0).flatten(1).norm(dim=1)
            if end in u.periodic:
                half = len(y) // 2
                y = torch.cat([y[:1], (y[1 : half + 1].square() + y[half + 1 :].square()).sqrt()])
            beyond = y.square().flip(0).cumsum(0).flip(0).sqrt() > asked * (float(y.norm()) or 1.0)
            needed = max(needed, int(beyond.sum()) * (2 if end in u.periodic else 1))
        wanted = max(SLAB.across, math.ceil(needed / box_growth.BOX.highest) + 1)
        if wanted < SLAB.shrinkage * counts[a]:
            counts[a] = wanted | 1 if end in fields[0].periodic else wanted
    return tuple(counts)


def suits(system: System, axis: int) -> bool:
    """Whether the slabs of a system's problem are solved for so: where its axes can be taken apart.

    Around one periodic axis alone a small factor for every wave does as well (``mode_blocks``), and takes
    coefficients that vary along the march.
    """
    fields = tuple(system.parameters.networks)
    u = fields[0]
    around = [a for a in u.axes if a in u.periodic]
    if u.axes[axis] in around or (len(around) == 1 and len(u.axes) == 2) or len(u.axes) == 1:
        return False
    if any(v.axes != u.axes or v.periodic != u.periodic for v in fields):
        return False
    try:
        rows = rows_on(system, [7] * len(u.axes))
        TauRows(rows, box_growth.zero(rows))
    except Unsuited:
        return False
    return True


def _at_rest(rows: TensorRows, axis: int) -> Tensor:
    """The amplitudes of fields that stay as they start."""
    x = box_growth.zero(rows)
    tau = TauRows(rows, x)
    by_field = [x.new_zeros(shape) for shape in rows.shapes]
    tested = tau.by_equation(tau.vector(x))
    for u in tau.unknowns:
        for condition in u.conditions[axis][:1]:
            slope = float(tau.operator(condition, u, tau.first.slopes)[axis][0, 0])
            if slope:
                by_field[u.field].select(axis, 0)[..., u.output] = -tested[condition].squeeze(axis) / slope
    return torch.cat([y.reshape(-1) for y in by_field])
