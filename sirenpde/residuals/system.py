"""The residuals of a problem with given networks, as functions of one flat parameter vector."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.components import flat
from ..calculus.field import Field
from ..geometry.domain import Domain
from ..geometry.pairs import OTHER
from ..problem.problem import Problem
from ..problem.scaling import Scales, scales_of
from ..problem.thickened import thickened
from .batch import Batch, Parameters
from .chunks import Work, chunked, mapped, summed
from .evaluator import Evaluator, evaluate
from .linearise import Rows, linearise, linearise_at
from .slopes import LossSlopes, PointLoss, ResidualSlopes

# Points whose rows are made together: on a CPU so that a row is written once while in a cache.
JACOBIAN_CHUNK, GPU_JACOBIAN_CHUNK = 512, 8192


@dataclass(frozen=True)
class Group:
    """Constraints that share their samples, and so one pass through the networks."""

    domain: Domain
    samples: int | None
    members: tuple[int, ...]  # positions among the problem's constraints
    index: Tensor  # the same, as a tensor to index with
    data: tuple[str, ...]
    evaluator: Evaluator
    loss_slopes: LossSlopes
    residual_slopes: ResidualSlopes


@dataclass(frozen=True)
class Evaluation:
    """The objective's weighted terms, one per constraint, and its gradient."""

    terms: Tensor
    gradient: Tensor

    @property
    def loss(self) -> Tensor:
        return self.terms.sum()


@dataclass(frozen=True)
class _Linearised:
    """A chunk's residuals as functions of its jets: for each component its places among all rows, its values, its
    rows' scales (n, 1) or (1, 1), and its slopes by the numbers and by every jet."""

    group: Group
    weights: Sequence[Any]
    tapes: Sequence[Any]
    components: Sequence[tuple[slice, Tensor, Tensor, tuple[Tensor, list[Tensor]]]]


class NotFinite(ArithmeticError):
    """A residual that is not a finite number; the message names the constraint and the point."""


