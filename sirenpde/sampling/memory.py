"""What the points of a stage remember from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from ..files.typed import transient
from ..residuals import Batch
from .drawing import Pools


@dataclass
class Since:
    """Samples, and the step since which they are these."""

    step: int
    batches: tuple[Batch, ...]


@dataclass
class Sampling:
    """What a stage's points depend on beside its parameters and steps: draws and factors that stay for a while."""

    candidates: list[Tensor | None] = field(default_factory=list)  # that were chosen; None where all of them
    chunk_factors: Tensor | None = None  # of the chunks of time
    rung: int = 0  # of the ladder of ε that they are on
    constraint_factors: Tensor | None = None
    drawn: Since | None = transient()
    weighed: Since | None = transient()
    pools: Pools = transient(dict)
