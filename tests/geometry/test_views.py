"""Pictures from known cameras: their rays, and the usual file of cameras."""

import json
import math

import numpy as np
import pytest
from PIL import Image

from sirenpde import Box, Views
from sirenpde.geometry.views import turning
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
    assert found.pictures.shape == (3, 2, 3, 3) and found.focal == pytest.approx(1.5)
    assert found.pictures[2].mean() == pytest.approx(100 / 255)
    assert np.allclose(found.poses, turning(3, 3.0, 1.0))


def test_a_scene_without_cameras_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"has no cameras: neither transforms_train\.json nor transforms\.json"
    ):
        Views.read(tmp_path)
    with pytest.raises(ValueError, match="not each of them has a transform_matrix"):
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
