"""A wave equation on spectral elements: masses, damping, stiffness and forces at the nodes, and the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...calculus.symbols import Powers
from ...geometry import can
from ...linear.stiffness import Mesh, Stiffness
from ...networks.elements import ElementSeries
from .form import NoWaves, Parts, Reader, Terms, seen

INSIDE = 1e-8  # of a cell, towards its middle: where a jump along its side has one value
LATER = 0.618  # of the time: when coefficients are read once more
NEAR = 1e-6  # of the extent: walls of a single point are this large
SAME = 1e-9  # of the largest: so much may differ from rounding
SELF_ADJOINT = 1e-3  # of the slopes of a medium: so much of them may be left by the cells' polynomials


@dataclass(frozen=True)
class Discrete:
    """M q'' + C q' + K q = F(t) at the nodes, but at those that are ``held``, where q is given."""

    masses: Tensor
    damping: Tensor
    stiffness: Stiffness
    held: Tensor  # (nodes,) booleans
    force: Callable[[Tensor], Tensor]  # times (m,) -> (m, nodes)
    hold: Callable[[Tensor], Tensor]  # times (m,) -> the values at the nodes that are held, (m, held)
    start: Tensor
    velocity: Tensor

    def energy(self, q: Tensor, v: Tensor) -> float:
        """½ (v·M v + q·K q)."""
        return float(v @ (self.masses * v) + q @ self.stiffness(q)) / 2


@dataclass(frozen=True)
class _Medium:
    """At the nodes of each cell: the weight that makes the equation symmetric, and its terms with it."""

    weight: Tensor
    conduction: Tensor
    damping: Tensor
    reaction: Tensor


def discrete(reader: Reader, parts: Parts, module: ElementSeries) -> Discrete:
    """Raises NoWaves for what is no wave equation in a medium at rest, and ValueError for a speed that is none."""
    mesh = Mesh(module)
    inside = mesh.places + INSIDE * (mesh.places.mean(1, keepdim=True) - mesh.places)
    equations = _Equations(reader, parts, inside)
    medium = equations.medium(mesh)
    integral = mesh.weights * medium.weight
    masses, damping = mesh.summed(integral), mesh.summed(integral * medium.damping)
    reaction = mesh.summed(integral * medium.reaction)
    walls = _Walls(reader, parts, mesh, medium)
    damping, reaction = damping + walls.damping, reaction + walls.reaction
    start = _Start(reader, parts, mesh)
    value = start.value()
    return Discrete(
        masses,
        damping,
        Stiffness(mesh, medium.conduction, reaction),
        walls.held,
        lambda times: _summed(mesh, integral * equations.source(times)) + walls.force(times),
        walls.values,
        value,
        start.velocity(value),
    )


def _summed(mesh: Mesh, local: Tensor) -> Tensor:
    """``mesh.summed`` at each of several times, (m, cells, k) -> (m, nodes)."""
    return torch.stack([mesh.summed(one) for one in local])


def _space(reader: Reader, *axes: int) -> Powers:
    """The powers of a derivative along axes of space, by their numbers among these."""
    space = [axis for axis in range(len(reader.names)) if axis != reader.at]
    powers = [0] * len(reader.names)
    for axis in axes:
        powers[space[axis]] += 1
    return tuple(powers)


def _in_time(reader: Reader, order: int) -> Powers:
    return tuple(order * (axis == reader.at) for axis in range(len(reader.names)))


