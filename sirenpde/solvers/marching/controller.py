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
    """The numbers that steer a march. Qualities are residuals relative to those of fields that vanish.

    Counts of slabs and trials are those of models: a slab of length h is solved to (h / h*)^8 of the tolerance, where
    h* is a hundredth of the axis if nothing else is said.
    """

    # Of the axis: the first slab tried. A first slab far too long costs two more trials, one far too short hides a
    # quality that rounding limits: with a 64th a dispersive wave took 64 slabs, with a 16th it takes 16.
    first: float = 1 / 16
    # Of one slab's length to the next, where the quality tells that more would do. With 1.3 a layer in the midst
    # takes 59 trials instead of 52; with 4 or more a slab may step over one unseen.
    longest_growth: float = 2.0
    # Of the longest slab since one was refused: the next, where a slab meets the tolerance with little to spare. What
    # limits that need not be the length, which would sink to nothing.
    least_length: float = 0.5
    # Of one trial's length to the next of the same slab, at least: a quality far off tells little of its rate.
    shorter: float = 0.25
    # And at most. With 0.5 slabs whose quality varies tenfold by chance take 190 trials instead of 161; between 0.7
    # and 0.99 there is nothing to choose.
    shorter_at_least: float = 0.7
    # Of a length that is expected to meet the tolerance. With 0.6 there are 167 slabs instead of 125; with 0.9 every
    # slab of networks that do not tell their rate is refused once, 271 trials instead of 120.
    safety: float = 0.8
    # A quality that no solution has. With 0.01 fields whose orders are low at first are none, and the march ends
    # there.
    failed: float = 0.1
    # The power of a slab's length with which its residual falls, where the networks do not tell. Where it is 3, or
    # 6, four takes 137 and 120 trials, three 127 and 279, six 159 and 127.
    rate: float = 4.0
    # Of the highest waves, after a growth of orders: those that are still so large are rounding. Waves of a smooth
    # field fall a hundredfold when the orders grow by half.
    deaf: float = 0.7
    # Of a field: larger waves are not rounding, but a kink, whose waves fall as slowly.
    loudest: float = 1e-9
    # Times waves that are rounding: those that ask for higher orders. Rounding varies by less from slab to slab.
    above_noise: float = 2.0
    # Times the highest waves: a quality that they explain, since second derivatives multiply them.
    coarse: float = 100.0
    # Of the quality before: one that a shorter slab, or higher orders, have made better. Where length or orders are
    # what limits it they make it many times better; with 0.8 chance passes for progress, 104 trials instead of 73.
    better: float = 0.5
    # Times the quality that shorter slabs did not make better: what is asked of the next. With 1 chance refuses slabs
    # at rounding level, and their lengths sink to nothing.
    above_floor: float = 2.0
    # How much of that is remembered after a slab that did as well: so little that it is tried anew whether shorter
    # ones are better, since a rough start heals. With 0.5 it sinks by halves, and the lengths with it.
    forgotten: float = 0.1
    # Slabs that cost about as much as the factor of another length.
    few: float = 32
    # Of the axis: the shortest slab. Blow-up is followed to a millionth of the axis before it.
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
    longest: float = 0.0  # length of the longest slab closed since one was refused
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


def first_pace(policy: Policy, course: Course) -> Pace:
    """Before the first slab.

    >>> first_pace(POLICY, Course(0.0, 1.0, 1e-11)).high
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
    >>> propose(POLICY, course, first_pace(POLICY, course), Outcome(quality=1e-3))[1]
    Shorter(end=0.015625)
    """
    earlier, judged = pace.attempts, _judged(policy, course, pace, outcome)
    quality, failed, poor = judged.quality, judged.failed, judged.poor
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
        share = min(max(judged.gain, policy.shorter), policy.shorter_at_least)
        return _shorter(policy, course, replace(pace, longest=0.0, attempts=tried), share)
    return _next(course, _closed(policy, pace, judged), _length(policy, course, pace, judged))


@dataclass(frozen=True)
class _Judged:
    quality: float
    gain: float  # how many times as long a slab would meet what is asked, with a margin
    failed: bool  # it is no solution
    coarse: bool  # its orders are at their limit, and shorter slabs would not help
    poor: bool  # it misses what is asked, and its length may be why


def _judged(policy: Policy, course: Course, pace: Pace, outcome: Outcome) -> _Judged:
    quality, is_free = outcome.quality if math.isfinite(outcome.quality) else math.inf, course.slabs is None
    target = max(course.tolerance, policy.above_floor * pace.floor)
    gain = policy.safety * (target / max(quality, 1e-300)) ** (1 / (outcome.rate or policy.rate))
    failed = is_free and not quality < policy.failed
    coarse = outcome.orders == "beyond" and quality < policy.coarse * outcome.waves
    return _Judged(quality, gain, failed, coarse, is_free and quality > target and not coarse)


def _closed(policy: Policy, pace: Pace, judged: _Judged) -> Pace:
    """The memory after a slab that is closed."""
    at_floor = judged.poor or judged.coarse
    return replace(
        pace,
        edges=(*pace.edges, pace.high),
        worst=max(pace.worst, judged.quality),
        floor=judged.quality if at_floor else policy.forgotten * pace.floor,
        longest=max(pace.longest, pace.length),
        attempts=Attempts(),
    )


def _length(policy: Policy, course: Course, pace: Pace, judged: _Judged) -> float:
    """Of the slab after one that is closed."""
    if judged.poor:  # shorter was no better: what limits it is not its length, but rounding or a rough start
        return max(pace.attempts.longest, pace.length)
    if judged.coarse or (course.is_affine and _is_worth_a_factor(policy, course, pace, judged.gain)):
        return pace.length
    is_at_floor = judged.quality > course.tolerance
    least = pace.length if is_at_floor else policy.least_length * max(pace.longest, pace.length)
    return max(pace.length * min(judged.gain, policy.longest_growth), least)


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
