"""The search for frozen features: how fast along each axis, of how many axes each, and how many."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from torch import Tensor

from ...calculus.field import Field
from ...networks.sine_features import SineFeatures
from ...residuals import Batch, Group, NotFinite, System, is_affine
from ..stage import HELD_OUT, MEMORY_LIMIT, State, TooLarge, generator
from .dense_rows import assemble, column_count, memory, store, tangent_fields
from .dense_solve import DAMPING, solve_dense
from .edge_points import draw_group
from .newton import FIRST_DAMPING, newton
from .null_space import NullSpace, null_space

COLUMNS = (200, 400, 800, 1600, 2400, 3600, 4800)
CHEAP = 900  # columns up to which a solve takes some tenths of a second, so that alternatives are tried
COSTLY = 1600  # columns beyond which a solve takes several seconds
OVERSAMPLING = 2.5  # rows to columns in a trial, at least where the domain has points enough
PREDICTS = 0.3  # a relative held-out residual below which comparisons mean something
CLEAR = 0.9  # a trial is better where its held-out residual is so much smaller; less may be chance
SLOWER = 0.6  # and so much where its band is narrower, since that makes the coefficients large
ALIKE = 0.9  # of a scan, where the next bandwidth is no longer better
STEP = 1.5  # between bandwidths along one axis
SWIFT = 0.1  # a fall after which the axes' bandwidths are left as they are
FALLS = 0.5  # what more features must make of the held-out residual
FAST = 0.125  # and what twice as many must have made of it, for a further trial that is costly
LOOK, LOOK_BANDWIDTH = (
    300,
    8.0,
)  # the least columns, and bandwidth, to look for what the constraints leave open
CONTENT = 10.0  # times the tolerance: enough where a further trial would take seconds


@dataclass(frozen=True)
class Shape:
    """What a search chooses: how many features, how fast along each axis, of how many axes each."""

    count: int
    bandwidth: tuple[tuple[str, float], ...]  # by the axes' names
    interaction: int | None = None

    def recipe(self, u: Field, given: SineFeatures) -> SineFeatures:
        """A field's recipe with what it leaves open filled in."""
        count = min(given.count or self.count, self.count)
        if given.bandwidth is not None:
            return replace(given, count=count)
        by_name = dict(self.bandwidth)
        own = tuple(by_name[axis.name] for axis in u.axes)
        return SineFeatures(count, own, given.interaction or self.interaction)

    def faster(self, factor: float, axes: Sequence[str]) -> Shape:
        """With the bandwidths along these axes multiplied."""
        changed = ((axis, float(f"{b * factor:.3g}") if axis in axes else b) for axis, b in self.bandwidth)
        return replace(self, bandwidth=tuple(changed))

    def larger(self, count: int, power: float) -> Shape:
        """With more features; ``power`` 1 keeps their density among the frequencies, 0 the bandwidths."""
        factor = (count / self.count) ** (power / max(1, len(self.bandwidth)))
        return replace(self.faster(factor, [axis for axis, _ in self.bandwidth]), count=count)


@dataclass(frozen=True)
class Trial:
    """Features, the fields fitted with them, and how well these predict rows that they were not fitted to."""

    shape: Shape
    recipes: Mapping[Field, SineFeatures]
    system: System
    theta: Tensor
    rows: int
    held_out: float  # relative to that of vanishing fields
    free: NullSpace | None


@dataclass(frozen=True)
class _Samples:
    fitted: tuple[Batch, ...]
    others: tuple[Batch, ...]
    unit: float  # the residual of vanishing fields on the others


def is_open(recipe: object) -> bool:
    """Whether a recipe leaves its size to the solver."""
    return isinstance(recipe, SineFeatures) and (recipe.count is None or recipe.bandwidth is None)


