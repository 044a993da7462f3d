"""Pictures as PNG, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image

from sirenpde import Field, FourierSeries, PixelGrid, Problem, on, solve
from sirenpde.export.picture import write_picture
from sirenpde.geometry.pictures.surroundings import Surroundings


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


def test_a_part_of_a_picture_is_written_in_its_place_at_any_resolution(tmp_path):
    rows, columns = np.mgrid[:24, :36]
    whole = 0.5 + 0.4 * np.sin(rows / 5) * np.cos(columns / 7)
    part = whole[6:16, 9:29]
    grid = PixelGrid({"f": part}, around=Surroundings(whole, 6, 9, part.shape))
    u = Field("u", grid, FourierSeries(half_period=True))
    solution = solve(Problem(on(grid, name="match")(lambda p: u(p) - grid["f"](p))))
    for resolution, size in ((None, (36, 24)), (72, (72, 48))):
        with Image.open(solution.export(tmp_path / "u.png", resolution)) as image:
            assert image.size == size
            scale = size[0] // 36
            found = np.asarray(image).reshape(24, scale, 36, scale).mean((1, 3)) / 255
            assert np.abs(found - whole)[1:-1, 1:-1].max() < (0.003 if scale == 1 else 0.03)
