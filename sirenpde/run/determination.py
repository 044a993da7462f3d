"""What a solution leaves open: directions of its fields that are free, and how well its unknown numbers are known."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.field import Unknown
from ..linear.dense_rows import column_count, tangent_fields
from ..linear.null_space import NullSpace, column_units, null_space, row_units, span
from ..networks.generated import reads_of
from ..networks.sine_features import SineFeatures
from ..problem.problem import Problem
from ..residuals import Batch, System
from ..sampling.drawing import generator
from ..sampling.ends import draw_group
from ..solvers.undetermined import describe_free, missing

# Features of all fields together; of one at least; and of all at most, since null_space looks at no more than 1000.
COLUMNS, LEAST, MOST = 300, 100, 900
# Slow enough for fourth derivatives, fast enough for what a missing condition frees.
BANDWIDTH = 5.0
# Rows to columns: with less, frozen sines pass between the points.
OVERSAMPLING = 2.5
# Of a finite domain, such as measurements: more make the standard errors no better told, and cost time.
ROWS = 4000
# At which fields are read, where samples have more than one each, as rays have.
NODES = 1 << 17
# Relative change of the residuals by which a number is felt: rounding of the projection leaves 1e-10 (``RANK``).
FELT = 1e-6
# The sine of the angle between two effects that can be told apart: their difference keeps four digits less.
APART = 1e-4
# Relative size of a direction that is worth a warning although no condition is missing.
HARDLY = 1e-6
# A number whose value and start are below it is zero: it changes by 1 and not by its own size.
ROUNDED = 1e-8
# Of a row, at most: the rest of its residual, by which its error is judged, would be rounding.
LEVERAGE = 0.9


@dataclass(frozen=True)
class Determination:
    """Free directions of the fields, standard errors of the unknown numbers, and those that nothing determines.

    ``errors`` are infinite for numbers that are ``unfelt``, or of which only combinations are known, ``together``;
    ``correlations`` are those of any two others.
    """

    problem: Problem
    free: NullSpace | None
    values: Mapping[str, float]
    errors: Mapping[str, float]
    unfelt: tuple[str, ...]
    together: tuple[str, ...]
    correlations: Mapping[tuple[str, str], float]

    def describe(self) -> Iterator[str]:
        """What a user should know of it, a paragraph each."""
        free = self.free
        if free is not None and self._is_worth_telling(free):
            text = describe_free(self.problem, free)
            yield text[0].upper() + text[1:] + "." * (text[-1] not in ".?")
        for name in self.unfelt:
            yield (
                f"The unknown number {name} is undetermined: whatever it is, the fields can meet the constraints as "
                f"well. {self.values[name]:.6g} is where it started or happened to end. Measure something that it "
                f"acts on, or replace it by a number."
            )
        if self.together:
            yield (
                f"The unknown numbers {' and '.join(self.together)} are undetermined together: one makes up for the "
                f"other, and only a combination of them is known. Fix one, or measure something that they act on "
                f"differently."
            )
        for (a, b), value in self.correlations.items():
            if abs(value) > 0.999:
                yield (
                    f"The unknown numbers {a} and {b} are hardly told apart: their errors have a correlation of "
                    f"{value:.6f}, so that one makes up for the other."
                )

    def _is_worth_telling(self, free: NullSpace) -> bool:
        stands_out = free.relative[0] < HARDLY or bool(missing(self.problem, free))
        return stands_out and not self._is_expected(free)

    def _is_expected(self, free: NullSpace) -> bool:
        """Whether all that is free is a constant added to fields that are compared up to a constant."""
        known = [self.problem.reference.get(u) for u in free.moved]
        return free.is_constant and all(r is not None and r.fit == "affine" for r in known)


def determination(system: System, theta: Tensor) -> Determination:
    """What the constraints determine near fields that were found, whatever the networks these are made of.

    The constraints are linearised about the fields, and frozen sine features, some hundred slow ones, stand for any
    change of the fields. With J the slopes of the scaled residuals r by the numbers, and M the projector on what no
    change of the fields makes up for, the numbers are off by (M J)⁺ r, and the covariance of that is

        (M J)⁺ diag(r_i² / (1 - h_i)) (M J)⁺ᵀ,     h_i the share of row i that is fitted,

    which takes the residuals for independent errors, of any size at every row: those of the measurements, where
    there are any. Rows of a constraint with a given standard deviation have that in place of their own residual, so
    that errors are those of chi-square: at one standard error χ² has grown by one. Nothing is squared that a QR or
    singular values can do without. Sources: White, A heteroskedasticity-consistent covariance matrix estimator,
    1980; MacKinnon and White, 1985, for the shares.

    The standard error of the mean of n numbers:

    >>> import torch
    >>> from sirenpde import Box, Field, LeastSquares, PointCloud, Problem, SineFeatures, Unknown, on, solve
    >>> box, c = Box(x=(0, 1)), Unknown("c", 0.0)
    >>> u = Field("u", box, SineFeatures(20, bandwidth=3.0))
    >>> seen = PointCloud([[0.2], [0.4], [0.6], [0.8]], box, {"u": [1.0, 2.0, 2.0, 3.0]})
    >>> flat = on(box, 50, name="flat")(lambda p: u(p))
    >>> mean = on(seen, name="seen")(lambda p: c(p) - seen["u"](p))
    >>> solution = solve(Problem(flat, mean), [LeastSquares()])
    >>> round(solution.unknowns["c"], 6), round(solution.standard_errors["c"], 3)
    (2.0, 0.408)
    """
    problem = system.problem
    if any(group.residual_slopes.is_wide for group in system.groups):
        return Determination(
            problem, None, {}, {}, (), (), {}
        )  # a matrix of a whole transform would fill the memory
    near, at = in_doubles(system, theta)
    problem = near.problem
    small = slow_system(near)
    batches = tuple(samples(small))
    # Affine constraints have the same slopes about any fields, and those found may be of very many numbers.
    about = (small, small.initial()) if problem.traits.affine else (near, at)
    matrix = tangent_fields(small, small.initial(), *about, batches).matrix
    if not bool(matrix.isfinite().all()):
        return Determination(problem, None, {}, {}, (), (), {})
    free = null_space(small, small.initial(), batches, matrix)
    if not problem.unknowns:
        return Determination(problem, free, {}, {}, (), (), {})
    return _numbers(small, near, at, batches, matrix, free)


def in_doubles(system: System, theta: Tensor) -> tuple[System, Tensor]:
    cpu = torch.device("cpu")
    networks = {u: copy.deepcopy(module) for u, module in system.parameters.networks.items()}
    near = System(system.problem, networks, cpu, torch.float64, system.scales)
    return near, theta.detach().to(cpu, torch.float64)


def slow_system(near: System) -> System:
    """The problem with frozen sines, some hundred slow ones, for all fields."""
    return near.with_networks({u: slow_features(near.problem, i) for i, u in enumerate(near.problem.fields)})


def slow_features(problem: Problem, i: int) -> torch.nn.Module:
    u, outputs = problem.fields[i], sum(v.outputs for v in problem.fields)
    count = max(min(LEAST, MOST // outputs), COLUMNS // outputs)
    periodic = tuple(u.position(axis) for axis in u.periodic)
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    return SineFeatures(count, BANDWIDTH).build(low, high, u.outputs, periodic, generator(i, 0))


def samples(system: System) -> Iterator[Batch]:
    """Two points a column of each group of constraints at most; all measurements, as long as these are thousands."""
    columns = column_count(system)
    counts = [
        min(
            g.samples or g.domain.size or 1,
            ROWS if g.data else 2 * columns,
            max(1, NODES // g.evaluator.nodes),
        )
        for g in system.groups
    ]
    rows = sum(
        n * sum(system.problem.requests[i].size for i in g.members)
        for n, g in zip(counts, system.groups, strict=True)
    )
    more = max(1.0, OVERSAMPLING * columns / rows)
    for group, count in zip(system.groups, counts, strict=True):
        infinite, whole = group.domain.size is None, group.samples or group.domain.size or 1
        scale = count * (more if infinite else 1.0) / whole
        if group.samples is None and scale < 1:  # of a finite domain, of which all points are used
            points, data = group.domain.draw(count, generator(1, -1))
            yield system.batch(points, {key: data[key] for key in group.data})
        else:
            yield draw_group(system, group, generator(1, -1), scale)


def _numbers(
    small: System, near: System, at: Tensor, batches: Sequence[Batch], matrix: Tensor, free: NullSpace | None
) -> Determination:
    unknowns = near.problem.unknowns
    names = [c.name for c in unknowns]
    values = near.parameters.numbers(at)
    speeds = _speeds(unknowns, at[near.parameters.numbers_slice])
    by_field, by_number = matrix[:, : -len(unknowns)], matrix[:, -len(unknowns) :] / speeds
    basis = span(by_field * column_units(small))
    left = by_number - basis @ (basis.T @ by_number)
    unfelt, together = _undetermined(by_field, by_number, small, batches, values, names)
    known = [i for i, name in enumerate(names) if name not in (*unfelt, *together)]
    errors, correlations = {name: math.inf for name in names}, {}
    if known:
        residual = near.vector(at, batches)
        unmatched = left[:, known]
        size = unmatched.norm(dim=0).clamp(min=1e-300)
        q, r = torch.linalg.qr(unmatched / size)
        leverage = (basis.square().sum(1) + q.square().sum(1)).clamp(max=LEVERAGE)
        told = residual / (1 - leverage).sqrt()
        given = _deviations(near, batches)
        spread = torch.where(given > 0, given, told) * _shares(small, batches).sqrt()
        inverse = torch.linalg.solve_triangular(r, q.T * spread, upper=True) / size[:, None]
        deviation = inverse.square().sum(1).sqrt()
        errors |= {names[i]: float(d) for i, d in zip(known, deviation, strict=True)}
        covariance = inverse @ inverse.T
        scale = covariance.diagonal().sqrt().clamp(min=1e-300)
        matrix_of = covariance / scale / scale[:, None]
        correlations = {
            (names[a], names[b]): float(matrix_of[i, j])
            for i, a in enumerate(known)
            for j, b in enumerate(known)
            if i < j
        }
    by_name = dict(zip(names, values.tolist(), strict=True))
    return Determination(near.problem, free, by_name, errors, unfelt, together, correlations)


def _undetermined(
    by_field: Tensor,
    by_number: Tensor,
    small: System,
    batches: Sequence[Batch],
    values: Tensor,
    names: Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The numbers that no residual feels once the fields follow, and those of which only a combination is felt.

    A number changes by its own size, and residuals count in units of their slow terms.
    """
    rows = row_units(small, batches)[:, None]
    basis = span(rows * by_field * column_units(small))
    pairs = zip(small.problem.unknowns, values.tolist(), strict=True)
    effect = rows * by_number * values.new_tensor([_size(c, value) for c, value in pairs])
    left = effect - basis @ (basis.T @ effect)
    sizes = left.norm(dim=0)
    felt = sizes > FELT
    unfelt = tuple(name for name, yes in zip(names, felt.tolist(), strict=True) if not yes)
    felt_numbers = [i for i, yes in enumerate(felt.tolist()) if yes]
    if len(felt_numbers) < 2:
        return unfelt, ()
    _, singular, directions = torch.linalg.svd(
        left[:, felt_numbers] / sizes[felt_numbers], full_matrices=False
    )
    flat = (
        directions[singular < APART].abs().amax(0)
        if bool((singular < APART).any())
        else sizes.new_zeros(len(felt_numbers))
    )
    return unfelt, tuple(names[felt_numbers[i]] for i in range(len(felt_numbers)) if float(flat[i]) > 0.1)


