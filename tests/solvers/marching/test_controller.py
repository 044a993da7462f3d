"""Slabs and orders chosen for outcomes that are written down, without any solve."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from sirenpde.solvers.marching.controller import (
    POLICY,
    Accept,
    Attempts,
    Course,
    Finer,
    Outcome,
    Pace,
    Refuse,
    Shorter,
    broken,
    first_pace,
    hear,
    propose,
    start,
    threshold,
)

COURSE = Course(0.0, 1.0, 1e-8)
AFFINE = replace(COURSE, is_affine=True)
MIDDLE = Pace((0.0, 0.25), 0.5)  # the slab from 1/4 to 1/2


@pytest.mark.parametrize(
    ("outcome", "length"),
    [
        (Outcome(1e-9, rate=3), 0.25 * 0.8 * 0.1 ** (-1 / 3)),  # a tenth of the tolerance, and a margin
        (Outcome(1e-9), 0.25 * 0.8 * 0.1 ** (-1 / 4)),  # the rate of what is not known
        (Outcome(0.5 * 1e-8, rate=1), 0.25 * 0.8 / 0.5),
        (Outcome(1e-8, rate=3), 0.25 * 0.8),  # met, if hardly
        (Outcome(1e-8, rate=1000), 0.25 * 0.8),
    ],
)
def test_the_next_slab_is_as_long_as_the_rate_tells(outcome: Outcome, length: float) -> None:
    pace, verdict = propose(POLICY, replace(COURSE, end=10.0), MIDDLE, outcome)
    assert verdict == Accept(pytest.approx(0.5 + length, rel=1e-12))
    assert pace.edges == (0.0, 0.25, 0.5) and pace.worst == outcome.quality and pace.high == verdict.end


def test_the_next_slab_is_half_as_long_as_the_longest_before_it_at_least() -> None:
    long = replace(MIDDLE, longest=0.45)
    assert propose(POLICY, COURSE, long, Outcome(1e-8, rate=3))[1] == Accept(0.5 + 0.225)
    refused, _ = propose(POLICY, COURSE, long, Outcome(1e-6, rate=3))
    assert refused.longest == 0.0


def test_the_next_slab_is_twice_as_long_at_most() -> None:
    assert propose(POLICY, replace(COURSE, end=10.0), MIDDLE, Outcome(1e-15, rate=3))[1] == Accept(1.0)


@pytest.mark.parametrize(
    ("quality", "rate", "share"),
    [
        (1e-7, 3, 0.8 * 10 ** (-1 / 3)),
        (1.1e-8, 8, 0.7),  # hardly too large: shorter by enough to matter
        (1e-2, 3, 0.25),
        (0.5, 3, 0.25),
        (math.nan, 3, 0.25),
        (math.inf, 3, 0.25),
    ],
)
def test_a_slab_that_misses_the_tolerance_is_tried_shorter(quality: float, rate: int, share: float) -> None:
    pace, verdict = propose(POLICY, COURSE, MIDDLE, Outcome(quality, rate))
    assert verdict == Shorter(pytest.approx(0.25 + 0.25 * share, rel=1e-12))
    assert pace.edges == MIDDLE.edges and pace.high == verdict.end


def test_a_slab_that_shortening_did_not_help_is_closed_at_the_floor_of_rounding() -> None:
    pace, verdict = propose(POLICY, COURSE, MIDDLE, Outcome(1e-7, rate=3))
    assert isinstance(verdict, Shorter)
    pace, verdict = propose(POLICY, COURSE, pace, Outcome(0.9e-7, rate=3))
    # The next slab may be as long as the longest that was tried here, and twice as bad as this one.
    assert verdict == Accept(pytest.approx(pace.low + 0.25)) and pace.floor == 0.9e-7
    assert isinstance(propose(POLICY, COURSE, pace, Outcome(1.7e-7))[1], Accept)
    assert isinstance(propose(POLICY, COURSE, pace, Outcome(1.9e-7))[1], Shorter)
    assert propose(POLICY, COURSE, pace, Outcome(1e-9))[0].floor == pytest.approx(0.9e-8)  # forgotten slowly


def test_a_slab_that_is_no_solution_is_never_closed_and_its_length_not_remembered() -> None:
    pace = replace(MIDDLE, attempts=Attempts(longer=0.2, longest=0.2))
    pace, verdict = propose(POLICY, COURSE, pace, Outcome(0.19))
    assert isinstance(verdict, Shorter) and pace.attempts == Attempts(longer=0.19)


def test_orders_grow_until_the_fields_are_told_unless_in_vain() -> None:
    pace, verdict = propose(POLICY, COURSE, MIDDLE, Outcome(1e-4, waves=1e-3, orders="higher"))
    assert verdict == Finer() and pace.high == 0.5 and pace.raised == 1e-3
    better, verdict = propose(POLICY, COURSE, pace, Outcome(4e-5, waves=1e-4, orders="higher"))
    assert verdict == Finer() and better.raised == 1e-4
    # Higher orders had not halved the residual, so that it is the length that limits it.
    in_vain, verdict = propose(POLICY, COURSE, pace, Outcome(6e-5, waves=1e-4, orders="higher"))
    assert isinstance(verdict, Shorter) and in_vain.raised == math.inf
    # It is not in vain where the tolerance is met.
    assert propose(POLICY, COURSE, pace, Outcome(1e-9, waves=1e-7, orders="higher"))[1] == Finer()


def test_a_slab_that_is_no_solution_gets_shorter_before_it_gets_finer() -> None:
    assert isinstance(propose(POLICY, COURSE, MIDDLE, Outcome(0.3, waves=1.0, orders="higher"))[1], Shorter)


def test_orders_at_their_limit_do_not_shorten_slabs() -> None:
    pace, verdict = propose(POLICY, COURSE, MIDDLE, Outcome(1e-4, waves=1e-5, orders="beyond"))
    assert verdict == Accept(0.75) and pace.floor == 1e-4
    # A residual that the highest waves do not explain is one of the length.
    assert isinstance(propose(POLICY, COURSE, MIDDLE, Outcome(1e-4, waves=1e-7, orders="beyond"))[1], Shorter)
    refused = propose(POLICY, COURSE, MIDDLE, Outcome(0.2, waves=0.1, orders="beyond"))[1]
    assert refused == Refuse("too fast")


@pytest.mark.parametrize(
    ("waves", "raised", "noise"),
    [
        (1e-12, 1.2e-12, 2e-12),  # higher orders had hardly made them smaller
        (1e-12, 1e-11, 0.0),
        (1e-12, math.inf, 0.0),  # no orders were raised
        (1e-8, 1e-8, 0.0),  # too loud for rounding
    ],
)
def test_waves_that_higher_orders_do_not_lower_are_noise(waves: float, raised: float, noise: float) -> None:
    pace = hear(POLICY, replace(MIDDLE, raised=raised), waves)
    assert pace.noise == noise and threshold(replace(COURSE, tolerance=1e-13), pace) == max(noise, 1e-13)
    assert hear(POLICY, replace(pace, noise=1.0), waves).noise == 1.0  # never forgotten


def test_the_start_is_told_before_the_first_slab_is_solved() -> None:
    pace, verdict = start(first_pace(POLICY, COURSE), Outcome(math.nan, waves=0.1, orders="higher"))
    assert verdict == Finer() and pace.raised == 0.1
    for orders in ("enough", "beyond"):
        assert start(pace, Outcome(math.nan, waves=0.1, orders=orders)) == (first_pace(POLICY, COURSE), None)


def test_slabs_of_an_affine_march_are_equal_while_a_longer_one_is_not_worth_a_factor() -> None:
    course, pace = replace(AFFINE, end=3.25), MIDDLE
    assert propose(POLICY, course, pace, Outcome(0.5e-8, rate=4))[1] == Accept(0.75)
    # Longer by far, with 76 such slabs to go: of equal length again, and the last ends at the end.
    far = replace(course, end=20.0)
    _, verdict = propose(POLICY, far, pace, Outcome(1e-12, rate=4))
    assert verdict == Accept(pytest.approx(0.5 + 19.5 / 39, rel=1e-12))
    # Just as far, but these are few.
    assert propose(POLICY, course, pace, Outcome(1e-12, rate=4))[1] == Accept(0.75)


@pytest.mark.parametrize("slabs", [1, 3, 7, 10])
def test_slabs_that_were_asked_for_are_equal_whatever_they_come_to(slabs: int) -> None:
    course = Course(-1.0, 2.0, 1e-8, slabs)
    pace, verdict = first_pace(POLICY, course), None
    for _ in range(slabs):
        assert pace.length == pytest.approx(3 / slabs, rel=1e-12)
        pace, verdict = propose(POLICY, course, pace, Outcome(0.5))
    assert verdict == Accept(None) and pace.edges[-1] == 2.0 and pace.closed == slabs


@pytest.mark.parametrize(("left", "end"), [(0.25, 1.0), (0.249999999999, 1.0), (0.3, 0.85), (0.5, 0.75)])
def test_the_end_of_the_axis_is_met_exactly_and_no_sliver_left(left: float, end: float) -> None:
    pace = Pace((0.0, 0.8 - left), 1.0 - left)
    quality = 1e-8 * POLICY.safety**3 * (pace.length / 0.25) ** 3  # wants a slab of length 1/4
    assert propose(POLICY, COURSE, pace, Outcome(quality, rate=3))[1] == Accept(pytest.approx(end, rel=1e-9))
    if end == 1.0:
        assert propose(POLICY, COURSE, pace, Outcome(quality, rate=3))[1] == Accept(1.0)


def test_a_slab_that_is_not_finite_is_tried_shorter_or_refused() -> None:
    assert broken(POLICY, COURSE, MIDDLE)[1] == Shorter(0.3125)
    assert broken(POLICY, replace(COURSE, slabs=4), MIDDLE)[1] == Refuse("not finite")


def test_a_slab_beyond_which_nothing_is_found_is_refused() -> None:
    pace, verdict = first_pace(POLICY, COURSE), None
    while not isinstance(verdict, Refuse):
        pace, verdict = propose(POLICY, COURSE, pace, Outcome(math.inf))
    assert verdict == Refuse("no solution") and 1e-6 <= pace.length < 4e-6
    assert broken(POLICY, COURSE, pace)[1] == Refuse("no solution")


def marched(
    course: Course, quality: Callable[[float, float, int], float], order: int = 0
) -> tuple[Pace, int]:
    """Slabs for a formula of quality from start, length and order; and how many trials they took."""
    pace, verdict, trials = first_pace(POLICY, course), None, 0
    while verdict != Accept(None):
        trials += 1
        waves = math.exp(-order) if order else 0.0
        pace = hear(POLICY, pace, waves)
        orders = "higher" if waves > threshold(course, pace) else "enough"
        outcome = Outcome(quality(pace.low, pace.length, order), 8, waves, orders)
        pace, verdict = propose(POLICY, course, pace, outcome)
        assert not isinstance(verdict, Refuse) and trials < 1000
        order = math.ceil(1.5 * order) if isinstance(verdict, Finer) else order
    return pace, trials


@pytest.mark.parametrize("longest", [0.3, 0.1, 0.01, 0.003])
def test_a_march_of_one_scale_takes_hardly_more_slabs_than_there_must_be(longest: float) -> None:
    """Slabs of length h are solved to (h / longest)^8 of the tolerance."""
    pace, trials = marched(COURSE, lambda low, h, order: 1e-8 * (h / longest) ** 8)
    assert (
        pace.edges[-1] == 1.0
        and max(b - a for a, b in zip(pace.edges, pace.edges[1:], strict=False)) <= longest
    )
    assert pace.closed <= math.ceil(1 / (POLICY.safety * longest)) + 4
    assert trials <= pace.closed + 4  # refused ones


def test_a_march_shortens_its_slabs_where_the_field_is_fast_and_lengthens_them_again() -> None:
    """A layer at 0.5 in which slabs must be a fiftieth as long."""

    def longest(low: float) -> float:
        return 0.2 if abs(low - 0.5) > 0.05 else 0.004

    pace, trials = marched(
        COURSE, lambda low, h, order: 1e-8 * (h / min(longest(low), longest(low + h))) ** 8
    )
    lengths = [b - a for a, b in zip(pace.edges, pace.edges[1:], strict=False)]
    assert sum(length > 0.05 for length in lengths) >= 4 and min(lengths) > 0.001
    assert pace.closed < 0.1 / (POLICY.safety * 0.004) + 20 and trials < 1.5 * pace.closed


def test_orders_are_raised_once_for_all_slabs_and_not_for_rounding() -> None:
    def quality(low: float, h: float, order: int) -> float:
        return 1e-9 * (h / 0.1) ** 8 + math.exp(-order) + 1e-13

    pace, trials = marched(COURSE, quality, order=4)
    assert pace.worst < COURSE.tolerance and trials <= pace.closed + 6  # 4, 6, 9, 14, 21: four times finer
    rough, trials = marched(replace(COURSE, tolerance=1e-13), quality, order=4)
    assert rough.edges[-1] == 1.0 and rough.worst < 1e-9 and trials < 200


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_quality_that_hardly_meets_the_tolerance_at_any_length_does_not_shorten_slabs(share: float) -> None:
    pace, trials = marched(COURSE, lambda low, h, order: share * 1e-8 + 1e-9 * (h / 0.1) ** 8)
    assert pace.closed == trials <= 32


def test_a_march_below_rounding_keeps_its_slabs_long() -> None:
    """What is left of slabs of any length is 1e-9, a tenth of it better or worse by chance."""
    course = replace(COURSE, tolerance=1e-12)
    pace, trials = marched(
        course, lambda low, h, order: 1e-9 * (1 + 0.1 * math.sin(1e3 * low)) + (h / 0.2) ** 9 * 1e-9
    )
    assert pace.closed <= 24 and trials <= 36 and pace.worst < 2e-9
