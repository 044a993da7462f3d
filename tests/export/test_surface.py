"""Zero levels as PLY and STL: closed, looking outwards, in their own units."""

import numpy as np
import pytest
import torch
import trimesh

from sirenpde import Box
from sirenpde.export.formats.ply import write_ply
from sirenpde.export.formats.stl import write_stl
from sirenpde.export.surface import zero_level
from sirenpde.geometry.frame import Frame

SPACE = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))


def sphere(p):
    return np.linalg.norm(p, axis=1) - 0.5


@pytest.mark.parametrize("kind", ["ply", "stl"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_surface_is_closed_and_looks_outwards(tmp_path, kind, sign):
    file = {"ply": write_ply, "stl": write_stl}[kind](
        tmp_path / f"s.{kind}", zero_level(lambda p: sign * sphere(p), SPACE.axes, 49)
    )
    mesh = trimesh.load(file)
    assert mesh.is_watertight and mesh.is_winding_consistent and len(mesh.split()) == 1
    assert mesh.volume == pytest.approx(4 / 3 * np.pi / 8, rel=5e-3)  # positive: normals point outwards
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.5, atol=2e-3)
    outward = (mesh.face_normals * mesh.triangles_center).sum(1)
    assert outward.min() > 0


def test_a_surface_through_grid_points_is_closed(tmp_path):
    file = write_ply(tmp_path / "s.ply", zero_level(lambda p: np.abs(p).max(1) - 0.5, SPACE.axes, 33))
    mesh = trimesh.load(file)
    assert mesh.is_watertight and mesh.area_faces.min() > 0
    assert mesh.volume == pytest.approx(1, rel=3e-2)  # marching cubes bevels edges


def test_a_surface_that_leaves_the_box_is_closed_there(tmp_path):
    file = write_stl(
        tmp_path / "s.stl", zero_level(lambda p: p[:, 0] ** 2 + p[:, 1] ** 2 - 0.25, SPACE.axes, 65)
    )
    mesh = trimesh.load(file)
    assert mesh.is_watertight and mesh.volume == pytest.approx(np.pi / 4 * 2, rel=1e-2)


def test_a_surface_returns_to_its_original_units(tmp_path):
    frame = Frame((10.0, 20.0, 30.0), 0.25)
    found = zero_level(sphere, SPACE.axes, 33, lambda p: frame.restore(torch.from_numpy(p)).numpy())
    mesh = trimesh.load(write_ply(tmp_path / "s.ply", found))
    np.testing.assert_allclose(mesh.bounds.mean(0), [10, 20, 30], atol=1e-5)
    np.testing.assert_allclose(np.diff(mesh.bounds, axis=0), 4, atol=1e-2)


def test_a_surface_far_from_the_origin_keeps_its_digits(tmp_path):
    centre = np.array([5e5, 4.2e6, 100.0])
    found = zero_level(sphere, SPACE.axes, 33, lambda p: p + centre)
    near = trimesh.load(write_ply(tmp_path / "near.ply", zero_level(sphere, SPACE.axes, 33)))
    far = trimesh.load(write_ply(tmp_path / "far.ply", found), process=False)
    np.testing.assert_allclose(far.vertices - centre, near.vertices, atol=2e-9)
    assert far.is_watertight and abs((far.vertex_normals * near.vertices).sum(1) / 0.5 - 1).max() < 1e-2
    with pytest.raises(ValueError, match=r"single precision: .* Write PLY"):
        write_stl(tmp_path / "far.stl", found)
    assert not (tmp_path / "far.stl").exists()
    stl = trimesh.load(write_stl(tmp_path / "near.stl", zero_level(sphere, SPACE.axes, 33)))
    assert stl.is_watertight and stl.volume == pytest.approx(near.volume, rel=1e-5)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p: p[:, 0] + 3, "needs both signs"),
        (lambda p: p, "needs a real scalar"),
        (lambda p: 1j * p[:, 0], "needs a real scalar"),
    ],
)
def test_what_has_no_surface_is_told(function, said):
    with pytest.raises(ValueError, match=said):
        zero_level(function, SPACE.axes, 9)
    with pytest.raises(ValueError, match="three dimensions"):
        zero_level(function, SPACE.axes[:2], 9)


@pytest.mark.parametrize("resolution", [65, 66])
def test_a_surface_needs_the_function_near_itself_only(resolution):
    asked = []

    def two_balls(p):
        asked.append(len(p))
        centres = np.array([[0.4, 0.1, 0], [-0.4, 0, 0.2]])
        return np.linalg.norm(p[:, None] - centres, axis=2).min(1) - 0.21

    found = zero_level(two_balls, SPACE.axes, resolution)
    mesh = trimesh.Trimesh(found.vertices, found.faces)
    assert mesh.is_watertight and len(mesh.split()) == 2
    assert mesh.volume == pytest.approx(2 * 4 / 3 * np.pi * 0.21**3, rel=2e-2)
    assert (sum(asked) < resolution**3 / 5) == (resolution == 65)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("resolution", [33, 34])
def test_a_surface_is_closed_where_the_field_is_not_known(tmp_path, sign, resolution):
    half = zero_level(lambda p: np.where(p[:, 2] > 0.1, np.nan, sign * sphere(p)), SPACE.axes, resolution)
    mesh = trimesh.load(write_ply(tmp_path / "s.ply", half))
    cap = np.pi * 0.4**2 * (3 * 0.5 - 0.4) / 3  # of the ball, above z = 0.1
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4 / 3 * np.pi / 8 - cap, abs=0.05)
    with pytest.raises(ValueError, match="finite nowhere"):
        zero_level(lambda p: np.nan * p[:, 0], SPACE.axes, resolution)