def _size(c: Unknown, value: float) -> float:
    """How much a number changes: by its own size, or that of its start, or by 1 where both are nothing."""
    size = max(abs(value), abs(c.initial))
    return size if size > ROUNDED else 1.0


def _deviations(system: System, batches: Sequence[Batch]) -> Tensor:
    """The standard deviation of every scaled row, where it was given; 0 elsewhere."""
    rows = []
    for group, batch in system.paired(batches):
        for index, i in enumerate(group.members):
            scale = system.row_scale(i, batch, index) * system.problem.constraints[i].is_measured
            rows.append(scale.expand(len(batch), system.problem.requests[i].size).flatten())
    return torch.cat(rows)


def _shares(system: System, batches: Sequence[Batch]) -> Tensor:
    """How many of the declared samples each row stands for, inverted: fewer of them are less certain."""
    shares = []
    for group, batch in zip(system.groups, batches, strict=True):
        rows = len(batch) * sum(system.problem.requests[i].size for i in group.members)
        whole = group.samples or group.domain.size or len(batch)
        shares.append(batch.points.new_full((rows,), len(batch) / whole))
    return torch.cat(shares)


def _speeds(unknowns: Sequence[Unknown], raw: Tensor) -> Tensor:
    """The derivatives of the numbers by their unconstrained parameters."""
    leaf = raw.detach().clone().requires_grad_()
    with torch.enable_grad():
        total = torch.stack([c.value(q) for c, q in zip(unknowns, leaf.unbind(), strict=True)]).sum()
        speeds: Tensor = torch.autograd.grad(total, leaf)[0]
    return speeds


def can_tell(system: System) -> bool:
    """Whether ``determination`` can be asked: every loss is a sum of squares, and the features are not too many.

    And no field is another one for each sample.
    """
    if any(reads_of(network) for network in system.parameters.networks.values()):
        return False
    outputs = sum(u.outputs for u in system.problem.fields)
    return all(c.loss.is_square for c in system.problem.constraints) and outputs <= MOST // 20


def left_open(system: System, theta: Tensor) -> list[str]:
    """What the constraints do not determine near the fields found, a paragraph each; none for most problems."""
    if not can_tell(system) or not bool(theta.isfinite().all()):
        return []
    return list(determination(system, theta).describe())
