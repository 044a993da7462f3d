"""L-BFGS with a strong Wolfe line search, on one fixed set of points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..files.typed import transient
from ..residuals import Batch
from ..sampling.points import FIXED, Points
from .stage import Report, State

FIRST_STEPS = (1.0, 1e-3, 1e-6)  # of fresh starts, one after the other, where the objective does not fall
STEEP = 1e6  # times the objective, in place of one that is not finite
INNER = 10  # iterations to an advance: each call of the library's optimiser evaluates once more at its start


@dataclass
class Memory:
    """The optimiser's pairs, as the library writes them, and how far the objective fell."""

    pairs: dict[str, Any] | None = None
    loss: float | None = None  # of the advance before, on the same points
    fresh: int = 0  # starts in a row that lowered nothing
    optimizer: torch.optim.LBFGS | None = transient()

    def forget_pairs(self) -> None:
        self.pairs = self.optimizer = None


@dataclass
class Lowest:
    """The lowest objective that an advance saw, its terms and where it is."""

    loss: float
    terms: tuple[float, ...]
    theta: Tensor


@dataclass(frozen=True)
class LBFGS:
    """The limited-memory quasi-Newton method of Liu and Nocedal (1989), strong Wolfe conditions.

    Where the objective does not fall, it forgets its pairs and starts anew from steepest descent, with shorter and
    shorter first steps, and stops when none of them lowers it. Best in float64, and after some Adam.

    Args:
        steps: at most this many advances of ten iterations each.
        history: how many pairs it remembers.
        points: how the samples are drawn and weighed; one fixed set if left out. Where they change, the pairs
            are forgotten, since they belong to another objective.

    >>> from sirenpde import LBFGS
    >>> LBFGS(steps=100).name
    'L-BFGS'
    """

    steps: int = 200
    history: int = 50
    points: Points = FIXED

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        if self.steps < 1 or self.history < 1:
            raise ValueError(
                f"LBFGS was given steps={self.steps}, history={self.history}; expected positive numbers."
            )

    @property
    def name(self) -> str:
        return "L-BFGS"

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        memory, samples = state.remember(Memory), state.batches(self.points)
        if self.points.renewed(state.step) == state.step:
            memory.loss = None
            memory.forget_pairs()
        lowest, broken = self._iterate(state, memory, samples)
        state.step += 1
        before, memory.loss = memory.loss, lowest.loss
        stalled = broken or (before is not None and lowest.loss >= before * (1 - 1e-6))
        memory.fresh = memory.fresh + 1 if stalled else 0
        ended = memory.fresh > len(FIRST_STEPS)
        if stalled:
            memory.forget_pairs()
        reason = "the objective no longer falls" if ended else "all steps taken"
        return Report(lowest.terms, ended or state.step >= self.steps, reason)

    def _iterate(self, state: State, memory: Memory, samples: Sequence[Batch]) -> tuple[Lowest, bool]:
        """Ten iterations of the library; the lowest objective on the way, and whether they broke down."""
        optimizer = memory.optimizer = memory.optimizer or self._optimizer(state.theta, memory.pairs)
        optimizer.param_groups[0]["lr"] = FIRST_STEPS[memory.fresh - 1] if memory.fresh else 1.0
        parameter: Tensor = optimizer.param_groups[0]["params"][0]
        seen: list[Lowest] = []

        def closure() -> Tensor:
            evaluation = state.system.gradient(parameter.detach(), samples)
            parameter.grad = evaluation.gradient
            loss = float(evaluation.loss)
            if seen and not math.isfinite(loss):  # a trial too long, with which the library would go on
                parameter.grad = torch.zeros_like(evaluation.gradient)
                return torch.full_like(evaluation.loss, STEEP * abs(seen[0].loss))
            if not seen or loss < seen[0].loss:
                terms = tuple(evaluation.terms.tolist())
                seen[:] = [Lowest(loss, terms, parameter.detach().clone())]
            return evaluation.loss

        optimizer.step(closure)
        broken = not bool(parameter.isfinite().all())
        state.theta = seen[0].theta if broken else parameter.detach().clone()
        memory.pairs = optimizer.state_dict()
        return seen[0], broken

    def _optimizer(self, theta: Tensor, pairs: dict[str, Any] | None) -> torch.optim.LBFGS:
        """The library's optimiser, with these pairs."""
        optimizer = torch.optim.LBFGS(
            [theta.detach().clone().requires_grad_()],
            lr=1.0,
            max_iter=INNER,
            max_eval=5 * INNER,
            history_size=self.history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        if pairs is not None:
            optimizer.load_state_dict(pairs)
        return optimizer
