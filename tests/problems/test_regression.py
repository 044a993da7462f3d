"""Pictures as functions: their values, their gradients and their Laplacians."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from sirenpde import Problem, solve
from sirenpde.problem import load as loading


def declared(name: str, **flags: Any) -> Problem:
    return loading.build(loading.load(loading.find(name)), flags)


@pytest.mark.parametrize("colours", ["grey", "rgb"])
def test_a_picture_of_any_shape_is_met_exactly_with_its_derivatives(tmp_path, colours):
    """Odd sides, and a user's own file."""
    pixels = np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "own.png")
    solution = solve(
        declared("image_regression", picture=str(tmp_path / "own.png"), size=64, colours=colours)
    )
    assert solution.errors["u"]["psnr_db"] > 250
    assert solution.errors["gradient"]["relative_l2"] < 1e-12
    assert solution.errors["curvature"]["relative_l2"] < 1e-12
    assert "cosine series, order 45 x 31" in solution.choice
