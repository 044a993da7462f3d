"""Finite differences in layered ground: of fourth order where the medium is smooth."""

import numpy as np

from sirenpde.bench.classical.ground import layered_ground


def test_a_grid_twice_as_fine_changes_the_waves_little():
    (x, y, coarse), (_, _, fine) = (layered_ground(3.0, step) for step in (0.04, 0.02))
    away = np.hypot(x[:, None] - 0.8, y - 0.25) > 0.2
    difference = (coarse - fine[1::2, 1::2])[away]
    assert np.linalg.norm(difference) < 0.2 * np.linalg.norm(coarse[away])
    assert np.abs(coarse[0]).max() < 1e-3 * np.abs(coarse[away]).max()
