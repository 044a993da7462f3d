"""Phantoms of ellipses and what a tomograph sees of them."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Box, Rays
from sirenpde.references.phantoms import (
    RotatedSums,
    phantom,
    sampling_mask,
    shadows,
    volume_phantom,
)


def test_the_head_is_the_published_one():
    """Areas of the ellipses, each with what it adds: the sum over the pixels of the whole."""
    from sirenpde.references.phantoms import HEAD

    picture = phantom(400)
    assert picture.sum() * (2 / 400) ** 2 == pytest.approx(
        sum(intensity * math.pi * a * b for intensity, a, b, *_ in HEAD), rel=1e-2
    )
    assert picture[200, 200] == pytest.approx(0.2) and picture[0, 0] == 0 and picture.max() == 1
    assert np.abs(phantom(32, seed=1) - phantom(32, seed=2)).max() > 0.5


def test_a_volume_of_the_head_has_its_slice():
    volume = volume_phantom(64)
    assert volume.shape == (64, 64, 64) and volume.min() == 0 and volume.max() == 1
    middle = volume[:, ::-1, 31].T  # x to the right, y upwards
    assert np.mean(np.abs(middle - phantom(64))) < 0.02


def test_pixels_and_voxels_have_the_means_over_them():
    fine = phantom(96, seed=0).reshape(24, 4, 24, 4).mean((1, 3))
    assert np.abs(phantom(24, seed=0) - fine).max() < 0.15 and len(np.unique(fine)) > 100
    voxels = volume_phantom(32, seed=0).reshape(8, 4, 8, 4, 8, 4).mean((1, 3, 5))
    assert np.abs(volume_phantom(8, seed=0) - voxels).max() < 0.15
    assert volume_phantom(8, seed=0).mean() == pytest.approx(voxels.mean(), rel=5e-3)


def test_turned_sums_are_near_the_line_integrals():
    picture, angles = phantom(128), np.linspace(0, math.pi, 4, endpoint=False)
    sums = RotatedSums.of(128, angles)(torch.from_numpy(picture).reshape(-1)).numpy()
    rays = Rays.parallel(Box(x=(-1, 1), y=(-1, 1)), angles, 128, nodes=256)
    lines = shadows(picture, rays).reshape(4, 128) / 2  # the sums are means over the height, 2
    # Turned by 90 degrees the columns run the other way.
    either = [
        min(np.abs(s - line).mean(), np.abs(s - line[::-1]).mean())
        for s, line in zip(sums, lines, strict=True)
    ]
    assert max(either) < 0.02 * sums.max()


def test_the_mask_of_a_volume_holds_an_eighth_about_frequency_zero():
    mask = sampling_mask((96, 96, 96))
    assert float(mask.mean()) == pytest.approx(0.1256, abs=2e-4)
    assert mask[0, 0, 0] == 1 and mask[48, 48, 48] == 0


def test_a_mask_of_the_wrong_size_is_refused(tmp_path):
    np.save(tmp_path / "mask.npy", np.ones((4, 4, 5)))
    with pytest.raises(ValueError, match=r"has shape \(4, 4, 5\), and the volume \(4, 4, 4\)"):
        sampling_mask((4, 4, 4), tmp_path / "mask.npy")
    np.save(tmp_path / "none.npy", np.zeros((4, 4, 4)))
    with pytest.raises(ValueError, match="holds no frequency"):
        sampling_mask((4, 4, 4), tmp_path / "none.npy")
    np.save(tmp_path / "grey.npy", np.full((4, 4, 4), 0.3))
    with pytest.raises(ValueError, match=r"values other than 0 and 1, from 0\.3 to 0\.3; expected booleans"):
        sampling_mask((4, 4, 4), tmp_path / "grey.npy")


def test_damaged_masks_and_no_angles_are_one_paragraph(tmp_path):
    (tmp_path / "mask.npy").write_text("no array")
    with pytest.raises(ValueError, match=r"mask.npy' could not be read as an array .*numpy.save is needed"):
        sampling_mask((4, 4), tmp_path / "mask.npy")
    with pytest.raises(ValueError, match="mask drawn for 1×1×1 holds no frequency"):
        sampling_mask((1, 1, 1))
    with pytest.raises(ValueError, match="8×8 pixels was to be seen from 0 angles"):
        RotatedSums.of(8, [])
