"""Adam on fresh points: the robust slow lane, as in the papers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from ..files.typed import transient
from ..sampling.points import FRESH, Points
from .ramp import Ramp, parameter_frequencies
from .stage import Report, State, report_of

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
Schedule = Literal["cosine", "exponential", "constant"]


@dataclass
class Memory:
    """The moving averages of the gradient and of its square, and of the iterates where these are averaged.

    The iterate itself is kept where it is not what the state shows: averaged, or with waves still masked.
    """

    m: Tensor
    v: Tensor
    average: Tensor | None
    iterate: Tensor | None
    frequencies: Tensor | None = transient()  # of what each parameter multiplies


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015) with a schedule, gradient clipping and an average of the iterates.

    Args:
        steps: how many.
        lr: the learning rate to start from.
        schedule: "cosine" falls to ``lr * final`` along half a cosine, "exponential" geometrically,
            "constant" stays.
        final: the last learning rate as a fraction of the first.
        clip: the gradient is shortened to this norm where it is longer; None leaves it as it is.
        average: the decay of an exponential average of the parameters, which is what the stage returns
            (0.999 remembers about a thousand steps); 0 returns the last iterate.
        points: how the samples are drawn and weighed; new ones at every step if left out.
        ramp: masks that let fast waves in later than slow ones; None has all of them from the first step.

    Raises:
        ValueError: for numbers out of range.

    >>> from sirenpde import Adam
    >>> Adam(steps=10_000, lr=1e-4, clip=1.0).name
    'Adam'
    """

    steps: int = 5000
    lr: float = 1e-3
    schedule: Schedule = "cosine"
    final: float = 0.01
    clip: float | None = None
    average: float = 0.0
    points: Points = FRESH
    ramp: Ramp | None = None

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.lr > 0 or not 0 < self.final <= 1 or not 0 <= self.average < 1:
            raise ValueError(
                f"Adam was given steps={self.steps}, lr={self.lr}, final={self.final}, average={self.average}; "
                f"expected steps >= 1, lr > 0, 0 < final <= 1 and 0 <= average < 1."
            )
        if self.clip is not None and not self.clip > 0:
            raise ValueError(
                f"Adam was given clip={self.clip}; expected a positive norm, or None for no clipping."
            )
        check_schedule("Adam", self.schedule)

    @property
    def name(self) -> str:
        return "Adam"

    @property
    def precision(self) -> torch.dtype:
        return torch.float32

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        return self.lr * falling(self.schedule, self.final, step / max(1, self.steps))

    def advance(self, state: State) -> Report:
        memory = state.remember(Memory, lambda: self._begun(state.theta))
        theta = state.theta if memory.iterate is None else memory.iterate
        # A feature times its window is its column of the first layer times the window, in the gradient too.
        mask = self._mask(state, memory, state.step)
        evaluation = state.system.gradient(_masked(theta, mask), state.batches(self.points))
        gradient = _masked(evaluation.gradient, mask)
        if self.clip is not None:
            gradient *= min(1.0, self.clip / (float(gradient.norm()) + 1e-300))
        t = state.step + 1
        m, v = memory.m, memory.v
        m.lerp_(gradient, 1 - BETA1)
        v.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        scale = (v / (1 - BETA2**t)).sqrt_().add_(EPSILON)
        theta.addcdiv_(m, scale, value=-self.rate(state.step) / (1 - BETA1**t))
        if memory.average is not None:
            memory.average.lerp_(theta, 1 - self.average)
            torch.div(memory.average, 1 - self.average**t, out=state.theta)
        if mask is not None:
            shown = theta if memory.average is None else state.theta
            state.theta = _masked(shown, self._mask(state, memory, t))
        state.step += 1
        return report_of(evaluation.terms, state.theta, state.step >= self.steps, "all steps taken")

    def _begun(self, theta: Tensor) -> Memory:
        average = torch.zeros_like(theta) if self.average else None
        apart = theta.clone() if self.average or self.ramp else None
        return Memory(torch.zeros_like(theta), torch.zeros_like(theta), average, apart)

    def _mask(self, state: State, memory: Memory, step: int) -> Tensor | None:
        if self.ramp is None:
            return None
        if memory.frequencies is None:
            memory.frequencies = parameter_frequencies(state.system)
        return self.ramp.windows(memory.frequencies, step / self.steps)


def _masked(values: Tensor, mask: Tensor | None) -> Tensor:
    return values if mask is None else values * mask


def check_schedule(stage: str, schedule: str) -> None:
    """Raises ValueError for a schedule that there is not."""
    if schedule not in get_args(Schedule):
        raise ValueError(
            f"{stage} has no schedule '{schedule}'; expected 'cosine', 'exponential' or 'constant'."
        )


def falling(schedule: Schedule, final: float, done: float) -> float:
    """The share of the first learning rate that is left when this share of the steps is done."""
    if schedule == "cosine":
        return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))
    return final**done if schedule == "exponential" else 1.0
