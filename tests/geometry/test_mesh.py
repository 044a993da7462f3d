"""Triangle meshes: their measures, samples and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from boxes import seeded
from solids import OBJ, tetrahedron, written

from sirenpde import Box, PointCloud
from sirenpde.geometry.mesh import TriangleMesh
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
        FileNotFoundError, match=r"'teapot\.obj' is shipped with sirenpde; there is spot\.obj"
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
