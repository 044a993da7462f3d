"""A prior over a user's own pictures."""

import numpy as np
from PIL import Image

from sirenpde import solve
from sirenpde.problem import load as loading


def test_own_pictures_are_measured_as_they_are(tmp_path):
    """Grey of a quarter: what vanishes, half of white, is as far from it as it is from black."""
    for k in range(4):
        Image.fromarray(np.full((12, 9 + k, 3), 64, dtype=np.uint8)).save(tmp_path / f"{k}.png")
    flags = {"folder": tmp_path, "size": 6, "held": 2, "width": 4, "rate": 1e-9}
    solution = solve(loading.build(loading.load(loading.find("image_prior")), flags), steps=1)
    assert 0.8 < solution.errors["picture"]["relative_l2"] < 1.2
    assert 11 < solution.errors["picture"]["psnr_db"] < 13
