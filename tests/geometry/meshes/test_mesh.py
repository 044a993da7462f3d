"""Triangle meshes: their measures, samples and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import trimesh
from boxes import seeded
from solids import OBJ, tetrahedron, written

from sirenpde import Box, Field, PointCloud, Problem, on
from sirenpde.geometry.meshes.mesh import TriangleMesh
from sirenpde.geometry.readers.existing import bundled


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
        FileNotFoundError,
        match=r"'teapot\.obj' is shipped with sirenpde; there is bracket\.stl, bracket_temperature\.npz, ",
    ):
        bundled("teapot.obj")


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


def test_a_mesh_without_area_cannot_be_sampled() -> None:
    with pytest.raises(ValueError, match="All triangles of 'mesh' have no area"):
        TriangleMesh(torch.zeros(3, 3).double(), torch.tensor([[0, 1, 2]])).sample(5, seeded())


def test_the_level_is_the_signed_distance() -> None:
    """In a tetrahedron with a corner at 0 the distance is the least of those to its four planes."""
    mesh = tetrahedron()
    points, _ = mesh.draw(500, seeded())
    planes = [
        (points - corner[0]) @ normal for corner, normal in zip(mesh.corners, mesh.normals, strict=True)
    ]
    level = mesh.level(points)
    assert torch.allclose(level, torch.stack(planes).amax(0), rtol=0, atol=1e-14) and bool((level < 0).all())
    outside = torch.tensor([[-3.0, -4, 0], [-1, 1, 1], [0.1, 0.1, -0.5]]).double()
    assert torch.allclose(mesh.level(outside), torch.tensor([5, 1, 0.5]).double())
    surface, normals = mesh.sample(1000, seeded())
    assert mesh.level(surface).abs().max() < 1e-15 and bool(mesh.contains(surface).all())
    for distance in (1e-6, 1e-9, 1e-12):
        assert bool((mesh.level(surface + distance * normals) > 0).all())
        assert bool((mesh.level(surface - distance * normals) < 0).all())


def test_inside_samples_are_uniform() -> None:
    mesh = tetrahedron()
    points, data = mesh.draw(20_000, seeded())
    x, y, z = points.T
    assert not data and bool((x + y / 2 + z / 3 < 1).all()) and bool((points > 0).all())
    mean = torch.tensor([0.25, 0.5, 0.75]).double()
    assert (points.mean(0) - mean).abs().max() < 5e-3
    covariance = torch.cov((points / torch.tensor([1, 2, 3])).T)
    exact = (torch.eye(3) * 4 - torch.ones(3, 3)).double() / 80  # of the unit simplex
    assert (covariance - exact).abs().max() < 1e-3


def test_a_mesh_is_a_domain_in_its_own_units() -> None:
    part = TriangleMesh.open(bundled("bracket.stl"))
    assert [(a.name, a.low, a.high) for a in part.axes] == [("x", 0, 4), ("y", 0, 3), ("z", 0, 4)]
    assert part.size is None and part.dimension == 3 and part.name == "bracket"
    steady = part.where(lambda p: p[:, 2] < 1, "foot")
    assert bool((steady.draw(100, seeded())[0][:, 2] < 1).all())
    assert part.boundary(where=lambda p: p[:, 2] > 3.99, name="top").name == "top"
    with pytest.raises(ValueError, match=r"'bracket' has no part 'inlet'; its parts are none"):
        part.boundary("inlet")
    with pytest.raises(ValueError, match=r"infinitely many points"):
        part.draw(None, seeded())


def test_groups_name_parts_of_the_surface() -> None:
    mesh = tetrahedron()
    groups = {
        "base": torch.tensor([True, False, False, False]),
        "back": torch.tensor([False, True, True, False]),
    }
    named = TriangleMesh(mesh.vertices, mesh.faces, "t", groups)
    assert named.boundary("base").measure == 1 and named.boundary("base").name == "base"
    both = named.boundary("base", "back")
    assert both.measure == pytest.approx(5.5) and both.name == "base, back"
    assert named.boundary("base", where=lambda p: p[:, 0] > 0.5, name="tip").name == "tip"
    assert named.flipped().boundary("base").draw(1, seeded())[1]["normal"].tolist() == [[0, 0, 1]]
    with pytest.raises(ValueError, match=r"has no part 'lid'; its parts are 'base', 'back'"):
        named.boundary("lid")
    with pytest.raises(
        ValueError, match=r"mask on the group 'base' of 'mesh' has shape \(3,\); expected \(4,\)"
    ):
        TriangleMesh(mesh.vertices, mesh.faces, groups={"base": torch.ones(3, dtype=torch.bool)})


def test_triangles_that_were_turned_are_told(tmp_path: Path) -> None:
    cube = trimesh.creation.box()
    cube.export(tmp_path / "outward.stl")
    cube.invert()
    cube.export(tmp_path / "inward.stl")
    assert TriangleMesh.open(tmp_path / "outward.stl").notes == ()
    mesh = TriangleMesh.open(tmp_path / "inward.stl")
    (said,) = mesh.notes
    assert "12 of the 12 triangles of 'inward.stl' pointed into the solid" in said and mesh.measure == 1
    u = Field("u", mesh)
    assert said in Problem(on(mesh, 9, name="flat")(u)).notes
