"""Pictures from known cameras: their rays, and the usual file of cameras."""

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from sirenpde import Box, Views
from sirenpde.geometry.pictures.pictures import reduce
from sirenpde.geometry.views import camera_rays, turning
from sirenpde.references.scene import views

cube = Box(x=(-2, 2), y=(-2, 2), z=(-2, 2))


def folder(tmp_path, **changes):
    frames = []
    for k, pose in enumerate(turning(3, 3.0, 1.0)):
        Image.fromarray(np.full((4, 6, 3), 50 * k, dtype=np.uint8)).save(tmp_path / f"r_{k}.png")
        frames.append({"file_path": f"./r_{k}", "transform_matrix": pose.tolist()})
    told = {"camera_angle_x": math.pi / 2, "frames": frames} | changes
    (tmp_path / "transforms_train.json").write_text(json.dumps(told))
    return tmp_path


def test_the_middle_of_every_picture_looks_at_the_scene():
    poses = turning(5, 3.0, 1.0)
    rays = Views(np.zeros((5, 3, 3, 3)), poses, 4.0).rays(cube, nodes=4)
    middle = slice(4, None, 9)
    nearest = (rays.origins * rays.directions).sum(1, keepdim=True) * rays.directions - rays.origins
    assert float(nearest[middle].norm(dim=1).max()) < 1e-12
    up = rays.directions[1::9] - rays.directions[7::9]  # of the upper row, less the lower
    assert bool((up[:, 2] > 0).all())


def test_a_folder_of_posed_pictures_is_read(tmp_path):
    found = Views.read(folder(tmp_path), longest=3)
    assert found.pictures.shape == (3, 2, 3, 3) and found.focal == pytest.approx((1.5, 1.5))
    assert found.pictures[2].mean() == pytest.approx(100 / 255)
    assert np.allclose(found.poses, turning(3, 3.0, 1.0))


def test_a_scene_without_cameras_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"has no cameras: neither transforms_train\.json nor transforms\.json"
    ):
        Views.read(tmp_path)
    with pytest.raises(ValueError, match="not each of them has a file_path and a transform_matrix"):
        Views.read(folder(tmp_path, frames=[{"file_path": "./r_0"}]))
    with pytest.raises(ValueError, match="neither camera_angle_x nor fl_x"):
        Views.read(_without_angle(tmp_path))
    (tmp_path / "transforms_train.json").write_text("{")
    with pytest.raises(ValueError, match="is no JSON"):
        Views.read(tmp_path)


def _without_angle(tmp_path):
    file = folder(tmp_path) / "transforms_train.json"
    told = json.loads(file.read_text())
    del told["camera_angle_x"]
    file.write_text(json.dumps(told))
    return tmp_path


def test_views_of_the_scene_show_it_before_black():
    found = views(3, 24)
    corner, middle = found.pictures[:, 0, 0], found.pictures[:, 8:16, 8:16]
    assert not corner.any() and middle.reshape(3, -1, 3).max(1).min() > 0.3


def test_damaged_cameras_are_one_paragraph(tmp_path):
    poses = [pose.tolist() for pose in turning(3, 3.0, 1.0)]
    frames = [{"file_path": f"./r_{k}", "transform_matrix": pose} for k, pose in enumerate(poses)]
    ragged = {"file_path": "./r_0", "transform_matrix": [[1, 0], [0]]}
    endless = {"file_path": "./r_0", "transform_matrix": [[math.nan] * 4] * 4}
    for given in (5, None, [*frames, 7], [ragged], [endless], [{"transform_matrix": poses[0]}]):
        with pytest.raises(ValueError, match="not each of them has a file_path and a transform_matrix"):
            Views.read(folder(tmp_path, frames=given))
    for angle in (0, "wide", None, math.inf, -1.0):
        with pytest.raises(ValueError, match="cameras of no such width"):
            Views.read(folder(tmp_path, camera_angle_x=angle))
    folder(tmp_path)
    Image.fromarray(np.zeros((4, 5, 3), dtype=np.uint8)).save(tmp_path / "r_1.png")
    with pytest.raises(ValueError, match=r"r_1.png' has 4×5 pixels .* and '.*r_0.png' has 4×6"):
        Views.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        Views.read(tmp_path / "elsewhere")


