"""Time-dependent problems slab after slab, the end state of one handed over to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from ..geometry.point import Axis
from .marching.controller import Accept, Finer, Refuse, Shorter, Verdict
from .marching.front import Front
from .marching.marchable import axis_of
from .marching.memory import Ended, Memory
from .marching.orders import Wanted
from .marching.refusals import refusal
from .marching.trial import SlabTrial
from .stage import Report, Stage, State

FINEST = 1e-13  # tolerance: rounding leaves more of most residuals


@dataclass(frozen=True)
class March:
    """Solves slab after slab of an axis, usually time, each by stages of its own.

    Every field gets one network per slab, in local coordinates. A slab is the problem's own constraints on
    the part of their domains in it; where they are boxes and faces, these are cut, so that every slab has as
    many samples as were declared for the whole. What holds only at the start of the axis holds in the first
    slab; later ones take over, of each field, the value and the derivatives along the axis below the highest
    that the constraints ask for. A network starts from the one before; a ``SineLattice`` continues it.
    Open ``Pieces`` have cells in every slab that lie where its fields ask for them.

    Args:
        axis: the axis to march along, or its name.
        slabs: how many of equal length; None finds their lengths: a slab whose held-out residual (relative to
            that of fields that vanish) exceeds ``tolerance`` is solved again, shorter, and easy ones lengthen
            the next.
        stages: what solves each slab, in order; ``Collocation()`` for tensor-product series and
            ``LeastSquares()`` for all others if left out, ``Pieces`` among them.
        tolerance: of a slab. Orders that a ``SineLattice`` leaves open grow until its highest waves are this
            small, relative to the field. Of open ``Pieces`` at least 1e-7.

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

    remembers: ClassVar[type] = Memory

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
        """One step of the stage at work on a slab; after its last one, what the controller makes of the slab."""
        memory = state.remember(Memory)
        if memory.ended is not None:  # a checkpoint of the last step
            return _report(memory.ended)
        axis = axis_of(state.system.problem, str(self.axis))
        front = Front(state, memory, axis, self.tolerance, self.slabs, self.stages)
        if not memory.is_begun and not front.begin():
            return Report((0.0,) * len(state.system.problem.constraints), cut=True)
        trial = front.trial()
        stages = front.stages(trial)
        report = stages[front.unfinished.stage].advance(trial.work)
        if report.cut and state.is_late:
            front.leave()
            return Report(front.terms(trial, report), cut=True)
        state.step += 1
        if not math.isfinite(report.loss) or not bool(trial.work.theta.isfinite().all()):
            nothing = Report((0.0,) * len(trial.plan.origins))
            return _follow(front, trial, nothing, *front.judge_broken())
        front.note(trial, report)
        if front.unfinished.stage < len(stages):
            return Report(front.terms(trial, report))
        return _follow(front, trial, report, *front.judge(trial))


def _follow(front: Front, trial: SlabTrial, report: Report, verdict: Verdict, wanted: Wanted) -> Report:
    """Do what the controller proposes."""
    terms, recipes = front.terms(trial, report), trial.work.recipes
    match verdict:
        case Accept(end):
            front.close(trial, report)
            if end is None:
                return _report(front.end(trial, report))
            front.open({**recipes, **wanted.lower})
        case Finer():
            front.open({**recipes, **wanted.lattices}, trial)
        case Shorter():
            front.open(recipes)
        case Refuse():
            raise refusal(verdict, trial, wanted.waves)
    return Report(terms)


def _report(ended: Ended) -> Report:
    return Report(ended.terms, True, ended.reason, residuals=ended.residuals, difference=ended.difference)
