"""Point clouds, triangle meshes and signed distances: sampling, files, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from sirenpde import Box, Point, PointCloud
from sirenpde.geometry.domain import Data
from sirenpde.geometry.frame import Frame
from sirenpde.geometry.mesh import TriangleMesh
from sirenpde.geometry.readers.existing import bundled

cube = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sphere(count: int) -> Tensor:
    """Points spread evenly over the unit sphere (a Fibonacci spiral)."""
    k = torch.arange(count, dtype=torch.float64) + 0.5
    z, angle = 1 - 2 * k / count, k * (np.pi * (3 - 5**0.5))
    r = (1 - z**2).sqrt()
    return torch.stack([r * angle.cos(), r * angle.sin(), z], dim=1)


def tetrahedron() -> TriangleMesh:
    vertices = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]]).double()
    return TriangleMesh(vertices, torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]), "tetrahedron")


OBJ = "v 0 0 0\nv 1 0 0\nv 0 2 0\nv 0 0 3\n"


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


# ----------------------------------------------------------------------------------------------- point clouds


def test_a_cloud_keeps_points_and_data() -> None:
    cloud = PointCloud(np.array([[0, 0, 1], [1, 0, 0]], np.float32), cube, {"c": [1, 2], "n": np.eye(3)[:2]})
    points, data = cloud.draw(None, seeded())
    assert points.dtype == data["c"].dtype == torch.float64 and cloud.size == 2 and cloud.axes == cube.axes
    assert data["c"].tolist() == [1, 2] and data["n"].shape == (2, 3)
    assert cloud["c"] == Data("c") and str(cloud["c"]) == "c"

    def nothing(_: object) -> Tensor:
        raise AssertionError

    assert cloud["c"](Point(("x", "y", "z"), points[1], nothing, lambda key: data[key][1])) == 2
    assert PointCloud([[0.0, 0, 0]], cube, {"u": [1 + 2j]}).data["u"].dtype == torch.complex128


def test_a_cloud_does_not_follow_the_array_it_was_made_of() -> None:
    array = np.zeros((2, 3))
    cloud = PointCloud(array, cube)
    array[:] = 1
    assert (cloud.points == 0).all()


def test_parts_of_a_cloud() -> None:
    points = cube.draw(500, seeded())[0]
    cloud = PointCloud(points, cube, {"x": points[:, 0], "right": points[:, 0] > 0.5})
    mask = points[:, 0] > 0.5
    for part in (cloud.where("right"), cloud.where(mask), cloud.where(mask.numpy())):
        assert part.size == int((points[:, 0] > 0.5).sum())
        assert part.points[:, 0].min() > 0.5 and torch.equal(part.data["x"], part.points[:, 0])
    some, data = cloud.where("right", name="half").draw(20, seeded())
    assert len(torch.unique(some, dim=0)) == 20 and torch.equal(data["x"], some[:, 0])
    assert cloud.where("right").name == "right" and cloud.where("right", name="half").name == "half"


def test_draws_repeat_with_the_generator() -> None:
    cloud = PointCloud(cube.draw(500, seeded())[0], cube)
    assert torch.equal(cloud.draw(50, seeded(1))[0], cloud.draw(50, seeded(1))[0])
    assert not torch.equal(cloud.draw(50, seeded(1))[0], cloud.draw(50, seeded(2))[0])


@pytest.mark.parametrize(
    ("points", "data", "message"),
    [
        ([1.0, 2.0, 3.0], {}, r"shape \(3,\); expected \(n, 3\), one column for each of x, y, z"),
        ([[0.0, 0.0]], {}, r"shape \(1, 2\); expected \(n, 3\)"),
        (np.zeros((0, 3)), {}, r"There are no points in 'cloud'"),
        ([[0, 0, 0], [0, 5, 0]], {}, r"1 of 2 points of 'cloud' lie outside the box: row 1 has y = 5"),
        ([[0, 0, 0], [0, 0, np.nan]], {}, r"points of 'cloud': nan in row 1, column z \(and 0 more\)"),
        ([["a", "b", "c"]], {}, r"array of <U1; numbers are needed"),
        ([[0j, 0, 0]], {}, r"are complex; coordinates are real"),
        ([[0, 0, 0]], {"d": [1, 2]}, r"data 'd' have shape \(2,\); expected \(1, \.\.\.\)"),
        ([[0, 0, 0]], {"d": 1.0}, r"data 'd' have shape \(\)"),
        ([[0, 0, 0], [0, 0, 1]], {"d": [1, np.inf]}, r"The data 'd': inf in row 1"),
        ([[0, 0, 0]], {"d": [[1, np.nan]]}, r"The data 'd': nan in row 0, column 1"),
    ],
)
def test_clouds_that_are_refused(points: object, data: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        PointCloud(points, cube, data)  # type: ignore[arg-type]


def test_names_and_masks_that_do_not_fit() -> None:
    cloud = PointCloud([[0.0, 0, 0]], cube, {"a": [0.0], "b": [1.0]})
    with pytest.raises(ValueError, match="'cloud' carries no data 'normal'; it carries 'a', 'b'"):
        cloud["normal"]
    with pytest.raises(ValueError, match="it carries none"):
        PointCloud([[0.0, 0, 0]], cube)["normal"]
    with pytest.raises(ValueError, match="No point of 'cloud' is left in 'a'"):
        cloud.where("a")
    with pytest.raises(TypeError, match="int64; booleans are needed"):
        cloud.where([1])
    with pytest.raises(ValueError, match=r"shape \(2,\); expected \(1,\)"):
        cloud.where([True, False])


# -------------------------------------------------------------------------------------------- files of points


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
    refused("many.xyz", "1 2 3 4 5 6 7\n", r"has 7 columns and no names for them; the 3 axes x, y, z")
    refused("nan.csv", "x,y,z\n1,2,3\n1,nan,3\n", r"nan\.csv', line 3, column 2 'y': nan")
    refused("data.csv", "x,y,z,d\n1,2,3,4\n1,2,4,nan\n", r"data\.csv', line 3, column 4 'd': nan")
    refused("same.csv", "1,2,3\n1,2,3\n", r"All points coincide")
    refused("bad.ply", "hello", r"could not be read as PLY")
    refused("bad.npz", "hello", r"could not be read as NPZ")
    refused(
        "mesh.obj", OBJ, r"type '\.obj'; points are read from .*sample the mesh by PointCloud\.sample_mesh"
    )
    (tmp_path / "binary.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    refused("binary.csv", None, r"is not text")


UNIT = Box(x=(0, 1), y=(0, 1))


@pytest.mark.parametrize(
    ("text", "points", "data"),
    [
        ("x;y;u\n0,1;0,2;1,5\n0,3;0,25;-1e-3\n", [[0.1, 0.2], [0.3, 0.25]], {"u": [1.5, -1e-3]}),
        ("0,1 0,2\n0,3 1\n", [[0.1, 0.2], [0.3, 1]], {}),
        ("\ufeffx\ty\tu\r\n0.1\t0.2\t3\r\n", [[0.1, 0.2]], {"u": [3]}),
        ("sep=;\nx;y\n0,1;0,2\n", [[0.1, 0.2]], {}),
        ("% Model: a.mph\n% Dimension: 2\n% x     y      T (K)\n0.1  0.2  300\n", [[0.1, 0.2]], {"T": [300]}),
        ("% Nodes,1\n% X,Y,T (K)\n0.1,0.2,300\n", [[0.1, 0.2]], {"T": [300]}),
        (
            "% x y T (K) @ t=0 T (K) @ t=1\n0.1 0.2 300 2\n",
            [[0.1, 0.2]],
            {"T (K) @ t=0": [300], "T (K) @ t=1": [2]},
        ),
        ("#  x  y  p\n0.1 0.2 5 # the first\n", [[0.1, 0.2]], {"p": [5]}),
        ("// by hand\n0.1 0.2\n// more\n0.3 0.4\n", [[0.1, 0.2], [0.3, 0.4]], {}),
        ('"U:0","Points:0","Points:1"\n7,0.1,0.2\n', [[0.1, 0.2]], {"U:0": [7]}),
        ('"Points_1","Points_0","U, whole"\n0.2,0.1,5\n', [[0.1, 0.2]], {"U, whole": [5]}),
        (
            "[Name]\nPlane 1\n\n[Data]\nX [ m ], Y [ m ], p [ Pa ]\n 0.1, 0.2, 1.0e+05\n\n[Faces]\n0, 1\n",
            [[0.1, 0.2]],
            {"p": [1e5]},
        ),
        (
            "nodenumber,   x-coordinate,   y-coordinate\n  1,  0.1,  0.2\n",
            [[0.1, 0.2]],
            {"nodenumber": [1]},
        ),
        ("Node\tX Location (mm)\tY Location (mm)\n1\t0.1\t0.2\n", [[0.1, 0.2]], {"Node": [1]}),
        ("x,y,u,part\n0.1,0.2,3,left\n0.3,0.4,5,right\n", [[0.1, 0.2], [0.3, 0.4]], {"u": [3, 5]}),
        (",x,y\n0,0.1,0.2\n1,0.3,0.4\n", [[0.1, 0.2], [0.3, 0.4]], {"column 1": [0, 1]}),
        ("x,y,\n0.1,0.2,\n0.3,0.4,\n,,\n", [[0.1, 0.2], [0.3, 0.4]], {}),
        ("x,y\n0.1D0,+2d-1\n", [[0.1, 0.2]], {}),
        ('x,y\n"0.1","0,2"\n', None, {}),
        ("2\n0.1 0.2\n0.3 0.4\n", [[0.1, 0.2], [0.3, 0.4]], {}),
        ("0.1 0.2 0.6 0.8\n", [[0.1, 0.2]], {"normal": [[0.6, 0.8]]}),
    ],
)
def test_tables_as_programs_write_them(
    tmp_path: Path, text: str, points: list[list[float]] | None, data: dict[str, object]
) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode())
    if points is None:
        with pytest.raises(ValueError, match=r"line 2, column 1 'x': 0\.1 has a decimal point"):
            PointCloud.open(file, UNIT)
        return
    cloud = PointCloud.open(file, UNIT)
    assert cloud.points.tolist() == points
    assert {key: values.tolist() for key, values in cloud.data.items()} == data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,u,v\n0.1,0.2,1.0,\n0.3,0.2,1.0,0.1\n", r"line 2, column 4 'v': the cell is blank"),
        ("% made\n\n0.1,0.2\n0.1,,\n", r"line 4, has 3 cells and line 3 has 2"),
        ("x,y\n0.1,0.2\n,0.2\n", r"line 3, column 1 'x': the cell is blank"),
        (",0.2\n0.3,0.2\n", r"line 1, column 1 'x': the cell is blank"),
        ("x,y,u,u\n0,1,2,3\n", r"two columns named 'u', columns 3 and 4 by line 1"),
        ("# x x y\n0 1 1\n", r"two columns named 'x', columns 1 and 2"),
        ("x;y;u\n0,1;0,2;1.234,5\n", r"line 2, column 3 'u': '1\.234,5' is no number"),
        (
            "x;y\n0,1;0.2\n",
            r"line 2, column 2 'y': 0\.2 has a decimal point and other cells have decimal commas",
        ),
        ("x,y,u\n0,1,0,2,1,5\n", r"6 columns in line 2 and 3 names .* A decimal comma needs semicolons"),
        ("x [mm],y [m]\n0.1,0.2\n", r"line 1, gives x in mm, y in m; coordinates in one unit"),
        ("x,y,u\n0.1,0.2,3\n0.1,0.2,NA\n", r"line 3, column 3 'u': 'NA' is no number"),
        ("x,y,u\nm,m,K\n0.1,0.2,3\n", r"line 2, column 1 'x': 'm' is no number"),
        ("x,y\n0.1,1_0\n", r"line 2, column 2 'y': '1_0' is no number"),
        ("x,y\n0.1,0.2\n0.1,1e999\n", r"line 3, column 2 'y': (1e999|inf)"),
        ('x,y\n0.1,0.2\n"0.3,0.4\n', r"line 3, could not be split into columns"),
        ("A title\nx,y\n0.1,0.2\n", r"line 2, has 2 cells and line 1 has 1"),
        ("0.1 0.2 255 0\n", r"the last 2 are no unit normals\. Pass columns"),
        ("0.1 0.2 3\n", r"has 3 columns and no names for them; the 2 axes x, y"),
        ("3\n0.1 0.2\n0.3 0.4\n", r"line 2, has 2 cells and line 1 has 1"),
        ("a,b\nleft,right\n", r"columns a, b; one is needed for each of the axes x, y"),
    ],
)
def test_tables_that_are_refused_by_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PointCloud.open(written(tmp_path, "table.csv", text), UNIT)


def test_tables_of_other_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-16", "cp1252", "utf-8-sig"):
        (tmp_path / "t.csv").write_bytes("x,y,T [°C]\n0.1,0.2,3\n".encode(encoding))
        cloud = PointCloud.open(tmp_path / "t.csv", UNIT)
        assert cloud.points.tolist() == [[0.1, 0.2]] and cloud.data["T"].tolist() == [3]


def test_times_and_their_units_are_axes_too(tmp_path: Path) -> None:
    file = written(tmp_path, "probe.csv", "Time [s],X (m),u\n0.5,0.2,3\n")
    cloud = PointCloud.open(file, Box(t=(0, 1), x=(0, 1)))
    assert cloud.points.tolist() == [[0.5, 0.2]] and cloud.data["u"].tolist() == [3]


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
    assert distance < 0.05 and (cloud.points.amax(0) - mesh.vertices.amax(0)).abs().max() < 0.01
    with pytest.raises(ValueError, match=r"points of 'spot' lie outside the box"):
        PointCloud.sample_mesh(bundled("spot.obj"), 100, box=Box(x=(0, 1), y=(0, 1), z=(0, 1)))


def test_distances_do_not_depend_on_the_unit_of_length() -> None:
    metres = PointCloud(0.6 * sphere(5000), cube, {"normal": sphere(5000)})
    large = Box(x=(-1000, 1000), y=(-1000, 1000), z=(-1000, 1000))
    millimetres = PointCloud(600 * sphere(5000), large, {"normal": sphere(5000)})
    one, other = metres.distances(100, 100), millimetres.distances(100, 100)
    assert torch.allclose(1000 * one.points, other.points)
    assert torch.allclose(1000 * one.data["distance"], other.data["distance"])


def test_normals_of_another_length_are_named() -> None:
    normals = sphere(5)
    normals[3] *= 2
    normals[4] = 0
    with pytest.raises(ValueError, match=r"normals of 'cloud' have length 2 in row 3 \(and 1 more"):
        PointCloud(0.5 * sphere(5), cube, {"normal": normals}).distances()
    with pytest.raises(ValueError, match=r"have shape \(5, 2\); expected \(n, 3\)"):
        PointCloud(0.5 * sphere(5), cube, {"normal": normals[:, :2]}).distances()


def test_single_precision_and_whole_numbers_stay_exact() -> None:
    single = np.array([[0.1, 0.2, 0.3], [0.7, -0.9, 1 / 3]], np.float32)
    cloud = PointCloud(single, cube, {"n": np.array([2**31 - 1, -7], np.int32), "s": single[:, 0]})
    assert cloud.points.dtype == torch.float64 and (cloud.points.numpy() == single).all()
    assert cloud.data["n"].tolist() == [2147483647, -7] and cloud.data["s"][0] == float(np.float32(0.1))
    twice = PointCloud([[0.5, 0, 0], [0.5, 0, 0]], cube)
    assert twice.size == 2


def test_points_outside_are_counted_over_all_axes() -> None:
    with pytest.raises(ValueError, match=r"3 of 4 points .* row 0 has z = 2; .* Others are in rows 2, 3\."):
        PointCloud([[0, 0, 2], [0, 0, 0], [-3, 0, 0], [0, 1.5, 0]], cube)


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


# ----------------------------------------------------------------------------------------------------- meshes


def test_measures_of_a_tetrahedron() -> None:
    mesh = tetrahedron()
    assert mesh.watertight and mesh.open_edges == 0 and mesh.volume == pytest.approx(1.0)
    assert mesh.areas.tolist() == pytest.approx([1, 1.5, 3, 3.5]) and mesh.area == pytest.approx(9)
    assert mesh.diagonal == pytest.approx(14**0.5)
    assert mesh.normals[:3].tolist() == [[0, 0, -1], [0, -1, 0], [-1, 0, 0]]
    assert mesh.flipped().volume == pytest.approx(-1.0)
    assert not TriangleMesh(mesh.vertices, mesh.faces[:3]).watertight
    assert TriangleMesh(mesh.vertices, torch.cat([mesh.faces[:3], mesh.faces[3:].flip(1)])).open_edges > 0


def test_mesh_samples_lie_on_triangles_uniform_by_area() -> None:
    mesh = tetrahedron()
    points, normals = mesh.sample(9000, seeded())
    assert torch.allclose(normals.norm(dim=1), torch.ones(9000).double())
    for face, (area, normal) in enumerate(zip(mesh.areas, mesh.normals, strict=True)):
        on_face = (normals - normal).norm(dim=1) < 1e-12
        assert abs(int(on_face.sum()) - 1000 * float(area)) <= 2
        a, b, c = mesh.corners[face]
        weights = torch.linalg.lstsq(torch.stack([b - a, c - a], dim=1), (points[on_face] - a).T).solution
        rest = points[on_face] - a - weights.T @ torch.stack([b - a, c - a])
        assert rest.abs().max() < 1e-12 and weights.min() >= 0 and weights.sum(0).max() <= 1
        assert (weights.mean(1) - 1 / 3).abs().max() < 2e-3  # the centroid
        assert (weights.var(1) - 1 / 18).abs().max() < 2e-3  # of a triangle


def test_reading_merges_seams_and_turns_normals_outwards(tmp_path: Path) -> None:
    corner = OBJ.splitlines(keepends=True)
    torn = "".join(corner[i] for i in (0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3))
    inward = "".join(f"f {k + 2} {k + 1} {k}\n" for k in (1, 4, 7, 10))
    mesh = TriangleMesh.open(written(tmp_path, "torn.obj", torn + inward + "f 1 1 2\n"))
    assert len(mesh.vertices) == 4 and len(mesh.faces) == 4
    assert mesh.watertight and mesh.volume == pytest.approx(1.0) and mesh.name == "torn"


def test_the_bundled_mesh_is_closed() -> None:
    mesh = TriangleMesh.open(bundled("spot.obj"))
    assert (len(mesh.vertices), len(mesh.faces), mesh.watertight) == (2930, 5856, True)
    assert mesh.volume == pytest.approx(0.71826, abs=1e-5)
    with pytest.raises(
        FileNotFoundError, match=r"'teapot\.obj' is shipped with sirenpde; there is spot\.obj"
    ):
        bundled("teapot.obj")


def test_sampling_a_mesh_fits_it_into_the_box() -> None:
    cloud = PointCloud.sample_mesh(bundled("spot.obj"), 4000, seed=1, rescale=True)
    assert cloud.size == 4000 and cloud.frame is not None and cloud.name == "spot"
    mesh = TriangleMesh.open(bundled("spot.obj"))
    moved = mesh.moved(cloud.frame)
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


def test_a_frame_leads_there_and_back() -> None:
    points = torch.tensor([[0.0, 10.0], [4.0, 12.0]]).double()
    frame = Frame.fitting(points, Box(x=(0, 1), y=(0, 1)).axes, fill=0.5)
    assert frame.scale == 0.125 and frame.apply(points).tolist() == [[0.25, 0.375], [0.75, 0.625]]
    assert torch.allclose(frame.restore(frame.apply(points)), points)


def test_files_that_are_no_meshes(tmp_path: Path) -> None:
    def refused(name: str, text: str | None, message: str) -> None:
        if text is not None:
            written(tmp_path, name, text)
        with pytest.raises((ValueError, OSError), match=message):
            PointCloud.sample_mesh(tmp_path / name, 10)

    refused("none.obj", None, r"no file '.*none\.obj'")
    refused("", None, r"is a folder")
    refused("empty.obj", "", r"empty\.obj' is empty")
    refused("points.obj", OBJ, r"points\.obj' has no faces; a triangle mesh is needed")
    refused("words.obj", "hello world\n", r"words\.obj' could not be read as a mesh: line 1 is 'hello world'")
    refused("words.ply", "hello world\n", r"could not be read as PLY: it does not begin with a header")
    refused("a.docx", "hello world\n", r"could not be read as a mesh")
    refused("index.obj", OBJ + "f 1 2 9\n", r"refer to vertices 0 to 8, counted from 0; it has 4")
    refused(
        "nan.obj",
        "v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        r"vertices of '.*nan\.obj': nan in row 0, column z",
    )
    refused("open.obj", OBJ + "f 1 3 2\nf 1 2 4\n", r"is not closed: 4 of its edges .* closed=False")
    assert PointCloud.sample_mesh(tmp_path / "open.obj", 10, closed=False).size == 10


def test_meshes_that_are_refused() -> None:
    mesh = tetrahedron()
    with pytest.raises(ValueError, match=r"vertices of 'mesh' have shape \(4, 2\); expected \(n, 3\)"):
        TriangleMesh(mesh.vertices[:, :2], mesh.faces)
    with pytest.raises(ValueError, match="'mesh' has no faces"):
        TriangleMesh(mesh.vertices, mesh.faces[:0])
    with pytest.raises(ValueError, match="refer to vertices 1 to 4; it has vertices 0 to 3"):
        TriangleMesh(mesh.vertices, mesh.faces + 1)
    with pytest.raises(ValueError, match="Asked for 0 points"):
        mesh.sample(0, seeded())
    with pytest.raises(ValueError, match="has the axes x, y; a mesh lies in three"):
        PointCloud.sample_mesh(bundled("spot.obj"), 10, box=Box(x=(0, 1), y=(0, 1)))


def ply(
    order: str, vertices: NDArray[np.float64], faces: NDArray[np.int64], said: str | None = None
) -> bytes:
    """A binary PLY file with doubles; ``said``: the byte order that its header tells."""
    name = {"<": "binary_little_endian", ">": "binary_big_endian"}[said or order]
    header = f"ply\nformat {name} 1.0\ncomment made here\nelement vertex {len(vertices)}\n"
    header += "".join(f"property double {axis}\n" for axis in "xyz")
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    rows = np.empty(len(faces), [("n", "u1"), ("i", f"{order}i4", (3,))])
    rows["n"], rows["i"] = 3, faces
    return header.encode() + vertices.astype(f"{order}f8").tobytes() + rows.tobytes()


def stl(corners: NDArray[np.float64], count: int | None = None) -> bytes:
    rows = np.zeros(len(corners), [("n", "<f4", (3,)), ("c", "<f4", (3, 3)), ("a", "<u2")])
    rows["c"] = corners
    said = len(corners) if count is None else count
    return bytes(80) + said.to_bytes(4, "little") + rows.tobytes()


def stl_text(corners: NDArray[np.float64]) -> str:
    facets = "".join(
        "facet normal 0 0 0\n outer loop\n"
        + "".join(f"  vertex {x} {y} {z}\n" for x, y, z in corner)
        + " endloop\nendfacet\n"
        for corner in corners
    )
    return f"solid part\n{facets}endsolid part\n"


def off(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> str:
    rows = [" ".join(map(str, v)) for v in vertices] + [f"3 {a} {b} {c}" for a, b, c in faces]
    return f"OFF\n# made here\n{len(vertices)} {len(faces)} 0\n" + "\n".join(rows) + "\n"


def obj(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> str:
    rows = [f"v {x} {y} {z}" for x, y, z in vertices] + [f"f {a}//1 {b}//1 {c}//1" for a, b, c in faces + 1]
    return "mtllib a.mtl\no part\n" + "\n".join(rows) + "\n"


def test_every_format_gives_the_same_mesh(tmp_path: Path) -> None:
    tetra = tetrahedron()
    vertices, faces = tetra.vertices.numpy(), tetra.faces.numpy()
    corners = tetra.corners.numpy()
    files = {
        "little.ply": ply("<", vertices, faces),
        "big.ply": ply(">", vertices, faces),
        "binary.stl": stl(corners),
        "text.stl": stl_text(corners).encode(),
        "a.off": off(vertices, faces).encode(),
        "a.obj": obj(vertices, faces).replace("\n", "\r\n").encode(),
        "relative.obj": (OBJ + "f -4 -2 -3\nf -4 -3 -1\nf -4 -1 -2\nf 2 3 4\n").encode(),
    }
    text = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    text += "element face 4\nproperty list uchar int vertex_index\nproperty uchar red\nend_header\n"
    text += "\n".join(" ".join(map(str, v)) for v in vertices) + "\n"
    files["text.ply"] = (text + "\n".join(f"3 {a} {b} {c} 7" for a, b, c in faces) + "\n").encode()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        mesh = TriangleMesh.open(tmp_path / name)
        assert mesh.watertight and mesh.volume == pytest.approx(1.0), name
        assert sorted(mesh.vertices.tolist()) == sorted(vertices.tolist()), name


def test_polygons_become_triangles(tmp_path: Path) -> None:
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    rows = [f"v {x} {y} {z}" for z in (0, 1) for x, y in square]
    sides = "".join(f"f {i + 1} {(i + 1) % 4 + 1} {(i + 1) % 4 + 5} {i + 5}\n" for i in range(4))
    mesh = TriangleMesh.open(
        written(tmp_path, "cube.obj", "\n".join(rows) + "\nf 4 3 2 1\nf 5 6 7 8\n" + sides)
    )
    assert len(mesh.faces) == 12 and mesh.watertight
    assert mesh.volume == pytest.approx(1) and mesh.area == pytest.approx(6)


@pytest.mark.parametrize("offset", [0.0, 4e6])
@pytest.mark.parametrize("seed", range(4))
def test_every_closed_part_is_turned_out_of_the_solid(tmp_path: Path, offset: float, seed: int) -> None:
    # A ball with a cavity and a ball within that, and a second ball beside them, each turned anyhow.
    import trimesh

    rng = np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(subdivisions=2)
    parts = [(1.0, 0.0), (0.6, 0.1), (0.3, 0.15), (0.5, 3.0)]
    vertices = np.concatenate([radius * ball.vertices + [x + offset, offset, 0] for radius, x in parts])
    faces = np.concatenate([ball.faces + i * len(ball.vertices) for i in range(4)])
    whole = rng.permutation(2 ** np.arange(4))[:2]
    for i in range(4):
        if whole.sum() & 2**i:
            faces[i * len(ball.faces) : (i + 1) * len(ball.faces)] = np.flip(ball.faces, 1) + i * len(
                ball.vertices
            )
    some = rng.choice(len(faces), len(faces) // 6, replace=False)
    faces[some] = faces[some, ::-1]
    order = rng.permutation(len(faces))
    (tmp_path / "a.ply").write_bytes(ply("<", vertices, faces[order]))
    mesh = TriangleMesh.open(tmp_path / "a.ply")
    assert mesh.watertight
    unit = ball.volume
    assert mesh.volume == pytest.approx(unit * (1 - 0.6**3 + 0.3**3 + 0.5**3), rel=1e-6)
    points, normals = mesh.sample(2000, seeded())
    local = points.numpy() - [offset, offset, 0]
    for (radius, x), sign in zip(parts, (1, -1, 1, 1), strict=True):
        ray = local - [x, 0, 0]
        there = abs(np.linalg.norm(ray, axis=1) - radius) < 0.04 * radius
        assert there.sum() > 30
        assert (np.sign((ray * normals.numpy()).sum(1)) == sign)[there].all()


def test_an_open_part_keeps_the_side_of_most_of_its_faces(tmp_path: Path) -> None:
    grid = [(i, j) for i in range(4) for j in range(4)]
    faces = [(4 * i + j, 4 * i + j + 4, 4 * i + j + 5) for i in range(3) for j in range(3)]
    faces += [(4 * i + j, 4 * i + j + 5, 4 * i + j + 1) for i in range(3) for j in range(3)]
    flat = np.array([(i, j, 0.0) for i, j in grid])
    turned = np.array(faces)
    turned[[2, 5, 11]] = turned[[2, 5, 11], ::-1]
    (tmp_path / "a.ply").write_bytes(ply(">", flat, turned))
    mesh = TriangleMesh.open(tmp_path / "a.ply")
    assert mesh.normals.tolist() == [[0, 0, 1]] * 18 and not mesh.watertight


def test_a_moebius_strip_is_left_as_it_is(tmp_path: Path) -> None:
    k = np.arange(12)
    angle = np.pi * k / 6
    edge = np.stack(
        [np.cos(angle / 2) * np.cos(angle), np.cos(angle / 2) * np.sin(angle), np.sin(angle / 2)], 1
    )
    middle = 3 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    strip = np.concatenate([middle + edge, middle - edge])
    ends = np.where(k == 11, 12, k + 1), np.where(k == 11, 0, k + 13)
    faces = np.concatenate([np.stack([k, ends[0], k + 12], 1), np.stack([k + 12, ends[0], ends[1]], 1)])
    (tmp_path / "a.ply").write_bytes(ply("<", strip, faces))
    assert len(TriangleMesh.open(tmp_path / "a.ply").faces) == 24


def test_damaged_meshes_are_refused_in_a_paragraph(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    tetra = tetrahedron()
    vertices, faces, corners = tetra.vertices.numpy(), tetra.faces.numpy(), tetra.corners.numpy()
    good, page = ply("<", vertices, faces), "<!DOCTYPE html>\n<html>\n<body>404</body></html>\n"
    huge = good.replace(b"vertex 4", b"vertex 400000000000")
    lists = good.replace(b"face 4", b"face 99999999999999")
    cases: list[tuple[str, bytes, str]] = [
        ("turned.ply", ply("<", vertices + 1.5, faces, said=">"), r"make sense as little endian only|ends before"),
        ("short.ply", good[:-5], "ends before the 4 rows of 'face'"),
        ("shorter.ply", good[:-90], "ends before the 4 rows of 'vertex'|ends before the 4 rows of 'face'"),
        ("long.ply", good + b"abc", "3 bytes more follow"),
        ("huge.ply", huge, "ends before the 400000000000 rows"),
        ("lists.ply", lists, "ends before the 99999999999999 rows"),
        ("index.ply", ply("<", vertices, faces + 1), r"refer to vertices 1 to 4, counted from 0; it has 4"),
        ("negative.ply", ply("<", vertices, faces - 1), r"refer to vertices -1 to 2"),
        ("nan.ply", ply("<", vertices * np.nan, faces), r"vertices of '.*nan\.ply': nan in row 0, column x"),
        ("flat.ply", ply("<", vertices * [1, 0, 0], faces), r"All 4 triangles of '.*' have no area"),
        ("far.ply", ply("<", vertices * 1e200, faces), r"reach 3e\+200"),
        ("typeless.ply", good.replace(b"double x", b"half x"), r"line 5 of its header is 'property half x'"),
        ("twice.ply", good.replace(b"double y", b"double x"), r"the properties of 'vertex' are 'x, x, z'"),
        ("page.ply", page.encode(), "does not begin with a header"),
        ("page.obj", page.encode(), "line 1 is '<!DOCTYPE html>'"),
        ("page.stl", page.encode(), "it has 51 bytes|shorter than the header"),
        ("page.off", page.encode(), "does not begin with OFF"),
        ("page.glb", page.encode(), "could not be read as a mesh"),
        ("short.stl", stl(corners)[:-7], "the 4 triangles it declares take 284"),
        ("count.stl", stl(corners, 2**32 - 1), "the 4294967295 triangles it declares"),
        ("none.stl", stl(corners[:0]), "has no faces"),
        ("cut.stl", stl_text(corners)[:-14].encode(), "ends in the middle of a solid|has no three vertices"),
        ("word.stl", stl_text(corners).replace("2.0", "two").encode(), "'0.0 two 0.0' where 3 numbers"),
        ("two.stl", stl_text(corners).replace("  vertex 0.0 2.0 0.0\n", "", 1).encode(), "has no three vertices"),
        ("cut.off", off(vertices, faces)[:-8].encode(), "declares 4 vertices and 4 faces, and 7 lines follow"),
        ("huge.off", off(vertices, faces).replace("4 4 0", "4 999999999999 0").encode(), "and 8 lines follow"),
        ("zero.obj", (OBJ + "f 0 1 2\n").encode(), "line 5 has the vertex '0' in a face"),
        ("two.obj", (OBJ + "f 1 2\n").encode(), "a face has 2 corners"),
        ("word.obj", OBJ.replace("2", "two").encode(), "line 3 has '0 two 0' where 3 numbers"),
        ("binary.obj", bytes(range(256)), "it is not text"),
    ]  # fmt: skip
    for name, content, message in cases:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=message) as caught:
            TriangleMesh.open(tmp_path / name)
        assert "\n" not in str(caught.value) and name in str(caught.value)
    assert capfd.readouterr() == ("", "") and not caplog.records


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


def test_a_mesh_without_area_cannot_be_sampled() -> None:
    with pytest.raises(ValueError, match="All triangles of 'mesh' have no area"):
        TriangleMesh(torch.zeros(3, 3).double(), torch.tensor([[0, 1, 2]])).sample(5, seeded())


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The content cut off, with bytes changed, taken out, or some part of it twice."""
    raw = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(raw)))
        match rng.integers(5):
            case 0:
                raw = raw[: at + 1]
            case 1:
                raw[at] = int(rng.integers(256))
            case 2:
                raw[at] ^= 1 << int(rng.integers(8))
            case 3:
                del raw[at : at + int(rng.integers(1, 20))]
            case _:
                raw[at:at] = raw[at : at + int(rng.integers(1, 20))]
        raw = raw or bytearray(b"0")
    return bytes(raw)