def test_cameras_that_are_not_split_hold_every_eighth_picture_out(tmp_path):
    read = folder(tmp_path, fl_x=6.0, w=12) / "transforms_train.json"
    read.rename(tmp_path / "transforms.json")
    train, test = Views.read(tmp_path, "train"), Views.read(tmp_path, "test")
    assert [round(255 * p.mean()) for p in train.pictures] == [50, 100]
    assert [round(255 * p.mean()) for p in test.pictures] == [0]
    assert train.focal == pytest.approx((3.0, 3.0))  # 6 pixels of a picture twice as wide


def test_what_is_transparent_is_black(tmp_path):
    folder(tmp_path)
    for k in range(3):
        clear = np.full((4, 6, 4), 200, dtype=np.uint8)
        clear[:, :3, 3], clear[:, 3:, 3] = 0, 51
        Image.fromarray(clear).save(tmp_path / f"r_{k}.png")
    pictures = Views.read(tmp_path).pictures
    assert not pictures[:, :, :3].any()
    assert np.allclose(pictures[:, :, 3:], 40 / 255)


def test_a_part_of_the_cameras_says_what_the_other_needs(tmp_path):
    with pytest.raises(ValueError, match=r"has transforms_train.json, and not transforms_test.json"):
        Views.read(folder(tmp_path), "test")


def test_cameras_that_see_nothing_of_the_box_are_refused():
    far = Views(np.zeros((2, 3, 3, 3)), turning(2, 300.0, 1.0), 4.0)
    with pytest.raises(ValueError, match=r"None of the 18 rays .* the cameras are 300 to 300 away"):
        far.rays(cube, 1.5, 4.5, rule="random")
    assert far.rays(cube, 290.0, 310.0).near[0] == 290
    with pytest.raises(ValueError, match="A picture of 0 pixels along its longer side"):
        reduce(np.zeros((2, 2)), 0)


def test_cameras_off_the_middle_and_pixels_that_are_no_squares_are_read(tmp_path):
    """Twice the picture's 6 x 4 pixels: the axis through column 2 and row 3, pixels seen 3 and 2 wide."""
    found = Views.read(folder(tmp_path, w=12, h=8, fl_x=6.0, fl_y=4.0, cx=4.0, cy=6.0))
    assert found.focal == pytest.approx((3.0, 2.0)) and found.center == pytest.approx((2.0, 3.0))
    origins, directions = camera_rays(np.eye(4)[None], (3.0, 2.0), 4, 6, (2.0, 3.0))
    assert not origins.any()
    assert directions[0].tolist() == pytest.approx([-0.5, 1.25, -1]) and directions[-1][1] == -0.25
    rays = found.rays(cube, nodes=2)
    axis = (rays.directions[2 * 6 + 1 : 2 * 6 + 3] + rays.directions[3 * 6 + 1 : 3 * 6 + 3]).mean(0)
    back = torch.from_numpy(
        found.poses[0, :3, 2]
    )  # the mean of the four pixels about the axis leads along it
    assert float((axis / axis.norm() + back).norm()) < 1e-3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"k1": 0.1, "k2": 0.0}, r"a lens that bends what is straight: k1=0.1"),
        ({"cx": 3.0}, r"has cx, in pixels, and not w and h"),
        ({"cx": "left", "w": 6}, r"has cx='left'; expected a number of pixels"),
    ],
)
def test_cameras_that_are_no_pinholes_are_one_paragraph(tmp_path, changes, said):
    with pytest.raises(ValueError, match=said):
        Views.read(folder(tmp_path, **changes))
