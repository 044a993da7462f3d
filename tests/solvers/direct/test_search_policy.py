"""When a search for features is content, without one."""

import pytest

from sirenpde.solvers.direct.search_policy import SEARCH

TOLERANCE = 1e-12


@pytest.mark.parametrize(
    ("held_out", "fell", "columns", "affine", "enough"),
    [
        (1e-13, 0.1, 800, True, True),  # cheap: the tolerance is reached
        (1e-11, 0.99, 800, True, False),  # cheap: it still gains
        (1e-11, 1.1, 800, False, True),  # cheap: it gains no more
        (1e-3, 0.8, 2400, True, False),  # affine and unresolved: goes on while it gains anything
        (1e-3, 0.8, 2400, False, True),  # not affine: each trial is a Newton's method, and this is slow
        (1e-7, 0.4, 1600, True, False),  # resolved: has to halve
        (1e-7, 0.6, 1600, True, True),
        (1e-7, 0.4, 2400, True, True),  # costly: has to fall to a fifth
        (1e-7, 0.1, 2400, True, False),
        (2e-12, 0.1, 2400, True, True),  # near the tolerance, where a trial takes seconds
    ],
)
def test_a_trial_is_made_where_it_is_worth_its_time(held_out, fell, columns, affine, enough):
    assert SEARCH.is_enough(held_out, fell, columns, TOLERANCE, affine) is enough


def test_the_numbers_of_columns_ascend_from_cheap_to_costly():
    assert list(SEARCH.columns) == sorted(SEARCH.columns)
    assert SEARCH.is_cheap(SEARCH.columns[0]) and SEARCH.columns[-1] > SEARCH.costly > SEARCH.cheap
