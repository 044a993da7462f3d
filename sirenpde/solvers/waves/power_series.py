"""Waves in time: M q'' + C q' + K q = F(t), slab after slab, to rounding."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...networks.elements import ElementSeries
from ...networks.lobatto import lobatto, through_nodes
from .discrete import Discrete
from .vibrations import vibrated

TURN = 8.0  # radians of the fastest vibration in a step
# Powers of a step: what they leave of the fastest vibration is 1e-7 of it, so that none grows, and of waves that the
# cells resolve less than rounding.
POWERS = 32
SEEN = 7  # one of so many times of a slab is looked at first
DRIVEN = 12  # of a step, of what drives the field: it varies as slowly as the waves do


@dataclass(frozen=True)
class Evolved:
    """The values at all times and nodes, (slabs, degree + 1, nodes), and the energies at the ends of the slabs."""

    values: Tensor
    energies: Sequence[float]
    closed: bool  # whether nothing damps or drives the field, so that its energy should stay

    @property
    def drift(self) -> float | None:
        """How much the energy changed, relative to itself, where it should not; None where it may."""
        start, end = self.energies[0], self.energies[-1]
        return abs(end - start) / start if self.closed and start else None


def evolve(system: Discrete, module: ElementSeries, deadline: float = math.inf) -> Evolved | None:
    """The solution at the nodes of a module's slabs; None where time ran out.

    What nothing damps or drives is a sum of ``vibrations``. Else in a step of length h the coefficients of
    q = Σ Q_k ((t - t0) / h)^k follow from one another:

        (k + 1) (k + 2) M Q_(k + 2) = h² (F_k - K Q_k) - h (k + 1) C Q_(k + 1).

    In a step the fastest vibration that the cells have turns by ``TURN`` radians.

    Source: Barrio, Performance of the Taylor series method for ODEs/DAEs, 2005.
    """
    fastest = system.stiffness.fastest(system.masses)
    q, v = system.start.clone(), system.velocity.clone()
    q[system.held] = system.hold(torch.tensor(module.slabs[:1]))[0]
    values = q.new_zeros(len(module.slabs) - 1, module.degree + 1, len(q))
    energies, closed = [system.energy(q, v)], not bool(system.damping.any())
    for slab in range(len(module.slabs) - 1):
        if time.monotonic() >= deadline:
            return None
        nodes = module.times(slab)
        low, high = module.slabs[slab : slab + 2]
        driven = _Driven(system, module, slab)
        closed = closed and driven.force is None and driven.hold is None
        if closed:
            values[slab], v = vibrated(system, q, v, nodes - low, fastest)
            q = values[slab, -1].clone()
            energies.append(system.energy(q, v))
            continue
        steps = math.ceil((high - low) * fastest / TURN)
        h = (high - low) / steps
        values[slab, 0] = q
        for step in range(steps):
            start = low + step * h
            powers = _powers(system, q, v, h, *driven.powers(step / steps, 1 / steps))
            inner = (nodes > start + 1e-12 * h) & (nodes <= start + h * (1 + 1e-12))
            s = ((nodes[inner] - start) / h).clamp(max=1)[:, None] ** torch.arange(len(powers))
            values[slab, inner] = s.to(powers) @ powers
            q = powers.sum(0)
            v = (torch.arange(len(powers), dtype=powers.dtype) @ powers) / h
        values[slab, -1] = q
        energies.append(system.energy(q, v))
    return Evolved(values, tuple(energies), closed)


def _powers(
    system: Discrete, q: Tensor, v: Tensor, h: float, force: Tensor | None, hold: Tensor | None
) -> Tensor:
    """The coefficients of one step, (POWERS + 1, nodes)."""
    powers = q.new_zeros(POWERS + 1, len(q))
    powers[0], powers[1] = q, h * v
    if hold is not None:
        powers[1, system.held] = hold[1]
    damped = bool(system.damping.any())
    for k in range(POWERS - 1):
        right = -system.stiffness(powers[k])
        if force is not None and k < len(force):
            right += force[k]
        right *= h * h
        if damped:
            right -= (h * (k + 1)) * system.damping * powers[k + 1]
        powers[k + 2] = right / (system.masses * ((k + 1) * (k + 2)))
        powers[k + 2, system.held] = hold[k + 2] if hold is not None and k + 2 < len(hold) else 0.0
    return powers


class _Driven:
    """What drives the field in a slab, as powers of the time in each of its steps."""

    def __init__(self, system: Discrete, module: ElementSeries, slab: int) -> None:
        times = module.times(slab)
        self.degree = module.degree
        self.force, self.hold = _unless_zero(system.force, times), _unless_zero(system.hold, times)
        nodes = lobatto(DRIVEN)[0]
        # Values at nodes in [0, 1] to the coefficients of powers.
        self.to_powers = torch.linalg.inv(((nodes[:, None] + 1) / 2) ** torch.arange(DRIVEN + 1))

    def powers(self, start: float, length: float) -> tuple[Tensor | None, Tensor | None]:
        """In the step that begins at a part ``start`` of the slab and is a part ``length`` of it."""
        if self.force is None and self.hold is None:
            return None, None
        places = 2 * (start + length * (lobatto(DRIVEN)[0] + 1) / 2) - 1
        matrix = self.to_powers @ through_nodes(self.degree, places)
        return tuple(None if f is None else matrix @ f for f in (self.force, self.hold))  # type: ignore[return-value]


def _unless_zero(function: Callable[[Tensor], Tensor], times: Tensor) -> Tensor | None:
    """Its values at the times (m,), None where a few of them vanish everywhere: most fields are not driven."""
    return function(times) if bool(function(times[::SEEN]).any()) else None
