"""Waves in cells of any shape: spectral elements in space, power series in time."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ..calculus.field import Field
from ..geometry.point import Axis
from ..linear.stiffness import Mesh
from ..networks.elements import Elements, ElementSeries
from ..networks.lobatto import lobatto, through_nodes
from .marching.marchable import axis_of
from .stage import Report, State
from .waves.discrete import discrete, speeds
from .waves.form import NoWaves, Parts, Reader, parts_of
from .waves.power_series import Evolved, evolve
from .waves.sizes import check_resolved, elements_for, sizes_of

ORDERS = (5, 8, 11, 14, 17)  # one after another, until two agree
LARGEST = 2**27  # values of a field, a gigabyte
IN_TIME = 1e-7  # of the field: its highest polynomials in time, above which slabs are halved
# As often at most, which resolves waves four times as fast as the data tell of. What is left is of corners, whose
# waves are as short as the cells' nodes are near.
HALVINGS = 2


@dataclass
class Memory:
    """How far the last two orders were apart, and how often the slabs of time were halved."""

    apart: float = math.inf
    halvings: int = 0


@dataclass(frozen=True)
class SpectralElements:
    """Solves wave equations in a medium at rest, on boxes of one to three axes and shapes of the plane.

        u_tt + d u_t = c² Δu - q u + f,   or   u_tt + d u_t = div(c² ∇u) - q u + f,

    with d, q and c functions of the place, and f of place and time; u and u_t are given at the start, and on every
    wall u, or ∂u/∂n + a u + b u_t, as functions of time and place. The field becomes ``Elements``: polynomials in
    cells that fill the shape and have the jumps of c as sides. Galerkin's method with the nodes of Lobatto for both
    functions and integrals gives a diagonal mass; the system is solved in time by power series, to rounding, so that
    without damping the energy stays. What is found is compared with what the next lower order found.

    Args:
        time: the axis of time, or its name.
        tolerance: orders are raised until two of them differ by less, relative to the field; the higher one, which
            is the answer, mostly has two digits more.
        order: of the polynomials, one that is not raised.
        cells: along the longest axis, about; None for cells of seven radians of the problem's waves.

    Raises:
        NoWaves: when run on another kind of problem.
        ValueError: for a speed that is not positive, and for an order that does not resolve the waves, which names
            one that does.

    Source: Patera, A spectral element method for fluid dynamics, 1984; Komatitsch and Vilotte, The spectral element
    method: an efficient tool to simulate the seismic response of 2D and 3D geological structures, 1998.

    >>> from sirenpde import Box, SpectralElements
    >>> t, x = Box(t=(0, 1), x=(-1, 1)).axes
    >>> SpectralElements(t).name
    'spectral elements along t'
    """

    time: Axis | str
    tolerance: float = 1e-4
    order: int | None = None
    cells: int | None = None

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        wholes = [n for n in (self.order, self.cells) if n is not None]
        if not self.tolerance > 0 or any(not isinstance(n, int) or n < 1 for n in wholes):
            raise ValueError(
                f"SpectralElements was given tolerance={self.tolerance!r}, order={self.order!r}, "
                f"cells={self.cells!r}; expected a positive tolerance, and whole numbers above 0 or None."
            )

    @property
    def name(self) -> str:
        return f"spectral elements along {self.time}"

    @property
    def steps(self) -> int:
        return len(ORDERS) if self.order is None else 1

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """One order of the polynomials."""
        memory = state.remember(Memory)
        axis = axis_of(state.system.problem, str(self.time))
        parts = parts_of(state.system.problem, axis)
        reader = Reader(state.system, parts.field, axis)
        before = state.recipes[parts.field] if state.step else None
        recipe = self._recipe(state, parts, reader)
        found = self._solved(state, parts, reader, recipe, memory)
        if found is None:
            return Report(self._terms(state), cut=True)
        recipe, module, evolved, in_time = found
        if isinstance(before, Elements) and isinstance(
            coarse := self._module(state, parts.field), ElementSeries
        ):
            values = (
                state.theta.reshape(coarse.values.shape)[..., 0] * state.system.parameters.units[parts.field]
            )
            memory.apart = _apart(coarse, values, module, evolved.values)
        state.recipes[parts.field] = recipe
        state.system = state.system.with_networks({parts.field: module})
        unit = state.system.parameters.units[parts.field]
        state.theta = (evolved.values / unit).reshape(-1).to(state.theta)
        state.step += 1
        done = self.order is not None or memory.apart <= self.tolerance or not self._may_grow(state, module)
        agree = f"; the last two orders differ by {memory.apart:.0e}" if math.isfinite(memory.apart) else ""
        sizes = f"{recipe.describe()}, {module.nodes} nodes"
        energy = "" if evolved.drift is None else f"; the energy changed by {evolved.drift:.0e} of itself"
        left = f"; polynomials in time leave {in_time:.0e}" if in_time > IN_TIME else ""
        note = f"{sizes}{energy}{left}{agree}"
        difference = memory.apart if math.isfinite(memory.apart) else None
        return Report(
            self._terms(state), done, note if done else "", residuals=module.nodes, difference=difference
        )

    def _may_grow(self, state: State, module: ElementSeries) -> bool:
        if state.step >= len(ORDERS):
            return False
        more = (ORDERS[state.step] / module.order) ** module.dim
        return module.values.numel() * more < LARGEST

    def _module(self, state: State, u: Field) -> object:
        return state.system.parameters.networks[u]

    def _terms(self, state: State) -> tuple[float, ...]:
        return tuple(state.system.losses(state.theta, state.held_out).tolist())

    def _recipe(self, state: State, parts: Parts, reader: Reader) -> Elements:
        """The elements of this step: those of the last with a higher order, or first ones."""
        order = self.order or ORDERS[min(state.step, len(ORDERS) - 1)]
        recipe = state.recipes[parts.field]
        if isinstance(recipe, Elements) and recipe.cells:
            return replace(recipe, order=recipe.order if state.step == 0 and recipe.order else order)
        sizes = sizes_of(state.system.problem, parts.time, speeds(reader, parts))
        made = elements_for(state.system.problem, parts.field, parts.time, order, sizes, self.cells)
        if self.order is not None:
            check_resolved(made, sizes)
        return made

    def _solved(
        self, state: State, parts: Parts, reader: Reader, recipe: Elements, memory: Memory
    ) -> tuple[Elements, ElementSeries, Evolved, float] | None:
        """The elements, with slabs that are short enough, what was found in them, and what its polynomials in time
        leave; None where time ran out."""
        module = state.build(parts.field, recipe)
        assert isinstance(module, ElementSeries)
        if module.values.numel() > LARGEST:
            raise NoWaves(
                f"The waves ask for {module.nodes} nodes at {len(recipe.slabs) - 1} x {recipe.degree + 1} times, "
                f"{module.values.numel() * 8 / 2**30:.1f} GiB; at most 1 GiB is kept. Shorten the time, or give "
                f"SpectralElements(cells=) a smaller number."
            )
        system = discrete(reader, parts, module)
        evolved = evolve(system, module, state.deadline)
        if evolved is None:
            return None
        left = _in_time(evolved.values)
        # A first order is there to be compared: what is left in its cells are waves that no slab needs to see.
        enough = IN_TIME if self.order is not None or state.step else max(IN_TIME, self.tolerance)
        if left <= enough or memory.halvings == HALVINGS or module.values.numel() > LARGEST / 2:
            return recipe, module, evolved, left
        memory.halvings += 1
        middles = [(a + b) / 2 for a, b in itertools.pairwise(recipe.slabs)]
        shorter = replace(recipe, slabs=tuple(sorted([*recipe.slabs, *middles])))
        return self._solved(state, parts, reader, shorter, memory)


def _in_time(values: Tensor) -> float:
    """How large the two highest polynomials in time are, relative to the field."""
    degree = values.shape[1] - 1
    nodes, weights = lobatto(degree)
    highest = (degree - 2, degree - 1)
    rows = torch.stack([torch.special.legendre_polynomial_p(nodes, k) * weights * (k + 0.5) for k in highest])
    amplitudes = torch.einsum("km,smn->skn", rows.to(values), values)
    return float(amplitudes.norm(dim=2).max()) / max(float(values.norm(dim=2).max()), 1e-300)


def _apart(coarse: ElementSeries, values: Tensor, fine: ElementSeries, found: Tensor) -> float:
    """How far two orders in the same cells are apart, relative to the finer, in the mean over space and time."""
    line = through_nodes(coarse.order, lobatto(fine.order)[0])
    matrix = line
    for _ in range(coarse.dim - 1):
        matrix = torch.kron(matrix, line)
    if coarse.slabs != fine.slabs:  # slabs were halved: at the times of the finer
        times = torch.cat([fine.times(slab) for slab in range(len(fine.slabs) - 1)])
        slab, rows = coarse.in_time(times.clamp(*(coarse.slabs[0], coarse.slabs[-1])), 0)
        values = torch.einsum("tm,tmn->tn", rows, values[slab]).reshape(*found.shape[:2], -1)
    weights = Mesh(fine).weights
    squares, total = 0.0, 0.0
    for one, other in zip(values.flatten(0, 1), found.flatten(0, 1), strict=True):
        there = other[fine.numbers]
        squares += float((weights * (one[coarse.numbers] @ matrix.T - there) ** 2).sum())
        total += float((weights * there**2).sum())
    return math.sqrt(squares / total) if total else 0.0
