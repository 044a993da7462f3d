"""Scales of fields and constraints, from a problem alone, so that nothing depends on the units it is written in.

A field u is U_u times what its network gives, and a constraint's residual counts in units of R_i. With the slopes

    A_iu = max over the derivatives ∂^a that i asks of u of rms |∂r_i/∂(∂^a u)| / L^a     (L: half the axes' lengths)

and b_i the size of r_i for vanishing fields, a field of size U_u that varies along its axes enters r_i with about
A_iu U_u. The sizes are those with A_iu U_u = R_i and b_i = R_i, in the mean of their logarithms. Other units
multiply A, b, U and R, and change nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..calculus.components import field_values, flat
from ..calculus.evaluate import over_known
from ..calculus.field import Derivative, Field
from ..calculus.symbols import Powers
from .constraint import Constraint
from .declared import Declared
from .probe import Requests

STEP = 1e-4  # of a difference, relative
POINTS = 2048  # of every constraint, at which it is measured
MET = 0.1  # of its residual for vanishing fields: a constraint with less, and linear terms as small, asks for no more
ROUNDS = 10  # of slopes measured at fields of the size found last; two where they do not depend on it
SETTLED = 0.2  # of a logarithm: nearer than the power of two that a size is rounded to
ORDINARY = 10  # binary orders from one within which a field is left as it is
EVEN = 7  # binary orders from the smallest to the largest size of constraints that are left as they are
FIRM = 1e-3  # of the rows of an equation: those of measurements with a given sigma, beside which equations are exact
EASED = 3  # steps in which equations become so firm, since Newton's method goes astray between steep walls
FAINT = 0.01  # of a constraint's other terms: data that say nothing about the size of a field
FACTORS = (1.0, 1e3, 1e-3, 1e6, 1e-6)  # of the fields' sizes, at which finite slopes are looked for

Sizes = Mapping[Field, float]
Jets = dict[Derivative, Tensor]


@dataclass(frozen=True)
class Scales:
    """The sizes of fields, and of constraints by their names, all of them powers of two, and what is done with them.

    Ordinary problems are left as they are declared: fields whose size is within a thousand of one, and constraints
    that are within a hundred of each other, as they are or with the roots of their weights. Else a field is its size
    times what its network gives, and residuals count in units of their own constraint's size.

    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.problem.scaling import scales_of
    >>> box = Box(x=(0, 1e6), y=(0, 1e6))
    >>> u = Field("u", box)
    >>> @on(box, samples=100)
    ... def poisson(p):
    ...     return laplacian(u)(p) + 1
    >>> @on(box.boundary(), samples=100)
    ... def walls(p):
    ...     return u(p)
    >>> scales = scales_of(Problem(poisson, walls))
    >>> scales.units[u] == scales.row_unit("walls") == 2.0**38  # half the side squared is 2^37.8
    True
    """

    sizes: Sizes
    constraints: Mapping[str, float]
    even: bool  # whether the constraints' sizes are near each other
    measured: Mapping[str, float] = dataclass_field(
        default_factory=dict
    )  # one unit for all with a given sigma
    priors: Mapping[str, bool] = dataclass_field(default_factory=dict)  # whether their loss is a square
    leading: str = ""  # the equation whose declared term is the largest, as beside which priors count

    @property
    def units(self) -> dict[Field, float]:
        """What every field's network is multiplied by."""
        return {u: size if abs(math.log2(size)) > ORDINARY else 1.0 for u, size in self.sizes.items()}

    def row_unit(self, name: str) -> float:
        """What a constraint's residuals are divided by."""
        if name in self.measured:
            return self.measured[name]
        if name in self.priors:  # the whole objective is divided by the square of this unit
            unit = next(iter(self.measured.values())) if self.measured else self.row_unit(self.leading)
            return unit if self.priors[name] else unit**2
        if not self.even:
            return self.constraints[name]
        if set(self.units.values()) == {1.0}:
            return 1.0
        return max(size for each, size in self.constraints.items() if each not in self.priors)

    @property
    def eased(self) -> tuple[Scales, ...]:
        """With measurements that count as much as equations, and then ever less; none where none are measured."""
        units = (
            [power_of_two(FIRM ** (step / EASED)) for step in range(EASED, 0, -1)] if self.measured else []
        )
        return tuple(
            replace(self, measured={name: unit * size for name, size in self.measured.items()})
            for unit in units
        )

    def extended(self, problem: Declared) -> Scales:
        """The same for a problem that shares some of the constraints, by their names; the others are measured."""
        constraints, priors = dict(self.constraints), {**self.priors, **_priors(problem)}
        for constraint, requests in _pairs(problem):
            if constraint.name not in constraints:
                size = measure_constraint(constraint, requests, self.sizes).size(self.sizes)
                constraints[constraint.name] = power_of_two(size)
        return replace(self, constraints=constraints, priors=priors)


