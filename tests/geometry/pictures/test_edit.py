"""Edits: guidances, where the source goes, and masks that are refused."""

import numpy as np
import pytest
import torch

from sirenpde import Edit
from sirenpde.geometry.pictures.edit import MARGIN, differences
from sirenpde.references.cloning import blended, cloned

RANDOM = np.random.default_rng(0)
TARGET, SOURCE = RANDOM.random((40, 50, 3)), RANDOM.random((40, 50, 3))
MASK = np.zeros((40, 50), bool)
MASK[12:20, 15:30] = True
PART = slice(12 - MARGIN, 20 + MARGIN), slice(15 - MARGIN, 30 + MARGIN)


def test_a_clone_is_of_the_pixels_around_the_mask():
    edit = Edit.of(TARGET, SOURCE, MASK, "clone")
    assert edit.grid.shape == (8 + 2 * MARGIN, 15 + 2 * MARGIN)
    assert np.array_equal(edit.mask, MASK[PART])
    assert np.array_equal(edit.target, TARGET[PART])
    assert np.array_equal(edit.wanted["x"], SOURCE[PART][:, 1:] - SOURCE[PART][:, :-1])
    assert np.array_equal(edit.wanted["y"], SOURCE[PART][:-1] - SOURCE[PART][1:])
    whole = edit.grid.around.completed(blended(edit.target, edit.wanted, edit.mask))
    assert np.allclose(whole, cloned(TARGET, SOURCE, MASK), atol=1e-12)


def test_mixed_gradients_are_the_stronger_ones():
    edit = Edit.of(TARGET, SOURCE, MASK, "mixed")
    ours, theirs = differences(TARGET[PART]), differences(SOURCE[PART])
    for along, wanted in edit.wanted.items():
        assert np.array_equal(np.abs(wanted), np.maximum(np.abs(ours[along]), np.abs(theirs[along])))
        assert ((wanted == ours[along]) | (wanted == theirs[along])).all()


def test_textures_have_no_colours_of_their_own():
    edit = Edit.of(TARGET, SOURCE, MASK, "texture")
    grey = SOURCE[PART] @ np.array([0.2126, 0.7152, 0.0722])
    assert all(np.allclose(edit.wanted["x"][..., c], np.diff(grey, axis=1)) for c in range(3))


def test_flattening_keeps_steps_and_drops_ripples():
    columns = np.arange(50.0)
    picture = np.tile(np.where(columns < 22, 0.2, 0.8) + 0.01 * np.cos(3 * columns), (40, 1))
    edit = Edit.of(picture, picture, MASK, "flatten")
    kept = np.flatnonzero(edit.wanted["x"][10]) + PART[1].start
    assert 21 in kept and set(kept) <= {20, 21, 22}
    flat = blended(edit.target, edit.wanted, np.pad(np.ones(tuple(n - 2 for n in edit.mask.shape), bool), 1))
    assert np.ptp(flat[10, 10:14]) < np.ptp(picture[10, 17:21]) / 2


def test_illumination_evens_out_and_its_exponential_is_a_picture():
    edit = Edit.of(TARGET, SOURCE, MASK, "illumination")
    shown = edit.shown(torch.from_numpy(edit.target)).numpy()
    assert np.allclose(shown, TARGET[PART], atol=1e-12)
    given = differences(edit.target)["x"]
    ratio = edit.wanted["x"] / given
    steep = np.abs(given) > np.quantile(np.abs(given), 0.9)
    assert (ratio > 0).all() and ratio[steep].mean() < ratio[~steep].mean()
    flat = Edit.of(np.full((40, 50), 0.5), SOURCE, MASK, "illumination")
    assert not flat.wanted["x"].any()


def test_a_source_of_another_size_covers_the_mask_and_takes_the_targets_colours():
    ramp = np.tile(np.linspace(0, 1, 30), (16, 1))  # twice the mask's size, and grey
    edit = Edit.of(TARGET, ramp, MASK, "clone")
    inside = edit.grid.images["source"].numpy()[MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert np.allclose(inside, np.tile(ramp[:8].reshape(8, 15, 2).mean(2)[..., None], 3))
    larger = Edit.of(TARGET, np.kron(ramp, np.ones((10, 10))), MASK, "clone")
    assert np.allclose(larger.wanted["x"], edit.wanted["x"])


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((40, 50), bool), "The mask is empty"),
        (np.ones((40, 50), bool), "covers the whole target"),
        (np.zeros((40, 49), bool), "The mask has 40×49 pixels .* the target 40×50"),
        (np.arange(50) < 3 + np.zeros((40, 1)), "40 pixels at the left"),
    ],
)
def test_masks_that_leave_nothing_to_join_to_are_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        Edit.of(TARGET, SOURCE, mask, "clone")


def test_a_mode_is_one_of_five():
    with pytest.raises(ValueError, match="mode='blur' was given; expected one of clone, mixed"):
        Edit.of(TARGET, SOURCE, MASK, "blur")
