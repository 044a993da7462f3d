"""Frozen features on trial: the fields fitted with so many, so fast, and how well these predict other rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NoReturn

from torch import Tensor, nn

from ...calculus.field import Field
from ...diagnosis.scales import axis_scales
from ...linear.affine_solve import is_affine_at, solve_affine
from ...linear.dense_rows import DenseEquations, check_memory, column_count, dense_bytes, tangent_fields
from ...linear.newton import DAMPED, NOISY, newton
from ...linear.null_space import NullSpace, null_space
from ...linear.qr import Factor, solve_dense
from ...linear.steps import FactoredSteps
from ...networks.polar import AroundPoints
from ...networks.recipe import Recipe
from ...networks.sine_features import SineFeatures
from ...residuals import Batch, Group, NotFinite, System
from ...residuals.unfit import MEMORY_LIMIT
from ...sampling.drawing import FIXED, HELD_OUT, generator
from ...sampling.ends import draw_group
from ...sampling.refinement import singular_planes
from .search_policy import SEARCH, SearchPolicy


@dataclass(frozen=True)
class Shape:
    """What a search chooses: how many features, how fast along each axis, of how many axes each; and whether some are
    at points that a smooth solution does not need them at."""

    count: int
    bandwidth: tuple[tuple[str, float], ...]  # by the axes' names
    interaction: int | None = None
    everywhere: bool = False

    def recipe(self, u: Field, declared: SineFeatures) -> SineFeatures:
        """A field's recipe with what it leaves open filled in."""
        count = min(declared.count or self.count, self.count)
        points = [replace(s, tried=False) for s in declared.singular if self.everywhere or not s.tried]
        declared = replace(declared, singular=tuple(points))
        if declared.bandwidth is not None:
            return replace(declared, count=count)
        by_name = dict(self.bandwidth)
        bandwidths = tuple(by_name[axis.name] for axis in u.axes)
        interaction = declared.interaction or self.interaction
        return replace(declared, count=count, bandwidth=bandwidths, interaction=interaction)

    def faster(self, factor: float, axes: Sequence[str]) -> Shape:
        """With the bandwidths along these axes multiplied."""
        changed = ((axis, float(f"{b * factor:.3g}") if axis in axes else b) for axis, b in self.bandwidth)
        return replace(self, bandwidth=tuple(changed))

    def larger(self, count: int, power: float) -> Shape:
        """With more features; ``power`` 1 keeps their density among the frequencies, 0 the bandwidths."""
        factor = (count / self.count) ** (power / max(1, len(self.bandwidth)))
        return replace(self.faster(factor, [axis for axis, _ in self.bandwidth]), count=count)


@dataclass(frozen=True)
class FeatureTrial:
    """Features, the fields fitted with them, and how well these predict rows that they were not fitted to."""

    shape: Shape
    recipes: Mapping[Field, SineFeatures]
    system: System
    theta: Tensor
    rows: int
    held_out: float  # relative to that of vanishing fields


@dataclass(frozen=True)
class TrialRecord:
    """What a checkpoint holds of a trial; ``curved`` as in ``Trials``."""

    held_out: float
    theta: Tensor
    curved: tuple[int, ...]


@dataclass(frozen=True)
class _Samples:
    fitted: tuple[Batch, ...]
    others: tuple[Batch, ...]
    unit: float  # the residual of vanishing fields on the others


class OutOfTime(Exception):
    """The deadline ends a search here; what comes before does not depend on it."""


def is_open_sines(recipe: object) -> bool:
    """Whether a recipe leaves its size to the solver."""
    return isinstance(recipe, SineFeatures) and recipe.is_open