@dataclass(frozen=True)
class Search:
    """A search for features by the residual on points that nothing is fitted to, small numbers of them first.

    One bandwidth for all axes comes first, on the least features that predict anything. Then, on three axes
    or more, features of one or two axes each. Then the axes' bandwidths one by one. Then more features for as
    long as the held-out residual falls; beyond 800 columns for as long as it falls fast.

    Constraints that are not affine are solved by Newton's method: from the start for the first features, and
    from the best fields so far for those after them.
    """

    state: State
    tolerance: float
    free: NullSpace | None = None  # directions in which the fields may move at will
    drawn: dict[int, _Samples] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)  # that the last trial with so many columns took
    skipped: list[int] = field(default_factory=list)  # columns of trials for which there was no time

    def run(self) -> Trial:
        best = self.by_axis(self.fewer_axes(self.coarse()))
        search = replace(self, free=self.undetermined(best))
        if search.free is not None and search.free.exact:
            best = search.fit(best.shape, self.nearest(best)) or best
        given = all(recipe.count is not None for recipe in self.open.values())
        best = search.as_many_as_given(best) if given else search.grown(best)
        return replace(best, free=search.free)

    def coarse(self) -> Trial:
        best: Trial | None = None
        for count in self.counts:
            found = self.scan(count, None)
            if found is None:
                break
            best = found if best is None or found.held_out < best.held_out else best
            if best.held_out < PREDICTS or (count == self.counts[1] and self.is_singular(best)):
                break
        if best is None:
            self.refuse()
        return best

    def is_singular(self, best: Trial) -> bool:
        """Whether fields may be moved at will, so that more features help no further."""
        free = self.undetermined(best)
        return free is not None and free.exact > 0

    def undetermined(self, best: Trial) -> NullSpace | None:
        """Directions of the fields that the residuals hardly see, among features that can tell the smooth ones."""
        count = max(best.shape.count, round(LOOK / self.outputs))
        faster = tuple((axis, max(b, LOOK_BANDWIDTH)) for axis, b in best.shape.bandwidth)
        system = self.system(replace(best.shape, count=count, bandwidth=faster))
        start, batches = self.start(system), self.samples(system).fitted
        if self.affine:
            return null_space(system, start, batches)
        matrix = tangent_fields(system, start, best.system, best.theta, batches).matrix
        return null_space(system, start, batches, matrix)

    def refuse(self) -> NoReturn:
        """No trial gave finite residuals: say where they are not."""
        system = self.system(Shape(self.counts[0], tuple((axis, 1.0) for axis in self.axes)))
        system.check_finite(self.start(system), self.samples(system).others)
        raise NotFinite(
            "LeastSquares() found no fields with finite residuals: they are finite for vanishing fields, and stop "
            "being so on the way. Look for a root, a logarithm or a division by the fields; GaussNewton() takes "
            "shorter steps."
        )

    def scan(self, count: int, interaction: int | None, near: Trial | None = None) -> Trial | None:
        """The best of one bandwidth for all axes, from the fastest features that can fill the box downwards."""
        axes = self.axes
        if not axes:
            return self.fit(Shape(count, ()), near)
        together = min(interaction or len(axes), len(axes))
        lowest = 0.05 if count == self.counts[0] or interaction else 0.2
        top = 0.5 * math.pi * (count / math.comb(len(axes), together)) ** (1 / together)
        lowest = max(lowest, 0.4) if count * self.outputs > COSTLY else lowest
        best, worse, bandwidth = None, 0, float(f"{max(top, 2.0):.3g}")
        while worse < 2 and (bandwidth > lowest * top or (best is not None and best.held_out < PREDICTS)):
            found = self.fit(Shape(count, tuple((axis, bandwidth) for axis in axes), interaction), near)
            if found is None or found.held_out <= self.tolerance:
                return found or best
            before = math.inf if best is None else best.held_out
            worse = worse + 1 if before < PREDICTS and found.held_out > ALIKE * before else 0
            best = found if found.held_out < before else best
            bandwidth /= 2
        return best

    def fewer_axes(self, best: Trial) -> Trial:
        """Features of one axis each, or of two, where these are clearly better than features of all."""
        if not self.affine:  # sums of solutions are not solutions, so that such fields are rare
            return best
        dimension = len(self.axes)
        for together in (1, 2):
            if together >= dimension or dimension < 3 or best.held_out < self.tolerance:
                break
            if any(given.interaction is not None for given in self.open.values()):
                break
            wanted = 8 * math.comb(dimension, together)
            count = next((c for c in self.counts if c >= max(wanted, best.shape.count)), best.shape.count)
            if count * self.outputs > CHEAP:
                break
            found = self.scan(count, together, self.nearest(best))
            if found is not None and found.held_out < 0.3 * best.held_out:
                if count > best.shape.count and best.shape.interaction is None:
                    same = self.fit(replace(best.shape, count=count), self.nearest(best))
                    if same is not None and found.held_out > 0.3 * same.held_out:
                        continue
                best = found
        return best

    def by_axis(self, best: Trial) -> Trial:
        """Bandwidths along all axes together, and then along each, one after the other."""
        axes, known = self.axes, {best.shape}
        each = (
            [(axis,) for axis in axes] if len(axes) > 1 and best.shape.count * self.outputs <= CHEAP else []
        )
        for direction in [axes, *each, *(each if len(axes) < 4 else [])] if axes else []:
            for factor in (STEP, 1 / STEP):
                started = best
                while best.held_out > self.tolerance:
                    shape = best.shape.faster(factor, direction)
                    trial = None if shape in known else self.fit(shape, self.nearest(best))
                    known.add(shape)
                    needed = CLEAR if factor > 1 else SLOWER
                    if trial is None or trial.held_out > needed * best.held_out:
                        break
                    best = trial
                if best is not started:
                    break
        return best

    def grown(self, best: Trial) -> Trial:
        """More features, in a band that widens as did well where trials are cheap."""
        fell, power = 0.0, 0.0
        for count in self.counts:
            if count <= best.shape.count:
                continue
            columns = count * self.outputs
            cheap = columns <= CHEAP
            enough = self.tolerance * (1 if cheap else CONTENT)
            if best.held_out < enough or fell > (1 if cheap else FALLS if columns <= COSTLY else FAST):
                break
            trials: dict[float, Trial] = {}
            for p in (0.25, 1.0) if cheap else (power, power + 1.0):
                if not cheap and any(t.held_out < FALLS * best.held_out for t in trials.values()):
                    break  # the wider band is for coefficients so large that rounding is what stays
                trial = self.fit(best.shape.larger(count, p), self.nearest(best))
                trials |= {} if trial is None else {p: trial}
                if trial is not None and trial.held_out <= self.tolerance:
                    break
            power = min(trials, key=lambda p: trials[p].held_out, default=-1.0)
            if power < 0 or (trials[power].held_out > FALLS * best.held_out and not cheap):
                break
            found = trials[power]
            if cheap and found.held_out > SWIFT * best.held_out:
                found = self.by_axis(found)
            fell = (found.held_out / best.held_out) ** (1 / math.log2(count / best.shape.count))
            best = found if found.held_out < best.held_out else best
        return best

    def as_many_as_given(self, best: Trial) -> Trial:
        count = self.counts[-1]
        if count == best.shape.count:
            return best
        found = self.fit(best.shape.larger(count, 0.25), self.nearest(best))
        if found is None and not self.fits_in_time(count * self.outputs):
            return best
        if found is None:
            raise TooLarge(
                f"{count} features of each field need a matrix beyond the {MEMORY_LIMIT >> 30} GiB allowed; "
                f"expected fewer. Give a smaller count, or leave it out: SineFeatures()."
            )
        return found

    # ------------------------------------------------------------------------------------- one trial

    def nearest(self, best: Trial) -> Trial | None:
        """What a trial is linearised about: nothing where the constraints are affine."""
        return None if self.affine else best

    def fit(self, shape: Shape, near: Trial | None) -> Trial | None:
        """The fields with these features, or None where the matrix would be too large, or the time too short."""
        if not self.fits_in_time(shape.count * self.outputs):
            return None
        started, system = time.monotonic(), self.system(shape)
        samples = self.samples(system)
        if memory(system, samples.fitted) > MEMORY_LIMIT:
            return None
        theta = self.solved(system, samples, near)
        held_out = math.sqrt(float(system.losses(theta, samples.others).sum())) / samples.unit
        rows = system.row_count(samples.fitted)
        held_out = held_out if math.isfinite(held_out) else math.inf
        self.seconds[shape.count * self.outputs] = time.monotonic() - started
        return Trial(shape, self.recipes(shape), system, theta, rows, held_out, self.free)

    def recipes(self, shape: Shape) -> dict[Field, SineFeatures]:
        return {u: shape.recipe(u, given) for u, given in self.open.items()}

    def system(self, shape: Shape) -> System:
        """The problem with these features in place of those that are open."""
        state = self.state
        built = {u: state.build(u, recipe) for u, recipe in self.recipes(shape).items()}
        networks = {**state.system.parameters.networks, **built}
        system = System(state.system.problem, networks, state.system.device, state.system.dtype)
        # What is recorded of the constraints does not depend on the networks, and takes long to record.
        pairs = zip(system.groups, state.system.groups, strict=True)
        system.groups = tuple(replace(group, rows=first.rows) for group, first in pairs)
        return system

    def fits_in_time(self, columns: int) -> bool:
        """Whether a trial would end before the deadline; the first one is made in any case."""
        if not self.seconds:
            return True
        known = max(self.seconds)
        foreseen = self.seconds[known] * max(1.0, columns / known) ** 3
        fits = time.monotonic() + foreseen <= self.state.deadline
        self.skipped.extend([] if fits else [columns])
        return fits

    def solved(self, system: System, samples: _Samples, near: Trial | None) -> Tensor:
        start, batches = self.start(system), samples.fitted
        held = None if self.free is None else self.free.rows(system, start)
        if self.affine:
            linear = assemble(system, start, batches, held)
            return store(system, start, solve_dense(linear.matrix, linear.target).x)
        if near is None:
            return newton(system, start, batches, self.tolerance, 15, unit=samples.unit).theta
        linear = tangent_fields(system, start, near.system, near.theta, batches, held)
        damping = max(DAMPING, FIRST_DAMPING * min(1.0, near.held_out))
        solved = solve_dense(linear.matrix, linear.target, damping)
        start = store(system, start, solved.x)
        found = newton(system, start, batches, self.tolerance, 2, solved.factor, samples.unit, held)
        return found.theta

    def start(self, system: System) -> Tensor:
        """The first parameters of the new networks, and the others' as they are."""
        theta, old = system.initial(), self.state.system.parameters
        for key, place in system.parameters.slices.items():
            if key not in self.open:
                theta[place] = self.state.theta[old.slices[key]]
        return theta

    def samples(self, system: System) -> _Samples:
        columns = column_count(system)
        if columns not in self.drawn:
            fitted = self.draw(system, columns)
            counts = zip(system.groups, fitted, strict=True)
            random = generator(self.state.seed, HELD_OUT)
            others = tuple(
                system.draw_group(group, random, len(batch) / _points(group)) for group, batch in counts
            )
            unit = math.sqrt(float(system.losses_of_nothing(others).sum()))
            self.drawn[columns] = _Samples(fitted, others, unit or 1.0)
        return self.drawn[columns]

    def draw(self, system: System, columns: int) -> tuple[Batch, ...]:
        """At most two points a column of each group of constraints, and in all enough rows for the columns."""
        wanted = [self.state.scale * min(1.0, 2 * columns / _points(group)) for group in system.groups]
        rows = sum(
            scale * _points(group) * sum(system.problem.requests[i].size for i in group.members)
            for scale, group in zip(wanted, system.groups, strict=True)
        )
        more, random = max(1.0, OVERSAMPLING * columns / rows), generator(self.state.seed, -1)
        pairs = zip(system.groups, wanted, strict=True)
        return tuple(draw_group(system, group, random, more * scale) for group, scale in pairs)

    # ------------------------------------------------------------------------------- what is searched

    @property
    def affine(self) -> bool:
        if "affine" not in self.state.cache:
            self.state.cache["affine"] = is_affine(self.state.system.problem)
        return bool(self.state.cache["affine"])

    @property
    def open(self) -> dict[Field, SineFeatures]:
        recipes = self.state.recipes.items()
        return {u: recipe for u, recipe in recipes if isinstance(recipe, SineFeatures) and is_open(recipe)}

    @property
    def outputs(self) -> int:
        return sum(u.outputs for u in self.open)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes along which a bandwidth is open."""
        names = (axis.name for u, given in self.open.items() if given.bandwidth is None for axis in u.axes)
        return tuple(dict.fromkeys(names))

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of features for each field, ascending; the last is the recipes' where they give it."""
        rising = tuple(max(40, round(columns / self.outputs)) for columns in COLUMNS)
        given = [recipe.count for recipe in self.open.values() if recipe.count is not None]
        if len(given) < len(self.open):
            return rising
        return (*(c for c in rising if c < max(given) and c * self.outputs <= CHEAP // 2), max(given))


def _points(group: Group) -> int:
    return group.samples or group.domain.size or 1
