"""Files of meshes: every format, damage, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mutations import mutated
from solids import OBJ, obj, off, ply, sphere, stl, stl_text, tetrahedron, written

from sirenpde import PointCloud
from sirenpde.geometry.meshes.mesh import TriangleMesh


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
