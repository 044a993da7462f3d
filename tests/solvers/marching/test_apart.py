"""Distances of two marches, summed over slabs."""

import math

from sirenpde.solvers.marching.apart import Apart


def test_slabs_add_up_to_the_distance_over_all_of_them() -> None:
    short, long = Apart((1e-6, 4e-8), (1.0, 1e-2)), Apart((3e-6, 0.0), (3.0, 3e-2))
    whole = short.plus(long)
    assert whole == Apart((4e-6, 4e-8), (4.0, 4e-2))
    assert math.isclose(short.bar, 2e-3) and math.isclose(whole.bar, 1e-3)


def test_a_field_that_vanishes_says_nothing() -> None:
    assert Apart((1e-8, 1e-4), (1.0, 0.0)).bar == 1e-4
    assert Apart((1e-4,), (0.0,)).bar == 0