@dataclass(frozen=True)
class Trials:
    """A problem whose fields are fitted with features of one shape after the other.

    ``base`` has the networks of all other fields; ``open_recipes`` leave something open; ``others`` are the
    parameters of the other networks and the unknown numbers, which every fit starts from.
    """

    base: System
    build: Callable[[Field, Recipe | nn.Module], nn.Module]
    seed: int
    scale: float  # multiplies the number of samples
    deadline: float  # of time.monotonic()
    tolerance: float
    open_recipes: Mapping[Field, SineFeatures]
    others: Mapping[Hashable, Tensor]
    policy: SearchPolicy = SEARCH
    drawn: dict[int, _Samples] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)  # that the last trial with so many columns took
    curved: list[int] = field(default_factory=list)  # columns where constraints that seemed affine were not
    # Columns of trials that were compared with what was foreseen.
    checked: set[int] = field(default_factory=set)
    made: list[FeatureTrial | None] = field(default_factory=list)
    # Of trials, those before a checkpoint first; None for one whose matrix would have been too large.
    records: list[TrialRecord | None] = field(default_factory=list)

    def fit(self, shape: Shape, near: FeatureTrial | None, free: NullSpace | None) -> FeatureTrial | None:
        """The fields with these features, or None where the matrix would be too large.

        Constraints that are not affine are solved by Newton's method, from the fields of ``near`` if given. The
        fields have no part of the directions ``free``. What was made before a checkpoint is not made again.

        Raises OutOfTime where the deadline would be passed. Nothing else depends on the clock.
        """
        if len(self.made) < len(self.records):
            trial = self._again(shape)
        else:
            if not self.has_time(shape.count * self.outputs):
                raise OutOfTime
            trial = self._new(shape, near, free)
        self.made.append(trial)
        return trial

    def _new(self, shape: Shape, near: FeatureTrial | None, free: NullSpace | None) -> FeatureTrial | None:
        started, system = time.monotonic(), self.system(shape)
        samples = self.samples(system)
        if dense_bytes(system, samples.fitted) > MEMORY_LIMIT:
            self.records.append(None)
            return None
        theta = self._solved(system, samples, near, free)
        trial = FeatureTrial(
            shape,
            self.recipes(shape),
            system,
            theta,
            system.row_count(samples.fitted),
            self.judged(system, theta),
        )
        self.seconds[shape.count * self.outputs] = time.monotonic() - started
        self.records.append(TrialRecord(trial.held_out, theta, tuple(self.curved)))
        return trial

    def _again(self, shape: Shape) -> FeatureTrial | None:
        """A trial from its record."""
        record = self.records[len(self.made)]
        if record is None:
            return None
        system = self.system(shape)
        self.curved[:] = record.curved
        rows = system.row_count(self.samples(system).fitted)
        theta = record.theta.to(device=system.device, dtype=system.dtype)
        return FeatureTrial(shape, self.recipes(shape), system, theta, rows, record.held_out)

    def judged(self, system: System, theta: Tensor) -> float:
        """The residual on points that nothing was fitted to, relative to that of vanishing fields."""
        samples = self.samples(system)
        residual = math.sqrt(system.unmet(theta, samples.others)) / samples.unit
        return residual if math.isfinite(residual) else math.inf

    def recipes(self, shape: Shape) -> dict[Field, SineFeatures]:
        return {u: shape.recipe(u, recipe) for u, recipe in self.open_recipes.items()}

    def system(self, shape: Shape) -> System:
        """The problem with these features in place of those that are open."""
        built = {u: self.build(u, recipe) for u, recipe in self.recipes(shape).items()}
        return self.base.with_networks({**self.base.parameters.networks, **built})

    def has_time(self, columns: int) -> bool:
        """Whether a trial would end before the deadline; the first ones are made until one is finite."""
        if not self.seconds or not any(trial and math.isfinite(trial.held_out) for trial in self.made):
            return True
        known = max(self.seconds)
        return time.monotonic() + self.seconds[known] * max(1.0, columns / known) ** 3 <= self.deadline

    def _solved(
        self, system: System, samples: _Samples, near: FeatureTrial | None, free: NullSpace | None
    ) -> Tensor:
        start, batches = self.start(system), samples.fitted
        columns = column_count(system)
        held = None if free is None else free.rows(system, start)
        if self.affine:
            affine = solve_affine(system, start, batches, held)
            if columns in self.checked or is_affine_at(system, affine.theta, batches):
                self.checked.add(columns)
                return affine.theta
            self.curved.append(columns)
        if near is None:
            for eased in system.eased():
                first = DenseEquations(eased, start, batches)
                start = self._newton(first, first.start, None, 15, samples.unit)
            equations = DenseEquations(system, start, batches)
            return self._newton(equations, equations.start, None, 15, samples.unit)
        linear = tangent_fields(system, start, near.system, near.theta, batches, held)
        damping = DAMPED.of(min(1.0, near.held_out), 1.0)
        # Numbers count by their change, so that those which nothing determines stay where they are.
        known = linear.matrix.new_zeros(linear.matrix.shape[1])
        known[len(known) - len(system.parameters.unknowns) :] = near.theta[
            near.system.parameters.numbers_slice
        ]
        solved = solve_dense(linear.matrix, linear.target - linear.matrix @ known, damping)
        equations = DenseEquations(system, start, batches, held)
        return self._newton(equations, solved.x + known, solved.factor, 2, samples.unit)

    def _newton(
        self, equations: DenseEquations, x: Tensor, factor: Factor | None, iterations: int, unit: float
    ) -> Tensor:
        steps = FactoredSteps(factor)
        damping = NOISY if self.base.scales.measured else DAMPED
        solved = newton(equations, x, steps, damping, iterations, self.tolerance, unit)
        return equations.theta(solved.x)

    def start(self, system: System) -> Tensor:
        """The first parameters of the new networks, and the others' as they are."""
        theta = system.initial()
        for key, known in self.others.items():
            theta[system.parameters.slices[key]] = known
        return theta

    def samples(self, system: System) -> _Samples:
        columns = column_count(system)
        if columns not in self.drawn:
            fitted = self.draw(system, columns)
            counts = zip(system.groups, fitted, strict=True)
            random = generator(self.seed, HELD_OUT)
            others = tuple(
                system.draw_group(group, random, len(batch) / _points(group)) for group, batch in counts
            )
            self.drawn[columns] = _Samples(fitted, others, system.norm_of_nothing(others))
        return self.drawn[columns]

    def draw(self, system: System, columns: int) -> tuple[Batch, ...]:
        """At most so many points a column of each group of constraints, and in all enough rows for the columns.

        All points, where features at singular points are to be told from each other near these.
        """
        networks = list(system.parameters.networks.values())
        each = self.policy.about_holes if any(map(_winds_about_holes, networks)) else self.policy.points
        share = math.inf if singular_planes(networks) else each * columns
        wanted = [self.scale * min(1.0, share / _points(group)) for group in system.groups]
        rows = sum(
            scale * _points(group) * sum(system.problem.requests[i].size for i in group.members)
            for scale, group in zip(wanted, system.groups, strict=True)
        )
        more, random = max(1.0, self.policy.oversampling * columns / rows), generator(self.seed, FIXED)
        pairs = zip(system.groups, wanted, strict=True)
        return tuple(draw_group(system, group, random, more * scale) for group, scale in pairs)

    @property
    def affine(self) -> bool:
        return self._seems_affine and not self.curved

    @cached_property
    def _seems_affine(self) -> bool:
        return self.base.problem.traits.affine

    @cached_property
    def proportions(self) -> dict[str, float]:
        """How fast axes are beside each other, their geometric mean being one; empty where they are alike."""
        axes = {
            axis.name
            for u, recipe in self.open_recipes.items()
            if recipe.bandwidth is None
            for axis in u.axes
        }
        needed = {
            scale.name: scale.half * (scale.fastest if self._seems_affine else scale.bandwidth)
            + self.policy.margin
            for scale in axis_scales(self.base.problem)
            if scale.name in axes
        }
        if not needed or max(needed.values()) < self.policy.uneven * min(needed.values()):
            return {}
        mean = math.prod(needed.values()) ** (1 / len(needed))
        return {name: radians / mean for name, radians in needed.items()}

    @property
    def outputs(self) -> int:
        return sum(u.outputs for u in self.open_recipes)

    def undetermined(self, best: FeatureTrial) -> NullSpace | None:
        """Directions of the fields that the residuals hardly see, among features that can tell the smooth ones."""
        count = max(best.shape.count, round(self.policy.look_columns / self.outputs))
        faster = tuple((axis, max(b, self.policy.look_bandwidth)) for axis, b in best.shape.bandwidth)
        system = self.system(replace(best.shape, count=count, bandwidth=faster))
        start, batches = self.start(system), self.samples(system).fitted
        if self.affine:
            return null_space(system, start, batches)
        matrix = tangent_fields(system, start, best.system, best.theta, batches).matrix
        return null_space(system, start, batches, matrix)

    def refuse(self, shape: Shape) -> NoReturn:
        """No trial, of this shape to begin with, gave finite residuals: say whether it is too large, or where."""
        system = self.system(shape)
        check_memory(system, self.samples(system).fitted)
        system.check_finite(self.start(system), self.samples(system).others)
        raise NotFinite(
            "LeastSquares() found no fields with finite residuals: they are finite for vanishing fields, and stop "
            "being so on the way. Look for a root, a logarithm or a division by the fields; GaussNewton() takes "
            "shorter steps."
        )


def _winds_about_holes(network: nn.Module) -> bool:
    return isinstance(network, AroundPoints) and network.winds_about_holes


def _points(group: Group) -> int:
    return group.samples or group.domain.size or 1
