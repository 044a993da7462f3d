"""Pictures of the experiments: cut out of larger ones, never scaled."""

import numpy as np
import pytest

from sirenpde import read_picture
from sirenpde.bench.papers.pictures import NATURAL, face, natural, rendered, words


@pytest.mark.parametrize("size", [96, 97])
def test_photographs_are_cut_out_of_the_middle(size: int) -> None:
    with natural(2, size) as files:
        found = [read_picture(file) for file in files]
    for name, square in zip(NATURAL, found, strict=False):
        whole = read_picture(name)
        top, left = ((n - size) // 2 for n in whole.shape[:2])
        assert np.allclose(square, whole[top : top + size, left : left + size])


def test_the_face_is_a_part_of_the_whole_picture() -> None:
    with face(64) as part, face(512) as whole:
        assert np.allclose(read_picture(part), read_picture(whole)[100:164, 200:264])


def test_words_have_the_ink_of_the_whole_picture_in_their_part() -> None:
    with words(3, 96) as files:
        parts = [read_picture(file) for file in files]
    for seed, part in enumerate(parts):
        whole = rendered(512, seed)
        assert part.shape == (96, 96, 3)
        assert abs(part.mean() - whole.mean()) < 0.02
        assert 0.9 < whole.mean() < 1
