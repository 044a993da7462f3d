"""Directions along edges: as the picture has them, however it is turned."""

import numpy as np
import pytest

from sirenpde import along_edges


def half_plane(angle: float, side: int = 24) -> np.ndarray:
    """White where a point lies beyond a line through the middle, whose normal has this angle from x, y upwards."""
    rows, columns = np.mgrid[0:side, 0:side] - (side - 1) / 2
    return np.clip(0.5 + np.cos(angle) * columns - np.sin(angle) * rows, 0, 1)


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2, 2.0, 3.0])
def test_an_edge_has_its_normal_as_the_direction_that_counts_little(angle: float) -> None:
    xx, xy, yy = along_edges(half_plane(angle))[12, 12]
    values, vectors = np.linalg.eigh([[xx, xy], [xy, yy]])
    assert values[1] == pytest.approx(1) and values[0] < 0.4
    assert abs(vectors[:, 0] @ [np.cos(angle), np.sin(angle)]) == pytest.approx(1, abs=1e-3)


def test_no_edge_is_the_identity_and_colours_count_together() -> None:
    assert np.array_equal(along_edges(np.full((5, 6), 0.3)), np.tile([1.0, 0.0, 1.0], (5, 6, 1)))
    grey = half_plane(0.4)
    alone = np.stack([0 * grey, grey, 0 * grey], axis=-1)
    assert np.allclose(along_edges(alone), along_edges(grey))
