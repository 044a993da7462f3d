"""Pictures by name, and their sizes, pasting and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from smooth_pictures import image_file

from sirenpde import PixelGrid
from sirenpde.geometry.pictures.pictures import (
    ellipse,
    luminance,
    paste,
    read_picture,
    reduce,
    resize,
)


@pytest.mark.parametrize("name", ["camera", "astronaut", "chelsea", "coffee", "rocket", "moon"])
def test_pictures_of_skimage(name: str) -> None:
    picture = read_picture(name)
    assert picture.dtype == np.float64 and 0 <= picture.min() < picture.max() <= 1
    assert np.array_equal(picture, read_picture(f"skimage:{name}"))
    assert picture.ndim == (2 if name in ("camera", "moon") else 3)


def test_a_file_goes_before_a_picture_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image_file(tmp_path, "camera.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "camera.png").rename(tmp_path / "camera")
    assert read_picture("camera").shape == (2, 2) and read_picture("skimage:camera").shape == (512, 512)


def test_shrinking_averages_and_keeps_the_mean() -> None:
    image = np.random.default_rng(0).random((12, 18, 3))
    assert np.allclose(resize(image, (6, 6)), image.reshape(6, 2, 6, 3, 3).mean((1, 3)))
    assert np.allclose(resize(image, (5, 7)).mean((0, 1)), image.mean((0, 1)))
    assert reduce(image, 9).shape == (6, 9, 3) and reduce(image, 100).shape == (12, 18, 3)
    assert PixelGrid.read(scene="camera", longest=64).shape == (64, 64)
    assert PixelGrid.read(scene="astronaut", longest=64, grey=True).images["scene"].shape == (64, 64)


def test_enlarging_reproduces_linear_pictures_inside() -> None:
    ramp = np.linspace(0, 1, 5)[None, :] * np.ones((3, 1))
    large = resize(ramp, (3, 10))
    centres = (np.arange(10) + 0.5) / 2 - 0.5
    assert np.allclose(large[1, 1:-1], centres[1:-1] / 4)


def test_pasting_places_and_continues() -> None:
    target = np.zeros((20, 30))
    source = np.arange(12.0).reshape(3, 4)
    placed = paste(source, target, centre=(10, 15), height=3)
    assert placed.shape == (20, 30)
    top, left = 9, 14  # a centre between pixels goes to the even one
    assert np.array_equal(placed[top : top + 3, left : left + 4], source)
    assert placed[0, 0] == source[0, 0] and placed[-1, -1] == source[-1, -1]
    assert paste(source, np.zeros((20, 30, 3)), (10, 15), 6).shape == (20, 30, 3)
    assert paste(np.ones((3, 4, 3)), target, (10, 15), 6).shape == (20, 30)
    assert np.allclose(luminance(np.ones((2, 2, 3))), 1)


def test_an_ellipse_lies_where_it_should() -> None:
    mask = ellipse((41, 61, 3), centre=(20, 30), radii=(10, 20))
    assert mask.shape == (41, 61) and mask[20, 10] and mask[20, 50] and mask[10, 30] and not mask[9, 30]
    assert abs(mask.sum() / (np.pi * 200) - 1) < 0.01
