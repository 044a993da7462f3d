"""Time-dependent problems slab after slab, the end state of one handed over to the next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NoReturn

import torch
from torch import nn

from ..calculus.field import Field
from ..files.typed import typed
from ..geometry.point import Axis
from ..geometry.slab import Slab
from ..networks.series import SeparableSeries
from ..networks.sine_lattice import SineLattice
from ..residuals import NotFinite, System
from .collocation import Collocation, rows_of
from .direct.lattice_growth import (
    affordable,
    larger,
    open_lattices,
    opened,
    orders_of,
    resized,
    tails,
    within_reach,
)
from .least_squares import LeastSquares
from .marching.slab_problem import NotMarchable, check
from .marching.slab_trial import (
    Recipes,
    Trial,
    close,
    current,
    held_out,
    join,
    keep_factor,
    marches_affine,
    open_trial,
)
from .stage import Report, Stage, State, remembered
from .untyped import Untyped, values

FIRST = 1 / 16  # of the axis: the first slab tried
LONGER, SHORTER, SAFETY = 2.0, 0.25, 0.8  # of one slab to the next, of one trial to the next, of both
FAILED = 0.1  # a held-out residual that no solution has
RATE = 3  # at which the residual falls with the length of a slab, where it is not known
NOISE = 0.7  # of the highest waves, after a growth of orders: they are rounding
LOUDEST = 1e-9  # of a field: larger waves are not rounding
ABOVE_NOISE = 2.0  # times these: waves that ask for higher orders
FINEST = 1e-13  # tolerance: rounding leaves more of most residuals
COARSE = 100.0  # times the highest waves: a residual that they explain
FEW = 32  # slabs
LEAST = 1e-6  # of the axis: the shortest slab


@dataclass(frozen=True)
class March:
    """Solves slab after slab of an axis, usually time, each by stages of its own.

    Every field gets one network per slab, in local coordinates. A slab is the problem's own constraints on
    the part of their domains in it; where they are boxes and faces, these are cut, so that every slab has as
    many samples as were declared for the whole. What holds only at the start of the axis holds in the first
    slab; later ones take over, of each field, the value and the derivatives along the axis below the highest
    that the constraints ask for. A network starts from the one before; a ``SineLattice`` continues it.

    Args:
        axis: the axis to march along, or its name.
        slabs: how many of equal length; None finds their lengths: a slab whose held-out residual (relative to
            that of fields that vanish) exceeds ``tolerance`` is solved again, shorter, and easy ones lengthen
            the next.
        stages: what solves each slab, in order; ``Collocation()`` for tensor-product series and
            ``LeastSquares()`` for all others if left out.
        tolerance: of a slab. Orders that a ``SineLattice`` leaves open grow until its highest waves are this
            small, relative to the field.

    Raises:
        NotMarchable: when run on fields without the axis, unknown numbers, or networks without a recipe.
        NotFinite: where a slab comes out not finite; the slabs before it are kept.

    >>> from sirenpde import Box, March
    >>> t, x = Box(t=(0, 1), x=(-1, 1)).axes
    >>> March(t, slabs=4).name
    'march along t'
    """

    axis: Axis | str
    slabs: int | None = None
    stages: Sequence[Stage] = ()
    tolerance: float = 1e-11

    remembers: ClassVar[type] = Untyped

    def __post_init__(self) -> None:
        if self.slabs is not None and (not isinstance(self.slabs, int) or self.slabs < 1):
            raise ValueError(
                f"March was given slabs={self.slabs!r}; expected a positive whole number, or None to find them."
            )
        if not self.tolerance >= FINEST:
            raise ValueError(
                f"March was given tolerance={self.tolerance!r}; expected at least {FINEST:g}, since rounding leaves "
                f"more. Leave it out."
            )
        object.__setattr__(self, "stages", tuple(self.stages))

    @property
    def name(self) -> str:
        return f"march along {self.axis}"

    @property
    def steps(self) -> int:
        return (sum(stage.steps for stage in self.stages) or 1) * (self.slabs or 1000)

    @property
    def precision(self) -> torch.dtype:
        precisions = [stage.precision for stage in self.stages] or [torch.float64]
        return torch.float64 if torch.float64 in precisions else precisions[0]

    def advance(self, state: State) -> Report:
        memory = values(state)
        if "ended" in memory:  # a checkpoint of the last step
            return _ended(memory)
        axis = _axis(state.system, str(self.axis))
        if "edges" not in memory and not self._begin(state):
            return Report((0.0,) * len(state.system.problem.constraints), cut=True)
        trial = current(state, axis)
        stages = tuple(self.stages) or _stages(trial.work.system)
        if isinstance(trial.work.memory, dict):  # as a checkpoint holds it
            kind = remembered(stages[memory["stage"]])
            trial.work.memory = typed(kind, trial.work.memory, state.theta.device)
        report = stages[memory["stage"]].advance(trial.work)
        if (
            report.cut and state.is_late
        ):  # what time has made of the slab is left, so that it is solved as a whole
            state.cache.pop("trial", None)
            return Report(_terms(memory, trial, report), cut=True)
        state.step += 1
        if not math.isfinite(report.loss) or not bool(trial.work.theta.isfinite().all()):
            return self._not_finite(state, trial)
        join(state, trial)
        keep_factor(state, trial)
        if report.finished:
            memory["stage"] += 1
            trial.work.forget()
        memory.update(inner=trial.work.memory, inner_sampling=trial.work.sampling, inner_step=trial.work.step)
        if memory["stage"] == len(stages):
            return self._judge(state, trial, report)
        if report.finished:
            trial.work.cache = {}
        return Report(_terms(memory, trial, report))

    def _begin(self, state: State) -> bool:
        """Open the first slab; whether there was time for it."""
        axis = _axis(state.system, str(self.axis))
        check(state.system.problem, state.recipes, axis.name)
        given = state.system, state.theta, dict(state.recipes)
        reached = values(state).pop("reached", None)  # orders, in a call for which the time ran out
        found = opened(open_lattices(state.recipes), axis)
        if reached is not None:
            found = {u: replace(r, orders=tuple(reached["orders"][u.name])) for u, r in found.items()}
        zeros = [0.0] * len(state.system.problem.constraints)
        values(state).update(edges=[axis.low], open=[u.name for u in found], residuals=0)
        values(state).update(worst=0.0, floor=0.0, noise=0.0, tail=math.inf, whole=0.0)
        values(state).update(sums=zeros, lengths=list(zeros))
        values(state).update({} if reached is None else reached["tails"])
        recipes, end = {**state.recipes, **found}, self._end(state, axis, (axis.high - axis.low) * FIRST)
        while True:  # until the start itself is told in full
            open_trial(state, axis, recipes, end, None)
            if state.is_late:  # its first guess may be cut short: all of it is done again
                state.system, state.theta, state.recipes = given
                own, tails = {u.name: list(orders_of(recipes[u])) for u in found}, ("noise", "tail")
                so_far = {"orders": own, "tails": {key: values(state)[key] for key in tails}}
                values(state).clear()
                values(state)["reached"] = so_far
                state.cache.clear()
                return False
            wanted = self._wanted(state, current(state, axis))
            if not larger(wanted, recipes) or not affordable(wanted):
                break
            recipes.update(wanted)
        values(state)["tail"] = math.inf
        return True

    def _end(self, state: State, axis: Axis, length: float) -> float:
        """Where the next slab ends, if it is to be about this long."""
        edges: list[float] = values(state)["edges"]
        if self.slabs is not None:
            share = len(edges) / self.slabs
            return axis.high if share >= 1 else axis.low + share * (axis.high - axis.low)
        left = axis.high - edges[-1]
        if left <= length * (1 + 1e-9):
            return axis.high
        whole = left / length  # slabs of equal length are left as they are
        return edges[-1] + (length if abs(whole - round(whole)) < 1e-6 else min(length, left / 2))

    def _judge(self, state: State, trial: Trial, report: Report) -> Report:
        """Close the slab, or try it again with higher orders or shorter."""
        memory, slab = values(state), trial.slab
        quality, wanted = held_out(trial), self._wanted(state, trial)
        quality = quality if math.isfinite(quality) else math.inf
        grown = larger(wanted, trial.work.recipes)
        target = max(self.tolerance, 2 * memory["floor"])
        gain = SAFETY * (target / max(quality, 1e-300)) ** (1 / _rate(trial))
        failed = self.slabs is None and not quality < FAILED
        poor = self.slabs is None and quality > target
        coarse = bool(grown) and not affordable(wanted) and quality < COARSE * memory["waves"]
        poor = poor and not coarse  # shorter slabs would not help: the orders are at their limit
        if failed and grown and not affordable(wanted):
            self._refuse(state, trial)
        in_vain = poor and quality > 0.5 * memory.get("coarser", math.inf)
        memory["coarser"] = math.inf
        if grown and affordable(wanted) and not failed and not in_vain:
            memory.update(before=math.inf, coarser=quality)
            return self._again(state, trial, {**trial.work.recipes, **wanted}, slab.high, report)
        memory["tail"] = math.inf
        if failed or (poor and quality < 0.5 * memory.get("before", math.inf)):
            memory.update(before=quality, whole=0.0 if failed else max(memory["whole"], slab.length))
            end = slab.low + slab.length * min(max(gain, SHORTER), 0.7)
            return self._again(state, trial, trial.work.recipes, end, report)
        # Where a shorter slab was no better, its length is not what limits it, but rounding or a rough start.
        if poor:
            length = max(memory["whole"], slab.length)
        elif coarse or (marches_affine(state) and gain >= SAFETY and (gain < LONGER or _are_few(slab))):
            length = slab.length
        else:
            length = slab.length * min(max(gain, 0.5), LONGER)
        memory["floor"] = quality if poor or coarse else 0.1 * memory["floor"]
        memory.update(before=math.inf, whole=0.0, worst=max(memory["worst"], quality))
        return self._close(state, trial, report, {u: r for u, r in wanted.items() if u not in grown}, length)

    def _close(
        self, state: State, trial: Trial, report: Report, lower: Mapping[Field, SineLattice], length: float
    ) -> Report:
        """Keep the slab, and open the next, about this long, with ``lower`` orders where they do."""
        memory, slab = values(state), trial.slab
        terms = _terms(memory, trial, report, closing=True)
        memory["residuals"] += report.residuals or trial.work.system.row_count(trial.work.drawing.fixed())
        memory["edges"].append(slab.high)
        close(state, trial)
        if slab.high >= slab.axis.high:
            memory["ended"] = {"terms": list(terms), "reason": _account(memory, trial, report)}
            return _ended(memory)
        if marches_affine(state) and self.slabs is None:  # equal slabs share a factor
            left = slab.axis.high - slab.high
            length = left / math.ceil(left / length * (1 - 1e-9))
        end = self._end(state, slab.axis, length)
        open_trial(state, slab.axis, {**trial.work.recipes, **lower}, end, None)
        return Report(terms)

    def _wanted(self, state: State, trial: Trial) -> Mapping[Field, SineLattice]:
        """The lattices whose orders are open, as large as the fields ask for."""
        memory, recipes = values(state), trial.work.recipes.items()
        own = {u: r for u, r in recipes if isinstance(r, SineLattice) and u.name in memory["open"]}
        if not own:
            return {}
        rows = rows_of(trial.work)
        sizes = tails(rows, rows.from_theta(trial.work.theta), own, trial.slab.axis)
        if LOUDEST > sizes.worst > NOISE * memory["tail"]:  # it was as large before the orders were raised
            memory["noise"] = max(memory["noise"], ABOVE_NOISE * sizes.worst)
        wanted = within_reach(resized(own, sizes, max(self.tolerance, memory["noise"])), own)
        memory["waves"] = sizes.worst
        memory["tail"] = sizes.worst if larger(wanted, own) else math.inf
        return wanted

    def _again(self, state: State, trial: Trial, recipes: Recipes, end: float, report: Report) -> Report:
        """Another trial of the slab, from this one where its length stays."""
        slab, terms = trial.slab, _terms(values(state), trial, report)
        if end - slab.low < LEAST * (slab.axis.high - slab.axis.low):
            raise NotFinite(
                f"March found no solution beyond {slab.axis} = {slab.low:.6g}: even a slab as short as "
                f"{slab.length:.1e} fails. The solution may end or jump there, or a constraint may contradict it; "
                f"what was found before is kept."
            )
        open_trial(state, slab.axis, recipes, end, trial if end == slab.high else None)
        return Report(terms)

    def _refuse(self, state: State, trial: Trial) -> NoReturn:
        """A slab that is hardly solved, and the orders are as high as they may be: shorter slabs would not help."""
        slab, recipes = trial.slab, trial.work.recipes.items()
        what = ", ".join(f"{u.name}: {r.describe()}" for u, r in recipes if isinstance(r, SineLattice))
        kind = NotMarchable if slab.is_first else NotFinite
        raise kind(
            f"March cannot follow the fields beyond {slab.axis} = {slab.low:.6g}: the largest lattices that a slab "
            f"may have ({what}) leave {100 * values(state)['waves']:.2g} % of the field to their highest waves. It "
            f"varies too fast for them, or jumps. Take a smaller box or a smoother start, declare periodic axes as "
            f"such, or use another network and stage, such as SineFeatures() with LeastSquares()."
        )

    def _not_finite(self, state: State, trial: Trial) -> Report:
        slab = trial.slab
        if self.slabs is not None:
            raise NotFinite(
                f"The slab of {slab.axis} from {slab.low:g} to {slab.high:g} came out not finite; those before it "
                f"are kept. Use more slabs, slabs=None, which finds their lengths, or other stages."
            )
        nothing = Report((0.0,) * len(trial.plan.origins))
        return self._again(state, trial, trial.work.recipes, slab.low + SHORTER * slab.length, nothing)


def _axis(system: System, name: str) -> Axis:
    """The axis of this name, with the range that the fields are declared on."""
    for u in system.problem.fields:
        for axis in u.axes:
            if axis.name == name:
                return axis
    raise NotMarchable(
        f"March('{name}') was asked for, but no field has an axis '{name}'. Name an axis of the fields' box."
    )


def _stages(system: System) -> tuple[Stage, ...]:
    """What solves a slab where nothing is said."""
    series = all(isinstance(m, SeparableSeries) for m in system.parameters.networks.values())
    return (Collocation(),) if series else (LeastSquares(),)


def _ended(memory: Mapping[str, Any]) -> Report:
    """The report of the last slab."""
    ended = memory["ended"]
    return Report(tuple(ended["terms"]), True, ended["reason"], residuals=memory["residuals"])


def _are_few(slab: Slab) -> bool:
    """Whether slabs as long as this one come to the end in about the time that another factor would take."""
    return slab.axis.high - slab.high <= FEW * slab.length


def _rate(trial: Trial) -> float:
    """The power of a slab's length with which its residual falls."""
    counts = [
        module.modes[u.position(trial.slab.axis)] - 1
        for u, module in trial.work.system.parameters.networks.items()
        if isinstance(module, SeparableSeries)
    ]
    return min(counts, default=RATE)


def _terms(memory: dict[str, Any], trial: Trial, report: Report, closing: bool = False) -> tuple[float, ...]:
    """The objective's terms, one per constraint of the whole: their means over the slabs in which they hold."""
    sums, lengths = list(memory["sums"]), list(memory["lengths"])
    for origin, factor, term in zip(trial.plan.origins, trial.plan.factors, report.terms, strict=True):
        if origin is not None:
            sums[origin] += trial.slab.length * term / factor
            lengths[origin] += trial.slab.length
    if closing:
        memory.update(sums=sums, lengths=lengths)
    return tuple(total / length if length else 0.0 for total, length in zip(sums, lengths, strict=True))


def _account(memory: Mapping[str, Any], trial: Trial, report: Report) -> str:
    count = len(memory["edges"]) - 1
    recipes = [r for r in trial.work.recipes.values() if not isinstance(r, nn.Module)]
    what = ", ".join(recipe.describe() for recipe in recipes)
    return (
        f"{count} slabs, held-out residual at most {memory['worst']:.1e}; the last: {what}, {report.reason}"
    )