_known: WeakKeyDictionary[Declared, Scales] = WeakKeyDictionary()


def scales_of(problem: Declared) -> Scales:
    """The scales of a problem, a function of its constraints alone; remembered for as long as it lives."""
    if problem not in _known:
        _known[problem] = _scales(problem)
    return _known[problem]


def power_of_two(x: float) -> float:
    """The nearest one, by which numbers are multiplied without rounding; 1 for nothing and for no number."""
    return 2.0 ** min(max(round(math.log2(x)), -500), 500) if 0 < x < math.inf else 1.0


def inverse_length(u: Field, powers: Powers) -> float:
    """1 / L^a, the size of the derivative ∂^a of a field of size 1; L are half the lengths of its axes."""
    halves = [0.5 * (axis.high - axis.low) or 1.0 for axis in u.axes]
    return math.prod(half**-n for half, n in zip(halves, powers, strict=True))


def natural_size(d: Derivative) -> float:
    """The size of what is requested of a field of size 1 that varies along its axes: of its largest term."""
    return max(abs(c) * inverse_length(d.field, powers) for powers, c in d.symbol.terms)


@dataclass(frozen=True)
class Measured:
    """A constraint's slopes A by each field, what is there without them, b, and whether they have to balance it."""

    slopes: Sizes
    rest: float
    told: bool

    def size(self, sizes: Sizes) -> float:
        """The largest of the constraint's terms, for fields of these sizes."""
        return max([self.rest, *(slope * sizes[u] for u, slope in self.slopes.items())])

    @property
    def is_finite(self) -> bool:
        return all(map(math.isfinite, (self.rest, *self.slopes.values())))


def measure_constraint(constraint: Constraint, requests: Requests, sizes: Sizes) -> Measured:
    """A constraint at random derivatives as large as those of fields of these sizes, the fields themselves positive.

    b is its residual for vanishing fields, or for these, where those have none.
    """
    random = torch.Generator().manual_seed(2)
    points, data = constraint.domain.draw(min(POINTS, constraint.domain.size or POINTS), random)
    used = {key: data[key] for key in requests.data}
    units = {d: natural_size(d) for d in requests.derivatives}
    jets = {d: sizes[d.field] * units[d] * _around_one(d, len(points), random) for d in units}

    def at(jets: Jets) -> Tensor:
        return residuals(constraint, requests, points, used, jets)

    values, linear = at(jets), _linear(at, jets)
    rest = at({d: torch.zeros_like(jet) for d, jet in jets.items()})
    rest = rest if bool(rest.isfinite().all()) else values
    # A random sum of the components, each sign as likely, has the slopes of all of them in the mean.
    signs = torch.randint(0, 2, values.shape, generator=random) * 2.0 - 1
    leaves = {d: jet.requires_grad_() for d, jet in jets.items()}
    # Not torch.func.grad, whose first call in a process imports a compiler: a second, and 100 MB.
    with torch.enable_grad():
        total = (signs * at(leaves)).sum()
    reads = total.requires_grad and bool(leaves)
    grads = torch.autograd.grad(total, list(leaves.values()), allow_unused=True) if reads else ()
    slopes: dict[Field, float] = {}
    for d, grad in zip(leaves, grads, strict=False):
        slope = 0.0 if grad is None else max(map(_rms, _all_nodes(grad, d).unbind(1))) * units[d]
        slopes[d.field] = max(slopes.get(d.field, 0.0), slope)
    there = max(_size(values), _size(linear))
    return Measured(slopes, _size(rest), there > MET * _size(rest))


