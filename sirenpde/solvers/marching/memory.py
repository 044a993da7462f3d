"""What a march keeps between its steps, and in checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ...files.typed import transient
from ...linear.mode_blocks import ModeBlocks
from .controller import Pace
from .second_cells import SecondCells
from .second_march import SecondMarch
from .shared_factor import Origin
from .slab_polynomials import Solved
from .trial import SlabTrial


@dataclass
class Unfinished:
    """A slab that is being solved: enough to build its trial again.

    ``recipes`` are its networks' as plain values, by the fields' names, None for those of the user's own; ``theta``
    its parameters, None before its first guess. The rest is the stage at work on it: how manieth it is, its steps,
    its memory and that of its points.
    """

    recipes: dict[str, dict[str, Any] | None]
    theta: Tensor | None = None
    stage: int = 0
    step: int = 0
    memory: Any = None
    sampling: Any = None


@dataclass(frozen=True)
class Tally:
    """The objective's terms, summed over the slabs in which each constraint holds, and these slabs' lengths."""

    sums: tuple[float, ...]
    lengths: tuple[float, ...]
    residuals: int = 0  # how many were made small

    @property
    def means(self) -> tuple[float, ...]:
        return tuple(s / length if length else 0.0 for s, length in zip(self.sums, self.lengths, strict=True))

    def plus(self, trial: SlabTrial, terms: tuple[float, ...], residuals: int = 0) -> Tally:
        """The same with another slab, whose constraints have these terms."""
        sums, lengths = list(self.sums), list(self.lengths)
        for origin, factor, term in zip(trial.plan.origins, trial.plan.factors, terms, strict=True):
            if origin is not None:
                sums[origin] += trial.slab.length * term / factor
                lengths[origin] += trial.slab.length
        return Tally(tuple(sums), tuple(lengths), self.residuals + residuals)


@dataclass(frozen=True)
class Ended:
    """The report of the last slab."""

    terms: tuple[float, ...]
    reason: str
    residuals: int
    difference: float | None = None  # from a second march in fewer functions


@dataclass
class Memory:
    """Where a march stands."""

    pace: Pace | None = None  # before anything was looked at
    unfinished: Unfinished | None = None
    tally: Tally = Tally((), ())
    is_affine: bool = False
    is_begun: bool = False  # whether the orders of the first slab tell the start in full
    open: tuple[str, ...] = ()  # fields whose orders are left to the march
    counts: tuple[
        int, ...
    ] = ()  # of polynomials that the first slab begins with; none where axes do not separate
    pieces: dict[str, dict[str, Any]] = field(default_factory=dict)  # recipes whose cells are open, as given
    left: float = 0.0  # along the march, of the slab in cells that is tried
    tried: Solved | None = None  # the slab that is tried, in polynomials, once they are found
    solved: Solved | None = None  # the last one closed
    second: SecondMarch | None = None  # as far as that one; None where it was left
    second_cells: SecondCells | None = None  # the same in cells
    factor: Origin | None = None
    ended: Ended | None = None
    trial: SlabTrial | None = transient()
    shared: ModeBlocks | None = transient()  # the factor itself