class _Equations:
    """What the equations say at the nodes of each cell, those of several parts of the domain put together."""

    def __init__(self, reader: Reader, parts: Parts, inside: Tensor) -> None:
        self.reader, self.parts, self.inside = reader, parts, inside
        self.flat = inside.flatten(0, 1)
        only = parts.equations[0] if len(parts.equations) == 1 else -1
        self.owner = torch.full((len(self.flat),), only)
        for i in reversed(parts.equations if only < 0 else ()):
            domain = reader.system.problem.constraints[i].domain
            names = [axis.name for axis in domain.axes]
            points = torch.full((len(self.flat), len(names)), (parts.time.low + parts.time.high) / 2).double()
            space = [name for name in reader.names if name != parts.time.name]
            points[:, [names.index(name) for name in space]] = self.flat
            self.owner[can.contains(domain, points)] = i
        if bool((self.owner < 0).any()):
            place = [round(x, 4) for x in self.flat[int((self.owner < 0).nonzero()[0])].tolist()]
            raise NoWaves(f"No equation holds at {place}; expected one at every point of the domain.")
        low, high = parts.time.low, parts.time.high
        self.terms = self._terms(low)
        later = self._terms(low + LATER * (high - low))
        for powers, factor in self.terms.factors.items():
            if float((factor - later.of(powers)).abs().max()) > SAME * float(factor.abs().max()):
                raise NoWaves("The coefficients of the equation depend on time; expected a medium at rest.")

    def _terms(self, t: float) -> Terms:
        constant, factors = torch.zeros(len(self.flat)).double(), dict[Powers, Tensor]()
        for i in self.parts.equations:
            rows = self.owner == i
            if bool(rows.any()):
                found = self.reader.terms(i, self.flat[rows], t)
                constant[rows] = found.constant
                for powers, factor in found.factors.items():
                    factors.setdefault(powers, torch.zeros_like(constant))[rows] = factor
        return Terms(constant, factors)

    def source(self, times: Tensor) -> Tensor:
        """What drives the field at the nodes of each cell, (times, cells, k)."""
        constant = torch.zeros(len(times), len(self.flat)).double()
        for i in self.parts.equations:
            rows = self.owner == i
            if bool(rows.any()):
                constant[:, rows] = self.reader.constant(i, self.flat[rows], times)
        return (-constant / self.inertia).reshape(-1, *self.inside.shape[:2])

    @property
    def inertia(self) -> Tensor:
        """What u_tt is multiplied by."""
        inertia = self.terms.of(_in_time(self.reader, 2))
        if not bool((inertia != 0).all()):
            raise NoWaves(
                "The equation has no second derivative in time; expected u_tt. Take March or Pieces."
            )
        return inertia

    def part(self, powers: Powers) -> Tensor:
        """What a derivative is multiplied by at the nodes of each cell, where u_tt is by one."""
        return (self.terms.of(powers) / self.inertia).reshape(self.inside.shape[:2])

    def squares(self) -> Tensor:
        """The squares of the speeds: the matrix a of a : ∇∇u at the nodes of each cell, (cells, k, d, d)."""
        dim = self.inside.shape[2]
        second = {(i, j): _space(self.reader, i, j) for i in range(dim) for j in range(i, dim)}
        a = torch.zeros(*self.inside.shape, dim).double()
        for (i, j), powers in second.items():
            a[..., i, j] -= self.part(powers) / (1 if i == j else 2)
            a[..., j, i] = a[..., i, j]
        least = torch.linalg.eigvalsh(a)[..., 0]
        if not float(least.min()) > 0:
            place = [round(x, 4) for x in self.flat[int(least.argmin())].tolist()]
            raise ValueError(
                f"The square of the waves' speed is {float(least.min()):.4g} at {place}; expected a positive number "
                f"everywhere. Check the speed, and the sign: u_tt - c² Δu."
            )
        return a

    def medium(self, mesh: Mesh) -> _Medium:
        reader, dim = self.reader, mesh.dim
        first = [_space(reader, i) for i in range(dim)]
        second = [_space(reader, i, j) for i in range(dim) for j in range(i, dim)]
        known = {*first, *second, *(_in_time(reader, k) for k in range(3))}
        others = [p for p, f in self.terms.factors.items() if p not in known and bool((f != 0).any())]
        if others:
            raise NoWaves(
                f"The equation has a derivative of the orders {others[0]} along {', '.join(reader.names)}; expected "
                f"u_tt, u_t and derivatives in space of the second order at most."
            )
        a, b = self.squares(), torch.stack([-self.part(powers) for powers in first], dim=-1)
        weight = _weight(mesh, a, b)
        damping, reaction = self.part(_in_time(reader, 1)), self.part(_in_time(reader, 0))
        return _Medium(weight, weight[..., None, None] * a, damping, reaction)