def _all_nodes(slopes: Tensor, d: Derivative) -> Tensor:
    """Slopes (n, outputs) by a request; those of the nodes of a site together make one."""
    return slopes if d.site is None else slopes.abs().sum(1)


def _linear(at: Callable[[Jets], Tensor], jets: Jets) -> Tensor:
    """Σ ∂r/∂(∂^a u) ∂^a u, (n, m), by differences.

    Forward mode would be exact; it takes a second to start in a process, and its digits are not needed.
    """
    above, below = ({d: (1 + s) * jet for d, jet in jets.items()} for s in (STEP, -STEP))
    return (at(above) - at(below)) / (2 * STEP)


def residuals(
    constraint: Constraint,
    requests: Requests,
    points: Tensor,
    data: Mapping[str, Tensor],
    jets: Jets,
) -> Tensor:
    """Real components (n, m) of a constraint at given derivatives, each (n, outputs); unknowns as they start."""
    axes = tuple(axis.name for axis in constraint.domain.axes)
    start = {c: torch.tensor(c.initial, dtype=torch.float64).expand(len(points)) for c in requests.unknowns}
    known = {d: field_values(jet, d.field) for d, jet in jets.items()}
    return flat(over_known(constraint.residual, axes, points, data, {**known, **start}))


def _around_one(d: Derivative, count: int, random: torch.Generator) -> Tensor:
    """Numbers of size 0.5 to 1.5, (count, outputs), of any sign for a derivative."""
    shape = count, *d.jet_shape
    sizes = 0.5 + torch.rand(shape, dtype=torch.float64, generator=random)
    return sizes if d.symbol.order == 0 else sizes * (torch.randint(0, 2, shape, generator=random) * 2.0 - 1)


def _size(rows: Tensor) -> float:
    """Of residuals (n, m), between the root mean square and the largest: data may be a narrow pulse."""
    values = rows.square().sum(1).sqrt()
    finite = values[values.isfinite()]
    return math.sqrt(_rms(values) * float(finite.max())) if len(finite) else math.inf


def _rms(values: Tensor) -> float:
    """Of the numbers that are finite; infinite where none is."""
    finite = values[values.isfinite()]
    return float(finite.square().mean().sqrt()) if len(finite) else math.inf


def _pairs(problem: Declared) -> list[tuple[Constraint, Requests]]:
    return list(zip(problem.constraints, problem.requests, strict=True))


def _scales(problem: Declared) -> Scales:
    sizes, measured = _sized(problem)
    rounded = {u: power_of_two(size) for u, size in sizes.items()}
    by_name = {
        c.name: power_of_two(m.size(sizes)) for c, m in zip(problem.constraints, measured, strict=True)
    }
    priors = _priors(problem)
    binding = [c for c in problem.constraints if c.name not in priors]
    exact = [c for c in binding if not c.is_measured] or binding
    declared = [math.sqrt(c.weight) * by_name[c.name] for c in exact]
    sizes_of_exact = [by_name[c.name] for c in exact]
    even = any(max(many) <= 2.0**EVEN * min(many) for many in (declared, sizes_of_exact))
    leading = max(exact, key=lambda c: math.sqrt(c.weight) * by_name[c.name]).name
    return _with_measured(problem, Scales(rounded, by_name, even, priors=priors, leading=leading))


def _priors(problem: Declared) -> dict[str, bool]:
    """Priors beside constraints that have to vanish, and whether their loss is a square."""
    priors = {c.name: c.loss.is_square for c in problem.constraints if c.is_prior}
    return priors if len(priors) < len(problem.constraints) else {}


