"""Pictures from their five-point Laplacians."""

import numpy as np
import pytest

from sirenpde import PixelGrid
from sirenpde.references.integrated import integrated


@pytest.mark.parametrize("shape", [(9, 14), (8, 5, 3), (1, 6), (1, 1)])
def test_a_picture_comes_back_but_for_its_mean(shape):
    picture = np.random.default_rng(0).random(shape)
    grid = PixelGrid({"f": picture})
    found = integrated(grid.data["laplacian of f"].reshape(shape).numpy(), grid.spacing)
    assert np.allclose(found, picture - picture.mean((0, 1)), atol=1e-13)