class System:
    """The residuals of a problem with given networks, as functions of one flat parameter vector.

    Everything here is a pure function of ``theta`` and the batches; nothing is stored between calls. In the
    objective, and in rows, residuals count in units of their own constraint, as ``scales`` says, the problem's own if
    left out; the fields are units of theirs times the networks. ``groups`` are those of a system that differs in its
    networks alone: what was recorded of the constraints there is not recorded again.
    """

    def __init__(
        self,
        problem: Problem,
        networks: Mapping[Field, nn.Module],
        device: torch.device,
        dtype: torch.dtype,
        scales: Scales | None = None,
        groups: Sequence[Group] = (),
    ):
        self.problem = problem
        self.scales = scales_of(problem) if scales is None else scales
        self.device = device
        self.dtype = dtype
        modules = {u: networks[u].to(device=device, dtype=dtype) for u in problem.fields}
        self.parameters = Parameters(modules, problem.unknowns, self.scales.units)
        # What is recorded of the constraints does not depend on the networks, and takes long to record.
        self.groups = tuple(self._groups(groups))

    def _groups(self, known: Sequence[Group]) -> Iterator[Group]:
        shared: dict[tuple[int, int | None], list[int]] = {}
        for i, constraint in enumerate(self.problem.constraints):
            shared.setdefault((id(constraint.domain), constraint.samples), []).append(i)
        for number, members in enumerate(shared.values()):
            first = self.problem.constraints[members[0]]
            asked = [self.problem.requests[i] for i in members]
            evaluator = Evaluator(
                [self.problem.constraints[i].residual for i in members],
                asked,
                tuple(axis.name for axis in first.domain.axes),
                self.parameters,
            )
            data = tuple(dict.fromkeys(key for requests in asked for key in requests.data))
            if known:
                losses, residuals = known[number].loss_slopes, known[number].residual_slopes
            else:
                losses = LossSlopes(evaluator, [self.point_loss(i) for i in members])
                residuals = ResidualSlopes(evaluator)
            index = torch.tensor(members, device=self.device)
            yield Group(
                first.domain,
                first.samples,
                tuple(members),
                index,
                data,
                evaluator,
                losses,
                residuals,
            )

    def with_networks(self, networks: Mapping[Field, nn.Module]) -> System:
        """The same problem, in the same units, with other networks."""
        return System(self.problem, networks, self.device, self.dtype, self.scales, self.groups)

    def eased(self) -> list[System]:
        """With measurements that count as much as equations, and then less, from which Newton's method begins.

        Where equations are far firmer, each of its steps is as short as they are curved. None without measurements.
        """
        networks = self.parameters.networks
        return [
            System(self.problem, networks, self.device, self.dtype, scales) for scales in self.scales.eased
        ]

    def thickened(self, factor: float) -> System | None:
        """The easier problem of ``problem.thickened``, in the same units; None where there is none."""
        problem = thickened(self.problem, factor)
        if problem is None:
            return None
        return System(problem, self.parameters.networks, self.device, self.dtype, self.scales)

    @property
    def sizes(self) -> dict[Field, float]:
        """About how large the values of every network are."""
        return {u: self.scales.sizes[u] / unit for u, unit in self.parameters.units.items()}

    def row_weight(self, i: int) -> float:
        """What the square of a constraint's residual counts in the objective: its weight, over its unit squared."""
        constraint = self.problem.constraints[i]
        return constraint.weight / self.scales.row_unit(constraint.name) ** 2

    def initial(self) -> Tensor:
        return self.parameters.initial().to(device=self.device, dtype=self.dtype)

    def draw(self, generator: torch.Generator, scale: float = 1.0) -> tuple[Batch, ...]:
        """Samples for every group; ``scale`` multiplies how many, except where all points are used."""
        return tuple(self.draw_group(group, generator, scale) for group in self.groups)

    def draw_group(self, group: Group, generator: torch.Generator, scale: float = 1.0) -> Batch:
        count = None if group.samples is None else max(1, round(group.samples * scale))
        points, data = group.domain.draw(count, generator)
        return self.batch(points, {key: data[key] for key in group.data})

    def batch(self, points: Tensor, data: Mapping[str, Tensor]) -> Batch:
        """Samples in the run's precision, on its device."""
        convert = {key: self._convert(value) for key, value in data.items()}
        there = points.to(device=self.device, dtype=self.dtype)
        if OTHER in convert and bool((convert[OTHER] == there).all(1).any()):
            raise ValueError(
                f"Both sides of an interface are one point in {str(self.dtype).removeprefix('torch.')}, so that no "
                f"jump shows; expected float64. Solve in that precision: --dtype float64."
            )
        return Batch(there, convert)

    def _convert(self, value: Tensor) -> Tensor:
        dtype = self.dtype.to_complex() if value.is_complex() else self.dtype
        return value.to(device=self.device, dtype=dtype)

    def gradient(self, theta: Tensor, batches: Sequence[Batch]) -> Evaluation:
        """The objective's terms and gradient, chunk by chunk: memory does not grow with the points."""
        theta = theta.detach()
        terms = theta.new_zeros(len(self.problem.constraints))
        gradient = torch.zeros_like(theta)

        def work() -> Iterator[Work]:
            for group, batch in self.paired(batches):
                weights, share = group.evaluator.load(theta), 1 / len(batch)
                add = partial(self._add_chunk, group, weights, share, theta, terms, gradient)
                yield add, batch, group.evaluator.chunk(self.device)

        return Evaluation(*summed(work(), (terms, gradient)))

    def paired(self, batches: Sequence[Batch]) -> Iterator[tuple[Group, Batch]]:
        """Every group of constraints with its samples, but for those without any."""
        return (pair for pair in zip(self.groups, batches, strict=True) if len(pair[1]))

    def _add_chunk(
        self,
        group: Group,
        weights: Sequence[Any],
        share: float,
        theta: Tensor,
        terms: Tensor,
        gradient: Tensor,
        chunk: Batch,
    ) -> None:
        jets, tapes = group.evaluator.jets(weights, chunk)
        raw = theta[self.parameters.numbers_slice]
        sums, slopes, by_number = group.loss_slopes(chunk, jets, raw)
        terms[group.index] += share * sums
        gradient[self.parameters.numbers_slice] += share * by_number
        for (u, engine), w, tape, slope in zip(
            group.evaluator.engines.items(), weights, tapes, slopes, strict=True
        ):
            engine.backward(w, tape, share * slope, gradient[self.parameters.slices[u]])

    def point_loss(self, i: int) -> PointLoss:
        """A constraint's residuals (n, m) -> the weighted losses of its points (n,), whose mean is its term."""
        constraint = self.problem.constraints[i]
        factor = 1 / self.scales.row_unit(constraint.name)
        return lambda residuals: constraint.weight * constraint.loss.pointwise(factor * residuals)

    def residuals(self, theta: Tensor, batches: Sequence[Batch]) -> list[Tensor]:
        """Every constraint's residuals as real components, (n, m), unweighted, in the problem's order."""
        sizes = enumerate(self.problem.requests)
        by_constraint = {i: theta.new_zeros(0, requests.size) for i, requests in sizes}
        for group, batch in self.paired(batches):
            values = evaluate(group.evaluator, theta, batch, self.device)
            by_constraint.update(zip(group.members, map(flat, values), strict=True))
        return [by_constraint[i] for i in range(len(self.problem.constraints))]

    def losses(self, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
        """The objective's weighted terms, one per constraint, without gradients."""
        residuals = self.residuals(theta, batches)
        terms = theta.new_zeros(len(residuals))
        for group, batch in self.paired(batches):
            for index, i in enumerate(group.members):
                points = self.point_loss(i)(residuals[i])
                terms[i] = (points if batch.weights is None else batch.weights[:, index] * points).mean()
        return terms

    def unmet(self, theta: Tensor, batches: Sequence[Batch]) -> float:
        """The objective without the terms of priors: what is left of the constraints that have to vanish."""
        return self.without_priors(self.losses(theta, batches))

    def without_priors(self, terms: Tensor) -> float:
        """The sum of an objective's terms (constraints,) but for those of priors."""
        problem = self.problem
        if not problem.has_priors:
            return float(terms.sum())
        kept = [i for i, constraint in enumerate(problem.constraints) if not constraint.is_prior]
        return float(terms[kept].sum())

    def losses_of_nothing(self, batches: Sequence[Batch]) -> Tensor:
        """The same terms for fields that vanish with all their derivatives: a scale to compare them with."""
        numbers = self.parameters.numbers(self.initial())
        terms = numbers.new_zeros(len(self.problem.constraints))
        for group, batch in self.paired(batches):
            evaluator = group.evaluator
            zero = [
                numbers.new_zeros(len(evaluator.asked[u]), len(batch), u.outputs) for u in evaluator.fields
            ]
            for index, (i, value) in enumerate(
                zip(group.members, evaluator.over(batch, zero, numbers), strict=True)
            ):
                points = self.point_loss(i)(flat(value))
                terms[i] = (points if batch.weights is None else batch.weights[:, index] * points).mean()
        return terms

    def norm_of_nothing(self, batches: Sequence[Batch]) -> float:
        """The root of the objective of vanishing fields, a unit for others; where they have none, that of residuals
        as large as their constraints' terms."""
        size = math.sqrt(float(self.losses_of_nothing(batches).sum()))
        if 0 < size < math.inf:
            return size
        names = [constraint.name for constraint in self.problem.constraints]
        sizes = [self.scales.constraints[name] for name in names]
        return math.sqrt(sum(self.row_weight(i) * size**2 for i, size in enumerate(sizes)))

    def row_count(self, batches: Sequence[Batch]) -> int:
        """How many real components the residuals have on these samples together."""
        pairs = self.paired(batches)
        return sum(
            self.problem.requests[i].size * len(batch) for group, batch in pairs for i in group.members
        )

    def vector(self, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
        """All residual components (N,), scaled by sqrt(row weight / samples): the sum of their squares is the
        objective. Meaningful where every loss is ``l2``.

        Group by group, and in it constraint by constraint, point by point.
        """
        theta = theta.detach()
        rows: list[Tensor] = []
        for group, batch in self.paired(batches):
            rows += [
                (values * self.row_scale(group.members[index], batch, index)).flatten()
                for index, values in enumerate(self._values(group, batch, theta))
            ]
        return torch.cat(rows)

    def _values(self, group: Group, batch: Batch, theta: Tensor) -> list[Tensor]:
        """The residuals of a group's constraints as real components, each (n, m)."""
        evaluator, raw = group.evaluator, theta[self.parameters.numbers_slice]
        weights = evaluator.load(theta)
        return mapped(
            lambda chunk: group.residual_slopes.values(chunk, evaluator.jets(weights, chunk)[0], raw),
            batch,
            evaluator.chunk(self.device),
        )

    def jacobian(
        self, theta: Tensor, batches: Sequence[Batch], of: Sequence[Field] | None = None
    ) -> tuple[Tensor, Tensor]:
        """``vector`` (N,) and its derivative by theta (N, P), from the engines' way back without its sum.

        Filled chunk by chunk: the memory is that of the matrix, and one chunk's share once more. By the parameters of
        some fields, and the unknown numbers, alone, where ``of`` says which.
        """
        theta, fields = theta.detach(), tuple(self.parameters.networks if of is None else of)
        rows, columns = self.row_count(batches), sum(len(self.parameters.of(u, theta)) for u in fields)
        vector = theta.new_empty(rows)
        matrix = theta.new_empty(rows, columns + len(self.parameters.unknowns))
        for place, values, block in self.jacobian_blocks(theta, batches, of=fields):
            vector[place], matrix[place] = values, block
        return vector, matrix

    def jacobian_blocks(
        self,
        theta: Tensor,
        batches: Sequence[Batch],
        most: int | None = None,
        of: Sequence[Field] | None = None,
    ) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """The same in blocks of at most ``most`` rows: where they stand, their part of ``vector``, and the rows."""
        theta, columns, width = theta.detach(), {}, 0
        for u in self.parameters.networks if of is None else of:
            columns[u] = slice(width, width + len(self.parameters.of(u, theta)))
            width = columns[u].stop
        most = most or (JACOBIAN_CHUNK if self.device.type == "cpu" else GPU_JACOBIAN_CHUNK)
        for linearised in self._linearised(theta, batches, most):
            evaluator, weights = linearised.group.evaluator, linearised.weights
            made = []  # all of them before the engines are asked again, which may be where a block is used
            for place, values, factor, (by_number, by_jet) in linearised.components:
                rows = theta.new_zeros(len(values), width + by_number.shape[1])
                rows[:, width:] = by_number * factor
                for (u, engine), w, tape, slope in zip(
                    evaluator.engines.items(), weights, linearised.tapes, by_jet, strict=True
                ):
                    if u in columns:
                        engine.backward(w, tape, slope * factor, rows[:, columns[u]])
                made.append((place, values * factor[:, 0], rows))
            yield from made

    def pull_back(self, theta: Tensor, batches: Sequence[Batch], cotangent: Tensor) -> Tensor:
        """The transposed Jacobian of ``vector`` times a cotangent (N,), (P,), without any of its rows."""
        theta = theta.detach()
        gradient = torch.zeros_like(theta)
        for linearised in self._linearised(theta, batches):
            evaluator, weights = linearised.group.evaluator, linearised.weights
            total: list[Tensor] = []
            for place, _, factor, (by_number, by_jet) in linearised.components:
                pull = cotangent[place, None] * factor
                gradient[self.parameters.numbers_slice] += (by_number * pull).sum(0)
                parts = [slope * pull for slope in by_jet]
                total = [a + b for a, b in zip(total, parts, strict=True)] if total else parts
            for (u, engine), w, tape, slope in zip(
                evaluator.engines.items(), weights, linearised.tapes, total, strict=True
            ):
                engine.backward(w, tape, slope, gradient[self.parameters.slices[u]])
        return gradient

    def _linearised(
        self, theta: Tensor, batches: Sequence[Batch], most: int | None = None
    ) -> Iterator[_Linearised]:
        """The slopes of all residual components by the jets, chunk by chunk."""
        raw, first = theta[self.parameters.numbers_slice], 0
        for group, batch in self.paired(batches):
            weights, size = group.evaluator.load(theta), group.evaluator.chunk(self.device)
            sizes = [self.problem.requests[i].size for i in group.members]
            scales = [self.row_scale(i, batch, index) for index, i in enumerate(group.members)]
            for samples, chunk in chunked(batch, min(size, most or size)):
                jets, tapes = group.evaluator.jets(weights, chunk)
                values, slopes = group.residual_slopes.slopes(chunk, jets, raw)
                places, start = [], first
                factors: list[Tensor] = []
                for width, scale in zip(sizes, scales, strict=True):
                    block = range(start + samples.start * width, start + samples.stop * width)
                    places += [slice(block.start + m, block.stop, width) for m in range(width)]
                    factors += [scale[samples] if len(scale) > 1 else scale] * width
                    start += len(batch) * width
                components = zip(places, values.unbind(1), factors, slopes, strict=True)
                yield _Linearised(group, weights, tapes, list(components))
            first += len(batch) * sum(sizes)

    def row_scale(self, i: int, batch: Batch, index: int) -> Tensor:
        """sqrt(row weight / samples) for each row of constraint ``i``, (n, 1), or (1, 1) where all are equal.

        ``index`` is the constraint's among those that share the batch.
        """
        share = self.row_weight(i) / len(batch)
        if batch.weights is None:
            return torch.full((1, 1), share**0.5, dtype=self.dtype, device=self.device)
        return (share * batch.weights[:, index, None]).sqrt()

    def linear_rows(self, batches: Sequence[Batch], at: Tensor | None = None) -> Iterator[Rows]:
        """Each constraint's residuals as affine functions of the jets.

        About the zero field, which is exact where the problem is affine; or about the fields of the parameters
        ``at``, where the offset is the residual and the slopes apply to changes of the jets.
        """
        for group, batch in self.paired(batches):
            if at is None:
                for index, i in enumerate(group.members):
                    yield linearise(group.evaluator, index, i, batch, self.sizes)
            else:
                yield from linearise_at(
                    group.evaluator, group.residual_slopes, group.members, batch, at, self.device
                )

    def check_finite(self, theta: Tensor, batches: Sequence[Batch]) -> None:
        """Raise ``NotFinite``, naming the first constraint and point, if a residual is not finite."""
        for group, batch in self.paired(batches):
            values = evaluate(group.evaluator, theta, batch, self.device)
            for i, value in zip(group.members, values, strict=True):
                bad = ~flat(value).isfinite().all(1)
                if bad.any():
                    place = batch.points[int(bad.nonzero()[0])]
                    where = ", ".join(
                        f"{a} = {x:.6g}" for a, x in zip(group.evaluator.axes, place.tolist(), strict=True)
                    )
                    raise NotFinite(
                        f"The residual of constraint '{self.problem.constraints[i].name}' is not finite at {where}."
                    )
