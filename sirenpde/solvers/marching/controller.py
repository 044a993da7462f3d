"""How long the slabs of a march are, and which orders they get: decided from numbers alone.

``propose`` takes what a trial of a slab came to and says what comes next: the next slab (``Accept``), the same one
shorter (``Shorter``) or with higher orders (``Finer``), or nothing (``Refuse``). It solves nothing and draws nothing.

A slab of length h is solved with an error that falls like h^p, p one less than the number of its functions along the
axis, until rounding ends that; orders across the axis are high enough where a field's highest waves are small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Policy:
    """The numbers that steer a march. Qualities are residuals relative to those of fields that vanish."""

    # Of the axis: the first slab tried. Waves, heat and flows are told by their first trial to within a factor of
    # four or so, which LONGER and SHORTER make up for in one step.
    first: float = 1 / 16
    # Of one slab's length to the next: the residual of the next is known to about RATE-th powers, so that a larger
    # step is refused too often.
    longest_growth: float = 2.0
    # Of one accepted slab's length to the next at least.
    least_shrinkage: float = 0.5
    # Of one trial's length to the next of the same slab, at least and at most.
    shorter: float = 0.25
    shorter_at_least: float = 0.7
    # Of a length that is expected to meet the tolerance.
    safety: float = 0.8
    # A quality that no solution has.
    failed: float = 0.1
    # The power of a slab's length with which its residual falls, where the networks do not tell.
    rate: float = 3.0
    # Of the highest waves, after a growth of orders: those that are still so large are rounding.
    deaf: float = 0.7
    # Of a field: larger waves are not rounding.
    loudest: float = 1e-9
    # Times waves that are rounding: those that ask for higher orders.
    above_noise: float = 2.0
    # Times the highest waves: a quality that they explain.
    coarse: float = 100.0
    # Of the quality before: one that shorter slabs, or higher orders, have made better.
    better: float = 0.5
    # Times the quality that rounding left in the slab before, which shorter slabs did not make better: what is asked
    # of the next; and how much of it is remembered after a slab that met the tolerance.
    above_floor: float = 2.0
    forgotten: float = 0.1
    # Slabs that cost about as much as the factor of another length.
    few: float = 32
    # Of the axis: the shortest slab.
    shortest: float = 1e-6


POLICY = Policy()
EQUAL = 1e-9  # of lengths: ends computed in other ways are still the same
WHOLE = 1e-6  # of a number of slabs: those that fit so nearly are left as long as they are


@dataclass(frozen=True)
class Course:
    """What is marched: an axis from ``start`` to ``end``.

    ``slabs`` is how many of equal length were asked for; None leaves their lengths to the controller. Where the
    constraints are affine in the fields, slabs of one length share a factor.
    """

    start: float
    end: float
    tolerance: float
    slabs: int | None = None
    is_affine: bool = False

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Attempts:
    """What the trials of this slab so far came to."""

    longer: float = math.inf  # quality of the last one, where this one is shorter
    coarser: float = math.inf  # quality of the last one, where this one has higher orders
    longest: float = 0.0  # length of the longest that was a solution


@dataclass(frozen=True)
class Pace:
    """The memory of the controller: the ends of the slabs closed, where the one being tried ends, and what the
    trials have told so far."""

    edges: tuple[float, ...]
    high: float
    worst: float = 0.0  # quality of the slabs closed
    floor: float = 0.0  # quality that shorter slabs did not make better
    noise: float = 0.0  # highest waves that are no reason for higher orders
    raised: float = math.inf  # highest waves with which the orders were raised last
    attempts: Attempts = Attempts()

    @property
    def low(self) -> float:
        return self.edges[-1]

    @property
    def length(self) -> float:
        return self.high - self.low

    @property
    def closed(self) -> int:
        """How many slabs are."""
        return len(self.edges) - 1


@dataclass(frozen=True)
class Outcome:
    """What a trial came to: its quality, and what the fields ask of the orders across the axis.

    ``rate`` is the power of a slab's length with which its residual falls, None where it is not known; ``waves``
    the share of a field in its highest waves. "beyond" are orders higher than a solver can bear.
    """

    quality: float
    rate: float | None = None
    waves: float = 0.0
    orders: Literal["enough", "higher", "beyond"] = "enough"


@dataclass(frozen=True)
class Accept:
    """Close the slab. The next one, with orders as low as its fields allow, ends there; None at the axis' end."""

    end: float | None


@dataclass(frozen=True)
class Shorter:
    """Try the slab again, to this end."""

    end: float


@dataclass(frozen=True)
class Finer:
    """Try the slab again with the orders that its fields ask for."""


@dataclass(frozen=True)
class Refuse:
    """Give up: since a slab is "not finite", its fields are "too fast" for any orders, or there is "no solution"
    however short it is."""

    reason: Literal["not finite", "too fast", "no solution"]


Verdict = Accept | Shorter | Finer | Refuse


def begin(policy: Policy, course: Course) -> Pace:
    """Before the first slab.

    >>> begin(POLICY, Course(0.0, 1.0, 1e-11)).high
    0.0625
    """
    edges = (course.start,)
    return Pace(edges, _end(course, edges, policy.first * course.length))


