"""LAS and LAZ files, written by laspy."""

from __future__ import annotations

import sys
from pathlib import Path

import laspy
import numpy as np
import pytest
import torch

from sirenpde import PointCloud

PLACES = np.random.default_rng(0).uniform([5e5, 4e6, 100], [5e5 + 20, 4e6 + 10, 130], (500, 3))


def written(path: Path, *, normals: bool) -> Path:
    header = laspy.LasHeader(point_format=2, version="1.2")  # with colours
    header.offsets, header.scales = PLACES.min(0), np.full(3, 1e-4)
    if normals:
        header.add_extra_dims([laspy.ExtraBytesParams(f"Normal{axis}", "float64") for axis in "XYZ"])
    content = laspy.LasData(header)
    content.x, content.y, content.z = PLACES.T
    content.red = np.arange(len(PLACES))
    if normals:
        content.NormalX, content.NormalY, content.NormalZ = np.ones((3, len(PLACES))) / np.sqrt(3)
    content.write(str(path))
    return path


@pytest.mark.parametrize("ending", ["las", "laz"])
@pytest.mark.parametrize("normals", [True, False])
def test_places_keep_their_units_and_colours_are_left_out(tmp_path: Path, ending: str, normals: bool) -> None:
    cloud = PointCloud.open(written(tmp_path / f"scan.{ending}", normals=normals))
    assert (cloud.points - torch.from_numpy(PLACES)).abs().max() < 1e-4
    assert list(cloud.data) == (["normal"] if normals else [])
    if normals:
        assert torch.allclose(cloud.data["normal"], torch.full((1, 3), 1 / 3**0.5, dtype=torch.float64))


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "scan.las"
    file.write_bytes(written(tmp_path / "whole.las", normals=False).read_bytes()[:300])
    with pytest.raises(ValueError, match=r"could not be read as LAS .*Export it again"):
        PointCloud.open(file)


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "scan.las", normals=False)
    monkeypatch.setitem(sys.modules, "laspy", None)
    with pytest.raises(ValueError, match=r"laspy, which is not installed.*sirenpde\[scan\]"):
        PointCloud.open(file)
