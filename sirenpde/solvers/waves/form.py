"""What a problem's constraints say of waves: an equation of second order in time, a start, walls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...calculus.field import Field
from ...calculus.symbols import Powers
from ...geometry import can
from ...geometry.instants import instant
from ...geometry.point import Axis
from ...problem.problem import Problem
from ...residuals import Batch, System
from ...residuals.system import Group
from ...residuals.unfit import Unfit

CHUNK = 4096


class NoWaves(Unfit):
    """A problem that is no wave equation, or none that spectral elements can be used for."""


@dataclass(frozen=True)
class Parts:
    """Which constraints are the equation, the start and the walls."""

    field: Field
    time: Axis
    equations: tuple[int, ...]
    start: tuple[int, ...]
    walls: tuple[int, ...]


def parts_of(problem: Problem, time: Axis) -> Parts:
    """Raises NoWaves where a constraint is none of these."""
    if len(problem.fields) != 1 or problem.unknowns:
        raise NoWaves(
            f"SpectralElements solves for one field and no unknown numbers; the problem has "
            f"{len(problem.fields)} fields and {len(problem.unknowns)} numbers. Take Pieces or March."
        )
    (u,) = problem.fields
    if u.outputs != 1 or u.is_complex:
        raise NoWaves(f"SpectralElements solves for a real scalar; '{u.name}' has {u.outputs} components.")
    axes = {axis.name for axis in u.axes}
    found: dict[str, list[int]] = {"equation": [], "start": [], "wall": []}
    for i, (constraint, asked) in enumerate(zip(problem.constraints, problem.requests, strict=True)):
        domain = constraint.domain
        if not asked.is_plain or asked.size != 1 or {axis.name for axis in domain.axes} != axes:
            raise NoWaves(
                f"SpectralElements was given constraint '{constraint.name}', which is no one equation at points of "
                f"space and time; expected a wave equation, a start and walls. Take Pieces or March."
            )
        there = instant(domain, time)
        if there is not None and there != time.low:
            raise NoWaves(
                f"The constraint '{constraint.name}' holds at {time.name} = {there:g}, after the start."
            )
        whole = can.dimension_of(domain) == len(axes)
        found["start" if there is not None else "equation" if whole else "wall"].append(i)
    if not found["equation"]:
        raise NoWaves("The problem has no equation on the whole of its domain.")
    return Parts(u, time, *map(tuple, found.values()))


def are_waves(problem: Problem, time: Axis) -> bool:
    """Whether constraints have the form of waves on a box or a shape of the plane; coefficients are not looked at.

    >>> from sirenpde import Box, D, Field, Problem, on
    >>> box = Box(t=(0, 1), x=(0, 1))
    >>> (t, x), u = box.axes, Field("u", box)
    >>> heat = on(box, samples=9, name="heat")(lambda p: D(u, t)(p) - D(u, x, x)(p))
    >>> start = on(box.at(t=0), samples=9, name="start")(lambda p: u(p))
    >>> are_waves(Problem(heat, start), t)
    False
    """
    try:
        parts = parts_of(problem, time)
    except NoWaves:
        return False
    u, at = parts.field, parts.field.position(time)
    if not (can.patches_of(u.domain) or can.needs_mesh(u.domain)) or len(u.axes) > 4:
        return False
    asked = [d for i in parts.equations for d in problem.requests[i].of(u)]
    terms = [powers for d in asked for powers, _ in d.symbol.terms]
    in_time = [powers for powers in terms if powers[at]]
    space = [sum(powers) for powers in terms if not powers[at]]
    twice = any(powers[at] == 2 for powers in in_time)
    return twice and all(sum(powers) == powers[at] < 3 for powers in in_time) and max(space, default=0) == 2


@dataclass(frozen=True)
class Terms:
    """A constraint at points, without its fields (n,), and what it multiplies each derivative by, (n,) each."""

    constant: Tensor
    factors: Mapping[Powers, Tensor]

    def of(self, powers: Powers) -> Tensor:
        return self.factors.get(powers, torch.zeros_like(self.constant))


class Reader:
    """Reads what the constraints of a system say at points of space and time."""

    def __init__(self, system: System, field: Field, time: Axis) -> None:
        self.system, self.field, self.time = system, field, time
        self.names = [axis.name for axis in field.axes]
        self.at = self.names.index(time.name)

    def terms(self, i: int, places: Tensor, t: float, normals: Tensor | None = None) -> Terms:
        """A constraint at places (n, d) of space at a time, with outward normals on walls."""
        group = next(g for g in self.system.groups if i in g.members)
        position = group.members.index(i)
        constants, slopes = [], []
        for batch, jets in self._chunks(group, places, torch.tensor([t]), normals):
            values, rows = group.residual_slopes.slopes(batch, jets, self._raw)
            constants.append(values[:, position])
            slopes.append(rows[position][1][0][:, :, 0])
        factors: dict[Powers, Tensor] = {}
        by_request = torch.cat(slopes, 1)[:, : len(places)]
        for asked, slope in zip(group.evaluator.asked[self.field].requests, by_request, strict=True):
            for powers, c in asked.symbol.terms:
                factors[powers] = factors.get(powers, torch.zeros_like(slope)) + c * slope
        constant = torch.cat(constants)[: len(places)]
        unit = self.system.parameters.units[self.field]
        return Terms(constant, {p: value / unit for p, value in factors.items()})

    def constant(self, i: int, places: Tensor, times: Tensor, normals: Tensor | None = None) -> Tensor:
        """What a constraint leaves where the field vanishes, at all times (m,) at places (n, d): (m, n)."""
        group = next(g for g in self.system.groups if i in g.members)
        position = group.members.index(i)
        found = [
            group.residual_slopes.values(batch, jets, self._raw)[position][:, 0]
            for batch, jets in self._chunks(group, places, times, normals)
        ]
        count = len(times) * len(places)
        return torch.cat(found)[:count].reshape(len(times), -1)

    @property
    def _raw(self) -> Tensor:
        return torch.zeros(0, dtype=self.system.dtype, device=self.system.device)

    def _chunks(
        self, group: Group, places: Tensor, times: Tensor, normals: Tensor | None
    ) -> Iterator[tuple[Batch, list[Tensor]]]:
        """All places at the first time, and so on, in chunks of one length: each length is recorded once."""
        unknown = set(group.data) - {"normal"}
        if unknown:
            raise NoWaves(
                f"The data '{unknown.pop()}' are known at samples alone; expected functions of a point."
            )
        order = [self.names.index(name) for name in group.evaluator.axes]
        points = torch.zeros(len(times) * len(places), len(self.names), dtype=torch.float64)
        space = [axis for axis in range(len(self.names)) if axis != self.at]
        points[:, self.at] = times.double().repeat_interleave(len(places))
        points[:, space] = places.repeat(len(times), 1)
        points = points[:, order]
        full = torch.zeros_like(points)
        if normals is not None:
            full[:, space] = normals.repeat(len(times), 1)
            full = full[:, order]
        length = min(CHUNK, max(len(points), 1))
        requests = len(group.evaluator.asked[self.field])
        jets = [torch.zeros(requests, length, 1, dtype=self.system.dtype, device=self.system.device)]
        for start in range(0, len(points), length):
            rows = torch.arange(start, start + length).clamp(max=len(points) - 1)
            data = {"normal": full[rows]} if "normal" in group.data else {}
            yield self.system.batch(points[rows], data), jets


def seen(constraints: Sequence[int], problem: Problem, at: int) -> list[Tensor]:
    """Where in space the walls of each of these constraints are: points of it."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for i in constraints:
        domain = problem.constraints[i].domain
        points, _ = domain.draw(None if domain.size else 4096, generator)
        names = [axis.name for axis in domain.axes]
        (u,) = problem.fields
        columns = [names.index(axis.name) for k, axis in enumerate(u.axes) if k != at]
        found.append(points[:, columns].double())
    return found