@pytest.mark.parametrize(
    "name", ["a.ply", "b.ply", "a.stl", "b.stl", "a.off", "a.obj", "a.csv", "a.xyz", "a.npz", "points.ply"]
)
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    tetra = tetrahedron()
    vertices, faces, corners = tetra.vertices.numpy(), tetra.faces.numpy(), tetra.corners.numpy()
    np.savez(tmp_path / "good.npz", points=sphere(9), u=np.arange(9))
    contents = {
        "a.ply": ply("<", vertices, faces),
        "b.ply": ply(">", vertices, faces),
        "points.ply": ply("<", sphere(9).numpy(), faces[:0]),
        "a.stl": stl(corners),
        "b.stl": stl_text(corners).encode(),
        "a.off": off(vertices, faces).encode(),
        "a.obj": obj(vertices, faces).encode(),
        "a.csv": b"x [m];y [m];z [m];T\n" + b"0,5;0,25;1;3e1\n1;2;3;4\n" * 4,
        "a.xyz": b"# x y z p\n" + b"0.5 0.25 1 3e1 # a\n1 2 3 4\n" * 4,
        "a.npz": (tmp_path / "good.npz").read_bytes(),
    }
    rng = np.random.default_rng(len(name))
    file, refused = tmp_path / name, 0
    as_mesh = name not in ("a.csv", "a.xyz", "a.npz", "points.ply")
    for _ in range(200):
        file.write_bytes(mutated(contents[name], rng))
        try:
            found: TriangleMesh | PointCloud = TriangleMesh.open(file) if as_mesh else PointCloud.open(file)
        except (ValueError, OSError) as error:
            assert "\n" not in str(error) and file.stem in str(error)
            refused += 1
        else:
            points = found.vertices if isinstance(found, TriangleMesh) else found.points
            assert torch.isfinite(points).all() and len(points)
    assert refused > 40 and capfd.readouterr() == ("", "")


