"""Parts of pictures in the whole."""

import numpy as np

from sirenpde.geometry.pictures.surroundings import Surroundings


def test_a_part_lies_where_it_was_cut_and_scales_with_the_whole():
    whole = np.random.default_rng(0).random((12, 20))
    around = Surroundings(whole, 4, 6, (4, 8))
    assert around.share() == 0.4
    assert np.array_equal(around.completed(whole[4:8, 6:14]), whole)
    twice = around.completed(np.full((8, 16), 7.0))
    assert twice.shape == (24, 40)
    assert (twice[8:16, 12:28] == 7).all() and (twice == 7).sum() == 8 * 16
    half = around.completed(np.full((2, 4), 7.0))
    assert half.shape == (6, 10) and (half[2:4, 3:7] == 7).all()


def test_a_part_of_another_kind_stays_alone():
    colours = Surroundings(np.zeros((5, 5, 3)), 1, 1, (2, 2))
    assert colours.completed(np.ones((2, 2))).shape == (2, 2)
