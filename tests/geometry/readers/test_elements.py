"""Files of finite elements: their surface, its named parts, and silence on the screen."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
import pytest
from numpy.typing import NDArray
from solids import written

from sirenpde import PointCloud, TriangleMesh

# A cube in six tetrahedra around its diagonal, and what bounds it below and above.
CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
PATHS = [(1, 3), (1, 5), (2, 3), (2, 6), (4, 5), (4, 6)]
TETRAHEDRA = np.array([[0, *path, 7] for path in PATHS])
BOTTOM, TOP = np.array([[0, 2, 6], [0, 6, 4]]), np.array([[1, 5, 7], [1, 7, 3]])
NAMES = {"inlet": np.array([7, 2]), "outlet": np.array([8, 2]), "inside": np.array([1, 3])}


def positive(tetrahedra: NDArray[np.int64]) -> NDArray[np.int64]:
    a, b, c, d = CORNERS[tetrahedra].transpose(1, 0, 2)
    turned = np.einsum("ni,ni->n", np.cross(b - a, c - a), d - a) < 0
    return np.where(turned[:, None], tetrahedra[:, [0, 2, 1, 3]], tetrahedra)


def volume_mesh() -> meshio.Mesh:
    cells = [("triangle", BOTTOM), ("triangle", TOP), ("tetra", positive(TETRAHEDRA))]
    tags = [np.full(2, 7), np.full(2, 8), np.full(6, 1)]
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    return meshio.Mesh(CORNERS, cells, cell_data=data, field_data=NAMES)


def gmsh41(physical: bool = True) -> str:
    """The cube as gmsh writes it in version 4.1, as text."""
    number = 1 if physical else 0
    entity = "{tag} 0 0 0 1 1 1 " + (f"{number} {{group}} " if physical else "0 ")
    lines = ["$MeshFormat", "4.1 0 8", "$EndMeshFormat", "$PhysicalNames", "3"]
    lines += ['2 7 "inlet"', '2 8 "the outlet"', '3 1 "inside"', "$EndPhysicalNames", "$Entities", "0 0 2 1"]
    lines += [entity.format(tag=1, group=7) + "0", entity.format(tag=2, group=8) + "0"]
    lines += [entity.format(tag=1, group=1) + "2 1 2", "$EndEntities", "$Nodes", "1 8 1 8", "3 1 0 8"]
    lines += [str(i + 1) for i in range(8)] + [" ".join(map(str, c)) for c in CORNERS] + ["$EndNodes"]
    blocks = [(2, 1, 2, BOTTOM), (2, 2, 2, TOP), (3, 1, 4, positive(TETRAHEDRA))]
    lines += ["$Elements", "3 10 1 10"]
    at = 1
    for dimension, tag, kind, corners in blocks:
        lines.append(f"{dimension} {tag} {kind} {len(corners)}")
        for row in corners + 1:
            lines.append(" ".join(map(str, [at, *row])))
            at += 1
    return "\n".join([*lines, "$EndElements", ""])


def gmsh41_binary() -> bytes:
    """The same file in binary."""

    def ints(*values: int) -> bytes:
        return np.array(values, np.int32).tobytes()

    def sizes(*values: int) -> bytes:
        return np.array(values, np.uint64).tobytes()

    def section(name: str, *parts: bytes) -> bytes:
        return f"${name}\n".encode() + b"".join(parts) + f"\n$End{name}\n".encode()

    box = np.array([0, 0, 0, 1, 1, 1], float).tobytes()
    sides = [ints(tag) + box + sizes(1) + ints(group) + sizes(0) for tag, group in ((1, 7), (2, 8))]
    inside = ints(1) + box + sizes(1) + ints(1) + sizes(2) + ints(1, 2)
    at, blocks = 1, list[bytes]()
    for dimension, tag, kind, corners in ((2, 1, 2, BOTTOM), (2, 2, 2, TOP), (3, 1, 4, positive(TETRAHEDRA))):
        numbered = np.column_stack([np.arange(at, at + len(corners)), corners + 1])
        blocks.append(
            ints(dimension, tag, kind) + sizes(len(corners)) + sizes(*numbered.reshape(-1).tolist())
        )
        at += len(corners)
    return (
        section("MeshFormat", b"4.1 1 8\n", ints(1))
        + b'$PhysicalNames\n3\n2 7 "inlet"\n2 8 "the outlet"\n3 1 "inside"\n$EndPhysicalNames\n'
        + section("Entities", sizes(0, 0, 2, 1), *sides, inside)
        + section("Nodes", sizes(1, 8, 1, 8), ints(3, 1, 0), sizes(8, *range(1, 9)), CORNERS.tobytes())
        + section("Elements", sizes(3, 10, 1, 10), *blocks)
    )


def check_cube(mesh: TriangleMesh) -> None:
    assert len(mesh.faces) == 12 and mesh.watertight
    assert mesh.measure == pytest.approx(1) and mesh.area == pytest.approx(6)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.msh", "gmsh22"), ("a.vtu", "vtu"), ("a.vtk", "vtk")],
    ids=["gmsh 2.2", "vtu", "vtk"],
)
@pytest.mark.parametrize("binary", [True, False])
def test_the_skin_of_a_volume_mesh(
    tmp_path: Path, name: str, form: str, binary: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    meshio.write(tmp_path / name, volume_mesh(), form, binary=binary)
    capfd.readouterr()
    mesh = TriangleMesh.open(tmp_path / name)
    check_cube(mesh)
    assert capfd.readouterr() == ("", "")
    if form == "gmsh22":
        assert sorted(mesh.groups) == ["inlet", "outlet"]
        assert mesh.boundary("inlet").bounds[2] == (0, 0) and mesh.boundary("inlet").measure == pytest.approx(
            1
        )
        assert mesh.boundary("outlet").normals.tolist() == [[0, 0, 1]] * 2


def test_the_names_of_gmsh_4(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for content in (gmsh41().encode(), gmsh41_binary()):
        (tmp_path / "a.msh").write_bytes(content)
        mesh = TriangleMesh.open(tmp_path / "a.msh")
        check_cube(mesh)
        assert list(mesh.groups) == ["inlet", "the outlet"]
        assert mesh.boundary("the outlet").bounds[2] == (1, 1)
    assert capfd.readouterr() == ("", "")
    assert not TriangleMesh.open(written(tmp_path, "b.msh", gmsh41(physical=False))).groups


def test_surfaces_and_other_elements(tmp_path: Path) -> None:
    """Quadrangles alone; a hexahedron; two wedges that share a face; a pyramid; elements of second order."""
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    vtk_cube = np.array([[0, 4, 6, 2, 1, 5, 7, 3]])
    wedges = np.array([[0, 6, 4, 1, 7, 5], [0, 2, 6, 1, 3, 7]])
    middle = np.vstack([CORNERS, [[0.5, 0.5, 0.5]]])
    pyramids = np.array([[*quad[::-1], 8] for quad in quads])
    for k, (points, cells, faces) in enumerate(
        [
            (CORNERS, [("quad", quads)], 12),
            (CORNERS, [("hexahedron", vtk_cube)], 12),
            (CORNERS, [("wedge", wedges)], 12),
            (middle, [("pyramid", pyramids)], 12),
            (CORNERS, [("quad", quads), ("line", quads[:, :2]), ("hexahedron", vtk_cube)], 12),
        ]
    ):
        meshio.write(tmp_path / f"{k}.vtu", meshio.Mesh(points, cells))
        mesh = TriangleMesh.open(tmp_path / f"{k}.vtu")
        check_cube(mesh)
        assert len(mesh.faces) == faces
    edges = [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)]
    tetra = CORNERS[[0, 4, 2, 1]]
    points = np.vstack([tetra, [(tetra[a] + tetra[b]) / 2 for a, b in edges]])
    meshio.write(tmp_path / "second.vtu", meshio.Mesh(points, [("tetra10", np.arange(10)[None])]))
    mesh = TriangleMesh.open(tmp_path / "second.vtu")
    assert len(mesh.faces) == 4 and mesh.measure == pytest.approx(1 / 6)


def test_faces_that_are_there_twice_count_once(tmp_path: Path) -> None:
    """In version 2.2 a face of two physical groups is written twice."""
    both = np.concatenate([BOTTOM, TOP, BOTTOM])
    tags = [np.array([7, 7, 8, 8, 9, 9])]
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    names = {"inlet": np.array([7, 2]), "outlet": np.array([8, 2]), "cold": np.array([9, 2])}
    mesh = meshio.Mesh(CORNERS, [("triangle", both)], cell_data=data, field_data=names)
    meshio.write(tmp_path / "a.msh", mesh, "gmsh22")
    found = TriangleMesh.open(tmp_path / "a.msh")
    assert len(found.faces) == 4 and found.boundary("cold").measure == found.boundary("inlet").measure == 1


def test_refusals(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flat = meshio.Mesh(np.zeros((2, 3)), [("line", np.array([[0, 1]]))])
    meshio.write(tmp_path / "line.vtu", flat)
    partly = gmsh41().replace("1 0 0 0 1 1 1 1 7 0", "1 0 0 0 1 1 1 0 0", 1)
    capfd.readouterr()
    for name, text, message in [
        ("page.msh", "<html></html>\n", "could not be read as a mesh"),
        ("page.vtu", "<html></html>\n", "could not be read as a mesh: it is damaged, or of another kind"),
        ("page.vtk", "<html></html>\n", "could not be read as a mesh"),
        ("line.vtu", None, "has no faces; a triangle mesh is needed"),
        ("cut.msh", gmsh41()[:300], "could not be read as a mesh"),
        ("partly.msh", partly, r"some of its elements belong to a physical group .* without 'Mesh\.SaveAll'"),
    ]:
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=message) as caught:
            TriangleMesh.open(tmp_path / name)
        assert "\n" not in str(caught.value) and name in str(caught.value)
    with pytest.raises(ValueError, match=r"sample the mesh by PointCloud\.sample_mesh"):
        PointCloud.open(tmp_path / "line.vtu")
    assert capfd.readouterr() == ("", "")


def test_solids_of_a_text_stl_and_groups_of_an_obj_are_named(tmp_path: Path) -> None:
    facets = "".join(
        f"facet normal 0 0 0\nouter loop\n{rows}endloop\nendfacet\n"
        for rows in (
            "".join(f"vertex {x} {y} {z}\n" for x, y, z in CORNERS[face])
            for face in np.concatenate([BOTTOM, TOP])
        )
    )
    middle = facets.index("facet", len(facets) // 2)
    text = f"solid hot end\n{facets[:middle]}endsolid hot end\nsolid lid\n{facets[middle:]}endsolid lid\n"
    mesh = TriangleMesh.open(written(tmp_path, "a.stl", text))
    assert list(mesh.groups) == ["hot end", "lid"] and mesh.boundary("lid").bounds[2] == (1, 1)
    rows = [f"v {x} {y} {z}" for x, y, z in CORNERS]
    rows += ["g inlet", "f 1 3 7 5", "g outlet", "f 2 6 8 4"]
    mesh = TriangleMesh.open(written(tmp_path, "a.obj", "\n".join(rows) + "\n"))
    assert mesh.boundary("inlet").measure == 1 and len(mesh.boundary("inlet").faces) == 2
