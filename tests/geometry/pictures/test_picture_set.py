"""Pictures as samples: what each carries, what is seen of it, and what does not fit."""

import numpy as np
import pytest
import torch
from PIL import Image

from sirenpde import PictureSet
from sirenpde.geometry.gathered import NODES

IMAGES = np.random.default_rng(0).random((7, 4, 6, 3))


def test_a_sample_is_a_picture_with_its_pixels_and_its_context():
    pictures = PictureSet(IMAGES, context=5, first=10)
    points, data = pictures.draw(None, torch.Generator())
    assert pictures.size == len(points) == 7 and data["number"].tolist() == list(range(10, 17))
    assert torch.equal(data["picture"], torch.from_numpy(IMAGES).reshape(7, 24, 3))
    assert torch.equal(data[NODES], pictures.grid.points.expand(7, 24, 2))
    assert data["seen"].sum((1, 2)).tolist() == [5.0] * 7
    assert torch.equal(data["context"], torch.from_numpy(IMAGES) * data["seen"][..., None])
    chosen = pictures.draw(3, torch.Generator().manual_seed(0))[1]
    for key in data:
        assert torch.equal(chosen[key], data[key][(chosen["number"] - 10).long()])


def test_a_context_of_any_size_changes_with_each_draw():
    pictures, generator = PictureSet(IMAGES[..., 0], context=(2, 9)), torch.Generator().manual_seed(0)
    assert pictures.size is None
    _, data = pictures.draw(400, generator)
    counts = data["seen"].sum((1, 2))
    assert {*counts.tolist()} == {*map(float, range(2, 10))} and data["context"].shape == (400, 4, 6, 1)
    share = data["seen"].mean(0)  # every pixel as often as any other
    assert 0.15 < share.min() < share.max() < 0.32
    assert not torch.equal(pictures.draw(400, generator)[1]["seen"], data["seen"])


def test_the_same_pictures_seen_otherwise():
    all_seen = PictureSet(IMAGES)
    few = all_seen.seeing(4, seed=3, first=7)
    assert all_seen.data["seen"].min() == 1 and few.data["number"][0] == 7
    assert torch.equal(few.data["seen"], all_seen.seeing(4, seed=3).data["seen"])
    assert not torch.equal(few.data["seen"], all_seen.seeing(4, seed=4).data["seen"])
    assert torch.equal(all_seen.part(2, 4).images, all_seen.images[2:4])


def test_a_folder_is_read_in_order_and_cut_about_the_middle(tmp_path):
    wide = np.zeros((8, 16, 3), dtype=np.uint8)
    wide[:, 4:12] = 255
    Image.fromarray(wide).save(tmp_path / "b.png")
    Image.fromarray(np.full((8, 8), 51, dtype=np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("no picture")
    pictures = PictureSet.read(tmp_path, (4, 4))
    assert pictures.images.shape == (2, 4, 4, 3)
    assert torch.allclose(pictures.images[0], torch.tensor(0.2, dtype=torch.float64))
    assert torch.allclose(pictures.images[1], torch.tensor(1.0, dtype=torch.float64))
    assert PictureSet.read(tmp_path, (4, 4), grey=True).images.shape == (2, 4, 4)


def test_what_does_not_fit(tmp_path):
    with pytest.raises(ValueError, match=r"array of shape \(4, 6\)"):
        PictureSet(IMAGES[0, ..., 0])
    with pytest.raises(ValueError, match="context=25 pixels of 24"):
        PictureSet(IMAGES, context=25)
    with pytest.raises(ValueError, match=r"context=\(9, 2\)"):
        PictureSet(IMAGES, context=(9, 2))
    with pytest.raises(ValueError, match="holds no pictures"):
        PictureSet.read(tmp_path, (4, 4))
    with pytest.raises(ValueError, match="no data 'colour'"):
        PictureSet(IMAGES)["colour"]


def test_parts_have_pictures_and_folders_exist(tmp_path):
    few = PictureSet(np.zeros((3, 4, 6)))
    assert len(few.part(1, 9).images) == 2
    for start, stop in ((0, -61), (0, 0), (3, 5)):
        with pytest.raises(ValueError, match=f"The 3 pictures were to have a part from {start} to {stop}"):
            few.part(start, stop)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        PictureSet.read(tmp_path / "elsewhere", (4, 4))
