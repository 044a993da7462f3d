"""Signed distances to a surface that is known by samples."""

from __future__ import annotations

import pytest
import torch
from boxes import seeded
from solids import cube, sphere

from sirenpde import Ball, Box, PointCloud, TriangleMesh
from sirenpde.geometry.domain import Data


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
    with pytest.raises(ValueError, match="has no normals"):
        PointCloud([[0.0, 0, 0]], cube).distances()
    with pytest.raises(ValueError, match="Asked for 0 uniform and 0 near points"):
        PointCloud([[0.0, 0, 0]], cube, {"normal": [[1.0, 0, 0]]}).distances(uniform=0, near=0)


def test_a_cloud_of_a_ball_on_a_slab_has_the_right_side_and_distance_at_its_edges() -> None:
    slab = Box(x=(-0.5, 0.5), y=(-0.5, 0.5), z=(-0.2, 0.0))
    solid = TriangleMesh.of(slab | Ball(center=(0.1, 0.05, 0.24), radius=0.25), 20)
    points, normals = solid.sample(20_000, seeded())
    space = Box(x=(-0.8, 0.8), y=(-0.8, 0.8), z=(-0.5, 0.8))
    cloud = PointCloud(points, space, {"normal": normals})
    gap = 0.0145  # from a sample to the fourth around it
    centre, size = torch.tensor([[0.1, 0.05, 0.0], [0.5, 0.0, 0.0]]), torch.tensor([0.3, 0.2])
    for middle, side in zip(centre.double(), size.tolist(), strict=True):
        near = middle + side * (torch.rand(4000, 3, dtype=torch.float64, generator=seeded()) - 0.5)
        found, exact = cloud.distance(near), solid.level(near)
        wrong = found.sign() != exact.sign()
        assert float((exact.abs() * wrong).max()) < 0.4 * gap
        assert float((found - exact).abs().mean()) < 0.05 * gap
