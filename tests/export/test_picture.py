"""Pictures as PNG, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image

from sirenpde.export.picture import write_picture


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_a_picture_is_clipped_and_keeps_its_pixels(tmp_path, shape):
    values = np.random.default_rng(0).uniform(-0.2, 1.2, shape)
    read = pixels(write_picture(tmp_path / "u.png", values))
    expected = np.round(255 * values.clip(0, 1)).reshape(shape if shape[-1] == 3 else shape[:2])
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("values", [np.zeros(()), np.zeros((2, 2, 2)), np.zeros((2, 2)) * 1j, np.zeros(4)])
def test_what_is_no_picture_is_told(tmp_path, values):
    with pytest.raises(ValueError, match="picture"):
        write_picture(tmp_path / "u.png", values)


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_a_picture_is_transparent_where_it_is_not_known(tmp_path, channels):
    values = np.full((2, 3, *channels), 0.2)
    values[1, 2] = np.nan
    found = pixels(write_picture(tmp_path / "a.png", values))
    assert found.shape == (2, 3, 4 if channels == (3,) else 2)
    assert (found[..., -1] == [[255, 255, 255], [255, 255, 0]]).all() and (found[0, 0, :-1] == 51).all()