def speeds(reader: Reader, parts: Parts) -> tuple[float, float]:
    """The smallest and the largest speed of the waves, at 4096 points."""
    (places, *_) = seen(parts.equations[:1], reader.system.problem, reader.at)
    for more in seen(parts.equations[1:], reader.system.problem, reader.at):
        places = torch.cat([places, more])
    squares = torch.linalg.eigvalsh(_Equations(reader, parts, places[:, None]).squares())
    return float(squares.min()) ** 0.5, float(squares.max()) ** 0.5


def _weight(mesh: Mesh, a: Tensor, b: Tensor) -> Tensor:
    """w with w (a : ∇∇u + b · ∇u) = div(w a ∇u), either 1 or 1 / a; raises NoWaves where neither has it.

    Where a jumps from cell to cell, w a ∂u/∂n is continuous.
    """

    def left(weight: Tensor) -> float:
        conduction = weight[..., None, None] * a
        rows = [
            torch.stack([mesh.gradient(conduction[..., i, j])[..., j] for j in range(mesh.dim)]).sum(0)
            for i in range(mesh.dim)
        ]
        off = torch.stack(rows, -1) - weight[..., None] * b
        return float(off.abs().max()) / float(conduction.max())

    inverse = 1 / a.diagonal(dim1=-2, dim2=-1).mean(-1)
    # Where nothing has a slope within cells it is c² Δu: slopes of u are continuous where c jumps.
    candidates = [inverse, torch.ones_like(inverse)] if bool(b.any()) else [inverse]
    by_weight = [left(weight) for weight in candidates]
    best = min(by_weight)
    rounding = SAME * float(mesh.inverse.abs().max())  # of slopes in the smallest cells
    if best > max(SELF_ADJOINT * (float(b.abs().max()) + max(by_weight)), rounding):
        raise NoWaves(
            "The waves' equation is neither u_tt = c² Δu nor u_tt = div(c² ∇u), so that it has no energy; expected "
            "one of these. Take March or Pieces."
        )
    return candidates[by_weight.index(best)]


class _Walls:
    """The conditions on the outer sides: values that are held, and fluxes with what is proportional to u and u_t."""

    def __init__(self, reader: Reader, parts: Parts, mesh: Mesh, medium: _Medium) -> None:
        self.reader, self.mesh, sides = reader, mesh, mesh.sides
        self.held = torch.zeros(mesh.count, dtype=torch.bool)
        self.damping, self.reaction = torch.zeros(mesh.count).double(), torch.zeros(mesh.count).double()
        self._held: list[tuple[int, Tensor, Tensor, Tensor, Tensor]] = []
        self._driven: list[tuple[int, Tensor, Tensor, Tensor, Tensor]] = []
        conduction = mesh.summed(mesh.weights * medium.conduction.diagonal(dim1=-2, dim2=-1).mean(-1))
        conduction = conduction / mesh.summed(mesh.weights)
        if not len(sides.numbers):
            return
        for i, chosen in _owners(reader, parts, mesh):
            numbers, normals = sides.numbers[chosen].reshape(-1), sides.normals[chosen].flatten(0, 1)
            places, weights = sides.places[chosen].flatten(0, 1), sides.weights[chosen].reshape(-1)
            terms = reader.terms(i, places, parts.time.low, normals)
            flux = torch.stack([terms.of(_space(reader, axis)) for axis in range(mesh.dim)], dim=-1)
            outward = (flux * normals).sum(-1)
            value, rate = terms.of(_in_time(reader, 0)), terms.of(_in_time(reader, 1))
            if not bool(flux.any()):
                if bool((value == 0).any()):
                    raise NoWaves(
                        f"A wall holds neither u nor its slope, but {parts.time.name} derivatives of u alone."
                    )
                self.held[numbers] = True
                self._held.append((i, numbers, places, normals, value))
                continue
            slanted = (flux - outward[:, None] * normals).abs().max()
            if float(slanted) > 1e-6 * float(flux.abs().max()) or bool((outward == 0).any()):
                raise NoWaves("A wall has a slope of u that is not along its normal; expected ∂u/∂n.")
            over = conduction[numbers] * weights / outward
            self.damping.index_add_(0, numbers, over * rate)
            self.reaction.index_add_(0, numbers, over * value)
            self._driven.append((i, numbers, places, normals, over))

    def force(self, times: Tensor) -> Tensor:
        total = torch.zeros(len(times), self.mesh.count).double()
        for i, numbers, places, normals, over in self._driven:
            total.index_add_(1, numbers, -over * self.reader.constant(i, places, times, normals))
        return total

    def values(self, times: Tensor) -> Tensor:
        values = torch.zeros(len(times), self.mesh.count).double()
        for i, numbers, places, normals, value in self._held:
            values[:, numbers] = -self.reader.constant(i, places, times, normals) / value
        return values[:, self.held]


