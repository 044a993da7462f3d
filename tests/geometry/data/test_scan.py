"""Scans made ready: normals found and mended, noise averaged, holes closed, and what is no closed surface."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from boxes import seeded
from solids import sphere
from torch import Tensor

from sirenpde import Ball, Box, PointCloud, Scan, TriangleMesh, bundled
from sirenpde.geometry.data.scan import surface_of
from sirenpde.geometry.frame import axes_around

SPOT = TriangleMesh.open(bundled("spot.obj"))


def cloud(points: Tensor, normals: Tensor | None = None) -> PointCloud:
    return PointCloud(
        points, axes_around(points, "xyz"), {} if normals is None else {"normal": normals}, "scan"
    )


def cosines(found: PointCloud, mesh: TriangleMesh) -> Tensor:
    """Of the normals with those of the faces that are nearest."""
    from sirenpde.analysis.surfaces import nearest_triangles

    faces = nearest_triangles(found.points, mesh)[1]
    return (found.data["normal"] * mesh.normals[faces]).sum(1)


def thin_plate_beside_a_shell() -> TriangleMesh:
    """A sheet with sharp edges, a hundredth thick, and a ball with a cavity."""
    plate = Box(x=(-0.9, 0.0), y=(-0.5, 0.5), z=(-0.01, 0.01))
    shell = Ball(center=(0.5, 0.0, 0.0), radius=0.35) - Ball(center=(0.5, 0.0, 0.0), radius=0.2)
    return TriangleMesh.of(plate | shell, 24)


@pytest.mark.parametrize(("mesh", "right"), [(SPOT, 1.0), (thin_plate_beside_a_shell(), 0.999)])
def test_normals_are_estimated_and_turned_out_of_the_solid(mesh: TriangleMesh, right: float) -> None:
    points, _ = mesh.sample(20_000, seeded())
    found = surface_of(cloud(points))
    assert torch.equal(found.points, points)
    assert torch.allclose(found.data["normal"].norm(dim=1), torch.ones(1, dtype=torch.float64))
    turned = cosines(found, mesh)
    assert float((turned > 0).double().mean()) >= right and float(turned.mean()) > 0.97


def test_a_scan_far_from_the_origin_has_the_same_normals() -> None:
    points, _ = SPOT.sample(5000, seeded())
    here, there = surface_of(cloud(points)), surface_of(cloud(100 * points + torch.tensor([5e5, 4e6, 100.0])))
    assert (here.data["normal"] * there.data["normal"]).sum(1).min() > 0.999


def test_a_tenth_of_the_normals_is_turned_by_the_others_with_a_word() -> None:
    points, normals = SPOT.sample(20_000, seeded())
    flipped = torch.rand(len(points), generator=seeded()) < 0.1
    wrong = torch.where(flipped[:, None], -normals, normals)
    with pytest.warns(UserWarning, match=r"18 % of neighbours in 'scan' .* 10 % of the normals were turned"):
        found = surface_of(cloud(points, wrong))
    wrong_still = (found.data["normal"] * normals).sum(
        1
    ) < 0  # where the cow bends too sharply for its neighbours
    assert float(wrong_still.double().mean()) < 0.001


def test_sound_normals_stay_and_are_made_unit_vectors_and_doubled_points_are_taken_once() -> None:
    points, normals = SPOT.sample(5000, seeded())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = surface_of(
            cloud(torch.cat([points, points[:100]]), 127 * torch.cat([normals, normals[:100]]))
        )
    assert torch.equal(found.points, points) and torch.allclose(found.data["normal"], normals)


def test_noise_is_averaged() -> None:
    points, normals = SPOT.sample(20_000, seeded())
    noise = 0.005 * SPOT.diagonal
    rough = points + noise * torch.randn(points.shape, dtype=torch.float64, generator=seeded())
    found = surface_of(cloud(rough, normals))
    assert found.size == pytest.approx(20_000, rel=0.05)
    off = SPOT.level(found.points).abs()
    assert float(off.mean()) < 0.3 * noise and float(SPOT.level(rough).abs().mean()) > 0.75 * noise
    assert float((cosines(found, SPOT) > 0).double().mean()) > 0.995


def test_a_hole_is_closed_from_rim_to_rim() -> None:
    """A ball without a cap of a fifth of its height: the level of the winding number bulges a little less."""
    ball = sphere(20_000)
    scan = ball[ball[:, 2] < 0.6]
    found = surface_of(cloud(scan, scan))
    more = found.points[len(scan) :]
    assert 500 < len(more) < 5000
    assert float(more[:, :2].norm(dim=1).max()) < 0.85
    assert float(more[:, 2].min()) > 0.45
    assert float(more[:, 2].max()) < 1.0
    assert float(found.data["normal"][len(scan) :, 2].min()) > 0.3
    level = found.distance(torch.tensor([[0.0, 0, 1.2], [0, 0, 0.3], [0.5, 0.0, 0.3]], dtype=torch.float64))
    assert level[0] > 0 > level[1] and level[2] < 0


def test_a_whole_scan_has_neither_hole_nor_noise() -> None:
    points, normals = thin_plate_beside_a_shell().sample(20_000, seeded())
    found = surface_of(cloud(points, normals))
    assert torch.equal(found.points, points) and torch.allclose(found.data["normal"], normals)


@pytest.mark.parametrize(
    ("points", "normals", "said"),
    [
        (sphere(12), sphere(12), r"has 12 different points; .* Give a denser scan"),
        (sphere(20).repeat(10, 1), None, "has 20 different points"),
        (sphere(200) * torch.tensor([1.0, 1.0, 0.0]), None, r"All 200 points of 'scan' lie in a plane"),
        (
            sphere(200),
            sphere(200) * (torch.arange(200) != 7)[:, None],
            r"1 of the 200 normals .* the first in row 7",
        ),
    ],
)
def test_what_is_no_surface_is_told(points: Tensor, normals: Tensor | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        surface_of(cloud(points.double(), normals))


def test_given_normals_must_be_there_and_a_surface_lies_in_space() -> None:
    with pytest.raises(ValueError, match=r"has no normals, and given ones were asked for"):
        surface_of(cloud(sphere(200)), "given")
    flat = PointCloud([[0.0, 0.0], [1.0, 1.0]], Box(x=(0, 1), y=(0, 1)))
    with pytest.raises(ValueError, match=r"axes x, y; a surface lies in three"):
        surface_of(flat)


def test_a_scan_is_of_points_or_of_a_mesh(tmp_path: Path) -> None:
    file = tmp_path / "ball.xyz"
    file.write_text("\n".join(" ".join(f"{x:.9g}" for x in row) for row in (3 * sphere(2000)).tolist()))
    scan = Scan.open(file)
    assert scan.mesh is None and [a.name for a in scan.axes] == ["x", "y", "z"]
    away = torch.tensor([[0.0, 0.0, 3.05], [0.0, 2.5, 0.0]], dtype=torch.float64)
    assert torch.allclose(scan.distance(away), torch.tensor([0.05, -0.5]).double(), atol=0.02)
    cow = Scan.open(usual=bundled("spot.obj"), count=1000, rescale=True)
    assert cow.mesh is not None and cow.cloud.frame is not None
    places = cow.cloud.frame.apply(SPOT.vertices[:5] + torch.tensor([0.0, 3.0, 0.0]))
    exact = cow.cloud.frame.scale * SPOT.level(SPOT.vertices[:5] + torch.tensor([0.0, 3.0, 0.0]))
    assert torch.allclose(cow.distance(places), exact)
    open_cow = tmp_path / "open.obj"
    lines = bundled("spot.obj").read_text().splitlines()
    open_cow.write_text("\n".join(line for i, line in enumerate(lines) if i % 900 or line[:2] != "f "))
    with pytest.warns(
        UserWarning, match=r"is not closed: \d+ of its edges .* It is taken as a scan: 3000 points"
    ):
        sampled = Scan.open(mesh=open_cow, count=3000)
    assert sampled.mesh is None and sampled.cloud.size >= 3000
    inside, outside = sampled.distance(torch.tensor([[0.0, 0, 0], [0, 2, 0]], dtype=torch.float64))
    assert inside < -0.1 and outside > 1
    with pytest.raises(ValueError, match=r"Both points, .* and a mesh"):
        Scan.open(file, bundled("spot.obj"))
    with pytest.raises(ValueError, match="Neither points nor a mesh"):
        Scan.open()
