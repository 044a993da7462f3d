"""Faces made by a formula."""

import numpy as np

from sirenpde.references.faces import faces


def test_faces_are_alike_and_differ():
    some = faces(40, 16)
    assert some.shape == (40, 16, 16, 3) and some.min() >= 0 and some.max() <= 1
    assert np.array_equal(some, faces(40, 16)) and not np.allclose(some, faces(40, 16, seed=1))
    # The lips, below the middle, are redder than what is around them.
    lips, chin = (some[:, rows, 6:10].mean((0, 1, 2)) for rows in (slice(11, 12), slice(9, 10)))
    assert lips[0] - lips[1] > chin[0] - chin[1] + 0.05
    # A larger picture shows the same face.
    large = faces(2, 64).reshape(2, 16, 4, 16, 4, 3).mean((2, 4))
    assert np.abs(large - some[:2]).mean() < 0.02
