"""Zero levels as PLY, STL and OBJ: closed, looking outwards, in their own units; values at vertices."""

from dataclasses import replace

import meshio
import numpy as np
import pytest
import torch
import trimesh
from skimage.measure import marching_cubes
from vtk_readers import read

from sirenpde import Box
from sirenpde.export.about import About
from sirenpde.export.formats.obj import write_obj
from sirenpde.export.formats.ply import write_ply
from sirenpde.export.formats.stl import write_stl
from sirenpde.export.surface import zero_level
from sirenpde.geometry.frame import Frame

SPACE = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))


def sphere(p):
    return np.linalg.norm(p, axis=1) - 0.5


@pytest.mark.parametrize("kind", ["ply", "stl", "obj"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_surface_is_closed_and_looks_outwards(tmp_path, kind, sign):
    file = {"ply": write_ply, "stl": write_stl, "obj": write_obj}[kind](
        tmp_path / f"s.{kind}", zero_level(lambda p: sign * sphere(p), SPACE.axes, 49)
    )
    mesh = trimesh.load(file)
    assert read(file).data.GetNumberOfCells() == len(mesh.faces)
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
    assert sum(asked) < resolution**3 / 5


@pytest.mark.parametrize("resolution", [16, 34, 65])
def test_slabs_are_joined_as_one_march_over_the_whole_grid_finds_the_surface(resolution):
    """A torus that crosses all slabs askew, and its mirror image against all values at once."""

    def torus(p):
        x, y, z = (p @ np.linalg.qr(np.array([[1, 2, 3], [0, 1, 4], [5, 6, 1.0]]))[0]).T
        return np.hypot(np.hypot(x, y) - 0.5, z) - 0.23

    found = zero_level(torus, SPACE.axes, resolution)
    line = np.linspace(-1, 1, resolution)
    volume = torus(np.stack(np.meshgrid(line, line, line, indexing="ij"), -1).reshape(-1, 3))
    vertices, faces, *_ = marching_cubes(
        volume.reshape([resolution] * 3), 0.0, spacing=[line[1] - line[0]] * 3, gradient_direction="descent"
    )
    assert found.vertices.shape == vertices.shape and found.faces.shape == faces.shape
    whole = trimesh.Trimesh(vertices - 1.0, faces)
    assert np.abs(trimesh.proximity.closest_point(whole, found.vertices)[1]).max() < 1e-4
    mesh = trimesh.Trimesh(found.vertices, found.faces, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(whole.volume, rel=1e-4)


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


BALL = zero_level(sphere, SPACE.axes, 17)


def test_ply_holds_values_at_its_vertices(tmp_path):
    """As properties that meshio reads, and the first as colours, which VTK's reader knows."""
    x, y, z = BALL.vertices.T
    values = {
        "u": x,
        "v": BALL.vertices,
        "e": np.exp(1j * z),
        "z": y,
        "two words": np.where(x > 0, x, np.nan),
    }
    about = About({"problem": "a\nball", "seed": 2}, {"v": ("east", "north", "up")})
    path = write_ply(tmp_path / "s.ply", replace(BALL, values=values), about)
    mesh = meshio.read(path)
    np.testing.assert_array_equal(mesh.points, BALL.vertices)
    np.testing.assert_array_equal(mesh.cells_dict["triangle"], BALL.faces)
    known = mesh.point_data
    for name, expected in {
        "u": x,
        "v_north": y,
        "e_imag": np.sin(z),
        "z_": y,
        "two_words": values["two words"],
    }.items():
        np.testing.assert_array_equal(known[name], expected)
    np.testing.assert_allclose(known["nx"], x / np.linalg.norm(BALL.vertices, axis=1), atol=0.12)
    found = read(path)
    np.testing.assert_allclose(found.points, BALL.vertices, atol=1e-7)  # its reader has single precision
    colours = found["RGB"]
    assert colours[x.argmin()].tolist() == [68, 1, 84] and colours[x.argmax()].tolist() == [253, 231, 37]
    head = path.read_bytes()[:200].decode(errors="ignore")
    assert "comment problem a ball\n" in head and "comment seed 2\n" in head


def test_stl_and_obj_hold_what_vtk_reads(tmp_path):
    for kind, write in (("stl", write_stl), ("obj", write_obj)):
        found = read(write(tmp_path / f"s.{kind}", BALL, About({"problem": "ball"})))
        assert found.size == pytest.approx(trimesh.Trimesh(BALL.vertices, BALL.faces).area, rel=1e-6)
        tree = np.sort(np.round(found.points, 5), axis=0), np.sort(np.round(BALL.vertices, 5), axis=0)
        np.testing.assert_allclose(*tree, atol=2e-5)
    text = (tmp_path / "s.obj").read_text().splitlines()
    assert text[0] == "# problem ball"
    places = np.array([line.split()[1:] for line in text if line.startswith("v ")], dtype=float)
    np.testing.assert_array_equal(places, BALL.vertices)


@pytest.mark.parametrize(("kind", "write"), [("stl", write_stl), ("obj", write_obj)])
def test_values_are_left_out_with_a_word_where_there_is_no_room_for_them(tmp_path, kind, write):
    bearing = replace(BALL, values={"u": BALL.vertices[:, 0], "v": BALL.vertices})
    with pytest.warns(
        UserWarning, match=rf"{kind.upper()} holds .* without the values u, v.*PLY, VTU or VTKHDF"
    ):
        file = write(tmp_path / f"s.{kind}", bearing)
    assert file.read_bytes() == write(tmp_path / f"bare.{kind}", BALL).read_bytes()
