"""The curves on which a function of the plane changes its sign."""

import numpy as np

from sirenpde.geometry.meshes.contours import contours


def flower(p):
    return np.linalg.norm(p, axis=1) - 0.7 - 0.2 * np.cos(5 * np.arctan2(p[:, 1], p[:, 0]))


def test_curves_join_and_their_vertices_lie_on_the_change_of_sign():
    curves = contours(flower, ((-1, 1), (-1, 1)), 61)
    ends = np.array([curve(np.array([0.0, 1.0])) for curve in curves])
    np.testing.assert_allclose(ends[:, 1], np.roll(ends[:, 0], -1, axis=0), atol=1e-15)
    assert np.abs(flower(ends.reshape(-1, 2))).max() < 1e-14
    between = np.concatenate([curve(np.linspace(0, 1, 50)) for curve in curves])
    assert np.abs(flower(between)).max() < 1e-3


def test_a_predicate_has_curves_with_corners():
    curves = contours(lambda p: np.where((p > 0).all(1), 1.0, -1.0), ((-1, 1), (-1, 1)), 41)
    points = np.concatenate([curve(np.linspace(0, 1, 99)) for curve in curves])
    for corner in ((-1, -1), (1, -1), (-1, 1)):
        assert np.linalg.norm(points - np.array(corner), axis=1).min() < 0.01
    assert points.min() == -1 and points.max() == 1


def test_nothing_is_found_where_nothing_changes():
    assert contours(lambda p: np.ones(len(p)), ((-1, 1), (-1, 1)), 9) == []
