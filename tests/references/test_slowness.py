"""Media: shapes of another speed, and speeds from files that others wrote."""

import numpy as np
import pytest
import torch
from PIL import Image

from sirenpde import Box
from sirenpde.calculus.evaluate import over_known
from sirenpde.references.slowness import inclusion, medium_of, of_velocity

BOX = Box(x=(-1, 1), y=(-1, 1))


def values(function, points):
    return over_known(function, ("x", "y"), torch.tensor(points, dtype=torch.float64), {}, {})


@pytest.mark.parametrize(("name", "within"), [("uniform", 1.0), ("square", 0.25), ("circle", 0.25)])
def test_named_media_have_their_speeds_and_a_box_around_what_differs(name, within):
    medium = medium_of(name, None, BOX)
    assert values(medium.slowness, [[0.02, 0.05], [0.4, 0.0]]).tolist() == [within, 1.0]
    points = BOX.draw(2000, torch.Generator().manual_seed(0))[0]
    other = values(medium.slowness, points.tolist()) != 1
    assert all(bool(body.contains(points[other]).all()) for body in medium.bodies)
    assert bool(other.any()) == bool(medium.bodies)


def test_speeds_on_a_grid_go_on_beyond_it(tmp_path):
    s = np.linspace(-0.5, 0.5, 21)
    np.savez(tmp_path / "c.npz", x=s, y=s, speed=1.5 + s[:, None] + 0 * s)
    m = of_velocity(tmp_path / "c.npz", BOX)
    assert values(m, [[0.2, 0.3], [0.9, 0.0]]).tolist() == pytest.approx([1.7**-2, 2.0**-2], rel=1e-12)


def test_black_and_white_of_a_picture_are_the_speeds_that_are_given(tmp_path):
    grey = np.zeros((40, 40), np.uint8)
    grey[:, 20:] = 255
    Image.fromarray(grey).save(tmp_path / "c.png")
    m = of_velocity(tmp_path / "c.png", BOX, (1.0, 3.0))
    assert values(m, [[-0.7, 0.1], [0.7, 0.1]]).tolist() == pytest.approx([1.0, 1 / 9], rel=1e-6)


@pytest.mark.parametrize(
    ("speed", "words"),
    [(0.0, "has the speed -0.1"), (-1.0, "has the speed -1.3"), (np.nan, "finite numbers are needed")],
)
def test_speeds_that_cannot_be_are_refused(tmp_path, speed, words):
    c = np.ones((9, 9))
    c[3:6, 3:6] = speed
    np.savez(tmp_path / "c.npz", c=c)
    with pytest.raises(ValueError, match=words):
        of_velocity(tmp_path / "c.npz", BOX)


def test_a_missing_file_another_name_and_other_speeds_are_refused(tmp_path):
    with pytest.raises(OSError, match=r"none\.npz"):
        medium_of("uniform", tmp_path / "none.npz", BOX)
    with pytest.raises(ValueError, match="expected uniform, square, circle"):
        medium_of("cube", None, BOX)
    with pytest.raises(ValueError, match="expected a finite one above 0"):
        inclusion(Box(x=(0, 1), y=(0, 1)), 0.0)
    np.savez(tmp_path / "c.npz", c=np.ones((9, 9)))
    with pytest.raises(ValueError, match="The speeds of black and white"):
        of_velocity(tmp_path / "c.npz", BOX, (0.0, 1.0))
    np.savez(tmp_path / "d.npz", c=np.ones((9, 9, 2)))
    with pytest.raises(ValueError, match="expected a speed, one real number"):
        of_velocity(tmp_path / "d.npz", BOX)