# -------------------------------------------------------------------------------------------------- distances


def test_distances_to_a_sphere() -> None:
    cloud = PointCloud(0.6 * sphere(20_000), cube, {"normal": sphere(20_000)}, name="ball")
    space = cloud.distances(uniform=3000, near=5000)
    exact = space.points.norm(dim=1) - 0.6
    error = (space.data["distance"] - exact).abs()
    assert space.size == 8000 and space.name == "space around ball" and space["distance"] == Data("distance")
    assert (space.points.abs() <= 1).all()
    assert error.max() < 3e-4 and error.mean() < 5e-5  # samples lie 0.015 apart
    away = exact.abs() > 1e-4
    assert (space.data["distance"].sign() == exact.sign())[away].all()
    assert float(exact[3000:].std()) == pytest.approx(0.05, rel=0.05)
    assert (space.points[:3000].mean(0).abs() < 1e-3).all()


def test_points_near_the_walls_are_mirrored_back() -> None:
    wall = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0]]).double()
    cloud = PointCloud(wall, cube, {"normal": wall})
    space = cloud.distances(uniform=0, near=2000, spread=0.2)
    assert (space.points.abs() <= 1).all() and (space.points[:, 0].abs() < 0.999).double().mean() > 0.98
    assert space.size == 2000


def test_distances_need_normals_and_a_number() -> None:
    with pytest.raises(ValueError, match="carries no data 'normal'"):
        PointCloud([[0.0, 0, 0]], cube).distances()
    with pytest.raises(ValueError, match="Asked for 0 uniform and 0 near points"):
        PointCloud([[0.0, 0, 0]], cube, {"normal": [[1.0, 0, 0]]}).distances(uniform=0, near=0)