def _with_measured(problem: Declared, scales: Scales) -> Scales:
    """One unit for all constraints with a standard deviation, beside whose rows those of the others are exact."""
    rows = {
        c.name: math.sqrt(c.weight)
        * scales.constraints[c.name]
        / (1 if c.is_measured else scales.row_unit(c.name))
        for c in problem.constraints
        if c.is_measured or c.name not in scales.priors
    }
    noisy = [c.name for c in problem.constraints if c.is_measured]
    exact = [name for name in rows if name not in noisy]
    if not (noisy and exact):
        return scales
    unit = max(rows[name] for name in noisy) / (FIRM * min(rows[name] for name in exact))
    return replace(scales, measured=dict.fromkeys(noisy, power_of_two(unit)))


def _sized(problem: Declared) -> tuple[dict[Field, float], list[Measured]]:
    """The fields' sizes, and the constraints as measured there: a fixed point where they are not affine."""

    def at(sizes: Sizes) -> list[Measured]:
        return [measure_constraint(constraint, requests, sizes) for constraint, requests in _pairs(problem)]

    def balance(measured: Sequence[Measured]) -> dict[Field, float]:
        """By the constraints that have to vanish: priors ask for no size."""
        pairs = zip(problem.constraints, measured, strict=True)
        return balanced(problem.fields, [m for c, m in pairs if c.name not in priors and m.is_finite])

    priors = _priors(problem)
    sizes = balance(at(dict.fromkeys(problem.fields, 0.0)))
    for factor in FACTORS:
        measured = at({u: factor * size for u, size in sizes.items()})
        if all(m.is_finite for m in measured):
            sizes = {u: factor * size for u, size in sizes.items()}
            break
    before = math.inf
    for turn in range(ROUNDS):
        proposed = balance(measured)
        if turn:  # slopes that grow with the fields let each round overshoot: halfway they meet
            proposed = {u: math.sqrt(proposed[u] * sizes[u]) for u in proposed}
        moved = max(abs(math.log(proposed[u] / sizes[u])) for u in proposed)
        there = at(proposed)
        if moved > before or not all(m.is_finite for m in there):
            break
        sizes, measured, before = proposed, there, moved
        if moved < SETTLED:
            break
    return sizes, measured


def balanced(fields: Sequence[Field], measured: Sequence[Measured]) -> dict[Field, float]:
    """The sizes U with A_iu U_u = R_i and b_i = R_i in the mean of their logarithms, whatever the R_i.

    Fields are then raised to what the data of a constraint ask for, and data that turn out to be faint beside the
    other terms of their constraint are left out. Sizes that nothing fixes are 1.
    """
    told = [m.told for m in measured]
    while True:
        rows, right = [], []
        for m, counts in zip(measured, told, strict=True):
            known = {u: slope for u, slope in m.slopes.items() if slope > 0}
            terms: list[tuple[Field | None, float]] = list(known.items())
            terms += [(None, m.rest)] if counts else []
            if len(terms) > 1:  # the mean is R_i
                units = torch.tensor([[float(u is v) for v in fields] for u, _ in terms], dtype=torch.float64)
                logs = -torch.tensor([size for _, size in terms], dtype=torch.float64).log()
                rows.append(units - units.mean(0))
                right.append(logs - logs.mean())
        logarithms = torch.zeros(len(fields), dtype=torch.float64)
        if rows:
            logarithms = torch.linalg.pinv(torch.cat(rows), rtol=1e-10) @ torch.cat(right)
        sizes = {
            u: math.exp(min(max(x, -300.0), 300.0)) for u, x in zip(fields, logarithms.tolist(), strict=True)
        }
        _raise(sizes, measured)
        telling = [t and m.rest > FAINT * m.size(sizes) for t, m in zip(told, measured, strict=True)]
        if telling == told:
            return sizes
        told = telling


def _raise(sizes: dict[Field, float], measured: Sequence[Measured]) -> None:
    """Fields of a constraint are as large as its data at least: something has to balance them."""
    for m in measured:
        largest = max((slope * sizes[u] for u, slope in m.slopes.items()), default=0.0)
        if m.told and 0 < largest < m.rest:
            sizes.update({u: sizes[u] * m.rest / largest for u in m.slopes})