def _owners(reader: Reader, parts: Parts, mesh: Mesh) -> Sequence[tuple[int, Tensor]]:
    """Which sides each of the walls' constraints holds on: those whose middle is near its samples."""
    sides = mesh.sides
    middle = sides.places.mean(1)
    size = (sides.places - middle[:, None]).norm(dim=2).amax(1)
    size = size.clamp(min=NEAR * float((mesh.places.amax((0, 1)) - mesh.places.amin((0, 1))).max()))
    near = torch.stack(
        [
            torch.cdist(middle, points).amin(1)
            for points in seen(parts.walls, reader.system.problem, reader.at)
        ]
        or [torch.full((len(middle),), torch.inf).double()]
    )
    distance, nearest = near.min(0)
    if bool((distance > size).any()):
        place = [round(x, 4) for x in middle[int((distance / size).argmax())].tolist()]
        raise NoWaves(
            f"No constraint holds on the wall at {place}; expected u = 0, ∂u/∂n = 0 or an absorbing one."
        )
    return [(i, nearest == k) for k, i in enumerate(parts.walls) if bool((nearest == k).any())]


class _Start:
    """The field and its velocity at the start, in the mean over the cells that share a node."""

    def __init__(self, reader: Reader, parts: Parts, mesh: Mesh) -> None:
        self.reader, self.parts, self.mesh = reader, parts, mesh
        self.flat, self.shape = mesh.places.flatten(0, 1), mesh.places.shape[:2]
        self.terms = [reader.terms(i, self.flat, parts.time.low) for i in parts.start]
        rates = [bool(terms.of(_in_time(reader, 1)).any()) for terms in self.terms]
        if sorted(rates) != [False, True]:
            raise NoWaves(
                f"The start has {rates.count(False)} conditions for u and {rates.count(True)} for u_t; expected one "
                f"of each: u = g and u_t = h at {parts.time.name} = {parts.time.low:g}."
            )
        self.still, self.moving = self.terms[rates.index(False)], self.terms[rates.index(True)]

    def value(self) -> Tensor:
        return self._mean(-self.still.constant / self.still.of(_in_time(self.reader, 0)))

    def velocity(self, value: Tensor) -> Tensor:
        local = value[self.mesh.numbers].reshape(-1)
        terms = self.moving
        there = terms.constant + terms.of(_in_time(self.reader, 0)) * local
        return self._mean(-there / terms.of(_in_time(self.reader, 1)))

    def _mean(self, flat: Tensor) -> Tensor:
        weights = self.mesh.weights
        return self.mesh.summed(weights * flat.reshape(self.shape)) / self.mesh.summed(weights)
