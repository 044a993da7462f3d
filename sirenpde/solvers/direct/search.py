"""The search for frozen features: how fast along each axis, of how many axes each, and how many."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from ...linear.null_space import NullSpace
from ...residuals.unfit import MEMORY_LIMIT, TooLarge
from .search_policy import SEARCH, SearchPolicy
from .trials import FeatureTrial, Shape, Trials

# They yield every trial, so that the caller may stop in between.
Trying = Generator[FeatureTrial, None, FeatureTrial]
TryingOrNone = Generator[FeatureTrial, None, FeatureTrial | None]
Searching = Generator[FeatureTrial, None, tuple[FeatureTrial, NullSpace | None]]


@dataclass(frozen=True)
class Search:
    """A search for features by the residual on points that nothing is fitted to, small numbers of them first.

    Bandwidths in the proportions of the data's come first, one for all axes where these are alike, on the least
    features that predict anything. Then, on three axes
    or more, features of one or two axes each. Then the axes' bandwidths one by one. Then more features for as
    long as the held-out residual falls; beyond 800 columns for as long as it falls fast.

    What is tried, and in what order, is a function of the problem and the seed. Where time ends it, the trials
    made are the first of those that more time would give, and the best of them counts; so it does across
    numbers of features and bandwidths.

    Constraints that are not affine are solved by Newton's method: from the start for the first features, and
    from the best fields so far for those after them. Of the directions ``free``, in which fields may be moved at
    will, they take no part.
    """

    trials: Trials
    free: NullSpace | None = None
    policy: SearchPolicy = SEARCH

    def run(self) -> Searching:
        """Every trial, and in the end the best, with what the constraints leave undetermined."""
        path, lowest = self.path(), None
        while True:
            try:
                trial = next(path)
            except StopIteration as ended:
                best, free = ended.value
                return (best if free is not None and free.exact else lowest or best), free
            lowest = trial if lowest is None or trial.held_out < lowest.held_out else lowest
            yield trial

    def path(self) -> Searching:
        """The trials, the next chosen by those before it."""
        best = yield from self.coarse()
        best = yield from self.fewer_axes(best)
        best = yield from self.by_axis(best)
        best = yield from self.everywhere(best)
        search = replace(self, free=self.trials.undetermined(best))
        if search.free is not None and search.free.exact:
            best = (yield from search.fit(best.shape, best)) or best
        best = yield from search.grown(best)
        if all(recipe.count is not None for recipe in self.trials.open_recipes.values()):
            best = yield from search.as_many_as_declared(best)
        return best, search.free

    def fit(self, shape: Shape, near: FeatureTrial | None) -> TryingOrNone:
        """A trial, where memory and time allow it; linearised about nothing where the constraints are affine."""
        trial = self.trials.fit(shape, None if self.trials.affine else near, self.free)
        if trial is not None and math.isfinite(trial.held_out):
            yield trial
        return trial

    def coarse(self) -> Trying:
        best: FeatureTrial | None = None
        in_vain = 0
        for count in self.counts:
            trial = yield from self.scan(count, None)
            if trial is None:
                break
            in_vain = (
                in_vain + 1
                if best is not None and trial.held_out > self.policy.stalled * best.held_out
                else 0
            )
            best = trial if best is None or trial.held_out < best.held_out else best
            if best.held_out < self.policy.predicts or (
                count == self.counts[:2][-1] and self.is_singular(best)
            ):
                break
            if best.held_out < self.policy.tells and in_vain == 2:
                break
        if best is None:
            self.trials.refuse(self.even(self.counts[0], 1.0))
        return best

    def is_singular(self, best: FeatureTrial) -> bool:
        """Whether fields may be moved at will, so that more features help no further."""
        free = self.trials.undetermined(best)
        return free is not None and free.exact > 0

    def scan(self, count: int, interaction: int | None, near: FeatureTrial | None = None) -> TryingOrNone:
        """The best of bandwidths in one proportion, from the fastest features that can fill the box downwards."""
        axes = self.axes
        if not axes:
            return (yield from self.fit(Shape(count, ()), near))
        together = min(interaction or len(axes), len(axes))
        top = 0.5 * math.pi * (count / math.comb(len(axes), together)) ** (1 / together)
        far, near_top, top_only = self.policy.lowest_bandwidths
        lowest = far if count == self.counts[0] or interaction else near_top
        lowest = max(lowest, top_only) if count * self.trials.outputs > self.policy.costly else lowest
        best, worse, bandwidth = None, 0, float(f"{max(top, 2.0):.3g}")
        while worse < 2 and (
            bandwidth > lowest * top or (best is not None and best.held_out < self.policy.predicts)
        ):
            trial = yield from self.fit(self.even(count, bandwidth, interaction), near)
            if trial is None or trial.held_out <= self.trials.tolerance:
                return trial or best
            before = math.inf if best is None else best.held_out
            worse = (
                worse + 1
                if before < self.policy.predicts and trial.held_out > self.policy.alike * before
                else 0
            )
            best = trial if trial.held_out < before else best
            bandwidth /= 2
        return best

    def fewer_axes(self, best: FeatureTrial) -> Trying:
        """Features of one axis each, or of two, where these are clearly better than features of all."""
        dimension, recipes = len(self.axes), self.trials.open_recipes.values()
        chosen = any(recipe.interaction is not None for recipe in recipes)
        if dimension < 3 or chosen or not self.trials.affine:  # sums of solutions are solutions where it is
            return best
        for together in range(1, min(3, dimension)):
            wanted = max(8 * math.comb(dimension, together), best.shape.count)
            count = next((c for c in self.counts if c >= wanted), best.shape.count)
            if not self.policy.is_cheap(count * self.trials.outputs) or best.held_out < self.trials.tolerance:
                break
            trial = yield from self.scan(count, together, best)
            if trial is None or trial.held_out >= self.policy.fewer_axes * best.held_out:
                continue
            if count > best.shape.count and best.shape.interaction is None:
                same = yield from self.fit(replace(best.shape, count=count), best)
                if same is not None and trial.held_out > self.policy.fewer_axes * same.held_out:
                    continue
            best = trial
        return best

    def by_axis(self, best: FeatureTrial) -> Trying:
        """Bandwidths along all axes together, and then along each, one after the other."""
        axes, known = self.axes, {best.shape}
        several = len(axes) > 1 and self.policy.is_cheap(best.shape.count * self.trials.outputs)
        each = [(axis,) for axis in axes] if several else []
        for direction in [axes, *each, *(each if len(axes) < 4 else [])] if axes else []:
            for factor in (self.policy.stride, 1 / self.policy.stride):
                started = best
                best = yield from self.along(direction, factor, best, known)
                if best is not started:
                    break
        return best

    def along(self, direction: Sequence[str], factor: float, best: FeatureTrial, known: set[Shape]) -> Trying:
        """Bandwidths along some axes times a factor, again and again while that is better."""
        needed = self.policy.clear if factor > 1 else self.policy.slower
        while best.held_out > self.trials.tolerance:
            shape = best.shape.faster(factor, direction)
            if shape in known:
                break
            known.add(shape)
            trial = yield from self.fit(shape, best)
            if trial is None or trial.held_out > needed * best.held_out:
                break
            best = trial
        return best

    def everywhere(self, best: FeatureTrial) -> Trying:
        """Features also at points where the data decide whether the solution is smooth, where they predict more."""
        tried = any(s.tried for recipe in self.trials.open_recipes.values() for s in recipe.singular)
        count = max(count for count in self.counts if self.policy.is_cheap(count * self.trials.outputs))
        if not tried or best.held_out < self.policy.smooth:
            return best
        plain = best
        if count > best.shape.count:
            plain = (yield from self.fit(best.shape.larger(count, 0.0), best)) or best
        found, shape = plain, replace(plain.shape, everywhere=True)
        for slower in (1.0, self.policy.stride**-2):
            trial = yield from self.fit(shape.faster(slower, self.axes), best)
            if trial is not None and trial.held_out < found.held_out:
                found = trial
        return found if found.held_out < self.policy.rough * plain.held_out else best

    def grown(self, best: FeatureTrial) -> Trying:
        """More features, in a band that widens as did well where trials are cheap."""
        fell, power, still = 0.0, 0.0, 0
        for count in (c for c in self.counts if c > best.shape.count):
            columns = count * self.trials.outputs
            tolerance, affine = self.trials.tolerance, self.trials.affine
            enough = self.policy.is_enough(best.held_out, fell, columns, tolerance, affine)
            if enough or still == 2:
                break  # where still, what is left is noise or contradiction, or needs other networks
            trial, power = yield from self.wider(best, count, power)
            if trial is None:
                break
            if self.policy.is_cheap(columns) and trial.held_out > self.policy.swift * best.held_out:
                trial = yield from self.by_axis(trial)
            still = still + 1 if trial.held_out > self.policy.stalled * best.held_out else 0
            fell = (trial.held_out / best.held_out) ** (1 / math.log2(count / best.shape.count))
            best = trial if trial.held_out < best.held_out else best
        return best

    def wider(
        self, best: FeatureTrial, count: int, power: float
    ) -> Generator[FeatureTrial, None, tuple[FeatureTrial | None, float]]:
        """More features, in a band as wide or wider; the better of the two, and how much wider it is."""
        trials: dict[float, FeatureTrial] = {}
        cheap = self.policy.is_cheap(count * self.trials.outputs)
        for p in self.policy.widening if cheap else (power, power + 1.0):
            if not cheap and any(t.held_out < self.policy.falls * best.held_out for t in trials.values()):
                break  # the wider band is for coefficients so large that rounding is what stays
            trial = yield from self.fit(best.shape.larger(count, p), best)
            trials |= {} if trial is None else {p: trial}
            if trial is not None and trial.held_out <= self.trials.tolerance:
                break
        if not trials:
            return None, power
        power = min(trials, key=lambda p: trials[p].held_out)
        return trials[power], power

    def as_many_as_declared(self, best: FeatureTrial) -> Trying:
        """As many features as the recipes say, unless fewer predict more."""
        count = self.counts[-1]
        if count == best.shape.count:
            return best
        more, _ = yield from self.wider(best, count, self.policy.widening[0])
        if more is None:
            raise TooLarge(
                f"{count} features of each field need a matrix beyond the {MEMORY_LIMIT >> 30} GiB allowed; "
                f"expected fewer. Give a smaller count, or leave it out: SineFeatures()."
            )
        return more if more.held_out <= max(best.held_out, self.trials.tolerance) else best

    # ------------------------------------------------------------------------------- what is searched

    def even(self, count: int, bandwidth: float, interaction: int | None = None) -> Shape:
        """Bandwidths whose geometric mean this is, along each axis in proportion to what the data ask for."""
        each = ((axis, bandwidth * self.trials.proportions.get(axis, 1.0)) for axis in self.axes)
        return Shape(count, tuple((axis, float(f"{b:.3g}")) for axis, b in each), interaction)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes along which a bandwidth is open."""
        recipes = self.trials.open_recipes.items()
        names = (axis.name for u, recipe in recipes if recipe.bandwidth is None for axis in u.axes)
        return tuple(dict.fromkeys(names))

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of features for each field, ascending; the last is the recipes' where they give it."""
        outputs, recipes = self.trials.outputs, self.trials.open_recipes.values()
        rising = tuple(max(40, round(columns / outputs)) for columns in self.policy.columns)
        counts = [recipe.count for recipe in recipes if recipe.count is not None]
        if len(counts) < len(recipes):
            return rising
        return (*(c for c in rising if c < max(counts)), max(counts))
