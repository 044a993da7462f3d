"""Clouds from files and meshes: units, frames, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from solids import OBJ, ply, sphere, written

from sirenpde import Box, PointCloud
from sirenpde.geometry.meshes.mesh import TriangleMesh
from sirenpde.geometry.readers.existing import bundled


def test_opening_tables(tmp_path: Path) -> None:
    box = Box(t=(0, 1), x=(0, 10))
    csv = written(tmp_path, "probe.csv", "x,t,u\n5,0.5,1e-3\n6,1,2\n")
    cloud = PointCloud.open(csv, box)
    assert cloud.points.tolist() == [[0.5, 5], [1, 6]] and cloud.data["u"].tolist() == [1e-3, 2]
    assert cloud.name == "probe" and cloud.frame is None
    bare = written(tmp_path, "probe.txt", "0.5 5 7\n1 6 8\n")
    cloud = PointCloud.open(bare, box, columns=("t", "x", "u"))
    assert cloud.points.tolist() == [[0.5, 5], [1, 6]] and cloud.data["u"].tolist() == [7, 8]
    commented = written(tmp_path, "c.txt", "# t; x; nt; nx\n0.5; 5; 0; 1\n\n# the end\n")
    assert PointCloud.open(commented, box).data["normal"].tolist() == [[0, 1]]


def test_scans_are_scaled_into_the_cube_where_asked(tmp_path: Path) -> None:
    points, normals = 50 * sphere(200) + torch.tensor([300.0, 0, -7]), sphere(200)
    table = torch.cat([points, normals], dim=1).numpy()
    np.savetxt(tmp_path / "scan.xyz", table)
    header = "ply\nformat ascii 1.0\nelement vertex 200\n"
    header += (
        "".join(f"property double {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz")) + "end_header\n"
    )
    written(tmp_path, "scan.ply", header + (tmp_path / "scan.xyz").read_text())
    np.savez(tmp_path / "scan.npz", points=points, normal=normals, time=np.arange(200))
    for name in ("scan.xyz", "scan.ply", "scan.npz"):
        cloud = PointCloud.open(tmp_path / name, rescale=True)
        assert cloud.points.abs().max() == pytest.approx(0.95) and cloud.frame is not None
        assert torch.allclose(cloud.frame.restore(cloud.points), points)
        assert torch.allclose(cloud.data["normal"], normals)
    assert cloud.data["time"].tolist() == list(range(200))


def test_files_that_are_no_clouds(tmp_path: Path) -> None:
    def refused(name: str, text: str | None, message: str) -> None:
        if text is not None:
            written(tmp_path, name, text)
        with pytest.raises((ValueError, OSError), match=message):
            PointCloud.open(tmp_path / name)

    refused("none.csv", None, r"no file '.*none\.csv'; a file to read is needed")
    refused("", None, r"is a folder; a file to read is needed")
    refused("empty.csv", "", r"empty\.csv' is empty")
    refused("blank.csv", "\n\n", r"has no rows of numbers")
    refused("header.csv", "x,y,z\n", r"has no rows of numbers")
    refused("words.csv", "x,y,z\n1,2,3\n1,two,3\n", r"words\.csv', line 3, column 2 'y': 'two' is no number")
    refused("ragged.csv", "1,2,3\n1,2\n", r"ragged\.csv', line 2, has 2 cells and line 1 has 3")
    refused("names.csv", "a,b,c\n1,2,3\n", r"columns a, b, c; one is needed for each of the axes x, y, z")
    refused("many.xyz", "1 2 3 4 5 6 0.5\n", r"has 7 columns and no names for them; the 3 axes x, y, z")
    refused("nan.csv", "x,y,z\n1,2,3\n1,nan,3\n", r"nan\.csv', line 3, column 2 'y': nan")
    refused("data.csv", "x,y,z,d\n1,2,3,4\n1,2,4,nan\n", r"data\.csv', line 3, column 4 'd': nan")
    refused("same.csv", "1,2,3\n1,2,3\n", r"All points coincide")
    refused("bad.ply", "hello", r"could not be read as PLY")
    refused("bad.npz", "hello", r"could not be read as NPZ .it is no file of plain arrays")
    refused(
        "mesh.obj", OBJ, r"type '\.obj'; points are read from .*sample the mesh by PointCloud\.sample_mesh"
    )
    (tmp_path / "binary.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    refused("binary.csv", None, r"is not text")


def test_points_keep_the_units_of_their_file(tmp_path: Path) -> None:
    points = 50 * sphere(200) + torch.tensor([5e5, 4e6, -7])
    np.savez(tmp_path / "scan.npz", points=points, normal=sphere(200))
    cloud = PointCloud.open(tmp_path / "scan.npz")
    assert cloud.frame is None and torch.equal(cloud.points, points)
    box = Box.around(cloud)
    assert [a.name for a in box.axes] == ["x", "y", "z"] and box.axes == cloud.axes
    for axis, low, high in zip(box.axes, points.amin(0), points.amax(0), strict=True):
        assert (high - low) / (axis.high - axis.low) == pytest.approx(0.95)
        assert (axis.high + axis.low) / 2 == pytest.approx(float(high + low) / 2, abs=1e-6)
    flat = PointCloud.open(written(tmp_path, "flat.csv", "x,y,u\n3,7,1\n5,7,2\n"))
    x, y = flat.axes
    assert (x.name, y.name) == ("x", "y") and x.low < 3 < 5 < x.high and y.low < 7 < y.high
    assert flat.points.tolist() == [[3, 7], [5, 7]]


def test_a_mesh_keeps_its_units() -> None:
    mesh = TriangleMesh.open(bundled("spot.obj"))
    cloud = PointCloud.sample_mesh(bundled("spot.obj"), 4000)
    assert cloud.frame is None and Box.around(cloud) == Box.around(mesh)
    distance = (cloud.points[:, None] - mesh.corners[:1].mean(1)).norm(dim=2).min()
    assert (
        distance < 0.05 and (cloud.points.amax(0) - mesh.vertices.amax(0)).abs().max() < 0.03
    )  # the points are 0.04 apart
    with pytest.raises(ValueError, match=r"points of 'spot' lie outside the box"):
        PointCloud.sample_mesh(bundled("spot.obj"), 100, box=Box(x=(0, 1), y=(0, 1), z=(0, 1)))


def test_sampling_a_mesh_fits_it_into_the_box() -> None:
    cloud = PointCloud.sample_mesh(bundled("spot.obj"), 4000, seed=1, rescale=True)
    assert cloud.size == 4000 and cloud.frame is not None and cloud.name == "spot"
    mesh = TriangleMesh.open(bundled("spot.obj"))
    moved = mesh.placed(cloud.frame)
    extent = moved.vertices.amax(0) - moved.vertices.amin(0)
    assert float(extent.max()) == pytest.approx(1.9)
    assert (moved.vertices.amax(0) + moved.vertices.amin(0)).abs().max() < 1e-12
    assert moved.diagonal == pytest.approx(2.8624, abs=1e-4)
    back = cloud.frame.restore(cloud.points)
    assert (back.amax(0) <= mesh.vertices.amax(0)).all() and (back.amin(0) >= mesh.vertices.amin(0)).all()
    assert torch.equal(
        cloud.points, PointCloud.sample_mesh(bundled("spot.obj"), 4000, seed=1, rescale=True).points
    )
    box = Box(a=(0, 4), b=(10, 11), c=(0, 4))
    flat = PointCloud.sample_mesh(bundled("spot.obj"), 500, box=box, rescale=True, fill=1)
    assert flat.points[:, 1].amin() > 10 and flat.points[:, 1].amax() < 11


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.arange(3), "y": np.arange(4), "z": np.arange(3)}, r"different lengths \(x 3, y 4, z 3\)"),
        ({"points": np.zeros((3, 3)), "u": np.arange(2)}, r"different lengths \(points 3, u 2\)"),
        ({"points": np.zeros((3, 3)), "dt": 0.5}, r"points 3, dt a single number"),
        ({"points": np.zeros((0, 3))}, r"There are no points"),
        ({"points": np.zeros((2, 4))}, r"shape \(2, 4\); expected \(n, 3\)"),
        ({"points": np.zeros((2, 3)), "d": np.zeros(2, "datetime64[s]")}, r"'d' is an array of datetime64"),
        ({"points": np.array([None, 1])}, r"could not be read as NPZ"),
    ],
)
def test_archives_that_are_refused(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        PointCloud.open(tmp_path / "a.npz")


def test_damaged_scans_are_refused(tmp_path: Path) -> None:
    points = sphere(20).numpy()
    none = np.zeros((0, 3), np.int64)
    for name, content, message in [
        ("turned.ply", ply(">", points, none, said="<"), "header says little endian, .* as big endian only"),
        ("short.ply", ply("<", points, none)[:-1], "ends before the 20 rows of 'vertex'"),
        ("empty.ply", ply("<", points[:0], none), "There are no points"),
        ("other.ply", ply("<", points, none).replace(b"double x", b"double u"), "has the columns u, y, z"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=message):
            PointCloud.open(tmp_path / name)
    (tmp_path / "good.ply").write_bytes(ply(">", points, none))
    assert (PointCloud.open(tmp_path / "good.ply").points.numpy() == points).all()
