"""Which points a stage works on, and how much each of them counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from ..residuals import Batch
from .balance import Balance
from .causal import Causal
from .drawing import Drawing
from .draws import Draw, Fixed, Fresh
from .memory import Sampling, Since


@dataclass(frozen=True)
class Points:
    """How a stage draws the samples of every constraint, and the factors on their losses.

    Args:
        draw: ``Fresh()``, ``Fixed()`` or ``Adaptive()``. Fixed or rarely drawn points are what line searches need.
        causal: factors that hold back later times until earlier ones are solved.
        balance: factors on whole constraints, so that none of them drowns another.

    All of it is a function of parameters, step, seed and the ``Sampling`` that it keeps, so that a run resumes to the
    same bits. Steps are those of the stage.

    >>> from sirenpde import Adam, Adaptive, Balance, Causal, Points
    >>> points = Points(Adaptive(every=200), causal=Causal("t"), balance=Balance("gradient"))
    >>> Adam(steps=1000, points=points).points.renewed(999)  # the causal factors, every tenth step
    990
    """

    draw: Draw = field(default_factory=Fresh)
    causal: Causal | None = None
    balance: Balance | None = None

    def renewed(self, step: int) -> int:
        """The last step, this one included, at which points or factors changed."""
        factors = [rule.every for rule in (self.causal, self.balance) if rule is not None]
        return max(self.draw.renewed(step), *(step - step % every for every in factors), 0)


FRESH = Points(Fresh())
FIXED = Points(Fixed())


def batches(points: Points, drawing: Drawing, theta: Tensor, sampling: Sampling) -> tuple[Batch, ...]:
    """The samples of every group at this step, with their factors in ``Batch.weights``.

    They are the same objects until ``points.renewed(drawing.step)`` changes.
    """
    sampling.drawn = _renewed(
        sampling.drawn,
        points.draw.renewed(drawing.step),
        lambda: points.draw.batches(drawing, theta, sampling),
    )
    drawn = sampling.drawn.batches
    if points.causal is None and points.balance is None:
        return drawn
    sampling.weighed = _renewed(
        sampling.weighed,
        points.renewed(drawing.step),
        lambda: _weigh(points, drawing, theta, sampling, drawn),
    )
    return sampling.weighed.batches


def _renewed(known: Since | None, step: int, make: Callable[[], tuple[Batch, ...]]) -> Since:
    return known if known is not None and known.step == step else Since(step, make())


def _weigh(
    points: Points, drawing: Drawing, theta: Tensor, sampling: Sampling, drawn: tuple[Batch, ...]
) -> tuple[Batch, ...]:
    """First the factors in time, then those of the constraints, which see the former."""
    system, weighed = drawing.system, drawn
    if points.causal is not None:
        if drawing.step % points.causal.every == 0 or sampling.chunk_factors is None:
            losses = points.causal.losses(system, theta, drawn)
            sampling.chunk_factors, sampling.rung = points.causal.weights(losses, sampling.rung)
        weighed = points.causal.apply(system, drawn, sampling.chunk_factors)
    if points.balance is not None:
        if drawing.step % points.balance.every == 0 or sampling.constraint_factors is None:
            before = sampling.constraint_factors
            sampling.constraint_factors = points.balance.factors(system, theta, weighed, before)
        weighed = points.balance.apply(system, weighed, sampling.constraint_factors)
    return weighed