def hear(policy: Policy, pace: Pace, waves: float) -> Pace:
    """Take the highest waves of a trial for rounding where higher orders have hardly made them smaller."""
    if policy.loudest > waves > policy.deaf * pace.raised:
        return replace(pace, noise=max(pace.noise, policy.above_noise * waves))
    return pace


def threshold(course: Course, pace: Pace) -> float:
    """The highest waves that ask for no higher orders."""
    return max(course.tolerance, pace.noise)


def start(pace: Pace, outcome: Outcome) -> tuple[Pace, Finer | None]:
    """Whether the first guess of the first slab needs higher orders, so that the start itself is told in full."""
    if outcome.orders == "higher":
        return replace(pace, raised=outcome.waves), Finer()
    return replace(pace, raised=math.inf), None


def propose(policy: Policy, course: Course, pace: Pace, outcome: Outcome) -> tuple[Pace, Verdict]:
    """What comes after a trial of the slab from ``pace.low`` to ``pace.high``.

    >>> course = Course(0.0, 1.0, 1e-6)
    >>> propose(POLICY, course, begin(POLICY, course), Outcome(quality=1e-3))[1]
    Shorter(end=0.015625)
    """
    earlier, quality = pace.attempts, outcome.quality if math.isfinite(outcome.quality) else math.inf
    target = max(course.tolerance, policy.above_floor * pace.floor)
    gain = policy.safety * (target / max(quality, 1e-300)) ** (1 / (outcome.rate or policy.rate))
    is_free = course.slabs is None
    failed = is_free and not quality < policy.failed
    # Shorter slabs do not help fields whose orders are at their limit.
    coarse = outcome.orders == "beyond" and quality < policy.coarse * outcome.waves
    poor = is_free and quality > target and not coarse
    in_vain = poor and quality > policy.better * earlier.coarser
    if failed and outcome.orders == "beyond":
        return pace, Refuse("too fast")
    if outcome.orders == "higher" and not failed and not in_vain:
        tried = replace(earlier, longer=math.inf, coarser=quality)
        return replace(pace, raised=outcome.waves, attempts=tried), Finer()
    pace = replace(pace, raised=math.inf)
    if failed or (poor and quality < policy.better * earlier.longer):
        longest = 0.0 if failed else max(earlier.longest, pace.length)
        tried = Attempts(longer=quality, longest=longest)
        share = min(max(gain, policy.shorter), policy.shorter_at_least)
        return _shorter(policy, course, replace(pace, attempts=tried), share)
    # Where a shorter slab was no better, its length is not what limits it, but rounding or a rough start.
    keeps = coarse or (course.is_affine and _is_worth_a_factor(policy, course, pace, gain))
    least = 1.0 if quality > course.tolerance else policy.least_shrinkage
    if poor:
        length = max(earlier.longest, pace.length)
    else:
        length = pace.length * (1.0 if keeps else min(max(gain, least), policy.longest_growth))
    floor = quality if poor or coarse else policy.forgotten * pace.floor
    closed = replace(
        pace, edges=(*pace.edges, pace.high), worst=max(pace.worst, quality), floor=floor, attempts=Attempts()
    )
    return _next(course, closed, length)


def broken(policy: Policy, course: Course, pace: Pace) -> tuple[Pace, Verdict]:
    """What comes after a trial that is not finite."""
    if course.slabs is not None:
        return pace, Refuse("not finite")
    return _shorter(policy, course, pace, policy.shorter)


def _shorter(policy: Policy, course: Course, pace: Pace, share: float) -> tuple[Pace, Verdict]:
    end = pace.low + share * pace.length
    if end - pace.low < policy.shortest * course.length:
        return pace, Refuse("no solution")
    return replace(pace, high=end), Shorter(end)


def _is_worth_a_factor(policy: Policy, course: Course, pace: Pace, gain: float) -> bool:
    """Whether slabs as long as this one, which share its factor, come to the end sooner than longer ones."""
    few = course.end - pace.high <= policy.few * pace.length
    return gain >= policy.safety and (gain < policy.longest_growth or few)


def _next(course: Course, pace: Pace, length: float) -> tuple[Pace, Accept]:
    """The slab after those closed, about this long."""
    left = course.end - pace.low
    if left <= 0:
        return pace, Accept(None)
    if course.is_affine and course.slabs is None:  # equal slabs share a factor
        length = left / math.ceil(left / length * (1 - EQUAL))
    end = _end(course, pace.edges, length)
    return replace(pace, high=end), Accept(end)


def _end(course: Course, edges: tuple[float, ...], length: float) -> float:
    """Where the slab after these ends, if it is to be about so long; the last one ends with the axis itself."""
    if course.slabs is not None:
        share = len(edges) / course.slabs
        return course.end if share >= 1 else course.start + share * course.length
    left = course.end - edges[-1]
    if left <= length * (1 + EQUAL):
        return course.end
    whole = left / length  # slabs of equal length are left as they are
    return edges[-1] + (length if abs(whole - round(whole)) < WHOLE else min(length, left / 2))
