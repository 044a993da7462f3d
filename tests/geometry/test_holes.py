"""Holes of plane shapes."""

import pytest

from sirenpde import Box, Disk, Interval
from sirenpde.geometry.holes import holes_of

SQUARE = Box(x=(-1, 1), y=(-1, 1))


def test_round_holes_are_found_exactly_also_in_time_and_moved():
    plate = SQUARE - Disk(center=(0.4, 0.3), radius=0.2) - Disk(center=(-0.5, 0), radius=0.1)
    expected = {(0.4, 0.3): 0.2, (-0.5, 0.0): 0.1}
    for domain in (plate, plate * Interval(t=(0, 1))):
        found = {tuple(round(c, 12) for c in hole.centre): hole.radius for hole in holes_of(domain)}
        assert found == pytest.approx(expected, abs=1e-12)
    (hole,) = holes_of((SQUARE - Disk(radius=0.5)).moved(x=3).scaled(2, about=(0, 0)))
    assert hole.centre == pytest.approx((6, 0), abs=1e-12) and hole.radius == pytest.approx(1.0)


def test_a_hole_of_several_arcs_has_its_centroid_and_the_largest_disk_about_it():
    (hole,) = holes_of(SQUARE - Box(x=(-0.5, 0.1), y=(-0.2, 0.2)))
    assert hole.centre == pytest.approx((-0.2, 0), abs=1e-12)
    assert 0.2 <= hole.radius < 0.21


def test_a_crescent_whose_centroid_is_no_part_of_it_is_left_out():
    crescent = Disk(radius=0.5) - Disk(center=(0.1, 0), radius=0.45)
    assert holes_of(SQUARE - crescent) == ()


@pytest.mark.parametrize("domain", [SQUARE, Disk(), SQUARE - Disk(center=(1, 0), radius=0.5)])
def test_a_notch_is_no_hole(domain):
    assert holes_of(domain) == ()


def test_domains_of_other_kinds_have_none():
    assert holes_of(SQUARE.where(lambda p: p[:, 0] > 0)) == ()
    assert holes_of(SQUARE.boundary()) == ()
    assert holes_of(Box(x=(0, 1)).nodes(3)) == ()
